"""Reads the order table."""

from collections.abc import Iterator
from typing import Any

from boto3.dynamodb.types import TypeDeserializer
from botocore.exceptions import ClientError

from orders.order import BY_STATUS
from orders.rules import REASONS
from stacks.names import ORDERS
from terminal.errors import CommandError
from tools.deployment import Deployment

LONGEST_KEY_BYTES = 2048

Row = dict[str, Any]


def with_status(deployment: Deployment, status: str) -> Iterator[Row]:
    """Yields the orders with one status, last changed first: `OrderId`, `Status`, `UpdatedAt`, `Reasons`,
    `ExecutionName`.

    Raises CommandError if the deployed table has no index by status.
    """
    pages = (
        deployment.client("dynamodb")
        .get_paginator("query")
        .paginate(
            TableName=deployment.output(ORDERS, "OrderTableName"),
            IndexName=BY_STATUS,
            KeyConditionExpression="#status = :status",
            ExpressionAttributeNames={"#status": "Status"},
            ExpressionAttributeValues={":status": {"S": status}},
            ScanIndexForward=False,
        )
    )
    try:
        for page in pages:
            yield from map(_plain, page["Items"])
    except ClientError as error:
        if BY_STATUS not in error.response["Error"]["Message"]:
            raise
        raise CommandError(f"the table has no index {BY_STATUS}: deploy this version of the stack first") from None


def status_of(deployment: Deployment, order_id: str) -> str | None:
    """The current status of an order; None if there is no such order."""
    if not 0 < len(order_id.encode(errors="surrogatepass")) <= LONGEST_KEY_BYTES:
        return None
    found = deployment.client("dynamodb").get_item(
        TableName=deployment.output(ORDERS, "OrderTableName"),
        Key={"OrderId": {"S": order_id}},
        ProjectionExpression="#status",
        ExpressionAttributeNames={"#status": "Status"},
        ConsistentRead=True,
    )
    return str(found["Item"]["Status"]["S"]) if "Item" in found else None


def in_words(reasons: list[str]) -> list[str]:
    """Each reason as a sentence. A reason that this version does not know stays a code."""
    return [REASONS.get(reason, reason) for reason in reasons]


def _plain(item: dict[str, Any]) -> Row:
    return {name: TypeDeserializer().deserialize(value) for name, value in item.items()}
