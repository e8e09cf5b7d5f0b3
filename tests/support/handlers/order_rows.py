"""Rows of orders that are on their way."""

from datetime import UTC, datetime, timedelta

from common.times import timestamp

NAME = "A-1-0123456789ab"
"""The name of an execution for the order A-1."""

CLAIMED = {"Digest": "of the whole order"}
"""Fields of an API's claim that the row of an order started by hand lacks."""


def row(order_id: str, *, age: timedelta = timedelta(), **attributes: str) -> dict[str, object]:
    at = timestamp(datetime.now(UTC) - age)
    return {
        "OrderId": order_id,
        "Name": "Jo",
        "ItemName": "Keyboard",
        "Price": "12.50",
        "CardLast4": "1111",
        "Status": "RECEIVED",
        "Reasons": [],
        "ReceivedAt": at,
        "UpdatedAt": at,
        "ExecutionName": NAME,
        **attributes,
    }
