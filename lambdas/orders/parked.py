"""What lies in the parked queue, as operators are shown it. Pure."""

from collections.abc import Iterable, Mapping
from typing import Any

from common.cards import without_cards
from common.queues import Message, object_in
from orders.order import FIELDS
from orders.rules import is_order_id

LONGEST = 300
"""Characters of a text that is shown. Whatever the workflow writes is shorter."""


def order_id_in(message: Message) -> str | None:
    """The id of the order that a message is about; None where it names none that an order can have."""
    order_id = object_in(message).get("OrderId")
    return order_id if isinstance(order_id, str) and is_order_id(order_id) else None


def with_copies(messages: Iterable[Message]) -> list[list[Message]]:
    """Each message with its copies, which have the same ParkingId. The one that says most comes first.

    A message is sent again if an answer was lost, or if its row could not be marked. In the second case ParkLostOrders
    sends it, and does not know what had failed.
    """
    groups: dict[str, list[Message]] = {}
    for message in messages:
        id = object_in(message).get("ParkingId")
        key = f"parking {id}" if id and isinstance(id, str) else message["MessageId"]
        groups.setdefault(key, []).append(message)
    return [sorted(group, key=_says_little) for group in groups.values()]


def _says_little(message: Message) -> bool:
    return object_in(message).get("State") is None


def shown(message: Message, *, status: str | None, copies: int = 1) -> dict[str, Any]:
    """A message of the queue, how many `copies` of it the queue has, and the order's current `status`.

    Card numbers are hidden. Somebody may have sent the message by hand, with anything in it: a field that is not text,
    is too long or is missing becomes None.
    """
    body = object_in(message)
    order = body.get("Order")
    return {
        "MessageId": message["MessageId"],
        **_texts(body, "OrderId", "State", "Error", "ExecutionId", "ParkingId", "Queue"),
        "Order": _texts(order, *FIELDS) if isinstance(order, dict) else None,
        "Status": status,
        "Copies": copies,
    }


def _texts(values: Mapping[str, Any], *names: str) -> dict[str, str | None]:
    return {name: _text(values.get(name)) for name in names}


def _text(value: object) -> str | None:
    if not isinstance(value, str) or len(value) > LONGEST:
        return None
    # Lone surrogates, which no answer can carry, become question marks.
    return without_cards(value.encode(errors="replace").decode())
