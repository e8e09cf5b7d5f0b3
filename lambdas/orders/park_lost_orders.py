"""`ParkLostOrders`: parks accepted orders that no running execution will settle.

Their execution timed out, was aborted or failed outside every Catch, or it never started.

See decision D013.
"""

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
"""More than twice the TimeoutSeconds of the workflow, 290."""

_queue = boto3.client("sqs", config=BRIEFLY)

logger = logger_of(__name__)


class NotParkedError(Exception):
    """Some lost orders could not be parked yet. The message says how many."""


def handler(event: Mapping[str, str], context: object) -> dict[str, int]:
    """Parks lost orders, and returns their number as `{"Parked": 2}`.

    If `event` is `{"ExecutionId": ARN, "Status": "FAILED" | "TIMED_OUT" | "ABORTED"}`, this parks the order of that
    execution. If it is empty, this is the sweep: it parks every order that has been RECEIVED for longer than OVERDUE.
    Raises NotParkedError after trying all orders, if one could not be parked. Lambda or the next sweep retries.
    """
    now = datetime.now(UTC)
    if "ExecutionId" in event:
        lost, error = _orders_of(event["ExecutionId"], now=now), f"Execution.{event['Status']}"
    else:
        lost, error = _still_received(before=now - OVERDUE), "NoOutcomeError"
    # `lost` reads each row just before it is parked, because somebody may correct or close an order meanwhile.
    parked = [_park(row, error=error, execution=event.get("ExecutionId"), now=now) for row in lost]
    failed = parked.count(False)
    if parked:
        logger.warning("parked %d of %d lost orders: %s", len(parked) - failed, len(parked), error)
    if failed:
        raise NotParkedError(f"{failed} of {len(parked)} lost orders could not be parked")
    return {"Parked": len(parked)}


def _orders_of(execution: str, *, now: datetime) -> Iterable[dict[str, Any]]:
    """The unsettled row of an execution. If the execution has no row, a row with only its ExecutionId."""
    # The ARN ends with execution:WORKFLOW:NAME, or with express:WORKFLOW:NAME:ID. A name contains no colon.
    name = execution.split(":")[7]
    # The API names an execution after its order. An execution that was started by hand may have any name.
    order_id = order_id_in(name)
    row = table.find(order_id) if order_id else None
    if row and row["ExecutionName"] == name:
        return [row] if row["Status"] == RECEIVED else []
    # Step Functions sets the row's time, and its clock may be ahead of this function's clock.
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
        # Send the message first. If the row were marked first, a failure in between would lose the order. If the row
        # cannot be marked, the next run sends a copy with the same ParkingId.
        _queue.send_message(QueueUrl=os.environ["PARKED_QUEUE"], MessageBody=json.dumps(message, default=str))
        if "OrderId" in row:
            table.park(row, now=now)
    except (ClientError, BotoCoreError) as failure:
        # The other orders must still be parked.
        logger.error("an order was not parked: %s", type(failure).__name__)
        return False
    return True


def _message(row: Mapping[str, Any], *, error: str, execution: str | None) -> dict[str, Any]:
    """The message that the workflow's state "Park the order" would send, with the same ParkingId.

    The ParkingId is the execution's name if the API chose it, because that name is unique. A row from the API has a
    Digest. Executions that were started by hand may share a name, so their ParkingId is the ExecutionId.
    A row that somebody wrote by hand may lack everything except its OrderId.

    See decision D008.
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
