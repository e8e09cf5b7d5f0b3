"""`ParkLostOrders`: parks accepted orders that no running execution will settle.

Their execution timed out, was aborted or failed outside every Catch, or it never started.

See decision D013.
"""

import json
import os
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from common import calls
from common.aws import BRIEFLY
from common.logs import logger_of
from common.metrics import emit
from orders import looks, measures, table
from orders.looks import OVERDUE
from orders.order import FIELDS, RECEIVED, request_id_of
from orders.rules import order_id_in

PAGE = 500
"""The rows of the table that one call looks at. If all of them are lost, they can be parked in one call's time."""

_queue = boto3.client("sqs", config=BRIEFLY)

logger = logger_of(__name__)


class NotParkedError(Exception):
    """Some lost orders could not be parked yet. The message says how many."""


@calls.recorded
def handler(event: Mapping[str, Any], context: object) -> dict[str, int]:
    """Parks lost orders, and returns their number as `{"Parked": 2}`. The event is one of these:

    - messages of the queue OrdersToCheck: parks each named order that has been RECEIVED for longer than OVERDUE. If an
      order was kept or corrected since, it gets a new message.
    - `{"ExecutionId": ARN, "Status": "FAILED" | "TIMED_OUT" | "ABORTED"}`: parks the order of this execution
    - `{}`: looks at every row of the table, PAGE rows in this call. A message makes the next call go on. An operator
      uses it if WatchOrders or the queue lost something.

    Raises NotParkedError after trying all orders, if one could not be parked. Lambda or the queue retries.
    """
    now = datetime.now(UTC)
    if "Records" in event:
        bodies = [json.loads(record["body"]) for record in event["Records"]]
        parked = _park_all(_overdue((one["OrderId"] for one in bodies if "OrderId" in one), now=now))
        return {"Parked": parked + sum(_search(one["After"], now=now) for one in bodies if "After" in one)}
    if "ExecutionId" in event:
        execution = event["ExecutionId"]
        return {"Parked": _park_all(_orders_of(execution), f"Execution.{event['Status']}", execution)}
    return {"Parked": _search(None, now=now)}


def _search(after: str | None, *, now: datetime) -> int:
    """Parks the lost orders of one page of the table. Then sends a message for the next page."""
    rows, last = table.received(before=now - OVERDUE, after=after, limit=PAGE)
    rows.sort(key=lambda row: str(row.get("UpdatedAt")))
    parked = _park_all(_overdue((row["OrderId"] for row in rows), now=now))
    if last:
        looks.at_rows(after=last)
    return parked


def _overdue(order_ids: Iterable[str], *, now: datetime) -> Iterator[dict[str, Any]]:
    """The rows of the orders that are lost. An order that is RECEIVED for a shorter time gets a new message."""
    for order_id in order_ids:
        # Each row is read just before it is parked, because somebody may correct or close an order meanwhile.
        row = table.find(order_id)
        if row and row.get("Status") == RECEIVED:
            if looks.seconds_left(row.get("UpdatedAt"), now=now):
                looks.at_orders({order_id: row["UpdatedAt"]}, now=now)
            else:
                yield row


def _orders_of(execution: str) -> Iterable[dict[str, Any]]:
    """The unsettled row of an execution. If its name does not lead to a row, a row with only its ExecutionId.

    The API names an execution after its order. If somebody started an execution by hand, it may have any name. Then
    WatchOrders finds its row, if it has one. Both messages have the same ParkingId.
    """
    # The ARN ends with execution:WORKFLOW:NAME, or with express:WORKFLOW:NAME:ID. A name contains no colon.
    name = execution.split(":")[7]
    order_id = order_id_in(name)
    row = table.find(order_id) if order_id else None
    if row and row["ExecutionName"] == name:
        return [row] if row["Status"] == RECEIVED else []
    return [{"ExecutionId": execution}]


def _park_all(rows: Iterable[dict[str, Any]], error: str = "NoOutcomeError", execution: str | None = None) -> int:
    parked = failed = 0
    for row in rows:
        try:
            _park(row, error=error, execution=execution)
            parked += 1
        except (ClientError, BotoCoreError) as failure:
            # The other orders must still be parked.
            logger.error("an order was not parked: %s", type(failure).__name__)
            failed += 1
    lost = parked + failed
    if parked:
        emit({measures.LOST: parked}, stage=os.environ["STAGE"], at=datetime.now(UTC))
    if lost:
        logger.warning("parked %d of %d lost orders: %s", parked, lost, error)
    if failed:
        raise NotParkedError(f"{failed} of {lost} lost orders could not be parked")
    return parked


def _park(row: Mapping[str, Any], *, error: str, execution: str | None) -> None:
    message = _message(row, error=error, execution=execution)
    # Send the message first. If the row were marked first, a failure in between would lose the order. If the row
    # cannot be marked, the next look sends a copy with the same ParkingId.
    _queue.send_message(QueueUrl=os.environ["PARKED_QUEUE"], MessageBody=json.dumps(message, default=str))
    if "OrderId" in row:
        # A deletion of an account relies on it that this time is later than the message.
        table.park(row, now=datetime.now(UTC))


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
        "RequestId": request_id_of(row),
        "Order": order if all(isinstance(value, str) for value in order.values()) else None,
    }
