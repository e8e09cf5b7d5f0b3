"""The machine's time zone, from TZ or from its files, and the time zones that a user names."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

import pytest
import tzlocal
import tzlocal.unix

from reminders.due import NOT_ZONES
from terminal import zones
from terminal.errors import CommandError

DATABASE = Path("/usr/share/zoneinfo")
Setting = Callable[[str | None], None]


@pytest.fixture
def tz() -> Iterator[Setting]:
    """Sets TZ, also for the C library, and empties tzlocal's cache."""
    with pytest.MonkeyPatch.context() as patched:

        def set_tz(value: str | None) -> None:
            patched.delenv("TZ", raising=False) if value is None else patched.setenv("TZ", value)
            time.tzset()

        patched.setattr(tzlocal, "get_localzone_name", tzlocal.unix._get_localzone_name)
        yield set_tz
    time.tzset()


@pytest.mark.parametrize(
    ("setting", "name"),
    [
        ("Europe/Paris", "Europe/Paris"),
        (":Europe/Paris", "Europe/Paris"),
        ("/usr/share/zoneinfo/Europe/Paris", "Europe/Paris"),
        (":/usr/share/zoneinfo/America/Argentina/Buenos_Aires", "America/Argentina/Buenos_Aires"),
        ("/var/db/timezone/zoneinfo/Europe/Paris", "Europe/Paris"),
        ("posix/Europe/Paris", "Europe/Paris"),
        ("/usr/share/zoneinfo/posix/Europe/Paris", "Europe/Paris"),
        ("EST5EDT", "EST5EDT"),
        ("PST8PDT", "PST8PDT"),
        ("CET", "CET"),
        ("Asia/Calcutta", "Asia/Calcutta"),
        ("US/Pacific", "US/Pacific"),
        ("Etc/GMT-9", "Etc/GMT-9"),
        ("UTC", "UTC"),
        ("Etc/UTC", "UTC"),
        ("GMT0", "UTC"),
        ("Zulu", "UTC"),
        ("", "UTC"),
        (":", "UTC"),
    ],
)
def test_tz_names_the_machines_time_zone(tz: Setting, setting: str, name: str) -> None:
    tz(setting)

    assert zones.local_zone() == name


@pytest.mark.parametrize(
    "setting",
    [
        *("JST-9", "UTC0", "<+03>-3", "EST5EDT,M3.2.0,M11.1.0", "CET-1CEST", "PST", "nonsense", "Mars/Olympus"),
        *("localtime", "Factory", "right/Europe/Paris", "/etc/hostname", "/usr/share/zoneinfo", "../Europe/Paris", " "),
    ],
)
def test_if_tz_names_no_time_zone_the_files_are_not_used_instead(tz: Setting, setting: str) -> None:
    tz(setting)

    with pytest.raises(CommandError, match="the time zone of this machine is unknown: name one with --zone"):
        zones.local_zone()


@pytest.fixture
def root(tz: Setting, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The root of the file system of a machine in New York. TZ is not set."""
    (tmp_path / "etc").mkdir()
    for name in ("America/New_York", "Europe/Paris"):
        file = tmp_path / "usr/share/zoneinfo" / name
        file.parent.mkdir(parents=True)
        file.write_bytes((DATABASE / name).read_bytes())
    tz("America/New_York")
    # The C library stays in New York.
    monkeypatch.delenv("TZ")
    names_zone: Any = tzlocal.unix._get_localzone_name
    monkeypatch.setattr(tzlocal, "get_localzone_name", lambda: names_zone(str(tmp_path)))
    monkeypatch.setattr(zones, "LOCALTIME", tmp_path / "etc/localtime")
    return tmp_path


def test_without_tz_the_link_to_the_time_zones_file_names_it(root: Path) -> None:
    (root / "etc/localtime").symlink_to(root / "usr/share/zoneinfo/America/New_York")

    assert zones.local_zone() == "America/New_York"


def test_the_link_wins_over_an_outdated_file(root: Path, caplog: pytest.LogCaptureFixture) -> None:
    (root / "etc/localtime").symlink_to(root / "usr/share/zoneinfo/America/New_York")
    (root / "etc/timezone").write_text("Europe/Paris\n")

    assert zones.local_zone() == "America/New_York"
    assert caplog.records == []


def test_the_name_of_a_copied_file_is_read_from_etc_timezone(root: Path) -> None:
    (root / "etc/localtime").write_bytes((DATABASE / "America/New_York").read_bytes())
    (root / "etc/timezone").write_text("America/New_York\n")

    assert zones.local_zone() == "America/New_York"


@pytest.mark.parametrize("name", ["", "Europe/Paris\n", "Mars/Olympus\n"])
def test_a_copied_file_without_a_name_or_with_a_wrong_name_is_unknown(root: Path, name: str) -> None:
    (root / "etc/localtime").write_bytes((DATABASE / "America/New_York").read_bytes())
    (root / "etc/timezone").write_text(name)

    with pytest.raises(CommandError, match="is unknown: name one with --zone"):
        zones.local_zone()


def test_a_machine_without_any_setting_is_in_utc(root: Path) -> None:
    assert zones.local_zone() == "UTC"


@pytest.mark.parametrize("setting", [":/etc/localtime", "/etc/localtime"])
def test_tz_with_the_path_of_the_machines_file_means_the_same_as_no_tz(tz: Setting, setting: str) -> None:
    tz(None)
    without = zones.local_zone()

    tz(setting)

    assert zones.local_zone() == without


def test_every_time_zone_of_the_api_can_be_written_in_upper_or_lower_case() -> None:
    known = [name for name in available_timezones() if name not in NOT_ZONES]

    found = {zones.zone_named(name).key for name in known} | {zones.zone_named(name.lower()).key for name in known}

    assert found == set(known)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("Paris", "use --zone Europe/Paris"),
        ("new york", "use --zone America/New_York"),
        ("Europe/Pariss", "use --zone Europe/Paris"),
        ("Amerika/New_York", "--zone America/New_York"),
        *[
            (name, "name a region and a city, such as --zone Europe/Paris")
            for name in ("", "PST", "Europe", "+02:00", "UTC+2", "x" * 99)
        ],
        *[
            (name, "there is no time zone")
            for name in ("../etc/passwd", "/etc/localtime", "localtime", "a\0b", "\udcff")
        ],
    ],
)
def test_an_unknown_name_is_refused_and_similar_names_are_offered(name: str, said: str) -> None:
    with pytest.raises(CommandError, match="there is no time zone") as caught:
        zones.zone_named(name)

    assert said in str(caught.value)
    assert len(str(caught.value)) < 300


def test_a_time_zone_gets_the_spelling_of_the_database() -> None:
    assert zones.zone_named("europe/paris") == ZoneInfo("Europe/Paris")
