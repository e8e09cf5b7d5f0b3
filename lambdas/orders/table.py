"""The order table, as the APIs read and write it. The workflow writes the outcome."""

import os
import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import boto3
from botocore.exceptions import ClientError

RECEIVED = "RECEIVED"
FINAL = frozenset({"FULFILLMENT_QUEUED", "ESCALATED", "PARKED"})
LONGEST_KEY_BYTES = 2048
"""Of a partition key; DynamoDB takes a longer or an empty one for an error of the caller's."""

_table = boto3.resource("dynamodb").Table(os.environ["ORDER_TABLE"])


def is_order_id(text: str) -> bool:
    """Whether orders that come over HTTP can have this id; order.schema.json says the same."""
    return re.fullmatch("[A-Za-z0-9][A-Za-z0-9._-]{0,63}", text) is not None


def claim(row: Mapping[str, Any]) -> bool:
    """Writes the first row of an order; False, and nothing written, where there is one with its OrderId."""
    try:
        _table.put_item(Item=dict(row), ConditionExpression="attribute_not_exists(OrderId)")
    except ClientError as error:
        if error.response["Error"]["Code"] == "ConditionalCheckFailedException":
            return False
        raise
    return True


def release(order_id: str, *, execution_name: str) -> None:
    """Takes a claim back, unless an execution has already taken it up."""
    try:
        _table.delete_item(
            Key={"OrderId": order_id},
            ConditionExpression="ExecutionName = :name AND attribute_not_exists(ExecutionId)",
            ExpressionAttributeValues={":name": execution_name},
        )
    except ClientError as error:
        if error.response["Error"]["Code"] != "ConditionalCheckFailedException":
            raise


def find(order_id: str) -> dict[str, Any] | None:
    """The row of an order, read consistently, or None."""
    if not 0 < len(order_id.encode()) <= LONGEST_KEY_BYTES:
        return None
    row: dict[str, Any] | None = _table.get_item(Key={"OrderId": order_id}, ConsistentRead=True).get("Item")
    return row


def shown(row: Mapping[str, Any]) -> dict[str, Any]:
    """An order as the API shows it."""
    return {
        "OrderId": row["OrderId"],
        "Name": row["Name"],
        "ItemName": row["ItemName"],
        "Price": row["Price"],
        "Card": {"Last4": row["CardLast4"]},
        "Status": row["Status"],
        "Reasons": row["Reasons"],
        "UpdatedAt": row["UpdatedAt"],
    }


def timestamp(now: datetime) -> str:
    """`now` in UTC as the workflow writes it too: `2026-11-21T04:00:00.000Z`."""
    return now.strftime("%Y-%m-%dT%H:%M:%S.") + f"{now.microsecond // 1000:03}Z"
