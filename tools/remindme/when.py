"""Times as people write them: what is understood, and what is refused rather than guessed.

Dates in figures go by their form. Words go to dateparser, which is lenient: it drops what it does not know, takes `27`
for a year, and fills in the day that nobody named. So it is asked more than once, and a text counts as understood where
every word of it makes a difference and nothing but the text decides.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import tzlocal
from dateparser.date import DateDataParser

from tools.errors import CommandError
from tools.text import printable

EXAMPLES = "'2027-01-27 09:00', 'in 20m', 'tomorrow 9am' or 'next friday 18:00'"

_IN_FIGURES = r"([0-9]{4}-[0-9]{2}-[0-9]{2})[ Tt]([0-9]{2}:[0-9]{2})(:[0-9]{2})?(?: ?([Zz]|[+-][0-9]{2}:[0-9]{2}))?"
_RUN = r"[0-9]+(?:[:/.][0-9]+)*|[A-Za-z]+"
"""A word, or figures that belong together: `9:30`, `27/01/2027`."""

_PARSERS = ("relative-time", "absolute-time")
_MAKES_NO_DIFFERENCE = {"at", "on", "in", "the", "of", "and", "next", "this", "st", "nd", "rd", "th"}
"""`next friday` is the first Friday that comes; the understanding is shown before anything is scheduled."""


@dataclass(frozen=True, kw_only=True)
class When:
    """A time as it was understood."""

    zone: ZoneInfo
    local: datetime
    """What the clocks show in `zone`, without a zone of its own."""

    instants: tuple[datetime, ...]
    """In UTC: one, or none where the clocks skip `local`, or two where they show it twice."""

    seconds: int | None = None
    """From now, where it was said so: `in 20m`."""

    def fields(self, *, fold: int | None = None) -> dict[str, str | int]:
        """What tells it to the API. The one instant that was shown, and else what the API has to judge."""
        # UTC is what the API takes where no zone is named.
        zone: dict[str, str | int] = {"timeZone": self.zone.key} if self.zone.key != "UTC" else {}
        if self.seconds is not None:
            return {"waitSeconds": self.seconds, **zone}
        if len(self.instants) == 1 and fold is None:
            return {"timestamp": self.timestamp(), **zone}
        folded = {} if fold is None else {"fold": fold}
        return {"timestamp": f"{self.local:%Y-%m-%d %H:%M:%S}", "timeZone": self.zone.key, **folded}

    def timestamp(self) -> str:
        """RFC 3339 with the offset of its zone. Raises CommandError where it is not one instant."""
        if len(self.instants) != 1:
            raise CommandError(f"{self.local} is not one time in {self.zone.key}: name one before or after it")
        return self.instants[0].astimezone(self.zone).isoformat(timespec="seconds")


def local_zone() -> str:
    """The name of this machine's time zone, such as `Europe/Paris`. Raises CommandError where it is not known."""
    try:
        name = tzlocal.get_localzone_name()
        return ZoneInfo(name).key
    except (LookupError, OSError, TypeError, ValueError):
        raise CommandError("the time zone of this machine is not known: name one, --zone Europe/Paris say") from None


def zone_named(name: str) -> ZoneInfo:
    """The IANA time zone `name`. Raises CommandError where there is none."""
    try:
        return ZoneInfo(name)
    except (LookupError, OSError, ValueError):
        raise CommandError(f"there is no time zone {printable(name)}: Europe/Paris would be one") from None


def understand(text: str, *, zone: ZoneInfo, now: datetime) -> When:
    """The time that `text` tells, seen at `now` in `zone`. Raises CommandError: not understood whole, or passed."""
    text = " ".join(text.split())
    try:
        when = _in_figures(text, zone) if re.match("[0-9]{4}-", text) else _in_words(text, zone, now)
    except OverflowError:
        raise CommandError(f"'{printable(text)}' is too far away") from None
    if when.instants and max(when.instants) < now.replace(microsecond=0):
        raise CommandError(f"'{printable(text)}' has passed: {when.local:%a %Y-%m-%d %H:%M:%S} {zone.key}")
    return when


def _in_figures(text: str, zone: ZoneInfo) -> When:
    found = re.fullmatch(_IN_FIGURES, text)
    if re.fullmatch("[0-9]{4}-[0-9]{2}-[0-9]{2}", text):
        raise CommandError(f"'{text}' has no time of day: say '{text} 09:00'")
    if not found:
        raise CommandError(f"'{printable(text)}' is not understood: a date in figures is written 2027-01-27 09:00")
    day, minute, second, offset = found.groups()
    try:
        told = datetime.fromisoformat(f"{day}T{minute}{second or ':00'}{(offset or '').upper()}")
    except ValueError:
        raise CommandError(f"'{text}' is not a time that exists") from None
    if told.tzinfo is None:
        return _at(told, zone)
    return When(zone=zone, local=told.astimezone(zone).replace(tzinfo=None), instants=(told.astimezone(UTC),))


def _in_words(text: str, zone: ZoneInfo, now: datetime) -> When:
    shown = printable(text)
    not_understood = f"is not understood: say it like {EXAMPLES}"
    # A comma ends a word: between figures it is a fraction to some and a thousand to others.
    words = re.sub(r"(?<=[A-Za-z]),(?= )", "", text).split(" ")
    if not all(re.fullmatch(f"(?:{_RUN})+", word) for word in words):
        raise CommandError(f"'{shown}' {not_understood}")
    if re.search(r"[0-9] ?M\b", text):
        raise CommandError(f"'{shown}': M may be minutes or months; say which")
    plain = " ".join(words)
    base = now.astimezone(zone).replace(tzinfo=None, microsecond=0)
    # What is the same today differs early or late in the day, or in another year.
    early = (base + timedelta(days=200)).replace(hour=0, minute=0, second=1)
    late = (base + timedelta(days=1100)).replace(hour=23, minute=59, second=58)
    moments = (base, early, late)

    read, has_time = _read(plain, base)
    if read is None:
        raise CommandError(f"'{shown}' {not_understood}")
    for run in re.finditer(_RUN, plain):
        without = f"{plain[: run.start()]} {plain[run.end() :]}"
        if run[0].lower() not in _MAKES_NO_DIFFERENCE and all(_read(plain, m) == _read(without, m) for m in moments):
            raise CommandError(f"'{run[0]}' in '{shown}' {not_understood}")
    if any(_read(plain, moment) != _read(plain, moment, order="MDY") for moment in moments):
        raise CommandError(f"'{shown}' may be more than one date: write it like 2027-01-27 09:00")

    from_now = words[0].lower() == "in"
    relative = _read(plain, base, parsers=["relative-time"])[0] == read
    if from_now and relative and not has_time:
        return _at(read, zone)
    counted = all((found := _read(plain, moment)[0]) and found - moment == read - base for moment in moments)
    if from_now and counted:
        # Hours and less are counted, across a change of the clocks too.
        due = (now + (read - base)).replace(microsecond=0)
        seconds = int((read - base).total_seconds())
        return When(zone=zone, local=due.astimezone(zone).replace(tzinfo=None), instants=(due,), seconds=seconds)
    if counted or not has_time or (from_now and not re.search(r"(?i)\bat\b", plain)):
        raise CommandError(f"'{shown}' has no time of day that is understood: say it like {EXAMPLES}")
    if not relative and _read(plain, base, parts=["day", "month"])[0] is None:
        # A day of the week or an hour is never far away; a day that was filled in is, seen from another month.
        if any(not (found := _read(plain, m)[0]) or abs(found - m) > timedelta(days=8) for m in moments):
            raise CommandError(f"'{shown}' names no day: write it like 27 january 9am")
    return _at(read, zone)


def _at(local: datetime, zone: ZoneInfo) -> When:
    found = {local.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1)}
    there = (instant for instant in found if instant.astimezone(zone).replace(tzinfo=None) == local)
    return When(zone=zone, local=local, instants=tuple(sorted(there)))


def _read(
    text: str, base: datetime, *, order: str = "DMY", parsers: Sequence[str] = _PARSERS, parts: Sequence[str] = ()
) -> tuple[datetime | None, bool]:
    """What dateparser reads at the moment `base`, and whether a time of day is in it."""
    parser = DateDataParser(
        languages=["en"],
        settings={
            "RELATIVE_BASE": base,
            "PREFER_DATES_FROM": "future",
            "DATE_ORDER": order,
            "PARSERS": list(parsers),
            "REQUIRE_PARTS": list(parts),
            "RETURN_TIME_AS_PERIOD": True,
            "RETURN_AS_TIMEZONE_AWARE": False,
        },
    )
    found = parser.get_date_data(text)
    return found.date_obj, found.period == "time"
