"""Rows of orders: a fulfilled one, in its stored, shown and cached forms, and orders in progress."""

from datetime import UTC, datetime, timedelta

from common.times import timestamp
from orders.order import own_part, shown
from tests.support.handlers.events import PERSON
from tests.support.orders import an_order, without_card

NAME = "A-1-0123456789ab"
"""The name of an execution of the order A-1."""

CLAIMED = {"Digest": "of the whole order"}
"""The attributes that only a claim of the API has. The row of an order started by hand lacks them."""


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
    "OwnPart": own_part(PERSON["sub"], 1),
    "CardLast4": "1111",
    "Status": "FULFILLMENT_QUEUED",
    "Reasons": [],
    "ReceivedAt": "2026-11-21T04:00:00.000Z",
    "UpdatedAt": "2026-11-21T04:00:01.000Z",
    "ExecutionName": "name",
    "ExecutionId": "arn",
}
SHOWN = shown(ROW)
"""ROW as the API shows it."""

CACHED = SHOWN | {"Owner": PERSON["sub"]}
"""ROW as Redis holds it."""
