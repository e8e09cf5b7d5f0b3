"""What is cached of an order, and for how long: what is shown of it, and who may see it."""

from collections.abc import Mapping
from typing import Any

from orders.cache import TTL_SECONDS, Entry
from orders.order import FINAL, shown

FINAL_MS = TTL_SECONDS * 1000
ON_ITS_WAY_MS = 1_000
UNKNOWN_MS = 100
"""Long enough for many lookups at once to share one read, too short to hide an order that is placed a moment later."""


def of_row(row: Mapping[str, Any] | None) -> Entry:
    """The entry of a row, or of an id without one. Raises what shown raises for a row that is none."""
    if row is None:
        return Entry(None, UNKNOWN_MS)
    order = {**shown(row), "Owner": row.get("Owner")}
    return Entry(order, FINAL_MS if order["Status"] in FINAL else ON_ITS_WAY_MS)


def without_owner(order: Mapping[str, Any]) -> dict[str, Any]:
    """The same, as it was before it was cached: fit to be shown."""
    return {name: value for name, value in order.items() if name != "Owner"}
