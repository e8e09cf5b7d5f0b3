"""Computes when a repeated reminder is due again. Pure: the clock is an argument.

`repeat` is `{"every": "1d"}`. It ends with `"until"`, a time as in `timestamp`, or after `"times"`, or never.
Every occurrence is counted from the first one: after 31 January come 28 February and 31 March.
Minutes and hours are elapsed time. Days, weeks, months and years follow the clocks in the reminder's time zone.

See decision D043.
"""

import re
from bisect import bisect
from calendar import monthrange
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from common import codes
from common.texts import shown_name
from reminders.due import Due, instant_of
from reminders.errors import InvalidReminderError

SHORTEST_MINUTES = 5
"""At most 288 messages a day, because a flood of messages annoys the recipient and costs money. See decision D045."""

MOST_TIMES = 1000

MOST = {"m": 525_600, "h": 8_760, "d": 365, "w": 52, "M": 12, "y": 1}
"""The largest number of each unit between two occurrences: a year, or 366 days if it contains 29 February."""

LEAST = {
    "m": timedelta(minutes=1),
    "h": timedelta(hours=1),
    "d": timedelta(days=1),
    "w": timedelta(weeks=1),
    "M": timedelta(days=28),
    "y": timedelta(days=365),
}
"""The shortest length of each unit."""


class Occurrence(NamedTuple):
    """One delivery time of a repeated reminder, in UTC. The first one has the number 1."""

    number: int
    instant: datetime


def check(repeat: object, first: Due, *, zone: str | None) -> None:
    """Raises InvalidReminderError if `repeat` is not a valid rule for a reminder that is first due at `first`.

    `repeat` may have any type. `zone` is the request's own `timeZone`, without a default: a local `until` requires it.
    """
    if not isinstance(repeat, Mapping):
        raise InvalidReminderError("repeat", codes.WRONG_TYPE(types=["object"]))
    if unknown := repeat.keys() - {"every", "until", "times"}:
        raise InvalidReminderError(f"repeat.{shown_name(min(unknown))}", codes.UNKNOWN_FIELD())
    _check_every(repeat.get("every"))
    if "until" in repeat and "times" in repeat:
        raise InvalidReminderError("repeat", codes.AT_MOST_ONE_OF(fields=["until", "times"]))
    if "times" in repeat:
        times = repeat["times"]
        if isinstance(times, bool) or not isinstance(times, int) or not 1 <= times <= MOST_TIMES:
            raise InvalidReminderError("repeat.times", codes.NOT_WHOLE_NUMBER(smallest=1, largest=MOST_TIMES))
    if "until" in repeat and instant_of(repeat["until"], field="repeat.until", zone=zone) < first.instant:
        raise InvalidReminderError("repeat.until", codes.BEFORE_FIRST())


def occurrence(first: Due, repeat: Mapping[str, Any], number: int) -> datetime:
    """Returns when the occurrence with this number is due, in UTC, even if `repeat` ends before. `first` is number 1.

    If clocks skip the time, the occurrence is later by as much as they skip. If the time happens twice, the first one
    counts. If a zone skips a day, two occurrences happen at the same time.
    """
    count, unit = _step(repeat["every"])
    steps = (number - 1) * count
    if steps == 0:
        return first.instant
    if unit in "mh":
        return first.instant + steps * LEAST[unit]
    wall = first.instant.astimezone(ZoneInfo(first.zone))
    if unit in "dw":
        later = wall + steps * LEAST[unit]
    else:
        later = months_later(wall, steps * (12 if unit == "y" else 1))
    return later.replace(fold=0).astimezone(UTC)


def next_after(first: Due, repeat: Mapping[str, Any], number: int, *, now: datetime) -> Occurrence | None:
    """Returns the first occurrence after the given one and after `now`. None if `repeat` has ended.

    Missed occurrences are skipped, because sending them all at once helps nobody. They count towards `times`.
    """
    count, unit = _step(repeat["every"])
    # Step Functions' clock may be ahead of this one. An occurrence that was sent must not be due again.
    done = max(now, occurrence(first, repeat, number))
    # The two extra days are for zones that cross the date line.
    enough = (done - first.instant + timedelta(days=2)) // (count * LEAST[unit]) + 3
    numbers = range(1, enough)
    following = numbers[bisect(numbers, done, key=lambda one: occurrence(first, repeat, one))]
    instant = occurrence(first, repeat, following)
    if following > repeat.get("times", following):
        return None
    if "until" in repeat and instant > instant_of(repeat["until"], field="repeat.until", zone=first.zone):
        return None
    return Occurrence(following, instant)


def _check_every(every: object) -> None:
    if not isinstance(every, str) or not re.fullmatch(f"[1-9][0-9]{{0,5}}[{''.join(MOST)}]", every):
        raise InvalidReminderError("repeat.every", codes.NOT_AN_INTERVAL())
    count, unit = _step(every)
    if unit == "m" and count < SHORTEST_MINUTES:
        raise InvalidReminderError("repeat.every", codes.INTERVAL_TOO_SHORT(count=SHORTEST_MINUTES, unit="m"))
    if count > MOST[unit]:
        raise InvalidReminderError("repeat.every", codes.INTERVAL_TOO_LONG(count=MOST[unit], unit=unit))


def _step(every: str) -> tuple[int, str]:
    return int(every[:-1]), every[-1]


def months_later(wall: datetime, months: int) -> datetime:
    """Returns `wall` this number of months later, or the month's last day if the month is too short."""
    years, month = divmod(wall.month - 1 + months, 12)
    year = wall.year + years
    return wall.replace(year=year, month=month + 1, day=min(wall.day, monthrange(year, month + 1)[1]))
