"""Lets executions that wait until the same second go on one after the other.

Each execution is a thread of the engine. If thousands of them wake at once (`services/stepfunctions.py:2482`), they
take the whole process, and the engine answers nothing for half a minute. On AWS the quota of state transitions spreads
them, too.
"""

import threading
import time
from collections.abc import Callable

from ministack.services import stepfunctions

WAKE_PER_SECOND = 200
"""Less than half of what the engine manages, so that it also answers requests meanwhile."""


class Turns:
    """Counts the waits that end in each second."""

    def __init__(self, rate: float, *, clock: Callable[[], float] = time.time) -> None:
        self._apart = 1 / rate
        self._clock = clock
        self._ending: dict[int, int] = {}
        self._lock = threading.Lock()

    def later(self, seconds: float) -> float:
        """Returns how much longer than `seconds` a wait has to last."""
        with self._lock:
            now = self._clock()
            for past in [second for second in self._ending if second < now - 1]:
                del self._ending[past]
            end = int(now + seconds)
            before = self._ending.get(end, 0)
            self._ending[end] = before + 1
            return before * self._apart


def apply() -> None:
    stepfunctions._scaled_sleep = in_turn(stepfunctions._scaled_sleep, Turns(WAKE_PER_SECOND))


def in_turn(sleep: Callable[[float], None], turns: Turns) -> Callable[[float], None]:
    """Returns `sleep`, changed to wake the caller in its turn. A wait that is skipped has none."""

    def sleep_longer(seconds: float) -> None:
        scale = stepfunctions._SFN_WAIT_SCALE
        sleep(seconds + turns.later(seconds * scale) / scale if seconds > 0 and scale > 0 else seconds)

    return sleep_longer
