"""The fields of a new reminder, as people type them, judged by the API's own rules before it is sent."""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from common.shape import ShapeError
from reminders import mail, validation
from reminders.channels import addresses_of, channels_of
from reminders.errors import InvalidReminderError
from terminal.errors import CommandError
from tools.text import printable

MYSELF = "me"

_EXAMPLES = {"email": "ada@example.com", "phone": "+15555550100"}
_SAID_AS = {
    "message": "the message",
    "subject": "--subject",
    "email": "--email",
    "phone": "--sms",
    "repeat": "--repeat",
    "repeat.every": "--repeat",
    "repeat.until": "--until",
    "repeat.times": "--times",
    "timeZone": "--zone",
    "timestamp": "the time",
    "waitSeconds": "the time",
}
"""What people type for each field of the API."""

_OFTEN = {
    **{"hourly": "1h", "daily": "1d", "weekly": "1w", "fortnightly": "2w", "monthly": "1M"},
    **{"yearly": "1y", "annually": "1y"},
}
_UNITS = {
    **dict.fromkeys(("minute", "min"), "m"),
    **dict.fromkeys(("hour", "hr", "h"), "h"),
    **dict.fromkeys(("day", "d"), "d"),
    **dict.fromkeys(("week", "wk", "w"), "w"),
    "month": "M",
    **dict.fromkeys(("year", "yr", "y"), "y"),
}
_COUNTS = {"other": 2, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "ten": 10}


def email(text: str) -> str | None:
    """The address, or None for one's own. Raises CommandError."""
    address = text.strip()
    if address.lower() == MYSELF:
        return None
    try:
        mail.check_address(address)
    except InvalidReminderError:
        raise CommandError(
            f"--email '{_short(text)}' is not an e-mail address: say one such as ada@example.com, or me for your own"
        ) from None
    return address


def phone(text: str) -> str | None:
    """The number without what groups its digits, or None for one's own. Raises CommandError."""
    number = re.sub(r"[\s().-]", "", text)
    if number.lower() == MYSELF:
        return None
    # A zero in brackets is dialled within the country only.
    if re.search(r"\(0+\)", text) or not re.fullmatch(r"\+[1-9][0-9]{6,14}", number):
        raise CommandError(
            f"--sms '{_short(text)}' is not a phone number with its country's code: say one such as +15555550100,"
            " or me for your own"
        )
    return number


def every(text: str) -> str:
    """How often, as the API takes it: `1d` of `1d`, `daily`, `every day` and `every 2 days`. Raises CommandError."""
    plain = " ".join(text.split())
    if re.fullmatch("[1-9][0-9]{0,5}[mM]", plain):
        return plain
    words = re.sub("^(?:every|each) ", "", plain.lower())
    found = re.fullmatch(rf"(?:([1-9][0-9]{{0,5}}) ?|({'|'.join(_COUNTS)}) )?({'|'.join(_UNITS)})(s?)", words)
    if words in _OFTEN:
        return _OFTEN[words]
    if not found or (found[1] is found[2] is None and (found[4] or len(found[3]) == 1 or words == plain.lower())):
        raise CommandError(
            f"--repeat '{_short(text)}' is not understood: say 30m, 2h, 1d, 1w, 1M (a month) or 1y;"
            " or words such as daily or 'every 2 weeks'"
        )
    return f"{found[1] or _COUNTS.get(found[2], 1)}{_UNITS[found[3]]}"


def check(request: Mapping[str, Any], *, now: datetime) -> None:
    """Raises CommandError for a request that the API would refuse, no matter who sends it."""
    # The API fills in the caller's own addresses.
    own = {field: _EXAMPLES[field] for field in addresses_of(channels_of(request)) if field not in request}
    try:
        validation.checked(validation.SHAPE.fitted({**own, **request}), now=now)
    except (ShapeError, InvalidReminderError) as error:
        raise CommandError("; ".join(_sentence(one["field"], one["problem"]) for one in error.details)) from None


def _sentence(field: str, problem: str) -> str:
    return printable(f"{_SAID_AS.get(field, field)} {problem}")


def _short(text: str) -> str:
    return printable(text)[:60]
