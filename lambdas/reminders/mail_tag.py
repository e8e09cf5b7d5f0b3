"""The tag of a mail. It comes back with what SES reports about the mail, and names the reminder. Pure.

It proves that the mail was ours, and that it went to the reminder's present address: another address gets another key.

See decision D199.
"""

from reminders import signed
from reminders.signed import Signed

TAG = "reminder"
"""The name of the tag."""

_PURPOSE = "tag a mail"


def tag_of(reminder_id: str, key: str, *, occurrence: int) -> str:
    """Returns the tag for a mail. Empty if SES would refuse it, because the id is too long."""
    tag = signed.write(_PURPOSE, reminder_id, occurrence, key)
    return tag if len(tag) <= signed.LONGEST else ""


def is_valid(tag: Signed, key: str | None) -> bool:
    """Returns whether the tag belongs to a mail to the recipient whose `key` the row has."""
    return signed.is_valid(tag, _PURPOSE, key)
