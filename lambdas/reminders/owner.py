"""Whose a reminder is."""

from common import http
from common.caller import caller_of
from reminders import table
from reminders.reminder import Row

NOBODY = "workflow"
"""Owns what was started by hand, without the API; no caller is called so."""


def own_row(event: http.Event, *, or_operator: bool = False) -> Row:
    """The row that the path names, if it is the caller's own, or an operator may have it too.

    Raises RequestError, the same one for another person's as for none.
    """
    caller, reminder_id = caller_of(event), event["pathParameters"]["reminderId"]
    row = table.find(reminder_id) if 0 < len(reminder_id) <= table.LONGEST_ID else None
    if row is None or not (row["Owner"] == caller.id or (or_operator and caller.is_operator)):
        raise http.RequestError(404, "NotFound", "There is no such reminder.")
    return row
