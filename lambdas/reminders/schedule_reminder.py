"""`ScheduleReminder`: the state "Check the reminder" of the workflow."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from common.shape import ShapeError
from reminders import settings, table, validation
from reminders.errors import InvalidReminderError
from reminders.owner import NOBODY
from reminders.reminder import failed, for_the_workflow, row_of

NO_OBJECT = "The input must be a JSON object."
NO_ID = "reminderId must be the id of a reminder."


def handler(event: Mapping[str, Any], context: object) -> dict[str, Any]:
    """Claims the row of a reminder. If the workflow was started by hand, first validates the input and writes the row.

    `event` is `{"Input": anything, "ExecutionId": ARN}`. The answer has an `Outcome`:

    - SCHEDULED, with the `Reminder`;
    - INVALID, with the `Problem` in words;
    - TAKEN, if the reminder is not SCHEDULED any more or its row belongs to another execution.

    See decision D003.
    """
    given, execution, now = event["Input"], event["ExecutionId"], datetime.now(UTC)
    reminder_id = _id(given, execution)
    if not isinstance(reminder_id, str) or not 0 < len(reminder_id) <= table.LONGEST_ID:
        return _invalid(NO_ID)
    try:
        request = _request(given, reminder_id, execution, now=now)
    except ShapeError as error:
        return _invalid(f"{error}." if isinstance(given, dict) else NO_OBJECT)
    except InvalidReminderError as error:
        return _invalid("; ".join(f"{one['field']} {one['problem']}" for one in error.details) + ".")
    row = table.take(reminder_id, execution=execution, after=given.get("after"))
    if row is None:
        return {"Outcome": "TAKEN"}
    return {"Outcome": "SCHEDULED", "Reminder": for_the_workflow({**given, **request}, row, now=now)}


def _is_by_hand(given: object) -> bool:
    return not isinstance(given, dict) or "reminderId" not in given


def _id(given: Any, execution: str) -> object:
    # The execution's name is unique, so it can be the reminder's id.
    return execution.rpartition(":")[2] if _is_by_hand(given) else given["reminderId"]


def _request(given: Any, reminder_id: str, execution: str, *, now: datetime) -> dict[str, Any]:
    """Returns the request in `given`, after writing its row if it has none.

    Raises ShapeError or InvalidReminderError if the request is invalid.
    """
    try:
        request = validation.given_to_the_workflow(given)
    except ShapeError as error:
        if not _is_by_hand(given):
            _fail(reminder_id, given, problem=f"{error}.", execution=execution, now=now)
        raise
    # The API has already checked and searched its own requests. See decision D031.
    if _is_by_hand(given):
        _write_row(request, reminder_id, execution, now=now)
    return request


def _write_row(request: Mapping[str, Any], reminder_id: str, execution: str, *, now: datetime) -> None:
    """Writes the row of a reminder that was started by hand. Raises InvalidReminderError if it breaks a rule."""
    try:
        due = validation.checked(request, now=now)
    except InvalidReminderError:
        # This may be a retry: the first attempt has written the row, and the time has passed since.
        if table.take(reminder_id, execution=execution, after=None) is None:
            raise
    else:
        kept = settings.kept()
        table.create(row_of(request, due, reminder_id=reminder_id, owner=NOBODY, now=now, kept=kept))


def _invalid(problem: str) -> dict[str, str]:
    return {"Outcome": "INVALID", "Problem": problem}


def _fail(reminder_id: str, given: Mapping[str, Any], *, problem: str, execution: str, now: datetime) -> None:
    """Marks the row as failed if this execution can claim it. Otherwise the row would stay SCHEDULED for ever."""
    if row := table.take(reminder_id, execution=execution, after=given.get("after")):
        table.settle(row, failed(problem, now=now))
