"""Waits until a condition holds."""

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")

PATIENCE_SECONDS = 60
"""Far longer than any wait should take, even on a busy machine."""


def eventually(look: Callable[[], T | None], *, until: Callable[[T], object] = bool, every: float = 0.05) -> T:
    """Calls `look` every `every` seconds, until `until` accepts its result. Returns that result.

    By default any true value is accepted. None is never accepted.
    Raises AssertionError with the last result after PATIENCE_SECONDS.
    """
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        seen = look()
        if seen is not None and until(seen):
            return seen
        if time.monotonic() > deadline:
            raise AssertionError(f"timed out after {PATIENCE_SECONDS} seconds; last seen: {seen!r}")
        time.sleep(every)
