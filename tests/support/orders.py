"""Builds orders. A test passes only the fields that it is about.

If a test compares a whole order, row or message, each new field breaks it. So compare `only` the fields that matter,
or compare with a builder's result. tests/lambdas/orders/test_every_field.py checks the exact fields.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

SCHEMA = json.loads((Path(__file__).parents[2] / "lambdas" / "orders" / "order.schema.json").read_text())

FIELDS: list[str] = [name for name in SCHEMA["properties"] if name != "CC"]
"""The fields of an order that may be stored and shown: all except the card number."""


def an_order(**changes: Any) -> dict[str, Any]:
    """A good order with all required fields, as a caller sends it."""
    order = {"OrderId": "A-1", "Name": "Jo", "ItemName": "Keyboard", "Price": "12.50", "CC": "4111111111111111"}
    return {**order, **changes}


def every_field(*, other: bool = False) -> dict[str, Any]:
    """An order with every field of the schema, each with a different value. `other` changes every value."""
    values = {
        name: _value(name, field, number=2 * number + other)
        for number, (name, field) in enumerate(SCHEMA["properties"].items(), start=20)
    }
    return {**values, "CC": "4242424242424242" if other else "4111111111111111"}


def without_card(order: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of an order that are in FIELDS."""
    return {name: order[name] for name in FIELDS if name in order}


def only(found: Mapping[str, Any], *names: str) -> dict[str, Any]:
    """The named fields of `found`. Missing fields are left out."""
    return {name: found[name] for name in names if name in found}


def _value(name: str, field: Mapping[str, Any], *, number: int) -> Any:
    """A value that fits the schema of a field. Each `number` gives a different value."""
    if "enum" in field:
        return field["enum"][number % len(field["enum"])]
    types = field["type"] if isinstance(field["type"], list) else [field["type"]]
    if "string" in types:
        return str(number)
    if "integer" in types or "number" in types:
        return min(field.get("minimum", 0) + number, field.get("maximum", number) - number % 2)
    if "boolean" in types:
        return bool(number % 2)
    raise NotImplementedError(f"{name} has the schema {field}: add a value for it to tests/support/orders.py")
