"""The definitions of the tables in a simulated AWS. tests/stacks compares them with the templates."""

from typing import Any


def _keys(*names: str) -> list[dict[str, str]]:
    return [{"AttributeName": name, "KeyType": kind} for name, kind in zip(names, ("HASH", "RANGE"), strict=False)]


def _texts(*names: str) -> list[dict[str, str]]:
    return [{"AttributeName": name, "AttributeType": "S"} for name in names]


def _index(*keys: str, name: str = "", projection: dict[str, Any] | None = None) -> dict[str, Any]:
    whole = {"ProjectionType": "ALL"}
    return {"IndexName": name or f"By{keys[0]}", "KeySchema": _keys(*keys), "Projection": projection or whole}


ORDER_TABLE: dict[str, Any] = {
    "KeySchema": _keys("OrderId"),
    "AttributeDefinitions": _texts(
        "OrderId", "Todo", "UpdatedAt", "OwnPart", "ReceivedAt", "CorrectedBy", "CorrectedAt"
    ),
    "GlobalSecondaryIndexes": [
        _index(
            "Todo",
            "UpdatedAt",
            projection={"ProjectionType": "INCLUDE", "NonKeyAttributes": ["Reasons", "ExecutionName"]},
        ),
        _index("OwnPart", "ReceivedAt", name="OwnOrders", projection={"ProjectionType": "KEYS_ONLY"}),
        _index("CorrectedBy", "CorrectedAt", name="Corrected", projection={"ProjectionType": "KEYS_ONLY"}),
    ],
    "BillingMode": "PAY_PER_REQUEST",
}
REMINDER_TABLE: dict[str, Any] = {
    "KeySchema": _keys("ReminderId"),
    "AttributeDefinitions": _texts("ReminderId", "Owner", "DueAt", "Status", "TextId"),
    "GlobalSecondaryIndexes": [
        _index("Owner", "DueAt"),
        _index("Status", "DueAt"),
        _index("TextId", name="ByText", projection={"ProjectionType": "KEYS_ONLY"}),
    ],
    "BillingMode": "PAY_PER_REQUEST",
}
