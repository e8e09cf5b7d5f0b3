"""`ScheduleReminder`: the state "Check the reminder" of the workflow."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from common.shape import ShapeError
from reminders import reminder, settings, table, validation
from reminders.errors import InvalidReminderError
from reminders.owner import NOBODY

NO_OBJECT = "The input must be a JSON object."
NO_ID = "reminderId must be the id of a reminder."


def handler(event: Mapping[str, Any], context: object) -> dict[str, Any]:
    """Takes up the row of a reminder; checks it and writes its row first, where the workflow was started by hand.

    `event` is `{"Input": anything, "ExecutionId": ARN}`. The answer has an `Outcome`: SCHEDULED with the `Reminder`,
    INVALID with the `Problem` in words, or TAKEN where it has been cancelled, or is another execution's.
    """
    given, execution, now = event["Input"], event["ExecutionId"], datetime.now(UTC)
    by_hand = not isinstance(given, dict) or "reminderId" not in given
    # No other execution has this name, so it can be the reminder's id.
    reminder_id = execution.rpartition(":")[2] if by_hand else given["reminderId"]
    if not isinstance(reminder_id, str) or not 0 < len(reminder_id) <= table.LONGEST_ID:
        return {"Outcome": "INVALID", "Problem": NO_ID}
    try:
        asked = validation.given_to_the_workflow(given)
    except ShapeError as error:
        problem = f"{error}." if isinstance(given, dict) else NO_OBJECT
        if not by_hand:
            _fail(reminder_id, given, problem=problem, execution=execution, now=now)
        return {"Outcome": "INVALID", "Problem": problem}
    if by_hand:
        try:
            due = validation.checked(asked, now=now)
        except InvalidReminderError as error:
            # Retried, this may find that a time has passed which it kept before.
            if table.take_up(reminder_id, execution=execution, after=None) is None:
                return {"Outcome": "INVALID", "Problem": _said(error)}
        else:
            table.create(
                reminder.row_of(asked, due, reminder_id=reminder_id, owner=NOBODY, now=now, kept=settings.kept())
            )
    row = table.take_up(reminder_id, execution=execution, after=given.get("after"))
    if row is None:
        return {"Outcome": "TAKEN"}
    return {"Outcome": "SCHEDULED", "Reminder": reminder.for_the_workflow({**given, **asked}, row, now=now)}


def _said(error: InvalidReminderError) -> str:
    return "; ".join(f"{one['field']} {one['problem']}" for one in error.details) + "."


def _fail(reminder_id: str, given: Mapping[str, Any], *, problem: str, execution: str, now: datetime) -> None:
    """Says on the row, if this execution may take it up, that it sends nothing. Otherwise it would wait for ever."""
    if row := table.take_up(reminder_id, execution=execution, after=given.get("after")):
        table.settle(row, reminder.failed(problem, now=now))
