"""Lets executions that wait until the same second go on one after the other, and lets others end or shorten waits.

Each execution is a thread of the engine. If thousands of them wake at once (`services/stepfunctions.py:2482`), they
take the whole process, and the engine answers nothing for half a minute. On AWS the quota of state transitions spreads
them, too.

A rehearsal of an upgrade ends the waits that began before the upgrade. So it does not have to wait itself.

The cloud's clock may be turned (see `clock`). The engine's waits sleep in real time, so they would not notice.
"""

import contextvars
import functools
import heapq
import itertools
import threading
import time
from collections.abc import Awaitable, Callable
from typing import Any, NamedTuple, Protocol

from ministack import app
from ministack.services import lambda_svc, stepfunctions

from local.engine_patches import lines
from local.engine_patches.paths import END_WAITS

WAKE_PER_SECOND = 200
"""Less than half of what the engine manages, so that it also answers requests meanwhile."""


class Turns:
    """Counts the waits that end in each second."""

    def __init__(self, rate: float, *, clock: Callable[[], float] = lambda: time.time()) -> None:
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


class Wait(NamedTuple):
    due: float
    """When it ends, in seconds since 1970."""
    execution: str | None
    """The ARN of the execution that waits. None: a repeated call of a function waits."""


class Over(Protocol):
    """What is told that a wait is over, such as a threading.Event."""

    def set(self) -> None: ...


class EndedError(BaseException):
    """The execution has ended while it waited. No Exception, because the engine's states catch those."""


execution: contextvars.ContextVar[str | None] = contextvars.ContextVar("execution", default=None)
"""The ARN of the execution that this thread runs."""


class Waits:
    """The waits that have begun. They end when the cloud's clock says so, or when somebody ends them.

    One thread looks at the clock for all of them. The time that a wait takes is not known when it begins, because
    somebody may turn the clock.
    """

    def __init__(self) -> None:
        self._waiting: dict[Over, Wait] = {}
        self._by_time: list[tuple[float, int, Over]] = []
        self._number = itertools.count()
        self._changed = threading.Condition()
        self._watching = False
        self.is_over: Callable[[str], bool] = lambda _: False
        """Whether an execution no longer runs. See `endings`."""
        self.missed: list[float] = []
        """When the waits of stopped executions would have ended, in seconds since 1970."""

    def sleep(self, seconds: float) -> None:
        """Waits. Raises EndedError if the execution of this thread has ended meanwhile."""
        over, name = threading.Event(), execution.get()
        self.begin(over, time.time() + seconds, name)
        over.wait()
        if name and self.is_over(name):
            raise EndedError

    def begin(self, over: Over, due: float, name: str | None) -> None:
        """Begins a wait of an execution. It ends at `due`, in seconds since 1970. Then it calls `over.set()`."""
        with self._changed:
            self._waiting[over] = Wait(due, name)
            heapq.heappush(self._by_time, (due, next(self._number), over))
            if not self._watching:
                self._watching = True
                threading.Thread(target=self._watch, name="waits", daemon=True).start()
            elif self._by_time[0][2] is over:
                self._changed.notify()

    def forget(self, over: Over) -> None:
        """Ends a wait without telling anybody."""
        with self._changed:
            self._waiting.pop(over, None)
            self._without_forgotten()

    def end_of(self, name: str) -> None:
        """Ends the waits of an execution that has ended."""
        with self._changed:
            for over, wait in [(over, wait) for over, wait in self._waiting.items() if wait.execution == name]:
                self.missed.append(wait.due)
                self._end(over)
            self._without_forgotten()

    def end(self) -> None:
        """Ends all waits that have begun, and no later one."""
        with self._changed:
            self._by_time.clear()
            for over in [*self._waiting]:
                self._end(over)

    def end_due(self) -> None:
        """Ends the waits whose time has come, because the clock was turned."""
        with self._changed:
            self._end_due()
            self._changed.notify()

    def all(self) -> list[Wait]:
        with self._changed:
            return list(self._waiting.values())

    def _watch(self) -> None:
        with self._changed:
            while True:
                self._end_due()
                left = self._by_time[0][0] - time.time() if self._by_time else threading.TIMEOUT_MAX
                self._changed.wait(min(max(left, 0), threading.TIMEOUT_MAX))

    def _end_due(self) -> None:
        now = time.time()
        while self._by_time and self._by_time[0][0] <= now:
            self._end(heapq.heappop(self._by_time)[2])

    def _without_forgotten(self) -> None:
        """Makes the list shorter when most of it has ended before its time."""
        if len(self._by_time) > 2 * len(self._waiting) + 1000:
            self._by_time = [one for one in self._by_time if one[2] in self._waiting]
            heapq.heapify(self._by_time)

    def _end(self, over: Over) -> None:
        # A wait that ends counts as work from here on, and not only when its thread runs again.
        if self._waiting.pop(over, None):
            over.set()


waits = Waits()


def apply() -> None:
    stepfunctions.sleep_until_ended = lambda_svc.sleep_until_ended = waits.sleep
    lines.replace(stepfunctions, "_scaled_sleep", "time.sleep(scaled)", "sleep_until_ended(scaled)")
    stepfunctions._scaled_sleep = in_turn(stepfunctions._scaled_sleep, Turns(WAKE_PER_SECOND))
    lines.replace(lambda_svc, "invoke_async_with_retry", "time.sleep(delay)", "sleep_until_ended(delay)")
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
