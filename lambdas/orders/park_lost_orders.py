"""Finds orders whose execution ended where no Catch reaches: timed out, aborted, failed, or never started."""

import json
import os
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from common.aws import BRIEFLY
from common.logs import logger_of
from common.times import timestamp
from orders import table
from orders.order import FIELDS, RECEIVED
from orders.rules import order_id_in

OVERDUE = timedelta(minutes=10)
"""Twice what the workflow may take, and then some: its TimeoutSeconds is 290."""

_queue = boto3.client("sqs", config=BRIEFLY)

logger = logger_of(__name__)


class NotParkedError(Exception):
    """Lost orders that could not be parked, for now; the message says how many."""


def handler(event: Mapping[str, str], context: object) -> dict[str, int]:
    """Parks what is lost, and says how many that were.

    `event` names the execution that has died, `{"ExecutionId": ARN, "Status": "FAILED" | "TIMED_OUT" | "ABORTED"}`,
    or nothing: then every order is parked that has been RECEIVED for longer than any execution takes.
    Raises NotParkedError after all were tried, so that Lambda or the clock tries again.
    """
    now = datetime.now(UTC)
    if "ExecutionId" in event:
        lost, error = _orders_of(event["ExecutionId"], now=now), f"Execution.{event['Status']}"
    else:
        lost, error = _still_received(before=now - OVERDUE), "NoOutcomeError"
    # Read each row just before parking it: meanwhile somebody may have sent, corrected or closed the order.
    parked = [_park(row, error=error, execution=event.get("ExecutionId"), now=now) for row in lost]
    failed = parked.count(False)
    if parked:
        logger.warning("%d lost orders: %s, %d of them not parked", len(parked), error, failed)
    if failed:
        raise NotParkedError(f"{failed} of {len(parked)}")
    return {"Parked": len(parked)}


def _orders_of(execution: str, *, now: datetime) -> Iterable[dict[str, Any]]:
    """The row that an execution left behind; a row of nothing but its ExecutionId where it never had one."""
    # ...:execution:WORKFLOW:NAME, or of an Express workflow ...:express:WORKFLOW:NAME:ID. No name has a colon in it.
    name = execution.split(":")[7]
    # The API names an execution after its order. Whoever started one by hand may have named it anything.
    order_id = order_id_in(name)
    row = table.find(order_id) if order_id else None
    if row and row["ExecutionName"] == name:
        return [row] if row["Status"] == RECEIVED else []
    # The clock of Step Functions sets the row's time, and may be ahead of this function's clock.
    by_hand = [row for row in _still_received(before=now + OVERDUE) if row.get("ExecutionId") == execution]
    return by_hand or [{"ExecutionId": execution}]


def _still_received(*, before: datetime) -> Iterator[dict[str, Any]]:
    """Rows that have been RECEIVED since `before`, confirmed by a consistent read, because the index may lag."""
    for order_id in table.received(before=before):
        row = table.find(order_id)
        if row and row["Status"] == RECEIVED and row["UpdatedAt"] < timestamp(before):
            yield row


def _park(row: Mapping[str, Any], *, error: str, execution: str | None, now: datetime) -> bool:
    try:
        message = _message(row, error=error, execution=execution)
        # Send the message first: in the opposite order, a failure in between would lose it. If the row cannot be
        # marked, the next run sends a copy, which has the same ParkingId.
        _queue.send_message(QueueUrl=os.environ["PARKED_QUEUE"], MessageBody=json.dumps(message, default=str))
        if "OrderId" in row:
            table.park(row, now=now)
    except (ClientError, BotoCoreError) as failure:
        # One that cannot be parked keeps no other from it.
        logger.error("an order was not parked: %s", type(failure).__name__)
        return False
    return True


def _message(row: Mapping[str, Any], *, error: str, execution: str | None) -> dict[str, Any]:
    """A message like the one of the workflow's state "Park the order", with the same ParkingId.

    The API, whose rows have a Digest, gives each execution a unique name. Executions that were started by hand may
    share a name. A row that somebody wrote by hand may lack anything but its OrderId.
    """
    execution = row.get("ExecutionId", execution)
    order = {name: row.get(name) for name in FIELDS}
    return {
        "OrderId": row.get("OrderId"),
        "State": None,
        "Error": error,
        "ExecutionId": execution,
        "ParkingId": execution if execution and "Digest" not in row else row.get("ExecutionName") or row["OrderId"],
        "Queue": None,
        "Order": order if all(isinstance(value, str) for value in order.values()) else None,
    }
