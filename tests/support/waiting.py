"""Waits until a condition holds."""

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")

PATIENCE_SECONDS = 120
"""Far longer than any wait should take, even on a busy machine."""

SLOWER, LONGEST_PAUSE = 1.2, 0.3
"""The pause between two looks grows by SLOWER each time, up to LONGEST_PAUSE in seconds.

A look takes time of the processor, which the tests that run at the same time need. So a long wait looks less often, and
still ends at most a fifth later.
"""


def eventually(
    look: Callable[[], T | None],
    *,
    until: Callable[[T], object] = bool,
    every: float = 0.05,
    within: float | None = None,
) -> T:
    """Calls `look` every `every` seconds, later less often, until `until` accepts its result. Returns that result.

    By default any true value is accepted. None is never accepted.
    Raises AssertionError with the last result after `within` seconds, by default PATIENCE_SECONDS.
    """
    patience = PATIENCE_SECONDS if within is None else within
    deadline = time.monotonic() + patience
    pause, longest = every, max(every, LONGEST_PAUSE)
    while True:
        seen = look()
        if seen is not None and until(seen):
            return seen
        if time.monotonic() > deadline:
            raise AssertionError(f"timed out after {patience} seconds; last seen: {seen!r}")
        time.sleep(pause)
        pause = min(pause * SLOWER, longest)
