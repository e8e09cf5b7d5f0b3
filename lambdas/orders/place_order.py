"""`POST /orders`."""

import json
import os
import uuid
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from common import http
from orders import table
from orders.rules import last4, price_text

SCHEMA = json.loads(Path(__file__).with_name("order.schema.json").read_text())

_states = boto3.client("stepfunctions")


@http.api
def handler(event: http.Event) -> http.Reply:
    """Claims the OrderId in the table and starts the workflow.

    202 for a new order; 200 with its current state for the same order again; 409 where the OrderId belongs to
    another order, which stays as it is.
    """
    order = http.json_body(event, schema=SCHEMA)
    order["Price"] = price_text(order["Price"])
    row = _first_row(order, now=datetime.now(UTC))
    if table.claim(row):
        _start(order, row["ExecutionName"])
        return http.reply(
            202,
            {"OrderId": order["OrderId"], "Status": table.RECEIVED},
            headers={"Location": f"/orders/{order['OrderId']}"},
        )
    return _repeated(order, row)


def _first_row(order: dict[str, str], *, now: datetime) -> dict[str, Any]:
    return {
        "OrderId": order["OrderId"],
        "Name": order["Name"],
        "ItemName": order["ItemName"],
        "Price": order["Price"],
        "CardLast4": last4(order["CC"]),
        "Status": table.RECEIVED,
        "Reasons": [],
        "ReceivedAt": table.timestamp(now),
        "UpdatedAt": table.timestamp(now),
        "ExecutionName": str(uuid.uuid4()),
    }


def _repeated(order: dict[str, str], row: dict[str, Any]) -> http.Reply:
    found = table.find(order["OrderId"])
    if found is None:
        # Whoever claimed it has just taken the claim back.
        raise http.RequestError(503, "Unavailable", "The order is being withdrawn. Try again.")
    if any(found.get(field) != row[field] for field in ("Name", "ItemName", "Price", "CardLast4")):
        raise http.RequestError(409, "Conflict", "Another order has this OrderId.")
    if "ExecutionId" not in found and "ExecutionName" in found:
        # Claimed, but no execution has reported: whoever claimed it may have failed to start one. Started once
        # more under the claimed name, only one of the two can take the claim up.
        _start(order, found["ExecutionName"])
    return http.reply(200, table.shown(found))


def _start(order: dict[str, str], name: str) -> None:
    try:
        _states.start_execution(
            stateMachineArn=os.environ["ORDER_WORKFLOW"], name=name, input=json.dumps(order, ensure_ascii=False)
        )
    except _states.exceptions.ExecutionAlreadyExists:
        return
    except (ClientError, BotoCoreError):
        table.release(order["OrderId"], execution_name=name)
        raise
