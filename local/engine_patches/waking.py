"""Lets executions that wait until the same second go on one after the other, and lets a request end all waits.

Each execution is a thread of the engine. If thousands of them wake at once (`services/stepfunctions.py:2482`), they
take the whole process, and the engine answers nothing for half a minute. On AWS the quota of state transitions spreads
them, too.

A rehearsal of an upgrade ends the waits that began before the upgrade. So it does not have to wait itself.
"""

import functools
import threading
import time
from collections.abc import Awaitable, Callable
from typing import Any

from ministack import app
from ministack.services import stepfunctions

from local.engine_patches import lines
from local.engine_patches.paths import END_WAITS

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


class Waits:
    """The waits that have begun. `end` ends all of them, and no later one."""

    def __init__(self) -> None:
        self._over = threading.Event()

    def sleep(self, seconds: float) -> None:
        self._over.wait(min(seconds, threading.TIMEOUT_MAX))

    def end(self) -> None:
        over, self._over = self._over, threading.Event()
        over.set()


def apply() -> None:
    waits = Waits()
    stepfunctions.sleep_until_ended = waits.sleep
    lines.replace(stepfunctions, "_scaled_sleep", "time.sleep(scaled)", "sleep_until_ended(scaled)")
    stepfunctions._scaled_sleep = in_turn(stepfunctions._scaled_sleep, Turns(WAKE_PER_SECOND))
    app._handle_pre_body_request = _ending(app._handle_pre_body_request, waits)


def _ending(handle: Callable[..., Awaitable[Any]], waits: Waits) -> Callable[..., Awaitable[Any]]:
    @functools.wraps(handle)
    async def handled(method: str, path: str, *rest: Any, **more: Any) -> Any:
        if (method, path) != ("POST", END_WAITS):
            return await handle(method, path, *rest, **more)
        waits.end()
        return 200, {"Content-Type": "application/json"}, b"{}"

    return handled


def in_turn(sleep: Callable[[float], None], turns: Turns) -> Callable[[float], None]:
    """Returns `sleep`, changed to wake the caller in its turn. A wait that is skipped has none."""

    def sleep_longer(seconds: float) -> None:
        scale = stepfunctions._SFN_WAIT_SCALE
        sleep(seconds + turns.later(seconds * scale) / scale if seconds > 0 and scale > 0 else seconds)

    return sleep_longer
