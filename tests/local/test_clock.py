"""`laptop clock`: what it understands, asks for and shows."""

import json
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import pytest
from rich.console import Console

from local import clock
from local.engine import Clock as EngineClock
from local.errors import LocalError


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
