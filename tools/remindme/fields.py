"""Reads the options of a new reminder, and validates them by the API's own rules before they are sent."""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from common.shape import ShapeError
from reminders import mail, validation
from reminders.channels import addresses_of, channels_of
from reminders.errors import InvalidReminderError
from terminal.errors import CommandError
from terminal.text import printable

MYSELF = "me"
"""The caller's own verified address or number. See decision D076."""

_EXAMPLES = {"email": "ada@example.com", "phone": "+15555550100"}
OPTIONS = {
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
"""The option that sets each field of the API. Messages name the option."""

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
    """The address; None if `text` is `me`. Raises CommandError if `text` is not an e-mail address."""
    address = text.strip()
    if address.lower() == MYSELF:
        return None
    try:
        mail.check_address(address)
    except InvalidReminderError:
        raise CommandError(
            f"--email '{_short(text)}' is not an e-mail address: write one such as ada@example.com, or me for your own"
        ) from None
    return address


def phone(text: str) -> str | None:
    """The number without blanks, dots, dashes and brackets; None if `text` is `me`.

    Raises CommandError if `text` is not a phone number with a country code.
    """
    number = re.sub(r"[\s().-]", "", text)
    if number.lower() == MYSELF:
        return None
    # A zero in brackets, as in +44 (0)20, is dialled only within the country.
    if re.search(r"\(0+\)", text) or not re.fullmatch(r"\+[1-9][0-9]{6,14}", number):
        raise CommandError(
            f"--sms '{_short(text)}' is not a phone number with a country code: write one such as +15555550100,"
            " or me for your own"
        )
    return number


def every(text: str) -> str:
    """The interval for the API: `1d` for `1d`, `daily` or `every day`, and `2d` for `every 2 days`.

    Raises CommandError if `text` is not understood.
    """
    plain = " ".join(text.split())
    if re.fullmatch("[1-9][0-9]{0,5}[mM]", plain):
        return plain
    words = re.sub("^(?:every|each) ", "", plain.lower())
    found = re.fullmatch(rf"(?:([1-9][0-9]{{0,5}}) ?|({'|'.join(_COUNTS)}) )?({'|'.join(_UNITS)})(s?)", words)
    if words in _OFTEN:
        return _OFTEN[words]
    if not found or (found[1] is found[2] is None and (found[4] or len(found[3]) == 1 or words == plain.lower())):
        raise CommandError(
            f"--repeat '{_short(text)}' is not understood: write an interval such as 30m, 2h, 1d, 1w, 1M (a month) or"
            " 1y, or words such as daily or 'every 2 weeks'"
        )
    return f"{found[1] or _COUNTS.get(found[2], 1)}{_UNITS[found[3]]}"


def check(request: Mapping[str, Any], *, now: datetime) -> None:
    """Raises CommandError if the API would refuse the request, no matter who sends it. See decision D094."""
    # Examples replace the caller's own addresses, which only the API knows.
    own = {field: _EXAMPLES[field] for field in addresses_of(channels_of(request)) if field not in request}
    try:
        validation.checked(validation.SHAPE.fitted({**own, **request}), now=now)
    except (ShapeError, InvalidReminderError) as error:
        raise CommandError("; ".join(_sentence(one["field"], one["problem"]) for one in error.details)) from None


def _sentence(field: str, problem: str) -> str:
    return printable(f"{OPTIONS.get(field, field)} {problem}")


def _short(text: str) -> str:
    return printable(text)[:60]
