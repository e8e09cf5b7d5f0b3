"""The link in an e-mail with which its recipient stops the reminder, without signing in. Pure.

Its token names the reminder and a time, and is signed with the random key on the reminder's row. So it is valid for
this one reminder, until this time, and as long as the row has this key.

See decision D183.
"""

import base64
import binascii
import hashlib
import hmac
import re
import secrets
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

KEPT = timedelta(days=30)
"""How long after the reminder's due time its link is valid."""

_SIGNATURE_BYTES = 16
_LONGEST = 256
"""In characters. It is longer than the token of the longest id."""


class Token(NamedTuple):
    """A token, not yet compared with the key of its reminder."""

    reminder_id: str
    expires: int
    """In seconds since 1970."""

    signature: bytes


def new_key() -> str:
    return secrets.token_hex(16)


def token_of(reminder_id: str, key: str, *, due: datetime) -> str:
    """Returns the token for the mail of a reminder that was due at `due`."""
    expires = int((due + KEPT).timestamp())
    signed = _signature(reminder_id, expires, key) + expires.to_bytes(5, "big") + reminder_id.encode()
    return base64.urlsafe_b64encode(signed).decode().rstrip("=")


def read(text: str) -> Token | None:
    """Returns the token in `text`. None if it cannot be one."""
    if not re.fullmatch(f"[A-Za-z0-9_-]{{30,{_LONGEST}}}", text):
        return None
    try:
        signed = base64.b64decode(text + "=" * (-len(text) % 4), altchars="-_", validate=True)
        reminder_id = signed[_SIGNATURE_BYTES + 5 :].decode()
    except (binascii.Error, UnicodeError):
        return None
    expires = int.from_bytes(signed[_SIGNATURE_BYTES : _SIGNATURE_BYTES + 5], "big")
    return Token(reminder_id, expires, signed[:_SIGNATURE_BYTES]) if reminder_id else None


def is_valid(token: Token, key: str | None, *, now: datetime) -> bool:
    """Returns whether the token was signed with `key` and has not expired. A row of an earlier version has no key."""
    if not key:
        return False
    is_signed = hmac.compare_digest(_signature(token.reminder_id, token.expires, key), token.signature)
    return is_signed and now.astimezone(UTC).timestamp() < token.expires


def _signature(reminder_id: str, expires: int, key: str) -> bytes:
    # The first words keep these signatures apart from any other use of the key.
    text = f"stop a reminder\n{expires}\n{reminder_id}"
    return hmac.new(key.encode(), text.encode(), hashlib.sha256).digest()[:_SIGNATURE_BYTES]
