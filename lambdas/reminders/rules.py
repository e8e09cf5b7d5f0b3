"""The rules of a reminder. Pure: the clock is an argument, no environment, no AWS."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

LONGEST_WAIT = timedelta(days=365)
"""An execution lives one year at the most; one that waits longer is accepted by Step Functions and then lost."""

ADDRESSES = {"email": ("email",), "sms": ("phone",), "both": ("email", "phone"), "topic": ()}
"""The fields that each preference sends to."""

_RFC_3339 = (
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt]([01][0-9]|2[0-3]):[0-9]{2}:[0-9]{2}(\.[0-9]{1,6})?([Zz]|[+-][0-9]{2}:[0-9]{2})"
)


class InvalidReminderError(ValueError):
    """A reminder that cannot be kept. `field` names what is wrong; the message says why without repeating it."""

    def __init__(self, field: str, problem: str) -> None:
        super().__init__(problem)
        self.field = field


def check_addresses(request: Mapping[str, Any]) -> None:
    """Raises InvalidReminderError where the preferred channel has no address to send to."""
    for field in ADDRESSES[request["preference"]]:
        if field not in request:
            raise InvalidReminderError(field, f"is needed for the preference {request['preference']}")


def due_at(request: Mapping[str, Any], *, now: datetime) -> datetime:
    """When a reminder is due, in UTC.

    `request` has either `waitSeconds`, an integer or a string of digits, or `timestamp` in RFC 3339.
    Raises InvalidReminderError for both or neither, no such time, a time that has passed or one too far ahead.
    """
    if ("waitSeconds" in request) == ("timestamp" in request):
        raise InvalidReminderError("waitSeconds", "is needed, or timestamp, and not both")
    if "waitSeconds" in request:
        seconds = int(request["waitSeconds"])
        if not 0 <= seconds <= LONGEST_WAIT.total_seconds():
            raise InvalidReminderError("waitSeconds", f"must be from 0 to {LONGEST_WAIT.total_seconds():.0f}")
        return now + timedelta(seconds=seconds)
    due = _instant(request["timestamp"])
    if due <= now:
        raise InvalidReminderError("timestamp", "has passed")
    if due - now > LONGEST_WAIT:
        raise InvalidReminderError("timestamp", f"is more than {LONGEST_WAIT.days} days ahead")
    return due


def utc_text(instant: datetime) -> str:
    """`instant` in the one form that a Wait state takes: `2027-01-27T09:00:00Z`. Fractions of a second are dropped."""
    return instant.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _instant(timestamp: str) -> datetime:
    form = "must be a time with its offset, such as 2027-01-27T09:00:00Z or 2027-01-27T09:00:00+01:00"
    if not re.fullmatch(_RFC_3339, timestamp):
        raise InvalidReminderError("timestamp", form)
    try:
        return datetime.fromisoformat(timestamp.upper()).astimezone(UTC)
    except (ValueError, OverflowError):
        raise InvalidReminderError("timestamp", "is not a time that exists") from None
