"""The order table, as the functions read and write it. The workflow writes the outcome."""

import os
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

import boto3
from boto3.dynamodb.conditions import Attr, ConditionBase, Key
from botocore.exceptions import ClientError

from common.aws import BRIEFLY
from orders.order import PARKED, RECEIVED, timestamp

BY_STATUS = "ByStatus"
"""Index of the table: Status, then UpdatedAt."""

_table = boto3.resource("dynamodb", config=BRIEFLY).Table(os.environ["ORDER_TABLE"])
_untaken = Attr("ExecutionId").not_exists()


def claim(row: Mapping[str, Any]) -> bool:
    """Writes the first row of an order; False, and nothing written, where there is one with its OrderId."""
    return _put(row, only_if=Attr("OrderId").not_exists())


def claim_again(row: Mapping[str, Any], *, instead_of: Mapping[str, Any]) -> bool:
    """Writes `row` in place of the one it corrects; False, and nothing written, where that has changed since."""
    return _put(row, only_if=_unchanged(instead_of))


def release(row: Mapping[str, Any], *, instead_of: Mapping[str, Any] | None = None) -> None:
    """Takes the claim `row` back, unless an execution has already taken it up; what it corrected is there again."""
    claimed = Attr("ExecutionName").eq(row["ExecutionName"]) & _untaken
    if instead_of:
        _put(instead_of, only_if=claimed)
        return
    try:
        _table.delete_item(Key={"OrderId": row["OrderId"]}, ConditionExpression=claimed)
    except ClientError as error:
        _raise_unless_condition(error)


def park(row: Mapping[str, Any], *, now: datetime) -> bool:
    """Marks an order as parked; False, and nothing written, where its row has changed since."""
    return _put({**row, "Status": PARKED, "UpdatedAt": timestamp(now)}, only_if=_unchanged(row))


def find(order_id: str) -> dict[str, Any] | None:
    """The row of an order, read consistently, or None."""
    row: dict[str, Any] | None = _table.get_item(Key={"OrderId": order_id}, ConsistentRead=True).get("Item")
    return row


def received(*, before: datetime) -> Iterator[str]:
    """The ids of the orders that are RECEIVED and have not changed since `before`, oldest first."""
    condition = Key("Status").eq(RECEIVED) & Key("UpdatedAt").lt(timestamp(before))
    start: dict[str, Any] = {}
    while True:
        page = _table.query(IndexName=BY_STATUS, KeyConditionExpression=condition, **start)
        yield from (item["OrderId"] for item in page["Items"])
        if "LastEvaluatedKey" not in page:
            return
        start = {"ExclusiveStartKey": page["LastEvaluatedKey"]}


def _unchanged(row: Mapping[str, Any]) -> ConditionBase:
    return Attr("Status").eq(row["Status"]) & Attr("ExecutionName").eq(row["ExecutionName"])


def _put(row: Mapping[str, Any], *, only_if: ConditionBase) -> bool:
    try:
        _table.put_item(Item=dict(row), ConditionExpression=only_if)
    except ClientError as error:
        _raise_unless_condition(error)
        return False
    return True


def _raise_unless_condition(error: ClientError) -> None:
    if error.response["Error"]["Code"] != "ConditionalCheckFailedException":
        raise error
