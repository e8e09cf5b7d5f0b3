"""Hides addresses of people in lists, logs and reasons. Pure."""

import re

HIDDEN = "…"
_EMAIL = re.compile(r"[^\s@,;:<>\"()]{1,254}@[^\s@,;:<>\"'()]{1,254}")
_PHONE = re.compile(r"\+[0-9]{7,15}")
_COUNTRY = re.compile(r"1|7|2[07]|3[0-469]|4[013-9]|5[1-8]|6[0-6]|8[1246]|9[0-58]|[0-9]{3}")
"""Calling codes. It lists those with one or two digits; all others have three (ITU-T E.164, list of assigned codes)."""


def email(address: str) -> str:
    """Returns the first letter and the domain: `a…@example.com`. Hides an invalid address completely."""
    name, at, domain = address.rpartition("@")
    return f"{name[0]}{HIDDEN}@{domain}" if name and at and domain else HIDDEN


def phone(number: str) -> str:
    """Returns the country's prefix and the last four digits of a number in E.164: `+1…0100`.

    It shows at most half of the digits after the prefix. Hides an invalid number completely.
    """
    if not _PHONE.fullmatch(number):
        return HIDDEN
    country = _COUNTRY.match(number, 1)
    assert country  # Any three digits match.
    rest = number[country.end() :]
    return f"+{country[0]}{HIDDEN}{rest[-min(4, len(rest) // 2) :]}"


def text(said: str) -> str:
    """Returns `said`, an error text of SES or SNS, with every e-mail address and phone number in it hidden."""
    return _PHONE.sub(lambda found: phone(found[0]), _EMAIL.sub(lambda found: email(found[0]), said))
