"""Finds the machine's time zone, and the time zones that a user names."""

import difflib
import logging
import os
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import tzlocal

from reminders.due import zone_of, zones
from reminders.errors import InvalidReminderError
from terminal.errors import CommandError
from terminal.text import printable

LOCALTIME = Path("/etc/localtime")
SUGGESTIONS = 3
UNKNOWN = "the time zone of this machine is unknown: name one with --zone, such as --zone Europe/Paris"
_FOLDERS = ("/zoneinfo/", "/zoneinfo.default/")
"""In the path of a time zone's file, the folder before its name. macOS uses the second one in some paths."""


def local_zone() -> str:
    """The name of this machine's time zone, such as `Europe/Paris`. Raises CommandError if it is unknown.

    It is unknown if `TZ` is a rule, such as `JST-9`: the API needs the name of a time zone.
    """
    setting = os.environ.get("TZ")
    # Container images set TZ to /etc/localtime, which is the default anyway.
    name = _named_by_files() if setting is None or setting.removeprefix(":") == "/etc/localtime" else _named_by(setting)
    if name is None or not _is_zone(name):
        raise CommandError(UNKNOWN)
    # UTC has other names too: Etc/UTC, UCT, Zulu and more.
    return "UTC" if ZoneInfo(name).utcoffset(None) == timedelta(0) else name


def zone_named(name: str) -> ZoneInfo:
    """The IANA time zone `name`, in upper or lower case. Raises CommandError if the API does not know it."""
    if _is_zone(name):
        return ZoneInfo(name)
    names = sorted(zones())
    wanted = "_".join(name.lower().split())
    if found := [zone for zone in names if zone.lower() == wanted]:
        return ZoneInfo(found[0])
    near = [zone for zone in names if zone.lower().rpartition("/")[2] == wanted]
    if not near and len(wanted) > 5:
        by_small_letters = {zone.lower(): zone for zone in names}
        near = [
            by_small_letters[zone] for zone in difflib.get_close_matches(wanted, by_small_letters, SUGGESTIONS, 0.8)
        ]
    remedy = " or ".join(f"--zone {zone}" for zone in near[:SUGGESTIONS])
    raise CommandError(
        f"there is no time zone '{printable(name)[:60]}': "
        + (
            f"use {remedy}"
            if near
            else "name a region and a city, such as --zone Europe/Paris. Abbreviations have several meanings"
        )
    )


def _is_zone(name: str) -> bool:
    """Whether the API knows the time zone."""
    try:
        zone_of({"timeZone": name})
        ZoneInfo(name)
    except (InvalidReminderError, LookupError, OSError, ValueError):
        return False
    return True


def _named_by(setting: str) -> str:
    """The time zone that TZ names. TZ may begin with a colon, and may be the path of the time zone's file."""
    name = setting.removeprefix(":")
    if name.startswith("/"):
        for folder in _FOLDERS:
            name = name.rpartition(folder)[2]
    # To the C library, an empty TZ is UTC.
    return name.removeprefix("posix/") or "UTC"


def _named_by_files() -> str | None:
    # tzlocal warns about files that contradict each other. They are compared below.
    logging.getLogger("tzlocal").setLevel(logging.ERROR)
    try:
        name: str | None = tzlocal.get_localzone_name()
    except (LookupError, OSError, ValueError):
        return None
    if name is None:
        # Without any setting, the clocks show UTC. With a copied file, the name of the time zone is lost.
        return None if LOCALTIME.exists() else "UTC"
    return name if _is_zone(name) and _is_shown_here(ZoneInfo(name)) else None


def _is_shown_here(zone: ZoneInfo) -> bool:
    """Whether the C library shows the times of `zone` all year. If not, /etc/timezone is out of date."""
    now = int(time.time())
    instants = [now + days * 86_400 for days in range(0, 366, 28)]
    offsets = [datetime.fromtimestamp(instant, UTC).astimezone(zone).utcoffset() for instant in instants]
    return [time.localtime(instant).tm_gmtoff for instant in instants] == [
        offset.total_seconds() for offset in offsets if offset is not None
    ]
