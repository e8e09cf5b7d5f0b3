"""Reads the order table."""

import heapq
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any

from boto3.dynamodb.types import TypeDeserializer
from botocore.exceptions import ClientError

from orders.order import BY_TODO, SHARDS, todo
from orders.rules import REASONS
from stacks.names import ORDERS
from terminal.errors import CommandError
from tools.deployment import Deployment

LONGEST_KEY_BYTES = 2048
BATCH = 100
"""DynamoDB returns at most this many rows for one BatchGetItem."""

DETAILS = ("Name", "ItemName", "Price")
"""What an operator wants to know of each order in a list. The index ByTodo lacks these fields."""

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


def with_details(deployment: Deployment, rows: Iterable[Row]) -> Iterator[Row]:
    """Yields each row with the DETAILS of its order. An order that is gone has no details."""
    rows = iter(rows)
    while batch := list(islice(rows, BATCH)):
        details = _details(deployment, [str(row["OrderId"]) for row in batch])
        for row in batch:
            yield {**row, **details.get(row["OrderId"], {})}


def _details(deployment: Deployment, order_ids: list[str]) -> dict[str, Row]:
    table = deployment.output(ORDERS, "OrderTableName")
    names = {f"#{number}": name for number, name in enumerate(("OrderId", *DETAILS))}
    wanted = {
        table: {
            "Keys": [{"OrderId": {"S": order_id}} for order_id in order_ids],
            "ProjectionExpression": ", ".join(names),
            "ExpressionAttributeNames": names,
        }
    }
    found = {}
    # DynamoDB returns at most 16 MB at once, and then names the rest.
    while wanted:
        answer = deployment.client("dynamodb").batch_get_item(RequestItems=wanted)
        for item in answer["Responses"].get(table, []):
            row = _plain(item)
            found[str(row.pop("OrderId"))] = row
        wanted = answer.get("UnprocessedKeys") or {}
    return found


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
