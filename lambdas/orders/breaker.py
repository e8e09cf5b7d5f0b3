"""Lets lookups skip a cache that does not answer."""

import threading
import time
from collections.abc import Callable

RETRY_AFTER_SECONDS = 10.0
"""How long lookups skip the cache after it did not answer."""


class Breaker:
    """Lets lookups skip a cache that did not answer, so that only one of them pays for the timeout.

    After RETRY_AFTER_SECONDS one lookup tries the cache again, and the others still skip it. `clock` returns seconds.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self.clock = clock
        self._one_at_a_time = threading.Lock()
        self._shut_until: float | None = None

    def lets_pass(self) -> bool:
        with self._one_at_a_time:
            if self._shut_until is None:
                return True
            if self.clock() < self._shut_until:
                return False
            self._shut_until = self.clock() + RETRY_AFTER_SECONDS
            return True

    def shut(self) -> None:
        with self._one_at_a_time:
            self._shut_until = self.clock() + RETRY_AFTER_SECONDS

    def open(self) -> None:
        with self._one_at_a_time:
            self._shut_until = None
