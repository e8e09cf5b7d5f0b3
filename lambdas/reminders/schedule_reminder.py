"""`ScheduleReminder`: the states "Check the reminder" and "Check the timestamp" of the workflow."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from common import calls
from common.shape import ShapeError
from reminders import journal, mask, settings, stop_link, table, validation
from reminders.errors import InvalidReminderError
from reminders.reminder import NOBODY, Row, execution_input, row_of

NO_OBJECT = "The input must be a JSON object."


class InvalidInputError(Exception):
    """The input of an execution that somebody started by hand is invalid. The text says what is wrong with it.

    Lambda logs the text, so it contains no address. The workflow knows the error by its name.
    """


class ReminderTakenError(Exception):
    """The execution's name is the id of another reminder. The workflow knows the error by its name."""


@calls.recorded
def handler(event: Mapping[str, Any], context: object) -> dict[str, Any]:
    """Validates the input of an execution that was started by hand, and writes the reminder's row.

    `event` is `{"Input": anything, "ExecutionId": ARN}`. The answer is an input as the API writes it, with the time to
    wait. A retry gets the same answer. Raises InvalidInputError or ReminderTakenError.

    See decision D003.
    """
    given, execution, now = event["Input"], event["ExecutionId"], datetime.now(UTC)
    try:
        request = validation.by_hand(given)
        row = _recorded(request, execution, now=now)
    except (ShapeError, InvalidReminderError) as error:
        problems = "; ".join(f"{mask.text(one['field'])} {one['problem']}" for one in error.details)
        raise InvalidInputError(f"{problems}." if isinstance(given, dict) else NO_OBJECT) from None
    return execution_input(request, row, now=now)


def _recorded(request: Mapping[str, Any], execution: str, *, now: datetime) -> Row:
    """Returns the row of the reminder, which it writes if this is the first attempt.

    Raises InvalidReminderError if the request breaks a rule.
    """
    # The execution's name is unique, so it can be the reminder's id.
    reminder_id = execution.rpartition(":")[2]
    try:
        due = validation.checked(request, now=now)
    except InvalidReminderError:
        # This may be a retry: the first attempt has written the row, and the time has passed since.
        row = table.find(reminder_id)
        if row is None or row["ExecutionId"] != execution:
            raise
        return row
    new = row_of(
        request,
        due,
        reminder_id=reminder_id,
        execution=execution,
        owner=NOBODY,
        stop_key=stop_link.new_key(),
        now=now,
        kept=settings.kept(),
    )
    if table.create(new):
        journal.scheduled(new)
        return new
    row = table.find(reminder_id)
    if row is None or row["ExecutionId"] != execution:
        raise ReminderTakenError("the name of the execution is the id of another reminder")
    return row
