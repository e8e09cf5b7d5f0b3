"""What becomes due in the engine at a certain time, service by service, and what the engine does then.

The clock (see `clock`) asks each part for its next time, turns itself to the earliest one, and lets each part do what
is due. Times are in seconds since 1970.
"""

import functools
import logging
import math
import os
import socket
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from types import ModuleType
from typing import Any, NamedTuple, Protocol

from ministack.services import dynamodb, eventbridge, lambda_svc, scheduler, sqs

from local.engine_patches import lines, streams, waking, zones
from local.engine_patches.endings import threads
from local.engine_patches.waking import Waits
from local.meter import busy

logger = logging.getLogger(__name__)

Schedule = dict[str, Any]
Key = tuple[str, str, str]

EXACT_TIMES = 7
"""After an event, a rule starts at so many of its times. A sweep every five minutes finds most things within half an
hour."""

LONGER = 3
"""After that, each of its pauses is so many times as long as the time since the event."""


class Due(NamedTuple):
    at: float
    what: str


class Part(Protocol):
    """One kind of things that become due."""

    def next(self, now: float, until: float) -> Due | None:
        """The next thing after `now`, and at `until` at the latest."""

    def happen(self, moved: float) -> None:
        """Does what is due, after the clock was turned by `moved` seconds. A negative number turned it back."""


def earliest(found: Iterable[Due], now: float, until: float) -> Due | None:
    return min((one for one in found if now < one.at <= until), default=None)


class Executions:
    """Wait states and retry delays of workflows, executions that take too long, and repeated calls of functions.

    The time at which a stopped execution would have gone on is one of them. The sweeps after it may find that something
    is lost.
    """

    def __init__(self, waits: Waits, timeouts: Waits, *, missed: Callable[[], None]) -> None:
        self._waits, self._timeouts, self._missed = waits, timeouts, missed

    def next(self, now: float, until: float) -> Due | None:
        first, late = self._waits.first(), self._timeouts.first()
        found = [
            *([Due(first.due, f"{_execution(first.execution)} goes on")] if first else []),
            *([Due(late.due, f"{_execution(late.execution)} takes too long")] if late else []),
        ]
        # Those who only look at the clock need not know about something that will not happen.
        if not math.isinf(until):
            found += [Due(at, "a stopped execution would have gone on") for at in self._waits.missed()]
        return earliest(found, now, until)

    def happen(self, _: float) -> None:
        self._waits.end_due()
        self._timeouts.end_due()
        if self._waits.has_missed(time.time()):
            self._missed()


class Batches:
    """Messages that become visible, and batches of changes that become complete, for the functions that read them."""

    def next(self, now: float, until: float) -> Due | None:
        return earliest(self._all(), now, until)

    def _all(self) -> Iterator[Due]:
        for mapping in list(lambda_svc._esms.all_values()):
            if not mapping.get("Enabled", True):
                continue
            if later := lambda_svc._esm_backoff_until.get(mapping["UUID"]):
                yield Due(later, f"{_name(mapping['FunctionName'])} is called again")
            if closes := streams.closes(mapping):
                yield Due(closes, f"{_name(mapping['FunctionName'])} gets a batch of changes")
            queue = sqs._queue_by_arn(str(mapping.get("EventSourceArn", ""))) or {}
            for message in queue.get("messages", ()):
                yield Due(message["visible_at"], f"a message of {queue['name']} is visible")

    def happen(self, moved: float) -> None:
        if moved < 0:
            lambda_svc._esm_backoff_until.clear()
        lambda_svc._esm_wake.set()


class Rows:
    """Rows that expire. Nobody sees when the engine deletes one, so that needs no time of its own."""

    def next(self, now: float, until: float) -> Due | None:
        return None

    def happen(self, _: float) -> None:
        dynamodb._ttl_reaper()


class Schedules:
    """Rules of EventBridge, or schedules of its Scheduler, that start something at certain times.

    A rule that starts a sweep every five minutes would do so 210,000 times in two years. So a rule has only its next
    EXACT_TIMES times after an event. After that, the pauses get longer until something else than a rule is due, and the
    last time before that is never left out. A turn with all times leaves out nothing: see `Clock.quiet_since`.
    """

    def __init__(
        self, module: ModuleType, *, quiet_since: Callable[[], float], lock: AbstractContextManager[Any]
    ) -> None:
        """`module` is the engine's module of the service. The engine looks at its schedules only with the lock."""
        self._quiet_since = quiet_since
        if module is eventbridge:
            self._all: dict[Key, Schedule] = eventbridge._rules._data
            self._last: dict[Key, float] = eventbridge._rule_last_fired
            self._tick, self._created = "_tick_scheduled_rules", "CreationTime"
        else:
            self._all, self._last = scheduler._schedules._data, scheduler._schedule_last_fired
            self._tick, self._created = "_tick_schedules", "CreationDate"
        self._module, self._lock = module, lock
        setattr(module, self._tick, _locked(getattr(module, self._tick), lock))

    def next(self, now: float, until: float) -> Due | None:
        found = (Due(at, _called(key)) for key in list(self._all) for at in self._times(key, now, until))
        return earliest(found, now, until)

    def _times(self, key: Key, now: float, until: float) -> Iterator[float]:
        schedule = self._all.get(key, {})
        expression = schedule.get("ScheduleExpression", "")
        if schedule.get("State") != "ENABLED" or not expression:
            return
        if interval := eventbridge._parse_rate_seconds(expression):
            last = self._last_of(key, schedule, now)
            passed = max(0, _times_in(now - last, interval))
            quiet, later = now - self._quiet_since(), 1
            if quiet >= EXACT_TIMES * interval and not math.isinf(until):
                # The last time before something else happens is not left out.
                later = max(1, min(round(LONGER * quiet / interval), _times_in(until - last, interval) - passed))
            yield last + (passed + later) * interval
        elif self._module is scheduler and (once := zones.at(expression, schedule)):
            if key not in self._last and once > now:
                yield once
        elif fields := eventbridge._parse_cron_fields(expression):
            following = zones.following(fields, datetime.fromtimestamp(now, UTC), schedule)
            if following:
                yield following.timestamp()

    def happen(self, moved: float) -> None:
        self._start(moved)

    def catch_up(self) -> bool:
        """Starts what became due in real time, since the last look. Returns whether there was something."""
        with self._lock:
            before = {**self._last}
            self._start(0, leaves_out=False)
            return self._last != before

    def _start(self, moved: float, *, leaves_out: bool = True) -> None:
        """Starts what is due. With `leaves_out`, a rule starts only at its own time."""
        with self._lock:
            now = time.time()
            due = {}
            for key, schedule in list(self._all.items()):
                if interval := eventbridge._parse_rate_seconds(schedule.get("ScheduleExpression", "")):
                    last = self._last_of(key, schedule, now)
                    passed = _times_in(now - last, interval)
                    at = last + passed * interval
                    # Less than a second ago: it is this one for which the clock stands here.
                    if passed > 0 and (not leaves_out or abs(now - at) < 1):
                        due[key], at = at, at - interval
                    if passed:
                        self._last[key] = at
                elif moved < 0:
                    # What a schedule has done before the clock's new time stays done.
                    if self._last.get(key, 0) > now:
                        del self._last[key]
                elif not self._last.get(key):
                    self._prepare(key, schedule, now)
            getattr(self._module, self._tick)()
            # The engine notes when it looked. So the times would be later and later.
            self._last.update(due)

    def _last_of(self, key: Key, schedule: Schedule, now: float) -> float:
        """When the schedule last started something. Its times are counted from there, at first from its creation."""
        return float(self._last.get(key) or schedule.get(self._created) or now)

    def _prepare(self, key: Key, schedule: Schedule, now: float) -> None:
        """Lets the engine's first look at a schedule with certain times start what is due now."""
        if eventbridge._parse_cron_fields(schedule.get("ScheduleExpression", "")):
            self._last[key] = now - 1


class CacheEntries:
    """The entries of the cache, whose server has the real time. They expire earlier by as much as the clock was turned.

    Only keys that expire change.
    """

    SCRIPT = """
local keys, cursor = {}, '0'
repeat
  local found = redis.call('SCAN', cursor, 'COUNT', 1000)
  cursor = found[1]
  for _, key in ipairs(found[2]) do keys[key] = true end
until cursor == '0'
for key in pairs(keys) do
  local left = redis.call('PTTL', key)
  if left > 0 then redis.call('PEXPIRE', key, math.max(0, left - tonumber(ARGV[1]))) end
end
"""
    """SCAN may return a key twice, above all if keys are deleted meanwhile. So it ends before the first key changes."""

    def __init__(self, address: tuple[str, int]) -> None:
        self._address = address
        self._moved = 0.0
        """By how much the clock was turned since the last change of the entries. A cache that is down gets it later."""

    def next(self, now: float, until: float) -> Due | None:
        return None

    def happen(self, moved: float) -> None:
        # After a turn back, entries do not live longer.
        self._moved += max(0, moved)
        if self._moved < 0.001:
            return
        words = [b"EVAL", self.SCRIPT.encode(), b"0", str(round(1000 * self._moved)).encode()]
        request = b"*%d\r\n" % len(words) + b"".join(b"$%d\r\n%b\r\n" % (len(word), word) for word in words)
        try:
            with socket.create_connection(self._address, timeout=5) as connection:
                connection.sendall(request)
                answer = connection.recv(1000)
            if not answer or answer.startswith(b"-"):
                raise OSError(answer.decode(errors="replace") or "no answer")
            self._moved = 0
        except OSError as error:
            logger.warning("The cache's entries do not follow the clock: %s", error)


class CountedThread(threading.Thread):
    """A thread that calls a function. It counts from the moment in which somebody starts it."""

    _running = 0
    _lock = threading.Lock()

    @classmethod
    def running(cls) -> int:
        return cls._running

    def start(self) -> None:
        with self._lock:
            CountedThread._running += 1
        super().start()

    def run(self) -> None:
        try:
            super().run()
        finally:
            with self._lock:
                CountedThread._running -= 1


def apply() -> None:
    """Lets the parts look into the engine, and do one thing at a time."""
    # The thread that the engine has started goes on by itself. So this is one pass of its endless loop.
    lines.replace(dynamodb, "_ttl_reaper", "    while True:\n        time.sleep(60)\n", "    if True:\n")
    for module, function, before in (
        (eventbridge, "_dispatch_to_lambda", "threading.Thread(\n        target=lambda_svc"),
        (lambda_svc, "invoke_async_with_retry", "threading.Thread(target=ctx_snapshot.run"),
    ):
        module.CountedThread = CountedThread
        lines.replace(module, function, before, before.replace("threading.Thread", "CountedThread"))


def unsettled() -> list[str]:
    """One line for each thing that the engine works on, so that the clock must not be turned."""
    calls, _ = lambda_svc.executions_in_flight()
    waits = waking.waits.all()
    starting = CountedThread.running() - sum(not wait.execution for wait in waits)
    now = time.time()
    # A wait whose time has come ends at any moment.
    waiting = Counter(wait.execution for wait in waits if wait.due > now)
    return busy.lines(
        calls=max(calls, starting, sum(lambda_svc._esm_inflight.values())),
        is_waiting=lambda one: 0 < waiting[one["executionArn"]] == threads.of(one["executionArn"]),
        is_ready=lambda message: bool(message["visible_at"] <= now),
        rests=lambda mapping: bool(lambda_svc._esm_backoff_until.get(mapping["UUID"], 0) > now),
    )


def cache_address() -> tuple[str, int]:
    return os.environ.get("REDIS_HOST", "127.0.0.1"), int(os.environ.get("REDIS_PORT", "6379"))


def _locked(function: Callable[[], None], lock: AbstractContextManager[Any]) -> Callable[[], None]:
    @functools.wraps(function)
    def locked() -> None:
        with lock:
            function()

    return locked


def _times_in(seconds: float, interval: float) -> int:
    """How many intervals are over. The time at which the last one ends may be inexact by a thousandth of a second."""
    return math.floor((seconds + 0.001) / interval)


def _execution(arn: str | None) -> str:
    return f"execution {arn.split(':')[7]}" if arn else "a function's repeated call"


def _name(function: str) -> str:
    return function.rpartition(":function:")[2] or function


def _called(key: Key) -> str:
    return f"schedule {key[2].rpartition('|')[2]} is due"
