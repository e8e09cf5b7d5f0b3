"""The parts of the cloud's clock that need no cloud."""

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from ministack.services import eventbridge

from local import clock, homes, pythons
from local.engine import Engine
from local.engine_patches import clock as engine_clock
from local.engine_patches import due, turned_time, waking
from local.engine_patches.clock import Clock, RefusedError
from local.engine_patches.due import Due
from local.engine_patches.turned_time import SECOND
from local.errors import LocalError
from local.processes import free_port
from local.settings import PROJECT, Settings

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
    then: Callable[[float], None] = lambda _: None

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
    assert turning.error


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
    while len(waits.all()) < 2:
        pass
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
    while not waits.all():
        pass

    ahead[0] = YEAR - 0.2
    waits.end_due()
    thread.join(60)

    assert not thread.is_alive()


@pytest.fixture
def rule(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], tuple["due.Schedules", list[float]]]:
    """Makes the only rule of the engine. It was created at 1000. Returns the part, and the times at which it starts."""
    monkeypatch.setattr(eventbridge._rules, "_data", {})
    monkeypatch.setattr(eventbridge._targets, "_data", {})
    monkeypatch.setattr(eventbridge, "_rule_last_fired", {})
    monkeypatch.setattr(eventbridge, "_tick_scheduled_rules", eventbridge._tick_scheduled_rules)
    started: list[float] = []

    def made(expression: str) -> tuple[due.Schedules, list[float]]:
        key = ("000000000000", "us-east-1", "default|sweep")
        arn = "arn:aws:events:us-east-1:000000000000:rule/sweep"
        eventbridge._rules._data[key] = {
            "State": "ENABLED", "ScheduleExpression": expression, "CreationTime": 1000.0, "Arn": arn
        }  # fmt: skip
        eventbridge._targets._data[key] = [{"Arn": "target"}]
        monkeypatch.setattr(eventbridge, "_invoke_target", lambda *_: started.append(eventbridge._now_ts()))
        return due.Schedules(eventbridge, quiet_since=lambda: 1000.0), started

    return made


def travel(part: due.Schedules, monkeypatch: pytest.MonkeyPatch, *, until: float) -> None:
    """Turns the time of the engine's rules as the clock does."""
    now = 1000.0
    monkeypatch.setattr(time, "time", lambda: now)
    while found := part.next(now, until):
        now = found.at + 0.000_001
        part.happen(1)


def test_a_rule_has_its_times_and_later_longer_pauses(
    rule: Callable[[str], Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    part, started = rule("rate(5 minutes)")

    travel(part, monkeypatch, until=1000 + 7 * 86_400 + 100)

    times = [round(at - 1000) for at in started]
    assert times[:7] == [300 * n for n in range(1, 8)]
    assert times[7:10] == [8400, 33_600, 134_400]
    # The last time before the end of the way.
    assert times[-1] == 7 * 86_400
    assert all(at % 300 == 0 for at in times)
    assert len(times) == 12


def test_a_rule_with_certain_times_starts_at_each_of_them(
    rule: Callable[[str], Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    part, started = rule("cron(30 9 1 * ? *)")

    travel(part, monkeypatch, until=1000 + 100 * 86_400)

    found = [f"{datetime.fromtimestamp(at, UTC):%Y-%m-%dT%H:%M}" for at in started]
    assert found == ["1970-01-01T09:30", "1970-02-01T09:30", "1970-03-01T09:30", "1970-04-01T09:30"]


def test_the_page_says_how_long_a_rule_has_each_of_its_times() -> None:
    text = (PROJECT / "docs" / "local.md").read_text()
    assert f"has each of its times for {due.EXACT_SECONDS // 60} minutes" in text


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    """An engine without stacks."""
    settings = Settings(home=tmp_path_factory.mktemp("engine"), port=free_port(), redis_port=free_port())
    homes.mark(settings.home)
    engine = Engine(settings)
    engine.start()
    yield engine
    engine.daemon.stop()


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
        ("2027-07-01 9:30".replace(" 9", " 09"), "2027-07-01T07:30"),
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


@pytest.mark.parametrize("text", ["soon", "29 Mrz 2027 01:59", "28 Mar 2027 02:30", "2027-02-30", "-3d"])
def test_other_times_are_refused(text: str) -> None:
    with pytest.raises(LocalError):
        clock.instant(text, zone="Europe/Paris")


@pytest.mark.parametrize("text", ["", "fast", "0.5x", "0x", "1000000x", "-60x", "60 x x"])
def test_other_speeds_are_refused(text: str) -> None:
    with pytest.raises(LocalError, match="such as 60x"):
        clock.rate_of(text)


def test_a_speed_is_a_number_with_an_x() -> None:
    assert [clock.rate_of(text) for text in ("60x", "60", "1.5x")] == [60, 60, 1.5]
