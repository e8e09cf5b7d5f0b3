"""The link in an e-mail with which its recipient stops the reminder, without signing in. Pure.

Its token names the reminder and the time when the link expires, in seconds since 1970.

See decision D183.
"""

import secrets
from datetime import UTC, datetime, timedelta

from reminders import signed
from reminders.signed import Signed

KEPT = timedelta(days=30)
"""How long after the reminder's due time its link is valid."""

_PURPOSE = "stop a reminder"


def new_key() -> str:
    return secrets.token_hex(16)


def token_of(reminder_id: str, key: str, *, due: datetime) -> str:
    """Returns the token for the mail of a reminder that was due at `due`."""
    return signed.write(_PURPOSE, reminder_id, int((due + KEPT).timestamp()), key)


def is_valid(token: Signed, key: str | None, *, now: datetime) -> bool:
    """Returns whether the token was signed with `key` and has not expired."""
    return signed.is_valid(token, _PURPOSE, key) and now.astimezone(UTC).timestamp() < token.number
