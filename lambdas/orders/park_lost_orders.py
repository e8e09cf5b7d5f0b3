"""Finds orders whose execution ended where no Catch reaches: timed out, aborted, failed, or never started."""

import json
import os
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3

from common.logs import logger_of
from orders import table

OVERDUE = timedelta(minutes=10)
"""Twice what the workflow may take, and then some: its TimeoutSeconds is 290."""

_queue = boto3.client("sqs")

logger = logger_of(__name__)


def handler(event: Mapping[str, str], context: object) -> dict[str, int]:
    """Parks what is lost, and says how many that were.

    `event` names the execution that has died, `{"ExecutionId": ARN, "Status": "FAILED" | "TIMED_OUT" | "ABORTED"}`,
    or nothing: then every order is parked that has been RECEIVED for longer than any execution takes.
    """
    now = datetime.now(UTC)
    if "ExecutionId" in event:
        rows = [row for row in _received(before=now) if _is_of(row, event["ExecutionId"])]
        # Without a row it died before it wrote one: somebody should look at the execution.
        rows = rows or [{"ExecutionId": event["ExecutionId"]}]
        _park(rows, error=f"Execution.{event['Status']}", now=now)
    else:
        rows = _received(before=now - OVERDUE)
        _park(rows, error="NoOutcomeError", now=now)
    return {"Parked": len(rows)}


def _received(*, before: datetime) -> list[dict[str, Any]]:
    """Rows that are still RECEIVED when read consistently; the index may lag."""
    rows = [table.find(order_id) for order_id in table.received(before=before)]
    return [row for row in rows if row and row["Status"] == table.RECEIVED]


def _is_of(row: Mapping[str, Any], execution: str) -> bool:
    # An untaken claim knows the name alone, which is a part of the ARN.
    return row.get("ExecutionId", execution) == execution and row["ExecutionName"] in execution.split(":")


def _park(rows: list[dict[str, Any]], *, error: str, now: datetime) -> None:
    for row in rows:
        # First the message: done the other way round, a failure in between would lose it.
        _queue.send_message(QueueUrl=os.environ["PARKED_QUEUE"], MessageBody=json.dumps(_message(row, error)))
        if "OrderId" in row:
            table.park(row, now=now)
    logger.warning("parked %d lost orders: %s", len(rows), error)


def _message(row: Mapping[str, Any], error: str) -> dict[str, Any]:
    """As the workflow's state "Park the order" writes it."""
    fields = ("OrderId", "Name", "ItemName", "Price")
    return {
        "OrderId": row.get("OrderId"),
        "State": None,
        "Error": error,
        "ExecutionId": row.get("ExecutionId"),
        "Order": {name: row[name] for name in fields} if "OrderId" in row else None,
    }
