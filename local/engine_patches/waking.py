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
import logging
import threading
import time
from collections.abc import Awaitable, Callable
from typing import Any, NamedTuple, Protocol

from ministack import app
from ministack.services import lambda_svc, stepfunctions

from local.engine_patches import lines
from local.engine_patches.paths import END_WAITS

logger = logging.getLogger(__name__)

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
    """A wait calls it when it ends. For example a threading.Event."""

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
        self._missed: list[float] = []
        """When the waits of stopped executions would have ended."""
        self._number = itertools.count()
        self._changed = threading.Condition()
        self._watching = False
        self.is_over: Callable[[str], bool] = lambda _: False
        """Whether an execution no longer runs. See `endings`."""

    def sleep(self, seconds: float) -> None:
        """Waits. Raises EndedError if the execution of this thread has ended before or meanwhile."""
        over, name = threading.Event(), execution.get()
        self.begin(over, time.time() + seconds, name)
        # It may have ended just before its wait began.
        if name and self.is_over(name):
            self.forget(over)
            raise EndedError
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
        """Removes a wait. Its thread is not woken."""
        with self._changed:
            self._waiting.pop(over, None)
            self._without_ended()

    def end_of(self, name: str) -> None:
        """Ends the waits of an execution that has ended."""
        with self._changed:
            found = [over for over, wait in self._waiting.items() if wait.execution == name]
            now, dues = time.time(), [self._waiting.pop(over).due for over in found]
            self._missed = [due for due in (*self._missed, *dues) if due > now]
            self._without_ended()
        _tell(found)

    def end(self) -> None:
        """Ends all waits that have begun, and no later one."""
        with self._changed:
            self._by_time.clear()
            found = [*self._waiting]
            self._waiting.clear()
        _tell(found)

    def end_due(self) -> None:
        """Ends the waits whose time has come, because the clock was turned."""
        with self._changed:
            found = self._take_due()
            self._changed.notify()
        _tell(found)

    def all(self) -> list[Wait]:
        with self._changed:
            return list(self._waiting.values())

    def first(self) -> Wait | None:
        """The wait that ends next."""
        self.end_due()
        with self._changed:
            while self._by_time and self._by_time[0][2] not in self._waiting:
                heapq.heappop(self._by_time)
            return self._waiting[self._by_time[0][2]] if self._by_time else None

    def missed(self) -> list[float]:
        with self._changed:
            return [*self._missed]

    def has_missed(self, now: float) -> bool:
        """Whether a stopped execution would have gone on since the last call."""
        with self._changed:
            later = [due for due in self._missed if due > now]
            found, self._missed = len(later) < len(self._missed), later
            return found

    def _watch(self) -> None:
        while True:
            with self._changed:
                if not (found := self._take_due()):
                    left = self._by_time[0][0] - time.time() if self._by_time else threading.TIMEOUT_MAX
                    self._changed.wait(min(max(left, 0), threading.TIMEOUT_MAX))
            _tell(found)

    def _take_due(self) -> list[Over]:
        # A wait that ends counts as work from here on, and not only when its thread runs again.
        now, found = time.time(), list[Over]()
        while self._by_time and self._by_time[0][0] <= now:
            over = heapq.heappop(self._by_time)[2]
            if self._waiting.pop(over, None):
                found.append(over)
        return found

    def _without_ended(self) -> None:
        """Makes the list shorter when most of it has ended before its time."""
        if len(self._by_time) > 2 * len(self._waiting) + 1000:
            self._by_time = [one for one in self._by_time if one[2] in self._waiting]
            heapq.heapify(self._by_time)


def _tell(found: list[Over]) -> None:
    for over in found:
        try:
            over.set()
        except Exception:
            logger.exception("a wait did not end well")


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
