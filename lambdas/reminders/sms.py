"""A reminder as a text message: what of it SNS takes, and how many parts it is charged as. Pure."""

from collections.abc import Iterator

from common import codes
from reminders.errors import InvalidReminderError

LONGEST_GSM, LONGEST_UCS2 = 1530, 630
"""What one text may have. SNS itself takes 1,600 characters and hands them on to AWS End User Messaging, which takes
ten parts: the narrower of both.

https://docs.aws.amazon.com/sns/latest/api/API_Publish.html
https://docs.aws.amazon.com/sms-voice/latest/userguide/sms-limitations-character.html
"""

_GSM_BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_GSM_EXTENDED = frozenset("\f^{}\\[~]|€")
"""Each is sent as an escape and a letter (3GPP TS 23.038, 6.2.1)."""

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
    """`message` as it is texted: with plain quotes, dashes and spaces where that makes it fit the GSM alphabet.

    A part then holds 160 letters instead of 70. Where any other letter needs UCS-2, nothing is replaced.
    """
    plain = message.translate(_PLAIN)
    return plain if _is_gsm(plain) else message


def segments(text: str) -> int:
    """The parts that `text` is sent and charged as: one of 160 GSM letters or 70 UCS-2 units, or several of 153 or 67.

    SNS breaks between words, so that long texts may take a part more.
    """
    alone, chained = (160, 153) if _is_gsm(text) else (70, 67)
    sizes = list(_sizes(text))
    if sum(sizes) <= alone:
        return 1
    parts, room = 1, chained
    for size in sizes:
        # Two units of one letter stay in one part.
        if size > room:
            parts, room = parts + 1, chained
        room -= size
    return parts


def check(message: str) -> None:
    """Raises InvalidReminderError where SNS would refuse `message` as a text message when it is due."""
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
    """What each letter takes: septets of the GSM alphabet where it fits, else units of UCS-2."""
    if _is_gsm(text):
        return (2 if letter in _GSM_EXTENDED else 1 for letter in text)
    return (2 if letter > "\uffff" else 1 for letter in text)
