"""What the row of a reminder gets if its recipient wants no more of it. Pure."""

from datetime import datetime

from common.times import timestamp
from reminders.reminder import CANCELLED, SCHEDULED, Row


def is_refused(row: Row) -> bool:
    """Returns whether nothing is left to stop."""
    return row["Status"] == CANCELLED or ("RefusedAt" in row and row["Status"] != SCHEDULED)


def refused(row: Row, reason: str, *, now: datetime) -> Row:
    """Returns the changes that stop the reminder for good. If it is being sent or is over, it is never sent again."""
    changes: Row = {"RefusedAt": timestamp(now), "UpdatedAt": timestamp(now)}
    if row["Status"] == SCHEDULED:
        return {**changes, "Status": CANCELLED, "Reason": reason}
    return {**changes, "Stopped": True}
