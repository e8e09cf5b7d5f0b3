"""An order as it is stored, and as it is shown. Pure."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

RECEIVED, FULFILLMENT_QUEUED, ESCALATED, PARKED = "RECEIVED", "FULFILLMENT_QUEUED", "ESCALATED", "PARKED"
STATUSES = (RECEIVED, FULFILLMENT_QUEUED, ESCALATED, PARKED)
FINAL = frozenset({FULFILLMENT_QUEUED, ESCALATED, PARKED})
CORRECTABLE = frozenset({ESCALATED, PARKED})
"""The states from which an order can be placed once more, corrected."""


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
