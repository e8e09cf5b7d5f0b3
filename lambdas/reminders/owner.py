"""The owner of a reminder."""

from common import http
from common.caller import caller_of
from reminders import table
from reminders.reminder import Row


def own_row(event: http.Event, *, or_operator: bool = False) -> Row:
    """Returns the row that the path names if the caller owns it, or, with `or_operator`, is an operator.

    Raises the same RequestError if the reminder belongs to another user and if it does not exist.
    """
    caller, reminder_id = caller_of(event), event["pathParameters"]["reminderId"]
    row = table.find(reminder_id) if 0 < len(reminder_id) <= table.LONGEST_ID else None
    if row is None or not (row["Owner"] == caller.id or (or_operator and caller.is_operator)):
        raise http.RequestError(404, "NotFound", "There is no such reminder.")
    return row
