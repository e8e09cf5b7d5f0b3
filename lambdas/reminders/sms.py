"""A reminder as a text message: its characters, its length limit and the number of parts that AWS charges. Pure."""

from collections.abc import Iterator

from common import codes
from reminders.errors import InvalidReminderError

LONGEST_GSM, LONGEST_UCS2 = 1530, 630
"""The length limits of one text message: ten parts. SNS accepts 1,600 characters, but sends through AWS End User
Messaging, which accepts only ten parts.

https://docs.aws.amazon.com/sns/latest/api/API_Publish.html
https://docs.aws.amazon.com/sms-voice/latest/userguide/sms-limitations-character.html
"""

_GSM_BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_GSM_EXTENDED = frozenset("\f^{}\\[~]|€")
"""Each of these takes two characters, an escape and a letter (3GPP TS 23.038, 6.2.1)."""

_PLAIN = str.maketrans(
    {
        **dict.fromkeys("“”„‟«»", '"'),
        **dict.fromkeys("‘’‚‛‹›", "'"),
        **dict.fromkeys("‐‑‒–—―−", "-"),
        **dict.fromkeys("\t\u00a0\u2007\u2009\u202f", " "),
        "…": "...",
    }
)


def text_of(message: str) -> str:
    """Returns the text to send: with plain quotes, dashes and spaces, if `message` then fits the GSM alphabet.

    One part then has 160 characters instead of 70. If another character still needs UCS-2, nothing is replaced.
    """
    plain = message.translate(_PLAIN)
    return plain if _is_gsm(plain) else message


def segments(text: str) -> int:
    """Returns the number of parts that AWS sends and charges for `text`.

    One part has 160 GSM characters or 70 UCS-2 units; each of several parts has 153 or 67. SNS breaks between words, so
    a long text may take one part more.
    """
    alone, chained = (160, 153) if _is_gsm(text) else (70, 67)
    sizes = list(_sizes(text))
    if sum(sizes) <= alone:
        return 1
    parts, room = 1, chained
    for size in sizes:
        # A character of two units is not split between parts.
        if size > room:
            parts, room = parts + 1, chained
        room -= size
    return parts


def check(message: str) -> None:
    """Raises InvalidReminderError if `message` is too long for a text message."""
    text = text_of(message)
    size = sum(_sizes(text))
    if _is_gsm(text) and size > LONGEST_GSM:
        raise InvalidReminderError(
            "message", codes.TOO_LONG_FOR_SMS(size=size, longest=LONGEST_GSM, longestInGsm=LONGEST_GSM)
        )
    if not _is_gsm(text) and size > LONGEST_UCS2:
        raise InvalidReminderError(
            "message", codes.TOO_LONG_FOR_SMS_IN_UCS2(size=size, longest=LONGEST_UCS2, longestInGsm=LONGEST_GSM)
        )


def _is_gsm(text: str) -> bool:
    return _GSM_BASIC.union(_GSM_EXTENDED).issuperset(text)


def _sizes(text: str) -> Iterator[int]:
    """Yields the size of each character: in GSM septets if the whole text fits GSM, otherwise in UCS-2 units."""
    if _is_gsm(text):
        return (2 if letter in _GSM_EXTENDED else 1 for letter in text)
    return (2 if letter > "\uffff" else 1 for letter in text)
