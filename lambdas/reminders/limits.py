"""The limits of a person, and how the API refuses what is above them. Pure.

See decisions D235 and D236.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta

from common.events import RequestError
from reminders.reminder import OF_A_PERSON

CODES = {"TooManyWaiting", "TooManyToday"}
"""The codes of the errors that a person gets for their own limits. `Throttled` is about all requests of the stage."""

REMINDERS, TEXTS = f"{OF_A_PERSON}reminders#{{}}", f"{OF_A_PERSON}texts#{{}}"
"""The keys of a person's two counts, with a place for the person's id."""

TEXTS_USED_UP = "the text was not sent: the owner has reached the limit of texts for this day (UTC)"
"""The `Reason` of a reminder that would have sent too many texts."""

UNSEEN = timedelta(seconds=30)
"""How long the index of a person's reminders may lack a new one: as long as a function runs, and as an index lags.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/GSI.html
"""


@dataclass(frozen=True, kw_only=True)
class Limits:
    """What one person may have at once, and do on one day in UTC."""

    waiting: int
    """Reminders that wait. A repeated reminder is one."""

    set_a_day: int
    """Reminders that are set or changed."""


def day_of(now: datetime) -> str:
    """Returns the day of `now`, which is in UTC, such as `2026-11-21`."""
    return now.date().isoformat()


def seconds_left(now: datetime) -> int:
    """Returns the seconds until the next day begins in UTC, rounded up."""
    midnight = datetime.combine(now.date() + timedelta(days=1), time(), UTC)
    return int((midnight - now).total_seconds()) + 1


def too_many_today(most: int, *, now: datetime) -> RequestError:
    message = f"You have set or changed {most} reminders today. More are possible tomorrow, from midnight UTC."
    return RequestError(429, "TooManyToday", message, retry_after=seconds_left(now))


def too_many_waiting(most: int) -> RequestError:
    message = (
        f"You have {most} reminders that wait, and cannot have more at once. "
        f"Cancel one, or wait until one is sent. Then try again after {UNSEEN.seconds} seconds."
    )
    return RequestError(429, "TooManyWaiting", message, retry_after=UNSEEN.seconds)
