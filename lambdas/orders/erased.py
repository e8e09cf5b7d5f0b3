"""The row of an order whose owner deletes their account. Pure. See decision D185."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from common.times import timestamp
from orders.order import CLOSED, CORRECTABLE, FULFILLMENT_QUEUE, FULFILLMENT_QUEUED, PARKED

EMPTIED = ("Name", "ItemName", "Price", "CardLast4")
"""The attributes that become empty texts."""
KEPT = (
    "OrderId",
    "Status",
    "Reasons",
    "ReceivedAt",
    "UpdatedAt",
    "ExecutionName",
    "ExecutionId",
    "EarlierOutcome",
    "ExpiresAt",
)
"""The attributes that the row keeps. All others are removed."""
NOTE = "The owner has deleted their account."


def erased(row: Mapping[str, Any], *, now: datetime, no_execution: str) -> dict[str, Any]:
    """The row without its owner and everything that they sent. An order that waits for an operator is closed.

    A parked order that is in the fulfillment queue already is a good order, so its message stays valid.

    `no_execution` is the ExecutionId of a closed order. The order must not be in progress.
    """
    left = {**{name: row[name] for name in KEPT if name in row}, **dict.fromkeys(EMPTIED, ""), "Note": NOTE}
    if row["Status"] == PARKED and row.get("Queue") == FULFILLMENT_QUEUE:
        left |= {"Status": FULFILLMENT_QUEUED, "UpdatedAt": timestamp(now)}
    elif row["Status"] in CORRECTABLE:
        left |= {"Status": CLOSED, "UpdatedAt": timestamp(now), "ExecutionId": no_execution}
    return left
