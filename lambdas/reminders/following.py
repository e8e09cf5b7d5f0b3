"""The next occurrence of a repeated reminder, as changes in its row."""

import json
from datetime import datetime

from reminders import recurrence, settings
from reminders.reminder import Row, due_fields, first_due


def next_of(row: Row, *, now: datetime) -> Row | None:
    """Returns the changes in the row for its next occurrence. None if the reminder does not go on.

    Raises KeyError or ValueError if the row is damaged.
    """
    if "Repeat" not in row or "Stopped" in row:
        return None
    found = recurrence.next_after(first_due(row), json.loads(row["Repeat"]), int(row["Occurrence"]), now=now)
    if found is None:
        return None
    return due_fields(found.instant, number=found.number, now=now, kept=settings.kept())
