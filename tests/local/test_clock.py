"""`laptop clock`: what it understands, asks for and shows."""

import json
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast
from zoneinfo import ZoneInfoNotFoundError

import pytest
import tzlocal
from rich.console import Console

from local import clock
from local.__main__ import main
from local.engine import Clock as EngineClock
from local.errors import LocalError
from terminal.errors import CommandError
from tests.support.commands import Command, run_inside


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
        self.daemon = SimpleNamespace(process=lambda: None)
        self.asked: list[tuple[str, Any]] = []
        self.shown = EngineClock.real_time(began=0)._replace(real=1_800_000_000, now=1_800_000_000)

    def require_running(self) -> None:
        self.asked.append(("require_running", None))

    def clock(self) -> EngineClock:
        return self.shown

    def turn_clock(
        self, *, by: float | None, to: float | None, all_times: bool, seen: Callable[[EngineClock], None]
    ) -> EngineClock:
        to = self.shown.now + (by or 0) if to is None else to
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
    with pytest.raises(CommandError):
        run(*words, **options)
    assert {what for what, _ in cast(Any, run).cloud.asked} == {"require_running"}


@pytest.fixture
def pretended(monkeypatch: pytest.MonkeyPatch) -> Pretended:
    """The only cloud that the command line finds."""
    cloud = Pretended()
    monkeypatch.setattr("local.cloud.Cloud", lambda _: cloud)
    return cloud


@pytest.fixture
def laptop(pretended: Pretended, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Command:
    """Runs the command line `laptop clock` for the pretended cloud."""
    return lambda *words: run_inside(capsys, main, ["--home", str(tmp_path), "clock", *words])


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["+1h", "30m"], ("turn", 1_800_000_000 + 5400)),
        (["+3d", "--all-times"], ("turn to all times", 1_800_000_000 + 3 * 86_400)),
        *(
            (words, ("turn", datetime(2027, 3, 28, 23, 59, tzinfo=UTC).timestamp()))
            for words in (
                ["29 Mar 2027 01:59", "--zone", "Europe/Paris"],
                ["--zone", "europe/paris", "29", "Mar", "2027", "01:59"],
            )
        ),
        (
            ["31 Oct 2027 02:30", "--fold", "1", "--zone", "Europe/Paris"],
            ("turn", datetime(2027, 10, 31, 1, 30, tzinfo=UTC).timestamp()),
        ),
        (["run", "60x"], ("run", 60)),
        (["run 60x"], ("run", 60)),
        (["now"], ("real", None)),
    ],
    ids=str,
)
def test_the_command_line_turns_the_clock(
    laptop: Command, pretended: Pretended, words: list[str], expected: tuple[str, float | None]
) -> None:
    done = laptop(*words)

    assert (done.status, done.err) == (0, "")
    assert pretended.asked == [("require_running", None), expected]


GO_BACK = "write an earlier time, such as '2027-03-29 01:59', or `now`"


@pytest.mark.parametrize(
    ("words", "status", "said"),
    [
        *((words, 2, GO_BACK) for words in (["-3d"], ["-1h30m"], ["--zone", "UTC", "-3d"], ["-.5d"])),
        (["--", "-3d"], 1, GO_BACK),
        (["run", "-1x"], 2, "'-1x' is not a speed: write one from 1x to 100000x, such as 60x"),
        *((words, 1, "such as 60x") for words in (["run"], ["run 0x"], ["run", "60x", "fast"])),
        *((words, 1, "write +3d, +1h30m, ") for words in ([""], [" "], ["soon"], ["3d"], ["now", "soon"], ["9:00"])),
        *((words, 1, "write +3d, +1h30m, ") for words in (["--all-times"], ["now", "--all-times"])),
        (["run", "60x", "--all-times"], 1, "--all-times goes with a span or a time"),
        *(
            ([*words, "--fold", "1"], 1, "--fold goes with a date and time")
            for words in ([], ["+3d"], ["now"], ["run", "60x"])
        ),
        (["2027-07-01", "--fold", "2"], 2, "use 0 or 1, not '2'"),
        (["2027-02-30", "--zone", "UTC"], 1, "is not a valid date and time"),
        (["31 Oct 2027 02:30", "--zone", "Europe/Paris"], 1, "choose with --fold 0 or --fold 1"),
        (["+3d", "--zone", "Europe/Pariss"], 1, "use --zone Europe/Paris"),
        (["+3d", "--zone", ""], 1, "such as --zone Europe/Paris"),
        (["+3d", "--alltimes"], 2, "no such option: --alltimes. Did you mean --all-times?"),
    ],
    ids=str,
)
def test_a_wrong_command_line_says_what_to_write_and_changes_nothing(
    laptop: Command, pretended: Pretended, words: list[str], status: int, said: str
) -> None:
    before = pretended.shown

    done = laptop(*words)

    assert (done.status, done.out) == (status, "")
    assert done.err.startswith("error: ")
    assert said in done.err
    assert {what for what, _ in pretended.asked} <= {"require_running"}
    assert pretended.shown == before


def unknown_zone() -> str:
    raise ZoneInfoNotFoundError("two files name different time zones")


@pytest.fixture(params=[unknown_zone, lambda: "Mars/Olympus"], ids=["contradiction", "unknown"])
def lost(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine whose time zone is unknown."""
    monkeypatch.delenv("TZ", raising=False)
    monkeypatch.setattr(tzlocal, "get_localzone_name", request.param)


@pytest.mark.usefixtures("lost")
def test_without_a_time_zone_the_clock_is_shown_and_turned_in_utc(laptop: Command) -> None:
    done = [laptop(), laptop("+3d"), laptop("2027-07-01T09:30:00Z")]

    assert [(one.status, one.err) for one in done] == [(0, "")] * 3
    assert [one.out.splitlines()[0] for one in done] == [
        "Fri 15 Jan 2027 08:00:00 UTC",
        "Mon 18 Jan 2027 08:00:00 UTC",
        "Thu 1 Jul 2027 09:30:00 UTC",
    ]


@pytest.mark.usefixtures("lost")
def test_without_a_time_zone_a_local_time_needs_one(laptop: Command, pretended: Pretended) -> None:
    done = laptop("29 Mar 2027 01:59")
    named = laptop("29 Mar 2027 01:59", "--zone", "Europe/Paris")

    assert (done.status, done.out) == (1, "")
    assert "the time zone of this machine is unknown: name one with --zone" in done.err
    assert named.out.startswith("Mon 29 Mar 2027 01:59:00 Europe/Paris\n")
    assert [one for one, _ in pretended.asked] == ["require_running", "require_running", "turn"]


@pytest.mark.parametrize(("setting", "zone"), [("posix/Europe/Paris", "Europe/Paris"), ("", "UTC"), ("JST-9", "UTC")])
def test_the_clock_is_shown_in_the_time_zone_that_tz_names(
    laptop: Command, monkeypatch: pytest.MonkeyPatch, setting: str, zone: str
) -> None:
    monkeypatch.setenv("TZ", setting)

    assert laptop().out.splitlines()[0].endswith(zone)
