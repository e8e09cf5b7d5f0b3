"""What lies in the parked queue, as operators are shown it. Pure."""

from collections.abc import Mapping
from typing import Any

from common.cards import without_cards
from common.queues import Message, object_in
from orders.rules import is_order_id

LONGEST = 300
"""Characters of a text that is shown. Whatever the workflow writes is shorter."""


def order_id_in(message: Message) -> str | None:
    """The id of the order that a message is about; None where it names none that an order can have."""
    order_id = object_in(message).get("OrderId")
    return order_id if isinstance(order_id, str) and is_order_id(order_id) else None


def shown(message: Message, *, status: str | None) -> dict[str, Any]:
    """A message of the queue, and `status`, the order's own by now. Card numbers are hidden.

    Anybody may have sent it by hand, with anything in it: what is no text, too long or not there is None.
    """
    body = object_in(message)
    order = body.get("Order")
    return {
        "MessageId": message["MessageId"],
        **_texts(body, "OrderId", "State", "Error", "ExecutionId"),
        "Order": _texts(order, "OrderId", "Name", "ItemName", "Price") if isinstance(order, dict) else None,
        "Status": status,
    }


def _texts(values: Mapping[str, Any], *names: str) -> dict[str, str | None]:
    return {name: _text(values.get(name)) for name in names}


def _text(value: object) -> str | None:
    if not isinstance(value, str) or len(value) > LONGEST:
        return None
    # Lone surrogates, which no answer can carry, become question marks.
    return without_cards(value.encode(errors="replace").decode())
