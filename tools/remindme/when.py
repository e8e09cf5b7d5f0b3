"""Reads times as people write them. A time is refused unless every word of it is understood.

A text is read from left to right. Each part of it is a day, a time of day (with or without an offset from UTC), or a
span such as `in 20m`. The tables below list the forms of each part.

See decision D091.
"""

import re
from calendar import monthrange
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta, timezone, tzinfo
from datetime import time as clock_time
from fractions import Fraction
from math import ceil
from typing import Any
from zoneinfo import ZoneInfo

from reminders.due import instant_of
from reminders.errors import InvalidReminderError
from reminders.recurrence import months_later
from terminal.errors import CommandError
from terminal.text import printable

EXAMPLES = "'2027-01-27 09:00', 'in 20m', 'tomorrow 9am' or 'next friday 18:00'"
SOON_SECONDS = 10
"""A shorter wait is counted from when the API gets the request. A longer wait ends at the second that was shown."""

LONGEST_SHOWN = 80

_ONES = ["one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"]
_TEENS = ["thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen"]
_TENS = {"twenty": 20, "thirty": 30, "forty": 40, "fifty": 50}
_NUMBERS = {
    **{"a": 1, "an": 1, **_TENS, "sixty": 60, "ninety": 90},
    **{word: number for number, word in enumerate([*_ONES, *_TEENS], 1)},
    **{f"{ten}{by}{one}": tens + n for ten, tens in _TENS.items() for n, one in enumerate(_ONES[:9], 1) for by in " -"},
}
_MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]
_WEEKDAYS = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
_COUNTED = {"s": 1, "m": 60, "h": 3600}
_IN_A_MIX = {**_COUNTED, "d": 86_400, "w": 7 * 86_400, "f": 14 * 86_400}
"""The seconds of each unit in a span with hours or less. There, a day is 24 hours."""

_UNIT = (
    "(?:s|secs?|seconds?|m|mins?|minutes?|h|hrs?|hours?|d|days?|w|wks?|weeks?|fortnights?|months?|y|yrs?|years?)"
    "(?![a-z])"
)
_IN_WORDS = "|".join(sorted(_NUMBERS, reverse=True))
_COUNT = rf"(?:[0-9]{{1,9}}(?:\.[0-9]{{1,9}})?(?: and a half)? ?|(?:{_IN_WORDS})(?: and a half)? )"
_PIECE = f"(?:(?P<half>half an? |a half )|(?P<count>{_COUNT}))(?P<unit>{_UNIT})(?P<more> and a half)?"
_SPAN = re.sub(r"\?P<\w+>", "?:", rf"{_PIECE}(?:(?: and | ?){_PIECE})*")

_AT = "(?:at |@ ?)?"
_HOUR = rf"(?P<hour>[0-9]{{1,2}}|{'|'.join(_ONES)})"
_HALF_OF_DAY = r"(?P<half>[ap])\.?m\.?"
_OFFSET = (
    " ?(?:(?:utc|gmt) ?(?P<from_utc>[+-][0-9]{1,2}(?::?[0-9]{2})?)|(?P<utc>z|utc|gmt)"
    "|(?P<offset>[+-][0-9]{2}(?::?[0-9]{2})?))"
)
_MINUTE = r"(?P<minute>[0-9]{2})"
_SECOND = r"(?P<second>[0-9]{2})(?:[.,](?P<fraction>[0-9]{1,30}))?"

_ON = "(?:on )?(?:the )?"
_DAY = "(?P<day>[0-9]{1,2})"
_MONTH = (
    r"(?P<month>jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?"
    r"|nov(?:ember)?|dec(?:ember)?)\.?"
)
_YEAR = "(?P<year>[0-9]{4})(?! ?(?:h|hrs|hours|z)(?: |$))"
_WEEKDAY = (
    r"(?P<weekday>mon(?:day)?|tue(?:s(?:day)?)?|wed(?:s|nesday)?|thu(?:r(?:s(?:day)?)?)?|fri(?:day)?|sat(?:urday)?"
    r"|sun(?:day)?)\.?"
)

_FORMS = {
    "span": [f"in {_SPAN}(?:(?:'s?)? time)?(?: from now)?", f"{_SPAN} from now"],
    "clock": [
        f"{_AT}{_HOUR}:{_MINUTE}(?::{_SECOND})?(?: ?{_HALF_OF_DAY}| ?hrs| hours)?(?:{_OFFSET})?",
        rf"{_AT}{_HOUR}\.{_MINUTE} ?{_HALF_OF_DAY}(?:{_OFFSET})?",
        f"{_AT}{_HOUR}(?: o'?clock)? ?{_HALF_OF_DAY}(?:{_OFFSET})?",
        f"{_AT}(?P<hour>[0-9]{{2}}){_MINUTE} ?(?:h|hrs|hours)(?:{_OFFSET})?",
        f"{_AT}(?P<hour>[0-9]{{2}}){_MINUTE} ?(?P<utc>z)",
        f"{_AT}(?:12(?::00)? )?(?P<name>noon|midday|midnight)(?:{_OFFSET})?",
        f"{_AT}{_HOUR}(?P<whole> ?o'?clock)?",
    ],
    "date": [
        "(?:on )?(?P<iso>[0-9]{4}-[0-9]{2}-[0-9]{2}|[0-9]{4}/[0-9]{2}/[0-9]{2})",
        "(?:on )?(?P<iso>[0-9]{8})",
        rf"(?:on )?(?P<first>[0-9]{{1,2}})(?P<by>[/.-])(?P<second>[0-9]{{1,2}})(?P=by){_YEAR}",
        rf"{_ON}{_DAY}(?:st|nd|rd|th|\.)?(?: of)?[ -]{_MONTH}(?:[ -]{_YEAR})?",
        f"{_ON}{_MONTH} (?:the )?{_DAY}(?:st|nd|rd|th)?(?: {_YEAR})?",
    ],
    "year": [_YEAR],
    "weekday": [f"{_ON}(?P<which>(?:this )?coming |next |this )?{_WEEKDAY}"],
    "near": ["(?P<word>today|tonight|tomorrow|(?:the )?day after tomorrow)"],
    "part": ["(?:in the |at |(?P<today>this ))?(?P<part>morning|afternoon|evening|night)"],
}
_PATTERNS = [
    (kind, re.compile(f"(?:{form})(?= |$)", re.ASCII | re.IGNORECASE))
    for kind, forms in _FORMS.items()
    for form in forms
]
_PIECES = re.compile(_PIECE, re.ASCII | re.IGNORECASE)

_DATE_EXAMPLE = "write it like 27 january 9am"
_HINTS = [
    (re.compile(form, re.ASCII | re.IGNORECASE), problem)
    for form, problem in {
        "yesterday|last ": "has passed: write a time in the future",
        "every |daily|hourly|weekly|monthly|yearly": "is an interval: write the first time here, and add --repeat 1d",
        r"(?:at )?[0-9]{1,2}\.[0-9]{2}(?= |$)": "has a dot between hours and minutes: write them like 9:30",
        "in (?:[0-9]|[a-z]+$)": "has no known unit: write it like 'in 20m', 'in 2 hours' or 'in 3 days'",
        f"{_ON}[0-9]{{1,2}}(?:st|nd|rd|th)(?= |$)": f"has no month: {_DATE_EXAMPLE}",
        f"{_ON}(?:(?:next|this) )?(?:{_MONTH}|week|month|year|weekend)(?= |$)": f"has no day: {_DATE_EXAMPLE}",
    }.items()
]

_HOURS = {
    # The hours of each part of the day, on a 12-hour clock and on a 24-hour clock.
    "morning": (range(1, 12), range(0, 12)),
    "afternoon": ((12, *range(1, 7)), range(12, 19)),
    "evening": (range(4, 12), range(16, 24)),
    "night": (range(7, 12), range(18, 24)),
    "tonight": (range(5, 12), range(17, 24)),
}
_NO_ZONES = {"and", "for", "or", "plus", "sharp", "then", "till", "to", "uhr", "until"}
"""Words that may follow a time of day and are not names of time zones."""

_NAMED = {"noon": clock_time(12), "midday": clock_time(12), "midnight": clock_time(0)}
_NEAR = {"today": 0, "tonight": 0, "tomorrow": 1}


@dataclass(frozen=True, kw_only=True)
class When:
    """A time that was understood."""

    zone: ZoneInfo
    instant: datetime
    """In UTC, in whole seconds."""

    seconds: int | None = None
    """The length of a counted span such as `in 20m`, which ends at `instant`; None for any other time."""

    @property
    def local(self) -> datetime:
        """The time that the clocks in `zone` show, without a time zone."""
        return self.instant.astimezone(self.zone).replace(tzinfo=None)

    @property
    def is_soon(self) -> bool:
        return self.seconds is not None and self.seconds < SOON_SECONDS

    def counted_from(self, now: datetime) -> "When":
        """The same span, counted from `now`. Any other time stays the same."""
        return self if self.seconds is None else replace(self, instant=_end(now, self.seconds))

    def fields(self) -> dict[str, str | int]:
        """The fields of the request that give the time."""
        # The API assumes UTC if the time zone is missing.
        zone: dict[str, str | int] = {"timeZone": self.zone.key} if self.zone.key != "UTC" else {}
        if self.seconds is not None and self.is_soon:
            return {"waitSeconds": self.seconds, **zone}
        return {"timestamp": self.timestamp(), **zone}

    def timestamp(self) -> str:
        """The time in RFC 3339, with the offset of `zone`."""
        return self.instant.astimezone(self.zone).isoformat(timespec="seconds")


def understand(text: str, *, zone: ZoneInfo, now: datetime, fold: int | None = None) -> When:
    """The time that `text` means in `zone` at the moment `now`.

    If the clocks show the time twice, `fold` chooses the first (0) or the second (1). Raises CommandError if a word of
    the text is not understood, if the time does not exist or has passed, or if it comes twice and `fold` is None.
    """
    plain = _plain(text)
    shown = f"'{_short(plain)}'"
    try:
        found = _scanned(plain, shown)
        if "span" in found and _is_counted(found["span"]):
            if len(found) > 1:
                raise CommandError(f"{shown} has both a span from now and a time: write only one of them")
            seconds = ceil(sum(amount * _IN_A_MIX[unit] for unit, amount in _amounts(found["span"], shown).items()))
            return When(zone=zone, instant=_end(now, seconds), seconds=seconds)
        instant = _instant(found, shown, zone=zone, now=now, fold=fold)
    except OverflowError:
        raise CommandError(f"{shown} is too far ahead: write a time within the next 365 days") from None
    when = When(zone=zone, instant=instant)
    if instant <= now:
        understood = f"{when.local:%a %Y-%m-%d %H:%M:%S} {zone.key}"
        raise CommandError(f"{shown} has passed ({understood}): write a time in the future")
    return when


def _short(text: str) -> str:
    shown = printable(text)
    return shown if len(shown) <= LONGEST_SHOWN else f"{shown[:LONGEST_SHOWN]}…"


def _plain(text: str) -> str:
    """`text` with single blanks, and without commas at the end of a word."""
    plain = " ".join(text.replace("’", "'").split())
    plain = re.sub(r"(?<=[0-9A-Za-z.]),(?= )", "", plain)
    # ISO 8601 has a T between date and time, and may leave out hyphens and colons.
    plain = re.sub(r"^([0-9]{4}-[0-9]{2}-[0-9]{2})[Tt](?=[0-9])", r"\1 ", plain)
    return re.sub(r"^([0-9]{8})[Tt]([0-9]{2})([0-9]{2})([0-9]{2})?(?![0-9])", _with_colons, plain)


def _with_colons(basic: re.Match[str]) -> str:
    return f"{basic[1]} {':'.join(part for part in basic.groups()[1:] if part)}"


def _scanned(plain: str, shown: str) -> dict[str, re.Match[str]]:
    """The parts of a text by their kind. Raises CommandError for an unknown word, and for two parts of one kind."""
    if not plain:
        raise CommandError(f"the time is missing: write one such as {EXAMPLES}")
    if re.search(r"[0-9] ?M(?![A-Za-z])", plain):
        raise CommandError(f"{shown} is ambiguous: write 'minutes' or 'months' instead of M")
    found: dict[str, re.Match[str]] = {}
    place, before = 0, ""
    while place < len(plain):
        matches = [(kind, match) for kind, pattern in _PATTERNS if (match := pattern.match(plain, place))]
        if not matches:
            raise _not_understood(plain[place:], plain, shown, follows_clock=before == "clock")
        kind, match = max(matches, key=lambda one: one[1].end())
        if kind in found:
            what = {"clock": "times of day", "part": "parts of a day", "year": "years"}.get(kind, "days")
            raise CommandError(f"{shown} has two {what}: write only one of them")
        found[kind] = match
        place, before = match.end() + 1, kind
    _check_days(found, shown)
    return found


def _check_days(found: dict[str, re.Match[str]], shown: str) -> None:
    """Raises CommandError if the parts name more than one day. A date together with its weekday is one day."""
    if "year" in found and "date" not in found:
        raise CommandError(f"{shown} has a year but no day: {_DATE_EXAMPLE}")
    days = found.keys() & {"span", "date", "near", "weekday"}
    if "part" in found and found["part"]["today"] and not ("near" in found and found["near"][0].lower() == "today"):
        # `this evening` names today.
        days |= {"part"}
    if len(days) > 1 and not (days == {"date", "weekday"} and not found["weekday"]["which"]):
        raise CommandError(f"{shown} has two days: write only one of them")


def _not_understood(rest: str, plain: str, shown: str, *, follows_clock: bool) -> CommandError:
    """The error for a text that is not understood from `rest` on, with what to write instead."""
    for pattern, problem in _HINTS:
        if pattern.match(rest):
            return CommandError(f"{shown} {problem}")
    if span := re.fullmatch(f"{_SPAN}( ago)?", plain, re.ASCII | re.IGNORECASE):
        problem = "has passed: write a time in the future" if span[1] else "needs the word 'in' before it"
        return CommandError(f"{shown} {problem}")
    word = rest.split(" ")[0]
    if not word.isascii() or not word.isprintable() or word[0].isdigit():
        quoted, problem = shown, "is not understood"
    else:
        quoted, problem = f"'{_short(word)}' in {shown}", "is not understood"
    if re.fullmatch("[A-Za-z_]+(?:/[A-Za-z_]+)+", word):
        return CommandError(f"{quoted} {problem}: name the time zone with --zone {word}")
    in_figures = re.match("[0-9]{4}[-/]", plain)
    remedy = "write a date in figures like 2027-01-27 09:00" if in_figures else f"write it like {EXAMPLES}"
    if follows_clock or re.fullmatch("[A-Z]{2,5}", word):
        # Abbreviations have several meanings: CST is used in Chicago, China and Cuba. See decision D092.
        remedy = "name a time zone with --zone, such as --zone America/New_York"
        if not word.isalpha() or word.lower() in _NO_ZONES:
            remedy = f"write it like {EXAMPLES}"
    return CommandError(f"{quoted} {problem}: {remedy}")


def _instant(
    found: dict[str, re.Match[str]], shown: str, *, zone: ZoneInfo, now: datetime, fold: int | None
) -> datetime:
    offset = _offset(found, shown)
    if offset is None:
        return _one_of(_wall(found, shown, now.astimezone(zone)), shown, zone=zone, now=now, fold=fold)
    wall = _wall(found, shown, now.astimezone(offset))
    here = wall if found.keys() == {"clock"} else _wall(found, shown, now.astimezone(zone))
    if here != wall:
        # Near midnight the two zones have different dates, so a weekday or `tomorrow` would have two meanings.
        raise CommandError(
            f"{shown} is on {here:%Y-%m-%d} by the date of {zone.key}, but on {wall:%Y-%m-%d} by the date at the"
            f" offset: write the date, such as {here:%Y-%m-%d %H:%M}"
        )
    return _whole(wall.replace(tzinfo=offset).astimezone(UTC))


def _wall(found: dict[str, re.Match[str]], shown: str, base: datetime) -> datetime:
    """The time that the clocks will show. `base` is the time that they show now, with its time zone."""
    if found.keys() == {"span"}:
        return datetime.combine(_day_after(found["span"], shown, base), base.time().replace(microsecond=0))
    at = _time_of_day(found, shown)
    if "span" in found:
        return datetime.combine(_day_after(found["span"], shown, base), at)
    if "date" in found:
        return datetime.combine(_date(found, shown, base), at)
    if "weekday" in found:
        ahead = (_WEEKDAYS.index(found["weekday"]["weekday"][:3].lower()) - base.weekday() - 1) % 7 + 1
    elif "near" in found:
        word = found["near"]["word"].lower()
        # Midnight `tonight` is the end of today.
        ahead = 1 if word == "tonight" and at == clock_time(0) else _NEAR.get(word, 2)
    else:
        # Today, unless the time has passed. If the clocks show it twice, the second one has to have passed.
        latest = datetime.combine(base.date(), at, base.tzinfo).replace(fold=1)
        is_today = "part" in found and found["part"]["today"]
        ahead = 0 if is_today or latest.astimezone(UTC) > base.astimezone(UTC) else 1
    return datetime.combine(base.date() + timedelta(days=ahead), at)


def _time_of_day(found: dict[str, re.Match[str]], shown: str) -> clock_time:
    part = found["part"]["part"].lower() if "part" in found else ""
    if "near" in found and found["near"]["word"].lower() == "tonight":
        if part:
            raise CommandError(f"{shown} has two parts of a day: leave out 'tonight' or '{part}'")
        part = "tonight"
    if "clock" not in found:
        raise CommandError(f"{shown} has no time of day: write it like {EXAMPLES}")
    said: dict[str, Any] = found["clock"].groupdict()
    quoted = f"'{found['clock'][0]}' in {shown}"
    if said.get("name"):
        name = said["name"].lower()
        if part and (name, part) != ("midnight", "tonight"):
            raise CommandError(f"{quoted} contradicts '{part}': leave out one of them")
        return _NAMED[name]
    hour = _NUMBERS[said["hour"].lower()] if said["hour"].isalpha() else int(said["hour"])
    minute, second = int(said.get("minute") or 0), int(said.get("second") or 0)
    if minute > 59 or second > 59 or hour > 23 or (said.get("half") and not 1 <= hour <= 12):
        raise CommandError(f"{quoted} is not a time of day: write one from 0:00 to 23:59, or from 1am to 12pm")
    is_bare = "minute" not in said and not said.get("half")
    if said.get("half"):
        hour = hour % 12 + (12 if said["half"].lower() == "p" else 0)
    elif part and hour in _HOURS[part][0] and not said["hour"].startswith("0"):
        hour = hour if part == "morning" or hour == 12 else hour + 12
    elif is_bare and not (said.get("whole") and hour > 12):
        example = hour % 12 or 12
        raise CommandError(f"{quoted} may be before or after noon: write '{example}am', '{example}pm' or '{hour}:00'")
    is_midnight_tonight = part == "tonight" and (hour, minute, second) == (0, 0, 0)
    if part and hour not in _HOURS[part][1] and not is_midnight_tonight:
        raise CommandError(f"{quoted} contradicts '{part}': leave out one of them")
    return clock_time(hour, minute, second, microsecond=int(int(said.get("fraction") or 0) > 0))


def _offset(found: dict[str, re.Match[str]], shown: str) -> tzinfo | None:
    said = found["clock"].groupdict() if "clock" in found else {}
    if said.get("utc"):
        return UTC
    text = said.get("from_utc") or said.get("offset")
    if text is None:
        return None
    if said.get("offset") and not _may_have_offset(found):
        problem = f"may be an offset or the end of a period: write UTC{text.strip()} if it is an offset"
        raise CommandError(f"'{text.strip()}' in {shown} {problem}")
    sign, digits = text.strip()[0], text.strip()[1:].replace(":", "")
    hours, minutes = (int(digits), 0) if len(digits) <= 2 else (int(digits[:-2]), int(digits[-2:]))
    size = timedelta(hours=hours, minutes=minutes)
    if minutes > 59 or not timedelta(hours=-12) <= (-size if sign == "-" else size) <= timedelta(hours=14):
        raise CommandError(f"'{text.strip()}' in {shown} is not an offset from UTC: write one from -12:00 to +14:00")
    return timezone(-size if sign == "-" else size)


def _may_have_offset(found: dict[str, re.Match[str]]) -> bool:
    """Whether a number with a sign after the time is an offset, as in RFC 3339, in ISO 8601 and in e-mails.

    After any other time it may be the end of a period, as in 9:00-10:00.
    """
    clock, day = found["clock"], found["date"].groupdict() if "date" in found else {}
    if day.get("iso"):
        return len(clock["offset"]) > 3 or clock.groupdict().get("second") is not None
    has_year = "year" in found or day.get("year") is not None
    return has_year and len(clock["offset"]) == 5 and clock[0][-6] == " "


def _date(found: dict[str, re.Match[str]], shown: str, base: datetime) -> date:
    said = found["date"].groupdict()
    year = said.get("year")
    if "year" in found:
        if said.get("iso") or year:
            raise CommandError(f"{shown} has two years: write only one of them")
        year = found["year"][0]
    if said.get("iso"):
        digits = re.sub("[-/]", "", said["iso"])
        year, month, day = digits[:4], int(digits[4:6]), int(digits[6:])
    elif said.get("by"):
        first, second = int(said["first"]), int(said["second"])
        if first != second and max(first, second) <= 12:
            raise CommandError(f"{shown} may be two dates, with day or month first: write it like 2027-01-27 09:00")
        day, month = (second, first) if second > 12 else (first, second)
    else:
        day, month = int(said["day"]), _MONTHS.index(said["month"][:3].lower()) + 1
    # Two leap days are up to eight years apart.
    years = [int(year)] if year else range(base.year, base.year + 9)
    days = [date(one, month, day) for one in years if _exists(one, month, day)]
    coming = days if year else [one for one in days if one >= base.date()]
    if not coming:
        raise CommandError(f"{shown} is not a valid date: there is no such day")
    if "weekday" in found:
        weekday = found["weekday"]["weekday"]
        if _WEEKDAYS.index(weekday[:3].lower()) != coming[0].weekday():
            raise CommandError(
                f"'{weekday}' in {shown} is wrong: {coming[0]:%Y-%m-%d} is a {coming[0]:%A}. Leave out the weekday"
            )
    return coming[0]


def _exists(year: int, month: int, day: int) -> bool:
    return 1 <= year <= 9999 and 1 <= month <= 12 and 1 <= day <= monthrange(year, month)[1]


def _is_counted(span: re.Match[str]) -> bool:
    return any(piece["unit"][0].lower() in _COUNTED and not _is_month(piece) for piece in _PIECES.finditer(span[0]))


def _is_month(piece: re.Match[str]) -> bool:
    return piece["unit"].lower().startswith("month")


def _amounts(span: re.Match[str], shown: str) -> dict[str, Fraction]:
    """The amount of each unit: s m h d w f (fortnights) M (months) y."""
    amounts: dict[str, Fraction] = {}
    if re.sub("(?i:^in |,|'s?|time|from now|and| )", "", _PIECES.sub("", span[0])):
        raise CommandError(f"{shown} is not understood: write it like {EXAMPLES}")
    for piece in _PIECES.finditer(span[0]):
        unit = "M" if _is_month(piece) else piece["unit"][0].lower()
        count = (piece["count"] or "").lower().removesuffix(" ").removesuffix(" and a half")
        has_half = [piece["half"], piece["more"], (piece["count"] or "").lower().strip().endswith(" and a half")]
        amount = Fraction(_NUMBERS[count] if count in _NUMBERS else count or 0) + Fraction(sum(map(bool, has_half)), 2)
        if unit in amounts or sum(map(bool, has_half)) > 1:
            raise CommandError(f"{shown} has a unit twice: write each unit once")
        if unit not in _COUNTED and amount.denominator > 1:
            raise CommandError(f"{shown} has a fraction: only hours, minutes and seconds may have one")
        amounts[unit] = amount
    if amounts.keys() & {"d", "w", "f"} and amounts.get("h", 0) >= 24:
        # Some people write 18:00 as 1800 hours.
        raise CommandError(f"{shown} is ambiguous: write 'at 18:00', or fewer than 24 hours after days or weeks")
    if amounts.keys() & {"M", "y"} and amounts.keys() & _COUNTED.keys():
        raise CommandError(f"{shown} mixes months or years with hours or less: write only one of them")
    return amounts


def _day_after(span: re.Match[str], shown: str, base: datetime) -> date:
    amounts = {unit: int(amount) for unit, amount in _amounts(span, shown).items()}
    months = amounts.pop("y", 0) * 12 + amounts.pop("M", 0)
    if months > 12 * 1000:
        raise OverflowError
    later = months_later(base, months).date()
    return later + sum((timedelta(seconds=n * _IN_A_MIX[unit]) for unit, n in amounts.items()), timedelta())


def _end(now: datetime, seconds: int) -> datetime:
    return _whole(now.astimezone(UTC)) + timedelta(seconds=seconds)


def _whole(instant: datetime) -> datetime:
    """The next whole second. The API rounds up too, so that no reminder is early."""
    return instant.replace(microsecond=0) + timedelta(seconds=instant.microsecond > 0)


def _one_of(wall: datetime, shown: str, *, zone: ZoneInfo, now: datetime, fold: int | None) -> datetime:
    """The instant at which the clocks in `zone` show `wall`."""
    wall = _whole(wall)
    found = {wall.replace(tzinfo=zone, fold=which).astimezone(UTC) for which in (0, 1)}
    instants = sorted(instant for instant in found if instant.astimezone(zone).replace(tzinfo=None) == wall)
    if len(instants) == 2 and fold is not None:
        return instants[fold]
    ahead = [instant for instant in instants if instant > now]
    if len(ahead) == 2:
        offers = (
            f"--fold {n} ({instant.astimezone(zone).isoformat(' ', 'seconds')})" for n, instant in enumerate(instants)
        )
        raise CommandError(
            f"{shown} comes twice in {zone.key}, because the clocks are put back: choose {' or '.join(offers)}"
        )
    if not instants:
        try:
            instant_of(wall.isoformat(" "), field="timestamp", zone=zone.key)
        except InvalidReminderError as error:
            raise CommandError(f"{shown} {error}. Write a time before or after that") from None
    return (ahead or instants)[-1]
