"""Reads the order table."""

import heapq
from collections.abc import Iterator
from typing import Any

from boto3.dynamodb.types import TypeDeserializer
from botocore.exceptions import ClientError

from orders.order import BY_TODO, SHARDS, todo
from orders.rules import REASONS
from stacks.names import ORDERS
from terminal.errors import CommandError
from tools.deployment import Deployment

LONGEST_KEY_BYTES = 2048

Row = dict[str, Any]


def with_status(deployment: Deployment, status: str) -> Iterator[Row]:
    """Yields the orders with a status of LISTED, last changed first: `OrderId`, `Status`, `UpdatedAt`, `Reasons`,
    `ExecutionName`.

    Raises CommandError if the deployed table has no such index.
    """
    shards = [_of_shard(deployment, todo(status, shard)) for shard in range(SHARDS)]
    for row in heapq.merge(*shards, key=lambda row: str(row["UpdatedAt"]), reverse=True):
        yield {**row, "Status": status}


def _of_shard(deployment: Deployment, value: str) -> Iterator[Row]:
    pages = (
        deployment.client("dynamodb")
        .get_paginator("query")
        .paginate(
            TableName=deployment.output(ORDERS, "OrderTableName"),
            IndexName=BY_TODO,
            KeyConditionExpression="Todo = :todo",
            ExpressionAttributeValues={":todo": {"S": value}},
            ScanIndexForward=False,
        )
    )
    try:
        for page in pages:
            for item in page["Items"]:
                row = _plain(item)
                del row["Todo"]
                yield row
    except ClientError as error:
        if BY_TODO not in error.response["Error"]["Message"]:
            raise
        raise CommandError(f"the table has no index {BY_TODO}: deploy this version of the stack first") from None


def status_of(deployment: Deployment, order_id: str) -> str | None:
    """The current status of an order; None if there is no such order."""
    return str(row["Status"]) if (row := row_of(deployment, order_id)) else None


def row_of(deployment: Deployment, order_id: str) -> Row | None:
    """The current `Status` and `ExecutionName` of an order; None if there is no such order."""
    if not 0 < len(order_id.encode(errors="surrogatepass")) <= LONGEST_KEY_BYTES:
        return None
    found = deployment.client("dynamodb").get_item(
        TableName=deployment.output(ORDERS, "OrderTableName"),
        Key={"OrderId": {"S": order_id}},
        ProjectionExpression="#status, ExecutionName",
        ExpressionAttributeNames={"#status": "Status"},
        ConsistentRead=True,
    )
    return _plain(found["Item"]) if "Item" in found else None


def in_words(reasons: list[str]) -> list[str]:
    """Each reason as a sentence. A reason that this version does not know stays a code."""
    return [REASONS.get(reason, reason) for reason in reasons]


def _plain(item: dict[str, Any]) -> Row:
    return {name: TypeDeserializer().deserialize(value) for name, value in item.items()}
