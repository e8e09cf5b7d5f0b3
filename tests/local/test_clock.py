"""The parts of the cloud's clock that need no cloud."""

import json
import os
import re
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import pytest
from ministack.services import eventbridge, lambda_svc
from rich.console import Console

from local import clock, pythons
from local.engine import Clock as EngineClock
from local.engine import Engine
from local.engine_patches import clock as engine_clock
from local.engine_patches import due, turned_time, waking
from local.engine_patches.clock import Clock, RefusedError
from local.engine_patches.due import Due
from local.engine_patches.turned_time import SECOND
from local.errors import LocalError
from local.settings import PROJECT
from tests.support.cloud.bare import bare_engine
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
    turning = a_clock(some, others)

    turning.turn(seconds(850))

    assert (some.happened, others.happened) == ([100, 300], [150.5, 200, 800])
    assert (turned(), some.at, turning.steps, turning.target) == (850, [900], 5, None)


def test_the_clock_stays_where_the_cloud_does_not_settle(
    turned: Callable[[], float], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine_clock, "SETTLE_SECONDS", 0)
    things = Things([100, 200], turned)
    turning = a_clock(things, unsettled=lambda: ["a call of a function"] if things.happened else [])

    with pytest.raises(RefusedError, match="still works on: a call of a function"):
        turning.turn(seconds(300))

    assert turned() == pytest.approx(100, abs=0.01)
    assert (things.happened, things.at) == ([100], [200])


def test_a_time_that_has_just_passed_does_not_turn_the_clock_back(
    turned: Callable[[], float], monkeypatch: pytest.MonkeyPatch
) -> None:
    moved: list[float] = []
    things = Things([100], turned)
    turning = a_clock(things)
    monkeypatch.setattr(things, "happen", moved.append)

    def found(_: float) -> Due | None:
        """Finds one thing that is due. The real time passes while it looks."""
        if moved:
            return None
        turning._set(seconds(101))
        return Due(1_800_000_100, "a thing")

    monkeypatch.setattr(turning, "_next", found)

    turning.turn(seconds(100))

    assert min(moved) >= 0


def test_the_clock_goes_back_only_if_nothing_has_happened_since(turned: Callable[[], float]) -> None:
    turning = a_clock()
    turning.turn(seconds(500))
    turning.turn_back(seconds(0))
    assert turned() == 0

    turning.turn(seconds(500))
    turning.note()
    turning.turn(seconds(600))
    turning.turn_back(seconds(500))

    with pytest.raises(RefusedError, match="laptop down --forget"):
        turning.turn_back(seconds(499))
    assert turned() == 500


def stands(turning: Clock) -> None:
    eventually(lambda: turning.ended, until=lambda ended: ended == turning.begun)


@pytest.mark.parametrize(
    "act", [lambda clock: clock.turn_back(seconds(50)), lambda clock: engine_clock.do(clock, "rate", 1, False)]
)
def test_a_success_after_a_failed_turn_shows_no_error(
    turned: Callable[[], float], monkeypatch: pytest.MonkeyPatch, act: Callable[[Clock], None]
) -> None:
    monkeypatch.setattr(engine_clock, "SETTLE_SECONDS", 0)
    turning = a_clock(Things([], turned), unsettled=lambda: ["a call of a function"])
    turning.begin(seconds(100))
    stands(turning)
    failed = turning.error
    turned_time.turn(100 * SECOND)

    act(turning)

    assert failed
    assert turning.error is None


def test_a_turn_back_also_moves_the_begin_of_the_alarms(turned: Callable[[], float]) -> None:
    """The alarms about silence count from there."""
    turning, told = a_clock(), list[float]()
    turning.after_a_turn = lambda: told.append(turned())

    turning.turn(seconds(100))
    turning.turn_back(seconds(0))

    assert told == [0]


def test_a_turn_goes_on_in_its_own_thread_and_tells_its_end(turned: Callable[[], float]) -> None:
    things, told = Things([100, 200], turned), list[float]()
    turning = a_clock(things)
    turning.after_a_turn = lambda: told.append(turned())

    turning.begin(seconds(250))
    stands(turning)

    assert (turned(), things.happened, told) == (250, [100, 200], [250])
    assert (turning.begun, turning.ended, turning.target, turning.error, turning.steps) == (1, 1, None, None, 2)


def test_a_turn_that_fails_says_why_and_the_next_one_may_succeed(
    turned: Callable[[], float], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine_clock, "SETTLE_SECONDS", 0)
    works_on = ["a call of a function"]
    turning = a_clock(unsettled=lambda: works_on)

    turning.begin(seconds(300))
    stands(turning)
    error = turning.error or ""
    works_on.clear()
    turning.begin(seconds(300))
    stands(turning)

    assert "still works on: a call of a function" in error
    assert (turning.error, turned()) == (None, 300)


def test_a_stopped_turn_ends_when_its_step_has_happened(turned: Callable[[], float]) -> None:
    things = Things([100, 200], turned)
    turning = a_clock(things)
    things.then = lambda _: turning.stop()

    turning.begin(seconds(300))
    stands(turning)

    assert (turned(), things.happened, things.at, turning.error) == (100, [100], [200], None)


def test_only_one_turn_is_under_way_and_going_back_stops_it(turned: Callable[[], float]) -> None:
    goes_on = threading.Event()
    things = Things([100, 200], turned, then=lambda _: bool(goes_on.wait(60)))
    turning = a_clock(things)
    turning.begin(seconds(300))
    eventually(turned, until=lambda now: now == 100)

    with pytest.raises(RefusedError, match="is being turned already"):
        turning.begin(seconds(400))
    going_back = threading.Thread(target=turning.turn_back, args=(seconds(0),))
    going_back.start()
    goes_on.set()
    going_back.join(60)
    stands(turning)

    assert (turned(), things.happened) == (0, [100])


def test_the_clock_has_bounds(turned: Callable[[], float]) -> None:
    turning = a_clock()

    with pytest.raises(RefusedError, match="the clock goes to 2200-01-01"):
        turning.begin(turned_time.LATEST + 1)
    with pytest.raises(RefusedError, match="this cloud began at"):
        turning.turn_back(seconds(-1))

    assert (turned(), turning.begun) == (0, 0)


def test_a_refused_return_to_the_real_time_changes_nothing(
    turned: Callable[[], float], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(turned_time, "ahead", lambda: round(turned() * SECOND))
    turning = a_clock()
    turning.turn(seconds(500))
    turning.note()
    turning.rate = 60

    with pytest.raises(RefusedError, match="laptop down --forget"):
        turning.to_real_time()

    assert (turned(), turning.rate) == (500, 60)


def test_a_clock_that_is_behind_is_turned_to_the_real_time(
    turned: Callable[[], float], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(turned_time, "ahead", lambda: round(turned() * SECOND))
    things = Things([-300], turned)
    turning = a_clock(things)
    turning.first = seconds(-3600)
    turning.turn_back(seconds(-600))

    turning.to_real_time()
    stands(turning)

    assert (turned(), things.happened) == (0, [-300])


def test_a_clock_that_is_behind_and_being_turned_is_not_turned_to_the_real_time(
    turned: Callable[[], float], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(turned_time, "ahead", lambda: round(turned() * SECOND))
    goes_on = threading.Event()
    turning = a_clock(Things([-300], turned, then=lambda _: goes_on.wait(60)))
    turning.first = seconds(-3600)
    turning.turn_back(seconds(-600))
    turning.begin(seconds(-100))
    turning.rate = 60

    with pytest.raises(RefusedError, match="is being turned already"):
        turning.to_real_time()
    goes_on.set()
    stands(turning)

    assert (turned(), turning.rate, turning.target) == (-100, 60, None)


@pytest.mark.parametrize(
    "query",
    [
        {},
        {"to": "1", "by": "2"},
        {"what": "1"},
        *({name: value} for name in ("to", "by", "rate") for value in ("", "soon", "nan", "inf", "-1e300", "1e300")),
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
        return due.Schedules(eventbridge, quiet_since=lambda: 1000.0), started

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


def test_with_all_times_a_rule_leaves_out_none(
    rules: Rules, turned: Callable[[], float], monkeypatch: pytest.MonkeyPatch
) -> None:
    _, started = rules("rate(5 minutes)")
    monkeypatch.setattr(time, "time", lambda: 1_800_000_000 + turned())
    far = Things([10**9], turned)
    clock = Clock(lambda one: [far, due.Schedules(eventbridge, quiet_since=one.quiet_since)], unsettled=lambda: [])

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


def test_an_engine_goes_back_to_the_real_time_until_something_has_happened(engine: Engine) -> None:
    """Also to a time between."""
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
    before = engine.clock()

    users.sign_up(
        ClientId=client,
        Username="ada",
        Password="Correct-horse-1",
        UserAttributes=[{"Name": "email", "Value": "ada@example.com"}],
    )

    assert len(engine.mails()) == 1
    assert engine.clock().happened >= before.now


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        *[("+3d", 3 * 86_400), ("+1h30m", 5400), ("+1h 30m", 5400), ("+2w", 14 * 86_400)],
        *[("3d", None), ("+3", None), ("tomorrow", None)],
    ],
)
def test_a_span_begins_with_a_plus(text: str, expected: float | None) -> None:
    assert clock.span_of(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("29 Mar 2027 01:59", "2027-03-28T23:59"),
        ("28 march 2027 01:59:30", "2027-03-28T00:59"),
        ("28 March 2027 03:00", "2027-03-28T01:00"),
        ("1 Jan 2027", "2026-12-31T23:00"),
        ("2027-07-01", "2027-06-30T22:00"),
        ("2027-07-01 9:30", "2027-07-01T07:30"),
        ("2027-07-01T9:30:15", "2027-07-01T07:30"),
        ("28 March 2027 9:00", "2027-03-28T07:00"),
        ("2027-07-01T09:30:00Z", "2027-07-01T09:30"),
    ],
)
def test_a_time_is_one_in_the_zone(text: str, expected: str) -> None:
    assert f"{clock.instant(text, zone='Europe/Paris'):%Y-%m-%dT%H:%M}" == expected


def test_a_time_that_comes_twice_needs_a_fold() -> None:
    with pytest.raises(LocalError, match="--fold 0 or --fold 1"):
        clock.instant("31 Oct 2027 02:30", zone="Europe/Paris")

    first, second = (clock.instant("31 Oct 2027 02:30", zone="Europe/Paris", fold=fold) for fold in (0, 1))
    assert second - first == timedelta(hours=1)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        *(
            (text, "is not understood: write +3d, ")
            for text in ("soon", "29 Mrz 2027 01:59", "-3d", "2027", "9:00", "2027-07-01 25:00")
        ),
        ("28 Mar 2027 02:30", "does not exist in Europe/Paris: clocks jump from"),
        ("31 Oct 2027 02:30", "happens twice in Europe/Paris"),
        *((text, "is not a valid date and time") for text in ("2027-02-30", "30 Feb 2027")),
    ],
)
def test_other_times_are_refused(text: str, problem: str) -> None:
    with pytest.raises(LocalError, match=re.escape(problem)) as refused:
        clock.instant(text, zone="Europe/Paris")
    assert str(refused.value).startswith(f"'{text}' ")
    assert "timeZone" not in str(refused.value)


@pytest.mark.parametrize("text", ["", "fast", "0.5x", "0x", "1000000x", "-60x", "60 x x"])
def test_other_speeds_are_refused(text: str) -> None:
    with pytest.raises(LocalError, match="such as 60x"):
        clock.rate_of(text)


def test_a_speed_is_a_number_with_an_x() -> None:
    assert [clock.rate_of(text) for text in ("60x", "60", "1.5x")] == [60, 60, 1.5]


class Pretended:
    """Stands for the cloud and its engine. It notes what it is asked, and its clock always turns at once."""

    def __init__(self) -> None:
        self.engine = self
        self.asked: list[tuple[str, Any]] = []
        self.shown = EngineClock.real_time(began=0)._replace(real=1_800_000_000, now=1_800_000_000)

    def require_running(self) -> None:
        self.asked.append(("require_running", None))

    def clock(self) -> EngineClock:
        return self.shown

    def turn_clock(self, *, to: float, all_times: bool, seen: Callable[[EngineClock], None]) -> EngineClock:
        self.asked.append(("turn to all times" if all_times else "turn", to))
        self.shown = self.shown._replace(now=to, ahead=to - self.shown.real)
        seen(self.shown)
        return self.shown

    def run_clock(self, rate: float) -> EngineClock:
        self.asked.append(("run", rate))
        self.shown = self.shown._replace(rate=rate)
        return self.shown

    def real_clock(self) -> EngineClock:
        self.asked.append(("real", None))
        self.shown = self.shown._replace(now=self.shown.real, ahead=0, rate=1)
        return self.shown


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Callable[..., str]:
    """Runs `laptop clock`. Returns what it prints."""
    cloud = Pretended()

    def run_(*words: str, **given: Any) -> str:
        options = {"zone": "Europe/Paris", "fold": None, "all_times": False, "as_json": False} | given
        capsys.readouterr()
        clock.command(cast(Any, cloud), Console(), words, **options)
        return capsys.readouterr().out

    cast(Any, run_).cloud = cloud
    return run_


def test_the_command_shows_turns_and_runs_the_clock(run: Callable[..., str]) -> None:
    said = [run(), run("+3d"), run("29 Mar 2027 01:59"), run("run", "60x"), run("now")]

    assert said == [
        "Fri 15 Jan 2027 09:00:00 Europe/Paris\nthe real time\n",
        "Mon 18 Jan 2027 09:00:00 Europe/Paris\n3 days, 0:00:00 ahead of the real time\n",
        "Mon 29 Mar 2027 01:59:00 Europe/Paris\n72 days, 15:59:00 ahead of the real time\n",
        "Mon 29 Mar 2027 01:59:00 Europe/Paris\n"
        "runs 60 times as fast as the real time\n72 days, 15:59:00 ahead of the real time\n",
        "Fri 15 Jan 2027 09:00:00 Europe/Paris\nthe real time\n",
    ]
    cloud = cast(Any, run).cloud
    assert [one for one in cloud.asked if one[0] != "require_running"] == [
        ("turn", 1_800_000_000 + 3 * 86_400),
        ("turn", datetime(2027, 3, 28, 23, 59, tzinfo=UTC).timestamp()),
        ("run", 60),
        ("real", None),
    ]


def test_the_command_chooses_one_of_two_times(run: Callable[..., str]) -> None:
    assert run("31 Oct 2027 02:30", fold=1).startswith("Sun 31 Oct 2027 02:30:00 Europe/Paris\n")
    assert cast(Any, run).cloud.asked[-1] == ("turn", datetime(2027, 10, 31, 1, 30, tzinfo=UTC).timestamp())


def test_the_command_leaves_out_nothing_if_asked(run: Callable[..., str]) -> None:
    run("+3d", all_times=True)
    assert cast(Any, run).cloud.asked[-1] == ("turn to all times", 1_800_000_000 + 3 * 86_400)


def test_the_command_shows_what_is_due_next(run: Callable[..., str]) -> None:
    cloud = cast(Any, run).cloud
    cloud.shown = cloud.shown._replace(next={"at": 1_800_000_060, "what": "execution [b]r-1\x1b goes on"})

    said, found = run(), json.loads(run(as_json=True))

    assert said.endswith("next: Fri 15 Jan 2027 09:01:00 Europe/Paris: execution [b]r-1\\x1b goes on\n")
    assert found["next"]["at"] == "2027-01-15T08:01:00.000Z"
    assert (found["now"], found["real"], found["aheadSeconds"], found["rate"]) == (
        *["2027-01-15T08:00:00.000Z"] * 2,
        *(0, 1),
    )


@pytest.mark.parametrize(
    ("words", "options"),
    [(["yesterday"], {}), (["run", "fast"], {}), (["run"], {}), ([], {"zone": "Europe/Pari"}), (["now", "soon"], {})]
    + [(words, {"all_times": True}) for words in ([], ["now"], ["run", "60x"])],
)
def test_a_command_that_is_not_understood_changes_nothing(
    run: Callable[..., str], words: list[str], options: dict[str, Any]
) -> None:
    with pytest.raises(LocalError):
        run(*words, **options)
    assert {what for what, _ in cast(Any, run).cloud.asked} == {"require_running"}
