"""`ScheduleReminder`: the state "Check the reminder" of the workflow."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from aws_lambda_powertools.utilities.validation import SchemaValidationError, validate

from reminders import reminder, request, settings, table
from reminders.owner import NOBODY
from reminders.rules import InvalidReminderError

OURS = {"reminderId", "after", "waitedUntil"}
"""What is added to a request when the workflow is started with it."""
NO_REMINDER = "This is no reminder: a field is missing, unknown, or not of the form it should have."


def handler(event: Mapping[str, Any], context: object) -> dict[str, Any]:
    """Takes up the row of a reminder; checks it and writes its row first, where the workflow was started by hand.

    `event` is `{"Input": anything, "ExecutionId": ARN}`. The answer has an `Outcome`: SCHEDULED with the `Reminder`,
    INVALID with the `Problem` in words, or TAKEN where it has been cancelled, or is another execution's.
    """
    asked, execution, now = event["Input"], event["ExecutionId"], datetime.now(UTC)
    if not isinstance(asked, dict):
        return {"Outcome": "INVALID", "Problem": NO_REMINDER}
    if "reminderId" not in asked:
        # Who names no preference means the topic, as the command line always has. The execution is named but once.
        asked, reminder_id = {"preference": "topic", **asked}, execution.rpartition(":")[2]
        try:
            validate(event=asked, schema=request.SCHEMA)
            due = request.checked(asked, now=now)
        except SchemaValidationError:
            return {"Outcome": "INVALID", "Problem": NO_REMINDER}
        except InvalidReminderError as error:
            # Retried, this may find that a time has passed which it kept before.
            if table.take_up(reminder_id, execution=execution, after=None) is None:
                return {"Outcome": "INVALID", "Problem": f"{error.field} {error}."}
        else:
            table.create(
                reminder.row_of(asked, due, reminder_id=reminder_id, owner=NOBODY, now=now, kept=settings.kept())
            )
        asked["reminderId"] = reminder_id
    elif not _names_a_reminder(asked):
        return {"Outcome": "INVALID", "Problem": NO_REMINDER}
    row = table.take_up(asked["reminderId"], execution=execution, after=asked.get("after"))
    if row is None:
        return {"Outcome": "TAKEN"}
    return {"Outcome": "SCHEDULED", "Reminder": reminder.for_the_workflow(asked, row, now=now)}


def _names_a_reminder(asked: Mapping[str, Any]) -> bool:
    """Whether `asked` is what the API, or an execution before this one, starts the workflow with."""
    reminder_id = asked["reminderId"]
    if not isinstance(reminder_id, str) or not 0 < len(reminder_id) <= table.LONGEST_ID:
        return False
    try:
        validate(event={name: asked[name] for name in asked.keys() - OURS}, schema=request.SCHEMA)
    except SchemaValidationError:
        return False
    return True
