"""The definitions of the tables in a simulated AWS. tests/stacks compares them with the templates."""

from typing import Any

SHOWN_OF_AN_ORDER = ("Name", "ItemName", "Price", "CardLast4", "Status", "Reasons", "UpdatedAt", "Note")
"""The attributes that the index ByOwner contains in addition to its keys."""


def _keys(*names: str) -> list[dict[str, str]]:
    return [{"AttributeName": name, "KeyType": kind} for name, kind in zip(names, ("HASH", "RANGE"), strict=False)]


def _texts(*names: str) -> list[dict[str, str]]:
    return [{"AttributeName": name, "AttributeType": "S"} for name in names]


def _index(*names: str, shows: tuple[str, ...] | None = None) -> dict[str, Any]:
    projection = {"ProjectionType": "INCLUDE", "NonKeyAttributes": list(shows)} if shows else {"ProjectionType": "ALL"}
    return {"IndexName": f"By{names[0]}", "KeySchema": _keys(*names), "Projection": projection}


ORDER_TABLE: dict[str, Any] = {
    "KeySchema": _keys("OrderId"),
    "AttributeDefinitions": _texts("OrderId", "Status", "UpdatedAt", "Owner", "ReceivedAt"),
    "GlobalSecondaryIndexes": [
        _index("Status", "UpdatedAt", shows=("Reasons", "ExecutionName")),
        _index("Owner", "ReceivedAt", shows=SHOWN_OF_AN_ORDER),
    ],
    "BillingMode": "PAY_PER_REQUEST",
}
REMINDER_TABLE: dict[str, Any] = {
    "KeySchema": _keys("ReminderId"),
    "AttributeDefinitions": _texts("ReminderId", "Owner", "DueAt", "Status"),
    "GlobalSecondaryIndexes": [_index("Owner", "DueAt"), _index("Status", "DueAt")],
    "BillingMode": "PAY_PER_REQUEST",
}
