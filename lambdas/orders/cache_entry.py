"""The cached entry of an order: the order as the API shows it, its owner, and its lifetime. Pure. See decision D052."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple, TypeAlias

import fastjsonschema

from common.jsontext import read_leniently
from orders.order import FINAL, shown

Order: TypeAlias = dict[str, Any]

TTL_SECONDS = 300
"""The longest lifetime of an entry."""
FINAL_MS = TTL_SECONDS * 1000
IN_PROGRESS_MS = 1_000
UNKNOWN_MS = 100
"""For an unknown OrderId. Long enough that many lookups at once share one read, and short enough not to hide an order
that is placed a moment later."""


class Entry(NamedTuple):
    """The cached entry of an OrderId, and its lifetime.

    `order` has the fields that the API shows, and `Owner`, which is None if the order was started by hand. For an
    unknown OrderId `order` is None.
    """

    order: Order | None
    milliseconds: int


class Found(NamedTuple):
    """The order that was cached under an OrderId, or None if the OrderId was cached as unknown."""

    order: Order | None


def of_row(row: Mapping[str, Any] | None) -> Entry:
    """The entry for a row, or for an id without a row. Raises the errors of `shown` if the row is not an order."""
    if row is None:
        return Entry(None, UNKNOWN_MS)
    order = {**shown(row), "Owner": row.get("Owner")}
    return Entry(order, FINAL_MS if order["Status"] in FINAL else IN_PROGRESS_MS)


def without_owner(order: Mapping[str, Any]) -> dict[str, Any]:
    """A cached order as the API shows it."""
    return {name: value for name, value in order.items() if name != "Owner"}


def key_of(order_id: str) -> str:
    return f"order:{order_id}"


def text_of(order_id: str, order: Order | None) -> str:
    return json.dumps(_unknown(order_id) if order is None else order)


def found_in(value: object, order_id: str) -> Found | None:
    """The entry in a cached value. None if the value is damaged, or if it is about another order."""
    if not isinstance(value, bytes):
        return None
    try:
        order = read_leniently(value.decode())
        # Raises an error for a lone surrogate, because no response can contain one.
        json.dumps(order, ensure_ascii=False, default=str).encode()
    except ValueError:
        return None
    if order == _unknown(order_id):
        return Found(None)
    return Found(order) if _is_order(order, order_id) else None


def _unknown(order_id: str) -> Order:
    """The entry of an unknown OrderId. It is not just null, because another program may write null by mistake."""
    return {"OrderId": order_id, "Status": "UNKNOWN"}


def _is_order(value: object, order_id: str) -> bool:
    try:
        _check(value)
    except fastjsonschema.JsonSchemaValueException:
        return False
    return isinstance(value, dict) and value["OrderId"] == order_id


def without_closed_lists(schema: Any) -> Any:
    """A JSON schema that allows any text instead of each `enum`.

    While a deployment adds a status or a reason, functions of two versions share the cache. Each must accept the
    entries of the other, so they check only the shape of an entry.
    """
    if isinstance(schema, dict):
        if "enum" in schema:
            return {"type": "string", "minLength": 1}
        return {name: without_closed_lists(value) for name, value in schema.items()}
    return schema


_SHOWN = without_closed_lists(json.loads(Path(__file__).with_name("order_state.schema.json").read_text()))
# An old version cached entries without Owner. A lookup ignores them and reads the table.
_check = fastjsonschema.compile(
    {
        **_SHOWN,
        "required": [*_SHOWN["required"], "Owner"],
        "properties": {**_SHOWN["properties"], "Owner": {"type": ["string", "null"]}},
    }
)
