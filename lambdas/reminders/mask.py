"""Addresses of people, hidden: for lists, logs and reasons. Pure."""

import re

HIDDEN = "…"
_EMAIL = re.compile(r"[^\s@,;:<>\"()]{1,254}@[^\s@,;:<>\"'()]{1,254}")
_PHONE = re.compile(r"\+[0-9]{7,15}")
_COUNTRY = re.compile(r"1|7|2[07]|3[0-469]|4[013-9]|5[1-8]|6[0-6]|8[1246]|9[0-58]|[0-9]{3}")
"""The calling codes of one and of two digits; all others have three (ITU-T E.164, list of assigned country codes)."""


def email(address: str) -> str:
    """`a…@example.com`: the first letter and the domain. What is no address is hidden whole."""
    name, at, domain = address.rpartition("@")
    return f"{name[0]}{HIDDEN}@{domain}" if name and at and domain else HIDDEN


def phone(number: str) -> str:
    """`+1…0100`: the country's prefix and the last four digits, fewer where four are more than half of the rest.

    `number` is in E.164; what is not is hidden whole.
    """
    if not _PHONE.fullmatch(number):
        return HIDDEN
    country = _COUNTRY.match(number, 1)
    assert country  # Any three digits match.
    rest = number[country.end() :]
    return f"+{country[0]}{HIDDEN}{rest[-min(4, len(rest) // 2) :]}"


def text(said: str) -> str:
    """`said` with every e-mail address and phone number in it hidden: for what SES and SNS say of a failure."""
    return _PHONE.sub(lambda found: phone(found[0]), _EMAIL.sub(lambda found: email(found[0]), said))
