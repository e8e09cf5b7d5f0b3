"""`DELETE /reminders/{reminderId}`."""

from datetime import UTC, datetime

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from common import http
from common.aws import BRIEFLY
from common.logs import logger_of
from common.times import timestamp
from reminders import table
from reminders.owner import own_row
from reminders.reminder import CANCELLED, SCHEDULED, Row, shown

_states = boto3.client("stepfunctions", config=BRIEFLY)

logger = logger_of(__name__)


@http.api
def handler(event: http.Event) -> http.Reply:
    """Cancels a reminder, and with it all that would have repeated it.

    200 with the cancelled reminder, or with one that is SENDING and will not be again; 404 for one that is unknown or
    somebody else's; 409 for one that is being sent, is sent or cancelled. Whether it is sent or cancelled is decided by
    the row: the workflow has to change it, too, before it sends. Stopping the execution only spares it its wait.
    """
    found, now = own_row(event), timestamp(datetime.now(UTC))
    row = table.cancel(found["ReminderId"], owner=found["Owner"], now=now)
    if row is None:
        row = _cancelled_by_this(found, now=now)
    if row is None:
        row = table.stop_repeating(found["ReminderId"], owner=found["Owner"], now=now)
        if row is None:
            again = " Where it repeats, try again in a moment." if "Repeat" in found else ""
            message = f"The reminder is sent, being sent, or cancelled already.{again}"
            raise http.RequestError(409, "Conflict", message)
    elif "ExecutionId" in row:
        try:
            _states.stop_execution(executionArn=row["ExecutionId"])
        except (ClientError, BotoCoreError) as error:
            logger.warning("an execution was left waiting: %s", type(error).__name__)
    return http.reply(200, shown(row))


def _cancelled_by_this(found: Row, *, now: str) -> Row | None:
    """The row, if boto3 has repeated this request's own write because its answer was lost; otherwise None."""
    row = table.find(found["ReminderId"]) if found["Status"] == SCHEDULED else None
    return row if row and (row["Status"], row["UpdatedAt"]) == (CANCELLED, now) else None
