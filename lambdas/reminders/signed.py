"""Short texts that name a reminder and a number, and are signed with the random key on the reminder's row. Pure.

A text is valid for one purpose, one reminder and one number, and as long as the row has this key. It has only letters,
digits, `-` and `_`, so that it may be a part of an address or a tag of SES.
"""

import base64
import binascii
import hashlib
import hmac
import re
from typing import NamedTuple

LONGEST = 256
"""In characters. SES allows no longer tags: https://docs.aws.amazon.com/ses/latest/APIReference-V2/API_MessageTag.html"""

_SIGNATURE_BYTES = 16


class Signed(NamedTuple):
    """What a text says. It is not compared with the key of its reminder yet."""

    reminder_id: str
    number: int
    signature: bytes


def write(purpose: str, reminder_id: str, number: int, key: str) -> str:
    """Returns the signed text. It is longer than LONGEST if the id has more than 170 bytes."""
    signed = _signature(purpose, reminder_id, number, key) + number.to_bytes(5, "big") + reminder_id.encode()
    return base64.urlsafe_b64encode(signed).decode().rstrip("=")


def read(text: str) -> Signed | None:
    """Returns what `text` says. None if it cannot be a signed text."""
    # The shortest one has an id of one byte.
    if not re.fullmatch(f"[A-Za-z0-9_-]{{30,{LONGEST}}}", text):
        return None
    try:
        signed = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
        reminder_id = signed[_SIGNATURE_BYTES + 5 :].decode()
    except (binascii.Error, UnicodeError):
        return None
    number = int.from_bytes(signed[_SIGNATURE_BYTES : _SIGNATURE_BYTES + 5], "big")
    return Signed(reminder_id, number, signed[:_SIGNATURE_BYTES])


def is_valid(signed: Signed, purpose: str, key: str | None) -> bool:
    """Returns whether the text was signed with `key` for `purpose`. A row of an earlier version has no key."""
    if not key:
        return False
    return hmac.compare_digest(_signature(purpose, signed.reminder_id, signed.number, key), signed.signature)


def _signature(purpose: str, reminder_id: str, number: int, key: str) -> bytes:
    text = f"{purpose}\n{number}\n{reminder_id}"
    return hmac.new(key.encode(), text.encode(), hashlib.sha256).digest()[:_SIGNATURE_BYTES]
