"""`DELETE /reminders/{reminderId}`."""

from datetime import UTC, datetime

from common import http
from common.times import timestamp
from reminders import executions, journal, table
from reminders.owner import own_row
from reminders.reminder import CANCELLED, SCHEDULED, Row, shown


@http.api
def handler(event: http.Event) -> http.Reply:
    """Cancels a reminder and all its repetitions.

    - 200: the reminder is cancelled, or it is SENDING and will not repeat.
    - 404: the reminder is unknown, or another person set it.
    - 409: the reminder is being sent, was sent, has failed, or was cancelled before.

    The row decides between sending and cancelling: `SendReminder`, too, must change it before it sends. Stopping the
    execution only ends its wait.
    """
    found, now = own_row(event), timestamp(datetime.now(UTC))
    row = table.cancel(found["ReminderId"], owner=found["Owner"], now=now)
    if row is None:
        row = _cancelled_by_this(found, now=now)
    if row is None:
        row = table.stop_repeating(found["ReminderId"], owner=found["Owner"], now=now)
        if row is None:
            again = " To stop its repetitions, try again in a moment." if "Repeat" in found else ""
            message = f"The reminder was sent, is being sent, has failed, or was cancelled before.{again}"
            raise http.RequestError(409, "Conflict", message)
    else:
        executions.stop_if_possible(row["ExecutionId"])
    journal.cancelled(row, request_id=http.request_id(event))
    return http.reply(200, shown(row))


def _cancelled_by_this(found: Row, *, now: str) -> Row | None:
    """Returns the row if this request has cancelled it: boto3 repeats a write whose answer was lost. Otherwise None."""
    row = table.find(found["ReminderId"]) if found["Status"] == SCHEDULED else None
    return row if row and (row["Status"], row["UpdatedAt"]) == (CANCELLED, now) else None
