"""`NextOccurrence`: the state "Find the next occurrence" of the workflow."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from reminders import recurrence, reminder, settings, table


def handler(event: Mapping[str, Any], context: object) -> dict[str, bool]:
    """Schedules a repeated reminder once more: `{"GoesOn": bool}`.

    `event` is `{"Reminder": what the workflow carries, "ExecutionId": ARN}`. It does not go on after its last
    occurrence, and where it was cancelled. Counted from its first, so that the 31st comes back after a short month.
    """
    asked, execution, now = event["Reminder"], event["ExecutionId"], datetime.now(UTC)
    row = table.find(asked["reminderId"])
    if row is None or "repeat" not in asked or row.get("ExecutionId") != execution:
        return {"GoesOn": False}
    if row["Status"] == reminder.SCHEDULED:
        # This execution has sent what was scheduled before: it is retried, and has scheduled the next one already.
        return {"GoesOn": True}
    over = int(row["Occurrence"])
    following = recurrence.next_after(reminder.first_due(row), asked["repeat"], over, now=now)
    if following is None:
        return {"GoesOn": False}
    changes = reminder.due_of(following.instant, number=following.number, now=now, kept=settings.kept())
    return {"GoesOn": table.schedule_next(asked["reminderId"], changes, after=over, execution=execution)}
