"""Waiting for what comes a moment later."""

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")

PATIENCE_SECONDS = 60
"""Far longer than anything takes, however busy the machine."""


def eventually(look: Callable[[], T | None], *, until: Callable[[T], object] = bool, every: float = 0.05) -> T:
    """What `look` returns as soon as `until` accepts it. By default any true value is accepted; None never is.

    It looks again every so many seconds. If it gives up, the error shows what it saw last.
    """
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        seen = look()
        if seen is not None and until(seen):
            return seen
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {PATIENCE_SECONDS} seconds; last seen: {seen!r}")
        time.sleep(every)
