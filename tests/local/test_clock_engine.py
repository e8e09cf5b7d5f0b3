"""The clock in the engine, and what becomes due. No test here needs a cloud with stacks."""

import inspect
import io
import json
import os
import socketserver
import subprocess
import sys
import threading
import time
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psutil
import pytest
import redis
from ministack.services import dynamodb, eventbridge, lambda_svc, scheduler, ses, sns, sqs, stepfunctions

from local import pythons
from local.engine import Engine, send
from local.engine_patches import clock as engine_clock
from local.engine_patches import due, turned_time, turning, waking
from local.engine_patches.due import Due
from local.engine_patches.paths import ALL_TIMES, CLOCK
from local.engine_patches.turned_time import SECOND
from local.engine_patches.turning import Clock, RefusedError
from local.errors import LocalError
from local.settings import PROJECT
from tests.support import caches
from tests.support.caches import fake_server
from tests.support.cloud.bare import bare_engine
from tests.support.names import unique
from tests.support.waiting import eventually

YEAR = 365 * 86_400

LOOKS = f"""
import datetime, email.utils, json, sys, time
def now(): return datetime.datetime.now(datetime.timezone.utc)
for _ in range(100): now()  # so that Python knows the method
started, before = time.monotonic(), time.time_ns()
sys.path.append({str(turned_time.__file__.rpartition("/")[0])!r})
import turned_time
turned_time.turn({YEAR} * turned_time.SECOND)
class Own(datetime.datetime): pass
print(json.dumps({{
    "ahead": [round(one - before / 1e9) for one in (
        time.time(), time.time_ns() / 1e9, now().timestamp(), Own.now().timestamp(),
        datetime.datetime.utcnow().replace(tzinfo=datetime.timezone.utc).timestamp(),
        time.clock_gettime(time.CLOCK_REALTIME), time.clock_gettime_ns(time.CLOCK_REALTIME) / 1e9,
        time.mktime(time.localtime()), time.mktime(time.strptime(time.ctime())),
        email.utils.parsedate_to_datetime(email.utils.formatdate()).timestamp(),
    )],
    "today": datetime.date.today() == now().date(),
    "year": time.strftime("%Y") == str(now().year) == str(time.gmtime().tm_year),
    "1970": [time.gmtime(0).tm_year, time.strftime("%Y", time.gmtime(0))],
    "monotonic": time.monotonic() - started < 60,
    "types": [type(Own.now()) is Own, type(now()) is datetime.datetime],
    "back": (turned_time.turn(0), round(time.time() - before / 1e9))[1],
}}))
"""


@pytest.mark.parametrize(
    "python",
    sorted({sys.executable, pythons.of("python3.13", os.pathsep.join(pythons.folders(os.environ))).executable}),
)
def test_a_turned_process_has_the_turned_time_everywhere_but_in_monotonic(python: str) -> None:
    found = json.loads(subprocess.check_output([python, "-S", "-P", "-c", LOOKS], env={"TZ": "UTC"}))

    assert [one - YEAR for one in found.pop("ahead")] == pytest.approx([0] * 10, abs=5)
    assert found.pop("back") == pytest.approx(0, abs=5)
    assert found == {"today": True, "year": True, "1970": [1970, "1970"], "monotonic": True, "types": [True, True]}


@pytest.fixture
def turned(monkeypatch: pytest.MonkeyPatch) -> Callable[[], float]:
    """A clock that stands, in the place of this process's. Returns its time."""
    at = [1_800_000_000 * SECOND]

    def turn(nanoseconds: int) -> None:
        at[0] = 1_800_000_000 * SECOND + nanoseconds

    monkeypatch.setattr(turned_time, "turn", turn)
    monkeypatch.setattr(turned_time, "real_ns", lambda: 1_800_000_000 * SECOND)
    monkeypatch.setattr(turned_time, "now_ns", lambda: at[0])
    return lambda: at[0] / SECOND - 1_800_000_000


@dataclass
class Things:
    """Things that become due in a part of the cloud, in seconds from the beginning."""

    at: list[float]
    now: Callable[[], float]
    happened: list[float] = field(default_factory=list)
    then: Callable[[float], object] = lambda _: None

    def next(self, now: float, until: float) -> Due | None:
        return due.earliest((Due(1_800_000_000 + one, "a thing") for one in self.at), now, until)

    def happen(self, _: float) -> None:
        for one in sorted(one for one in self.at if one <= self.now()):
            self.at.remove(one)
            self.happened.append(round(self.now(), 3))
            self.then(one)


def a_clock(*parts: Any, unsettled: Callable[[], list[str]] = lambda: []) -> Clock:
    return Clock(lambda _: parts, unsettled=unsettled)


def seconds(number: float) -> int:
    return round((1_800_000_000 + number) * SECOND)


def test_what_is_due_on_the_way_happens_in_order_and_at_its_own_time(turned: Callable[[], float]) -> None:
    some, others = Things([300, 100, 900], turned), Things([200, 800], turned)
    # What happens makes further things due.
    some.then = lambda at: others.at.append(at + 50.5) if at == 100 else None
    clock = a_clock(some, others)

    clock.turn(seconds(850))

    assert (some.happened, others.happened) == ([100, 300], [150.5, 200, 800])
    assert (turned(), some.at, clock.steps, clock.target) == (850, [900], 5, None)


def test_the_clock_stays_where_the_cloud_does_not_settle(
    turned: Callable[[], float], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(turning, "SETTLE_SECONDS", 0)
    things = Things([100, 200], turned)
    clock = a_clock(things, unsettled=lambda: ["a call of a function"] if things.happened else [])

    with pytest.raises(RefusedError, match="still works on: a call of a function"):
        clock.turn(seconds(300))

    assert turned() == pytest.approx(100, abs=0.01)
    assert (things.happened, things.at) == ([100], [200])


def test_a_time_that_has_just_passed_does_not_turn_the_clock_back(
    turned: Callable[[], float], monkeypatch: pytest.MonkeyPatch
) -> None:
    moved: list[float] = []
    things = Things([100], turned)
    clock = a_clock(things)
    monkeypatch.setattr(things, "happen", moved.append)

    def found(_: float) -> Due | None:
        """Finds one thing that is due. The real time passes while it looks."""
        if moved:
            return None
        clock._set(seconds(101))
        return Due(1_800_000_100, "a thing")

    monkeypatch.setattr(clock, "_next", found)

    clock.turn(seconds(100))

    assert min(moved) >= 0


def test_the_clock_goes_back_only_if_nothing_has_happened_since(turned: Callable[[], float]) -> None:
    clock = a_clock()
    clock.turn(seconds(500))
    clock.turn_back(seconds(0))
    assert turned() == 0

    clock.turn(seconds(500))
    clock.note()
    clock.turn(seconds(600))
    clock.turn_back(seconds(500))

    with pytest.raises(RefusedError, match="laptop down --forget"):
        clock.turn_back(seconds(499))
    assert turned() == 500


def stands(clock: Clock) -> None:
    eventually(lambda: clock.ended, until=lambda ended: ended == clock.begun)


@pytest.mark.parametrize(
    "act", [lambda clock: clock.turn_back(seconds(50)), lambda clock: engine_clock.do(clock, "rate", 1, False)]
)
def test_a_success_after_a_failed_turn_shows_no_error(
    turned: Callable[[], float], monkeypatch: pytest.MonkeyPatch, act: Callable[[Clock], None]
) -> None:
    monkeypatch.setattr(turning, "SETTLE_SECONDS", 0)
    works_on = ["a call of a function"]
    clock = a_clock(Things([], turned), unsettled=lambda: works_on)
    clock.begin(seconds(100))
    stands(clock)
    failed = clock.error
    works_on.clear()
    turned_time.turn(100 * SECOND)

    act(clock)

    assert failed
    assert clock.error is None


def test_a_turn_back_also_moves_the_begin_of_the_alarms(turned: Callable[[], float]) -> None:
    """The alarms about silence count from there."""
    clock, told = a_clock(), list[float]()
    clock.after_a_turn = lambda: told.append(turned())

    clock.turn(seconds(100))
    clock.turn_back(seconds(0))

    assert told == [0]


def test_a_turn_goes_on_in_its_own_thread_and_tells_its_end(turned: Callable[[], float]) -> None:
    things, told = Things([100, 200], turned), list[float]()
    clock = a_clock(things)
    clock.after_a_turn = lambda: told.append(turned())

    clock.begin(seconds(250))
    stands(clock)

    assert (turned(), things.happened, told) == (250, [100, 200], [250])
    assert (clock.begun, clock.ended, clock.target, clock.error, clock.steps) == (1, 1, None, None, 2)


def test_a_turn_that_fails_says_why_and_the_next_one_may_succeed(
    turned: Callable[[], float], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(turning, "SETTLE_SECONDS", 0)
    works_on = ["a call of a function"]
    clock = a_clock(unsettled=lambda: works_on)

    clock.begin(seconds(300))
    stands(clock)
    error = clock.error or ""
    works_on.clear()
    clock.begin(seconds(300))
    stands(clock)

    assert "still works on: a call of a function" in error
    assert (clock.error, turned()) == (None, 300)


def test_a_stopped_turn_ends_when_its_step_has_happened(turned: Callable[[], float]) -> None:
    things = Things([100, 200], turned)
    clock = a_clock(things)
    things.then = lambda _: clock.stop()

    clock.begin(seconds(300))
    stands(clock)

    assert (turned(), things.happened, things.at, clock.error) == (100, [100], [200], None)


def test_only_one_turn_is_under_way_and_going_back_stops_it(turned: Callable[[], float]) -> None:
    goes_on = threading.Event()
    things = Things([100, 200], turned, then=lambda _: bool(goes_on.wait(60)))
    clock = a_clock(things)
    clock.begin(seconds(300))
    eventually(turned, until=lambda now: now == 100)

    with pytest.raises(RefusedError, match="is being turned already"):
        clock.begin(seconds(400))
    going_back = threading.Thread(target=clock.turn_back, args=(seconds(0),))
    going_back.start()
    goes_on.set()
    going_back.join(60)
    stands(clock)

    assert (turned(), things.happened) == (0, [100])


def test_a_stop_ends_a_turn_that_waits_for_the_cloud(
    turned: Callable[[], float], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(turning, "SETTLE_SECONDS", 3600)
    things = Things([100, 200], turned)
    clock = a_clock(things, unsettled=lambda: ["a call of a function"] if things.happened else [])
    clock.begin(seconds(300))
    eventually(lambda: things.happened)

    clock.stop()
    eventually(lambda: clock.ended, until=lambda ended: ended == 1)

    assert (turned(), things.happened, clock.error) == (100, [100], None)


def test_the_clock_goes_back_when_the_calls_under_way_have_ended(turned: Callable[[], float]) -> None:
    clock = a_clock(unsettled=lambda: works_on and [works_on.pop()])
    works_on = list[str]()
    clock.turn(seconds(500))
    works_on += ["a call of a function"] * 3

    clock.turn_back(seconds(0))

    assert (turned(), works_on) == (0, [])


def a_call_that_writes(clock: Clock) -> None:
    """Lets the cloud work on one call of a function. At its end it writes a row."""
    looks = iter([["a call of a function"]])

    def unsettled() -> list[str]:
        if works_on := next(looks, []):
            clock.note()
        return works_on

    clock._unsettled = unsettled


def test_the_clock_does_not_go_back_past_the_calls_under_way(turned: Callable[[], float]) -> None:
    clock = a_clock()
    clock.turn(seconds(500))
    a_call_that_writes(clock)

    with pytest.raises(RefusedError, match="something has happened"):
        clock.turn_back(seconds(0))

    assert turned() == 500


def test_a_return_to_the_real_time_that_is_refused_late_changes_nothing(
    turned: Callable[[], float], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(turned_time, "ahead", lambda: round(turned() * SECOND))
    clock = a_clock()
    clock.turn(seconds(500))
    clock.rate = 60
    a_call_that_writes(clock)

    with pytest.raises(RefusedError, match="something has happened"):
        clock.to_real_time()

    assert (turned(), clock.rate) == (500, 60)


class Real:
    """The real time, which only tests change, and how far the clock is ahead of it. Both in seconds."""

    now = ahead = 0.0


@pytest.fixture
def real(monkeypatch: pytest.MonkeyPatch) -> Real:
    """The real time and the clock in the place of this process's."""
    real = Real()

    def turn(nanoseconds: int) -> None:
        real.ahead = nanoseconds / SECOND

    monkeypatch.setattr(turned_time, "turn", turn)
    monkeypatch.setattr(turned_time, "ahead", lambda: round(real.ahead * SECOND))
    monkeypatch.setattr(turned_time, "real_ns", lambda: seconds(real.now))
    monkeypatch.setattr(turned_time, "now_ns", lambda: seconds(real.now + real.ahead))
    return real


def test_what_is_due_while_the_clock_is_turned_to_the_real_time_happens(real: Real) -> None:
    def takes_five_seconds(_: float) -> None:
        real.now += 5

    things = Things([-300], lambda: real.now + real.ahead, then=takes_five_seconds)
    others = Things([2], lambda: real.now + real.ahead)
    clock = a_clock(things, others)
    clock.first = seconds(-3600)
    clock.turn_back(seconds(-600))

    clock.to_real_time()
    stands(clock)

    assert (things.happened, others.happened, real.ahead) == ([-300], [2], 0)


def test_a_clock_that_runs_fast_goes_on_from_where_it_was_turned_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(turning, "STEP_SECONDS", 0.01)
    ahead = [0]
    monkeypatch.setattr(turned_time, "turn", lambda nanoseconds: ahead.__setitem__(0, nanoseconds))
    monkeypatch.setattr(turned_time, "ahead", lambda: ahead[0])
    monkeypatch.setattr(turned_time, "now_ns", lambda: turned_time.real_ns() + ahead[0])
    clock = a_clock()
    clock.run(60)
    clock.turn(turned_time.now_ns() + 10**6 * SECOND)
    # The next steps begin there.
    before = ahead[0]
    eventually(lambda: ahead[0], until=lambda now: now > before + SECOND)

    clock.turn_back(turned_time.now_ns() - 5 * 10**5 * SECOND)
    back = ahead[0]
    later = eventually(lambda: ahead[0], until=lambda now: now > back + 10 * SECOND)
    rate = clock.rate
    clock.run(1)

    assert later < 6 * 10**5 * SECOND
    assert rate == 60


def test_the_clock_has_bounds(turned: Callable[[], float]) -> None:
    clock = a_clock()

    with pytest.raises(RefusedError, match="the clock goes to 2200-01-01"):
        clock.begin(turned_time.LATEST + 1)
    with pytest.raises(RefusedError, match="this cloud began at"):
        clock.turn_back(seconds(-1))

    assert (turned(), clock.begun) == (0, 0)


def test_a_refused_return_to_the_real_time_changes_nothing(
    turned: Callable[[], float], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(turned_time, "ahead", lambda: round(turned() * SECOND))
    clock = a_clock()
    clock.turn(seconds(500))
    clock.note()
    clock.rate = 60

    with pytest.raises(RefusedError, match="laptop down --forget"):
        clock.to_real_time()

    assert (turned(), clock.rate) == (500, 60)


def test_a_clock_that_is_behind_is_turned_to_the_real_time(
    turned: Callable[[], float], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(turned_time, "ahead", lambda: round(turned() * SECOND))
    things = Things([-300], turned)
    clock = a_clock(things)
    clock.first = seconds(-3600)
    clock.turn_back(seconds(-600))

    clock.to_real_time()
    stands(clock)

    assert (turned(), things.happened) == (0, [-300])


def test_the_real_time_stops_a_turn_before_its_first_step(
    turned: Callable[[], float], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(turned_time, "ahead", lambda: round(turned() * SECOND))
    works_on = ["a call of a function"]
    clock = a_clock(Things([100], turned), unsettled=lambda: works_on)
    clock.begin(seconds(500))

    clock.to_real_time()
    stands(clock)

    assert (turned(), clock.error) == (0, None)


def test_a_clock_that_is_behind_and_being_turned_is_not_turned_to_the_real_time(
    turned: Callable[[], float], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(turned_time, "ahead", lambda: round(turned() * SECOND))
    goes_on = threading.Event()
    clock = a_clock(Things([-300], turned, then=lambda _: goes_on.wait(60)))
    clock.first = seconds(-3600)
    clock.turn_back(seconds(-600))
    clock.begin(seconds(-100))
    clock.rate = 60

    with pytest.raises(RefusedError, match="is being turned already"):
        clock.to_real_time()
    goes_on.set()
    stands(clock)

    assert (turned(), clock.rate, clock.target) == (-100, 60, None)


@pytest.mark.parametrize(
    "query",
    [
        {},
        {"to": "1", "by": "2"},
        {"what": "1"},
        *({name: value} for name in ("to", "by", "rate") for value in ("", "soon", "nan", "inf")),
        *({"rate": value} for value in ("-1e300", "1e300")),
        {"rate": "0.5"},
        {"rate": "-60"},
        {"rate": "100001"},
        *({name: "1", "all-times": "1"} for name in ("rate", "real", "stop")),
        {"all-times": "1"},
    ],
    ids=str,
)
def test_an_invalid_request_is_refused(query: dict[str, str]) -> None:
    with pytest.raises(engine_clock.InvalidError):
        engine_clock.asked(query)


def test_a_request_asks_for_one_thing() -> None:
    found = [engine_clock.asked(query) for query in ({"to": ["5.5"]}, {"by": "-3"}, {"rate": "60"}, {"stop": "1"})]
    assert found == [("to", 5.5, False), ("by", -3, False), ("rate", 60, False), ("stop", 0, False)]
    assert engine_clock.asked({"by": "3", "all-times": "1"}) == ("by", 3, True)


def test_a_wait_ends_when_the_clock_reaches_its_end(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [1000.0]
    monkeypatch.setattr(time, "time", lambda: now[0])
    waits, ended = waking.Waits(), list[float]()

    def wait(length: float) -> None:
        waits.sleep(length)
        ended.append(length)

    threads = [threading.Thread(target=wait, args=(length,), daemon=True) for length in (YEAR, 2 * YEAR)]
    for thread in threads:
        thread.start()
    eventually(waits.all, until=lambda found: len(found) == 2)
    now[0] += YEAR
    waits.end_due()
    threads[0].join(60)

    assert ended == [YEAR]
    assert [wait.due for wait in waits.all()] == [1000 + 2 * YEAR]
    waits.end()
    threads[1].join(60)


def test_a_wait_ends_in_real_time_after_the_clock_was_turned_to_just_before_its_end(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    real, ahead = time.time, [0.0]
    monkeypatch.setattr(time, "time", lambda: real() + ahead[0])
    waits = waking.Waits()
    thread = threading.Thread(target=waits.sleep, args=(YEAR,), daemon=True)
    thread.start()
    eventually(waits.all)

    ahead[0] = YEAR - 0.2
    waits.end_due()
    thread.join(60)

    assert not thread.is_alive()


Rules = Callable[..., tuple[due.Schedules, list[tuple[str, float]]]]


@pytest.fixture
def rules(monkeypatch: pytest.MonkeyPatch) -> Rules:
    """Makes the only rules of the engine. They were created at 1000. Returns the part, and what starts when."""
    monkeypatch.setattr(eventbridge._rules, "_data", {})
    monkeypatch.setattr(eventbridge._targets, "_data", {})
    monkeypatch.setattr(eventbridge, "_rule_last_fired", {})
    monkeypatch.setattr(eventbridge, "_tick_scheduled_rules", eventbridge._tick_scheduled_rules)
    started: list[tuple[str, float]] = []

    def made(*expressions: str) -> tuple[due.Schedules, list[tuple[str, float]]]:
        for expression in expressions:
            key = ("000000000000", "us-east-1", f"default|{expression}")
            arn = f"arn:aws:events:us-east-1:000000000000:rule/{expression}"
            eventbridge._rules._data[key] = {
                "State": "ENABLED", "ScheduleExpression": expression, "CreationTime": 1000.0, "Arn": arn
            }  # fmt: skip
            eventbridge._targets._data[key] = [{"Arn": expression}]

        def start(target: dict[str, str], *_: Any) -> None:
            started.append((target["Arn"], eventbridge._now_ts() - 1000))

        monkeypatch.setattr(eventbridge, "_invoke_target", start)
        return due.Schedules(eventbridge, quiet_since=lambda: 1000.0, lock=threading.RLock()), started

    return made


def travel(part: due.Schedules, monkeypatch: pytest.MonkeyPatch, *, until: float, late: float = 0.000_001) -> None:
    """Turns the time of the engine's rules as the clock does. Each step comes a bit late."""
    now = 1000.0
    monkeypatch.setattr(time, "time", lambda: now)
    while found := part.next(now, 1000 + until):
        now = found.at + late
        part.happen(1)


def test_a_rule_has_its_times_and_later_longer_pauses(rules: Rules, monkeypatch: pytest.MonkeyPatch) -> None:
    part, started = rules("rate(5 minutes)")

    travel(part, monkeypatch, until=7 * 86_400 + 100)

    times = [round(at) for _, at in started]
    assert times[:7] == [300 * n for n in range(1, 8)]
    assert times[7:10] == [8400, 33_600, 134_400]
    # The last time before the end of the way.
    assert times[-1] == 7 * 86_400
    assert all(at % 300 == 0 for at in times)
    assert len(times) == 12


def test_a_daily_rule_has_its_times_of_a_week_and_the_last_one(rules: Rules, monkeypatch: pytest.MonkeyPatch) -> None:
    part, started = rules("rate(1 day)")

    travel(part, monkeypatch, until=70 * 86_400, late=0.05)

    assert [round(at / 86_400) for _, at in started] == [*range(1, 8), 28, 70]


def rules_of(clock: Clock) -> due.Schedules:
    return due.Schedules(eventbridge, quiet_since=clock.quiet_since, lock=clock.stepping)


def test_with_all_times_a_rule_leaves_out_none(
    rules: Rules, turned: Callable[[], float], monkeypatch: pytest.MonkeyPatch
) -> None:
    _, started = rules("rate(5 minutes)")
    monkeypatch.setattr(time, "time", lambda: 1_800_000_000 + turned())
    far = Things([10**9], turned)
    clock = Clock(lambda one: [far, rules_of(one)], unsettled=lambda: [])

    def times(until: float, **how: bool) -> int:
        before = len(started)
        clock.begin(seconds(until), **how)
        stands(clock)
        return len(started) - before

    assert times(86_400) < 20
    assert times(2 * 86_400, all_times=True) == 288
    following = clock.next()
    assert following and round(following.at - 1_800_000_000 - turned()) <= 300
    assert times(3 * 86_400) < 20


@pytest.mark.parametrize(
    ("expression", "times"), [("rate(5 minutes)", [0, 100, 450, 700]), ("cron(*/5 * * * ? *)", [0, 450, 600])]
)
def test_a_rule_whose_time_passes_while_the_engine_works_starts_then(
    rules: Rules, real: Real, monkeypatch: pytest.MonkeyPatch, expression: str, times: list[int]
) -> None:
    """A thing at 150 takes five minutes. The times of the first rule are 100, 400 and 700."""

    def takes_five_minutes(_: float) -> None:
        real.now += 300

    _, started = rules(expression)
    monkeypatch.setattr(time, "time", lambda: 1_800_000_000 + real.now + real.ahead)
    thing = Things([150], lambda: real.now + real.ahead, then=takes_five_minutes)
    clock = Clock(lambda one: [rules_of(one), thing], unsettled=lambda: [])

    clock.turn(seconds(800))

    assert [round(at + 1000 - 1_800_000_000) for _, at in started] == times


def test_a_step_just_before_the_time_of_a_rule_does_not_use_it_up(
    rules: Rules, monkeypatch: pytest.MonkeyPatch
) -> None:
    part, started = rules("rate(30 days)")
    at = 1000 + 30 * 86_400
    monkeypatch.setattr(time, "time", lambda: at - 0.05)
    part.happen(1)
    early = [*started]

    following = part.next(at - 0.05, at + 60)
    monkeypatch.setattr(time, "time", lambda: at + 0.01)
    part.happen(0.06)

    assert (early, following and following.at, len(started)) == ([], at, 1)


def test_a_rule_with_certain_times_starts_at_each_of_them(rules: Rules, monkeypatch: pytest.MonkeyPatch) -> None:
    part, started = rules("cron(30 9 1 * ? *)")

    travel(part, monkeypatch, until=100 * 86_400)

    found = [f"{datetime.fromtimestamp(1000 + at, UTC):%Y-%m-%dT%H:%M}" for _, at in started]
    assert found == ["1970-01-01T09:30", "1970-02-01T09:30", "1970-03-01T09:30", "1970-04-01T09:30"]


def test_a_rule_that_leaves_out_times_does_not_start_at_the_time_of_another_rule(
    rules: Rules, turned: Callable[[], float], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The engine looks at its rules every ten seconds, also while the clock makes a step."""
    _, started = rules("rate(5 minutes)", "rate(7 minutes)")
    monkeypatch.setattr(time, "time", lambda: 1_800_000_000 + turned())
    looks = list[threading.Thread]()

    class Looks(Things):
        def happen(self, _: float) -> None:
            looks.append(threading.Thread(target=lambda: eventbridge._tick_scheduled_rules(), daemon=True))
            looks[-1].start()
            looks[-1].join(0.05)

    clock = Clock(lambda one: [Looks([], turned), rules_of(one)], unsettled=lambda: [])

    clock.turn(seconds(3 * 86_400))
    for one in looks:
        one.join(60)

    assert len(started) > 20
    # At the beginning both are overdue.
    assert [(rule, at) for rule, at in started[2:] if round(at) % (60 * int(rule[5])) != 0] == []


@pytest.mark.parametrize(("rate", "are_left_out"), [(1500, False), (3000, True)])
def test_a_clock_that_runs_very_fast_leaves_out_times_of_a_rule(
    rules: Rules, monkeypatch: pytest.MonkeyPatch, rate: float, are_left_out: bool
) -> None:
    part, started = rules("rate(5 minutes)")
    now, step = 1000.0, rate * turning.STEP_SECONDS
    monkeypatch.setattr(time, "time", lambda: now)

    while now < 1000 + 86_400:
        until = now + step
        while found := part.next(now, until):
            now = found.at
            part.happen(1)
        now = until
        part.happen(1)

    assert (len(started) < 288) == are_left_out
    assert f"more than {300 / turning.STEP_SECONDS:,.0f} times as fast" in (PROJECT / "docs" / "local.md").read_text()


def test_after_a_turn_back_a_schedule_does_not_start_again_what_it_had_started(monkeypatch: pytest.MonkeyPatch) -> None:
    started, now = list[str](), 1000.0
    at = {"past": "at(1970-01-01T00:20:00)", "later": "at(1970-01-01T01:00:00)"}
    schedules = {
        ("000000000000", "us-east-1", f"default/{name}"): {
            "State": "ENABLED", "ScheduleExpression": expression, "CreationDate": 1000.0, "Target": {"Arn": name}
        }
        for name, expression in at.items()
    }  # fmt: skip
    monkeypatch.setattr(scheduler._schedules, "_data", schedules)
    monkeypatch.setattr(scheduler, "_schedule_last_fired", {})
    monkeypatch.setattr(scheduler, "_tick_schedules", scheduler._tick_schedules)
    monkeypatch.setattr(eventbridge, "_invoke_target", lambda target, *_: started.append(target["Arn"]))
    monkeypatch.setattr(time, "time", lambda: now)
    part = due.Schedules(scheduler, quiet_since=lambda: 1000.0, lock=threading.RLock())

    for step in (1000.0, 1300.0, 4000.0, 1500.0, 4000.0):
        now, moved = step, step - now
        part.happen(moved)

    assert started == ["past", "later", "later"]


def test_the_cache_gets_a_change_that_failed_with_the_next_one() -> None:
    replies, asked = [b"-LOADING the data\r\n", b"", b"$-1\r\n", b"$-1\r\n"], list[int]()

    class Cache(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            asked.append(int(self.request.recv(10_000).split()[-1]))
            self.request.sendall(replies.pop(0))

    with fake_server(Cache) as server:
        entries = due.CacheEntries(("127.0.0.1", server.port))
        for moved in (10, 20, 30, 40):
            entries.happen(moved)

    assert asked == [10_000, 30_000, 60_000, 40_000]


def test_each_entry_of_the_cache_expires_earlier_by_as_much_as_the_clock_was_turned() -> None:
    """Most entries expire at once. Then the server makes its table smaller, and SCAN returns some keys twice."""
    with caches.running() as server, redis.Redis(port=server.port) as client:
        for first in range(0, 40_000, 10_000):
            with client.pipeline(transaction=False) as pipe:
                for number in range(first, first + 10_000):
                    pipe.set(f"key-{number}", "value", ex=100_000 if number % 100 == 0 else 100)
                pipe.execute()

        due.CacheEntries(("127.0.0.1", server.port)).happen(1000)

        left = [client.ttl(key) for key in client.keys()]

    assert len(left) == 400
    assert min(left) > 98_000


def test_the_pause_after_a_failed_batch_ends_at_its_time(monkeypatch: pytest.MonkeyPatch) -> None:
    mapping = {"UUID": "m", "FunctionName": "arn:aws:lambda:x:1:function:f", "EventSourceArn": "arn:aws:sqs:x:1:none"}
    monkeypatch.setattr(lambda_svc, "_esms", lambda_svc._esms.__class__())
    monkeypatch.setattr(lambda_svc, "_esm_backoff_until", {"m": 1060.0})
    lambda_svc._esms["m"] = mapping

    found = [due.Batches().next(1000, until) for until in (1059, 1061)]

    assert found == [None, (1060, "f is called again")]


def test_the_page_says_how_many_of_its_times_a_rule_has() -> None:
    text = (PROJECT / "docs" / "local.md").read_text()
    assert (
        f"has its next {'zero one two three four five six seven'.split()[due.EXACT_TIMES]} times after an event" in text
    )


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    """An engine without stacks."""
    with bare_engine(tmp_path_factory.mktemp("engine")) as engine:
        yield engine


def test_an_engine_goes_back_to_the_real_time_until_something_has_happened(tmp_path: Path) -> None:
    """Also to a time between. Afterwards no other test could turn the clock of this engine back."""
    with bare_engine(tmp_path) as engine:
        turned = engine.turn_clock(by=3 * 86_400)
        between = engine.turn_clock(to=turned.now - 86_400)
        real = engine.real_clock()
        assert (round(turned.ahead), round(between.ahead), real.ahead) == (3 * 86_400, 2 * 86_400, 0)

        engine.turn_clock(by=86_400)
        engine.client("sqs").send_message(
            QueueUrl=engine.client("sqs").create_queue(QueueName="clock")["QueueUrl"], MessageBody="something"
        )

        with pytest.raises(LocalError, match="something has happened"):
            engine.real_clock()


def test_a_mail_that_a_service_sends_by_itself_has_happened(engine: Engine) -> None:
    users = engine.client("cognito-idp")
    pool = users.create_user_pool(PoolName="clock", AutoVerifiedAttributes=["email"])["UserPool"]["Id"]
    client = users.create_user_pool_client(UserPoolId=pool, ClientName="clock")["UserPoolClient"]["ClientId"]
    before, mails = engine.clock(), len(engine.mails())

    users.sign_up(
        ClientId=client,
        Username="ada",
        Password="Correct-horse-1",
        UserAttributes=[{"Name": "email", "Value": "ada@example.com"}],
    )

    assert len(engine.mails()) == mails + 1
    assert engine.clock().happened >= before.now


MAIL = {"Subject": {"Data": "Hello"}, "Body": {"Text": {"Data": "Hello"}}}
TEMPLATE = {"TemplateContent": {"Subject": "Hello", "Text": "Hello"}, "TemplateData": "{}"}


@pytest.mark.parametrize(
    ("send", "content"),
    [
        ("send_email", {"Content": {"Simple": MAIL}, "Destination": {"ToAddresses": ["ada@example.com"]}}),
        (
            "send_bulk_email",
            {
                "DefaultContent": {"Template": TEMPLATE},
                "BulkEmailEntries": [{"Destination": {"ToAddresses": ["ada@example.com"]}}],
            },
        ),
    ],
)
def test_a_mail_of_ses_v2_has_happened(engine: Engine, send: str, content: dict[str, Any]) -> None:
    mails, sender = engine.client("sesv2"), f"{unique('clock-')}@example.com"
    mails.create_email_identity(EmailIdentity=sender)
    before, sent = engine.turn_clock(by=60), len(engine.mails())

    getattr(mails, send)(FromEmailAddress=sender, **content)

    assert len(engine.mails()) == sent + 1
    assert engine.clock().happened >= before.now


Change = Callable[..., object]


@pytest.mark.parametrize(
    "change",
    [
        lambda sqs, queue, _: sqs.receive_message(**queue),
        lambda sqs, queue, handle: sqs.delete_message(**queue, ReceiptHandle=handle),
        lambda sqs, queue, handle: sqs.delete_message_batch(**queue, Entries=[{"Id": "1", "ReceiptHandle": handle}]),
        lambda sqs, queue, handle: sqs.change_message_visibility(**queue, ReceiptHandle=handle, VisibilityTimeout=600),
        lambda sqs, queue, _: sqs.purge_queue(**queue),
    ],
    ids=["received", "deleted", "deleted in a batch", "hidden", "purged"],
)
def test_a_change_of_a_queue_has_happened(engine: Engine, change: Change) -> None:
    sqs = engine.client("sqs")
    queue = {"QueueUrl": sqs.create_queue(QueueName=unique("clock-"))["QueueUrl"]}
    for _ in range(2):
        sqs.send_message(**queue, MessageBody="something")
    [message] = sqs.receive_message(**queue)["Messages"]
    before = engine.turn_clock(by=1)

    change(sqs, queue, message["ReceiptHandle"])

    assert before.happened < before.now
    assert engine.clock().happened >= before.now


def test_a_message_that_expires_has_happened_and_a_look_into_an_empty_queue_has_not(engine: Engine) -> None:
    sqs = engine.client("sqs")
    attributes = {"MessageRetentionPeriod": "60"}
    queue = {"QueueUrl": sqs.create_queue(QueueName=unique("clock-"), Attributes=attributes)["QueueUrl"]}
    sqs.send_message(**queue, MessageBody="something")
    found, happened = [], []
    for _ in range(2):
        before = engine.turn_clock(by=120)
        found.append(sqs.receive_message(**queue).get("Messages", []))
        happened.append(engine.clock().happened >= before.now)

    assert (found, happened) == ([[], []], [True, False])


def test_a_row_that_the_engine_deletes_between_turns_has_happened(
    turned: Callable[[], float], monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (dynamodb, eventbridge, ses, sns, sqs, stepfunctions):
        for name, value in list(vars(module).items()):
            if inspect.isfunction(value):
                monkeypatch.setattr(module, name, value)
    monkeypatch.setattr(sqs, "_HANDLERS", {**sqs._HANDLERS})
    clock = a_clock()
    engine_clock.note_other_changes(clock)
    clock.turn(seconds(500))
    before = clock.happened

    dynamodb._remove_item({"items": {"a": {"b": {}}}, "ItemCount": 1}, "a", "b")

    assert (before, clock.happened) == (0, seconds(500))


FAILS = """
def handler(event, context):
    raise ValueError
"""


def test_a_function_is_called_again_when_the_clock_says_so(engine: Engine) -> None:
    name = unique("clock-")
    trust = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
    policy = json.dumps({"Statement": [trust]})
    role = engine.client("iam").create_role(RoleName=name, AssumeRolePolicyDocument=policy)["Role"]["Arn"]
    code = io.BytesIO()
    with zipfile.ZipFile(code, "w") as archive:
        archive.writestr("fails.py", FAILS)
    functions = engine.client("lambda")
    functions.create_function(
        FunctionName=name, Runtime="python3.13", Handler="fails.handler", Role=role, Code={"ZipFile": code.getvalue()}
    )
    functions.invoke(FunctionName=name, InvocationType="Event")

    turned = engine.turn_clock(by=3600)

    events = engine.client("logs").filter_log_events(logGroupName=f"/aws/lambda/{name}")["events"]
    assert sum(event["message"].startswith("START") for event in events) == 3
    assert turned.steps == 2


@pytest.mark.long
def test_an_engine_that_is_killed_within_a_turn_begins_with_the_saved_time(tmp_path: Path) -> None:
    with bare_engine(tmp_path) as engine:
        saved = engine.turn_clock(by=86_400)
        engine.daemon.stop()
        engine.start()
        events = engine.client("events")
        events.put_rule(Name="often", ScheduleExpression="rate(1 minute)")
        # 1,440 steps for each day.
        url = f"{engine.settings.endpoint}{CLOCK}?by={1000 * 86_400}&{ALL_TIMES}=1"
        assert send("POST", url).status_code == 200
        eventually(engine.clock, until=lambda clock: clock.steps > 10)

        process = engine.daemon.process()
        assert process
        process.kill()
        psutil.wait_procs([process])
        engine.daemon.stop()
        engine.start()
        after = engine.clock()
        later = engine.turn_clock(by=60)

    assert after.ahead == pytest.approx(saved.ahead, abs=1)
    assert (after.target, after.error, after.begun, later.error) == (None, None, 0, None)
    assert later.ahead == pytest.approx(saved.ahead + 60, abs=30)
