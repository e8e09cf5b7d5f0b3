"""The entry of an order in the cache, and how long it lives. It holds what is shown and who may see it. Pure."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple, TypeAlias

import fastjsonschema

from common.jsontext import read_leniently
from orders.order import FINAL, shown

Order: TypeAlias = dict[str, Any]

TTL_SECONDS = 300
"""The longest that an entry is kept."""
FINAL_MS = TTL_SECONDS * 1000
ON_ITS_WAY_MS = 1_000
UNKNOWN_MS = 100
"""Long enough for many lookups at once to share one read, too short to hide an order that is placed a moment later."""


class Entry(NamedTuple):
    """What is cached under an OrderId, and for how long: None for an unknown id, else the order as the API shows it,
    and its `Owner`, None where it has none."""

    order: Order | None
    milliseconds: int


class Found(NamedTuple):
    """What was cached under an OrderId; None for an unknown id."""

    order: Order | None


def of_row(row: Mapping[str, Any] | None) -> Entry:
    """The entry for a row, or for an id without a row. Raises the errors of `shown` if the row is not an order."""
    if row is None:
        return Entry(None, UNKNOWN_MS)
    order = {**shown(row), "Owner": row.get("Owner")}
    return Entry(order, FINAL_MS if order["Status"] in FINAL else ON_ITS_WAY_MS)


def without_owner(order: Mapping[str, Any]) -> dict[str, Any]:
    """The same, as it was before it was cached: fit to be shown."""
    return {name: value for name, value in order.items() if name != "Owner"}


def key_of(order_id: str) -> str:
    return f"order:{order_id}"


def text_of(order_id: str, order: Order | None) -> str:
    return json.dumps(_unknown(order_id) if order is None else order)


def found_in(value: object, order_id: str) -> Found | None:
    """What a cached value says about this order. None if the value is damaged, or about something else."""
    if not isinstance(value, bytes):
        return None
    try:
        order = read_leniently(value.decode())
        # Refuses lone surrogates, which no answer can carry.
        json.dumps(order, ensure_ascii=False, default=str).encode()
    except ValueError:
        return None
    if order == _unknown(order_id):
        return Found(None)
    return Found(order) if _is_order(order, order_id) else None


def _unknown(order_id: str) -> Order:
    """How it is written that there is no such order. Not as a mere null, which stray writers write too."""
    return {"OrderId": order_id, "Status": "UNKNOWN"}


def _is_order(value: object, order_id: str) -> bool:
    try:
        _check(value)
    except fastjsonschema.JsonSchemaValueException:
        return False
    return isinstance(value, dict) and value["OrderId"] == order_id


def _without_closed_lists(schema: Any) -> Any:
    """A JSON schema that allows any text instead of each `enum`.

    While a deployment adds a status or a reason, functions of two versions share the cache. Each must serve entries
    that the other one cached, so it checks only an entry's shape.
    """
    if isinstance(schema, dict):
        if "enum" in schema:
            return {"type": "string", "minLength": 1}
        return {name: _without_closed_lists(value) for name, value in schema.items()}
    return schema


_SHOWN = _without_closed_lists(json.loads(Path(__file__).with_name("order_state.schema.json").read_text()))
# Entries without an Owner were written by an old version, so the lookup reads the table instead.
_check = fastjsonschema.compile(
    {
        **_SHOWN,
        "required": [*_SHOWN["required"], "Owner"],
        "properties": {**_SHOWN["properties"], "Owner": {"type": ["string", "null"]}},
    }
)
