"""Rows of orders: one that is finished, as it is stored, shown and cached, and others that are on their way."""

from datetime import UTC, datetime, timedelta

from common.times import timestamp
from orders.order import shown
from tests.support.handlers.events import PERSON
from tests.support.orders import an_order, without_card

NAME = "A-1-0123456789ab"
"""The name of an execution for the order A-1."""

CLAIMED = {"Digest": "of the whole order"}
"""Fields of an API's claim that the row of an order started by hand lacks."""


def row(order_id: str, *, age: timedelta = timedelta(), **attributes: str) -> dict[str, object]:
    at = timestamp(datetime.now(UTC) - age)
    return {
        **without_card(an_order(OrderId=order_id)),
        "CardLast4": "1111",
        "Status": "RECEIVED",
        "Reasons": [],
        "ReceivedAt": at,
        "UpdatedAt": at,
        "ExecutionName": NAME,
        **attributes,
    }


ROW = {
    **without_card(an_order()),
    "Owner": PERSON["sub"],
    "CardLast4": "1111",
    "Status": "FULFILLMENT_QUEUED",
    "Reasons": [],
    "ReceivedAt": "2026-11-21T04:00:00.000Z",
    "UpdatedAt": "2026-11-21T04:00:01.000Z",
    "ExecutionName": "name",
    "ExecutionId": "arn",
}
SHOWN = shown(ROW)
"""ROW, as the API shows it."""

CACHED = SHOWN | {"Owner": PERSON["sub"]}
"""ROW, as it is cached."""
