"""Computes when a reminder is due. Pure: the clock is an argument. Time zones come from the IANA database."""

import functools
import re
import zoneinfo
from bisect import bisect
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from common import codes
from reminders.errors import InvalidReminderError

LONGEST_WAIT = timedelta(days=365)
"""An execution lives at most one year. Step Functions accepts a longer wait, and then the execution is lost."""

MOST_SECONDS = int(LONGEST_WAIT.total_seconds())

_DAY_AND_MINUTE = "[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ]([01][0-9]|2[0-3]):[0-9]{2}"
_SECONDS = r":[0-9]{2}(\.(?P<fraction>[0-9]+))?"
_OFFSET = "([Zz]|[+-]([01][0-9]|2[0-3]):[0-5][0-9])"
_TIME = re.compile(f"(?P<minute>{_DAY_AND_MINUTE})((?P<seconds>{_SECONDS})(?P<offset>{_OFFSET})?)?")
"""RFC 3339 with a `T` or a blank, or a local time with or without seconds."""

NOT_ZONES = {"localtime", "posixrules", "Factory"}
"""Names in the database that mean the machine's own time zone, or no time zone."""


class Due(NamedTuple):
    """A point in time, in UTC and whole seconds, and the IANA name of the request's time zone."""

    instant: datetime
    zone: str


def due_at(request: Mapping[str, Any], *, now: datetime) -> Due:
    """Returns when a reminder is due.

    `request` has exactly one of these fields:

    - `waitSeconds`: an integer or a string of digits;
    - `timestamp`: RFC 3339 with its offset, or a local `YYYY-MM-DD HH:MM[:SS]`, with a blank or a `T`.

    `timeZone` is an IANA name. It is required with a local time; otherwise its default is UTC. `fold` is 0 for the
    first or 1 for the second of two equal local times. A fraction of a second is rounded up: no reminder is early.

    Raises InvalidReminderError if both fields or neither are present, or a value is invalid. The time must exist, lie
    ahead by at most LONGEST_WAIT, and happen once or have a `fold`. Every field may have a value of any type.
    """
    if ("waitSeconds" in request) == ("timestamp" in request):
        raise InvalidReminderError("waitSeconds", codes.EXACTLY_ONE_OF(fields=["waitSeconds", "timestamp"]))
    zone = zone_of(request)
    if "waitSeconds" in request:
        if "fold" in request:
            raise InvalidReminderError("fold", codes.ONLY_FOR_LOCAL_TIME())
        return Due(_whole(now.astimezone(UTC) + _seconds(request["waitSeconds"])), zone or "UTC")
    instant = instant_of(request["timestamp"], field="timestamp", zone=zone, fold=request.get("fold"))
    if instant <= now:
        raise InvalidReminderError("timestamp", codes.HAS_PASSED())
    if instant - now > LONGEST_WAIT:
        raise InvalidReminderError("timestamp", codes.TOO_FAR_AHEAD(days=LONGEST_WAIT.days))
    return Due(_whole(instant), zone or "UTC")


def zone_of(request: Mapping[str, Any]) -> str | None:
    """Returns the `timeZone` of a request, or None if it has none. Raises InvalidReminderError if it is unknown."""
    if "timeZone" not in request:
        return None
    name = request["timeZone"]
    # Do not open the zone to check its name: zoneinfo would read any path, and on a Mac ignore upper and lower case.
    # See decision D046.
    if not isinstance(name, str) or name not in zones():
        raise InvalidReminderError("timeZone", codes.UNKNOWN_TIME_ZONE())
    return name


def instant_of(text: object, *, field: str, zone: str | None, fold: object = None) -> datetime:
    """Returns the point in time, in UTC, that `text` names in RFC 3339 or as a local time in `zone`. It may be past.

    Raises InvalidReminderError for `field` if `text` has another form, or if the time does not exist. A local time that
    happens twice is refused unless `fold` is 0 for the first or 1 for the second.
    """
    if fold is not None and (isinstance(fold, bool) or not isinstance(fold, int) or fold not in (0, 1)):
        raise InvalidReminderError("fold", codes.UNKNOWN_VALUE(allowed=[0, 1]))
    written = _parsed(text, field)
    if written.tzinfo is not None and fold is not None:
        raise InvalidReminderError("fold", codes.ONLY_FOR_LOCAL_TIME())
    if written.tzinfo is None and zone is None:
        raise InvalidReminderError("timeZone", codes.NEEDS_TIME_ZONE(fields=[field]))
    try:
        if zone is None or written.tzinfo is not None:
            return written.astimezone(UTC)
        instants = _instants(written, zone)
    except OverflowError:
        raise InvalidReminderError(field, codes.NO_SUCH_TIME()) from None
    if not instants:
        before, after = (end.isoformat(" ", "minutes") for end in _skipped(written, zone))
        raise InvalidReminderError(field, codes.SKIPPED_BY_CLOCKS(zone=zone, before=before, after=after))
    if len(instants) == 2 and fold is None:
        code = codes.HAPPENS_TWICE_WITHOUT_FOLD if field == "timestamp" else codes.HAPPENS_TWICE
        offsets = [local_text(instant, zone)[19:] for instant in instants]
        raise InvalidReminderError(field, code(zone=zone, offsets=offsets))
    return instants[-1] if fold else instants[0]


def utc_text(instant: datetime) -> str:
    """Returns `instant` in the only form that a Wait state accepts: `2027-01-27T08:00:00Z`. Drops fractions."""
    return instant.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def from_utc_text(text: str) -> datetime:
    """Returns the time that utc_text or common.times.timestamp has written. Raises ValueError for another form."""
    fraction = ".%f" if "." in text else ""
    return datetime.strptime(text, f"%Y-%m-%dT%H:%M:%S{fraction}Z").replace(tzinfo=UTC)


def local_text(instant: datetime, zone: str) -> str:
    """Returns `instant` as clocks in `zone` show it, with its offset: `2027-01-27T09:00:00+01:00`."""
    return instant.astimezone(ZoneInfo(zone)).isoformat(timespec="seconds")


@functools.cache
def zones() -> frozenset[str]:
    """Returns the known names. It reads about 600 files, so the result is cached."""
    return frozenset(zoneinfo.available_timezones() - NOT_ZONES)


def _seconds(wait: object) -> timedelta:
    if isinstance(wait, str) and re.fullmatch("[0-9]{1,8}", wait):
        wait = int(wait)
    if isinstance(wait, bool) or not isinstance(wait, int) or not 0 <= wait <= MOST_SECONDS:
        raise InvalidReminderError("waitSeconds", codes.NOT_WHOLE_NUMBER(smallest=0, largest=MOST_SECONDS))
    return timedelta(seconds=wait)


def _whole(instant: datetime) -> datetime:
    return instant.replace(microsecond=0) + timedelta(seconds=instant.microsecond > 0)


def _parsed(text: object, field: str) -> datetime:
    found = _TIME.fullmatch(text) if isinstance(text, str) else None
    if found is None:
        raise InvalidReminderError(field, codes.NOT_A_TIME())
    fraction = found["fraction"] or ""
    whole = (found["seconds"] or "").partition(".")[0]
    try:
        written = datetime.fromisoformat(f"{found['minute']}{whole}{found['offset'] or ''}".upper())
        # Python drops digits below a microsecond. Round them up, so that the second is rounded up later, too.
        return written + timedelta(microseconds=int(f"{fraction[:6]:0<6}") + bool(fraction[6:].strip("0")))
    except (ValueError, OverflowError):
        raise InvalidReminderError(field, codes.NO_SUCH_TIME()) from None


def _instants(wall: datetime, zone: str) -> list[datetime]:
    """Returns when clocks in `zone` show `wall`: once, twice if they are put back, or never if they skip it."""
    sides = sorted({wall.replace(tzinfo=ZoneInfo(zone), fold=fold).astimezone(UTC) for fold in (0, 1)})
    # For a skipped wall time, Python returns points in time at which clocks show another time (PEP 495).
    return [side for side in sides if side.astimezone(ZoneInfo(zone)).replace(tzinfo=None) == wall]


def _skipped(wall: datetime, zone: str) -> tuple[datetime, datetime]:
    """Returns what clocks in `zone` show before and after they skip `wall`."""
    # With the offset after the skipped time, `wall` is a point in time before it, and the other way round (PEP 495).
    early, late = (int(wall.replace(tzinfo=ZoneInfo(zone), fold=fold).timestamp()) for fold in (1, 0))
    seconds = range(early, late + 1)

    def clock(second: int) -> datetime:
        return datetime.fromtimestamp(second, ZoneInfo(zone)).replace(tzinfo=None)

    leap = seconds[bisect(seconds, wall, key=clock)]
    return clock(leap - 1) + timedelta(seconds=1), clock(leap)
