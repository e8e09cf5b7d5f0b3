"""What a report does to the row of its reminder. Pure.

See decision D199.
"""

import json
from datetime import datetime

from common.times import timestamp
from feedback.refusal import is_refused, refused
from reminders.reminder import (
    BOUNCED,
    CANCELLED,
    COMPLAINED,
    FEEDBACK,
    REJECTED,
    SCHEDULED,
    SENDING,
    UNDELIVERED,
    Row,
    channels_on,
    feedback_on,
)

BY_COMPLAINT = "stopped, because its recipient marked a mail as spam"
AFTER_BOUNCE = "stopped, because its mail came back: the address accepts no mail"
"""The `Reason` of a CANCELLED reminder."""

_WORSE = (UNDELIVERED, REJECTED, BOUNCED, COMPLAINED)


def effects(row: Row, channel: str, kind: str, *, occurrence: int, now: datetime) -> Row:
    """Returns the changes in the row after a report about the message of an occurrence. Empty if it changes nothing.

    A row keeps the report about the latest occurrence. Of several about one occurrence it keeps the worst.
    """
    changes: Row = {}
    old = feedback_on(row, channel)
    if old is None or (occurrence, _WORSE.index(kind)) > (int(old["occurrence"]), _WORSE.index(old["kind"])):
        found = {"kind": kind, "at": timestamp(now), "occurrence": occurrence}
        changes[FEEDBACK.format(channel.capitalize())] = json.dumps(found)
    if kind == COMPLAINED and not is_refused(row):
        return {**changes, **refused(row, BY_COMPLAINT, now=now)}
    if kind == BOUNCED and channels_on(row) == [channel]:
        return {**changes, **_without_address(row, now=now)}
    return changes


def _without_address(row: Row, *, now: datetime) -> Row:
    """Returns the changes of a reminder whose only address accepts nothing."""
    if row["Status"] == SCHEDULED:
        return {"Status": CANCELLED, "Reason": AFTER_BOUNCE, "UpdatedAt": timestamp(now)}
    if row["Status"] == SENDING and "Repeat" in row and "Stopped" not in row:
        return {"Stopped": True, "UpdatedAt": timestamp(now)}
    return {}
