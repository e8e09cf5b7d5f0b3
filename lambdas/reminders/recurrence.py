"""When a repeated reminder is due again. Pure: the clock is an argument.

`repeat` is `{"every": "1d"}`, alone for ever or with either `"until"`, a time as in `timestamp`, or `"times"`.
Every occurrence is counted from the first one: a month after 31 January is 28 February, and two are 31 March.
Minutes and hours are time that passes; days, weeks, months and years go by the clocks of the first one's zone.
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
"""Nobody is to be flooded, nor charged for it: 288 messages a day."""

MOST_TIMES = 1000

MOST = {"m": 525_600, "h": 8_760, "d": 365, "w": 52, "M": 12, "y": 1}
"""How many of each unit may pass between two occurrences: a year. With 29 February in it, it is one of 366 days."""

LEAST = {
    "m": timedelta(minutes=1),
    "h": timedelta(hours=1),
    "d": timedelta(days=1),
    "w": timedelta(weeks=1),
    "M": timedelta(days=28),
    "y": timedelta(days=365),
}
"""The length of each unit, at the least."""


class Occurrence(NamedTuple):
    """One of a repeated reminder's: its number, where 1 is the first, and when it is due, in UTC."""

    number: int
    instant: datetime


def check(repeat: object, first: Due, *, zone: str | None) -> None:
    """Raises InvalidReminderError where `repeat` is no rule for what comes after `first`. Accepts anything as `repeat`.

    `zone` is what the request says, not what is assumed where it says nothing: a local `until` needs it.
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
    """When the occurrence of that number is due, in UTC, whether or not `repeat` goes that far. `first` is number 1.

    A time that clocks leap over comes later by the leap, and of one that happens twice the first is taken; where a zone
    leaves out a day, two occurrences fall together.
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
    """What comes after the occurrence of that number and after `now`, or None where `repeat` has come to its end.

    Occurrences that were missed are left out, not sent in a burst; they count as `times`.
    """
    count, unit = _step(repeat["every"])
    # Waits end by another clock than this one: what was sent is never due again.
    done = max(now, occurrence(first, repeat, number))
    # Two days more than has passed, for zones that change sides of the date line.
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
    """`wall` so many months later, on the month's last day where it has no such day."""
    years, month = divmod(wall.month - 1 + months, 12)
    year = wall.year + years
    return wall.replace(year=year, month=month + 1, day=min(wall.day, monthrange(year, month + 1)[1]))
