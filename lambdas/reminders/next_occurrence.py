"""`NextOccurrence`: the state "Find the next occurrence" of the workflow."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from reminders import recurrence, settings, table
from reminders.reminder import SCHEDULED, due_fields, first_due


def handler(event: Mapping[str, Any], context: object) -> dict[str, bool]:
    """Schedules the next occurrence of a repeated reminder. Returns `{"GoesOn": bool}`.

    `event` is `{"Reminder": the workflow's data, "ExecutionId": ARN}`. The reminder does not go on after its last
    occurrence, or if it was cancelled. Occurrences are counted from the first one, so that a reminder of the 31st
    returns to the 31st after a short month.
    """
    reminder, execution, now = event["Reminder"], event["ExecutionId"], datetime.now(UTC)
    row = table.find(reminder["reminderId"])
    if row is None or "repeat" not in reminder or row.get("ExecutionId") != execution:
        return {"GoesOn": False}
    if row["Status"] == SCHEDULED:
        # The state is retried. Its first attempt has already scheduled the next occurrence.
        return {"GoesOn": True}
    over = int(row["Occurrence"])
    following = recurrence.next_after(first_due(row), reminder["repeat"], over, now=now)
    if following is None:
        return {"GoesOn": False}
    changes = due_fields(following.instant, number=following.number, now=now, kept=settings.kept())
    return {"GoesOn": table.schedule_next(reminder["reminderId"], changes, after=over, execution=execution)}
