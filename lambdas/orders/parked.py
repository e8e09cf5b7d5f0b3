"""The messages of the parked queue, as the API shows them to operators. Pure."""

from collections.abc import Iterable, Mapping
from typing import Any

from common.cards import without_cards
from common.queues import Message, object_in
from orders.order import FIELDS
from orders.rules import is_order_id

LONGEST = 300
"""The most characters of a text that is shown. The workflow writes only shorter texts."""


def order_id_in(message: Message) -> str | None:
    """The OrderId in a message, or None if it is missing or invalid."""
    order_id = object_in(message).get("OrderId")
    return order_id if isinstance(order_id, str) and is_order_id(order_id) else None


def with_copies(messages: Iterable[Message]) -> list[list[Message]]:
    """Groups of messages with the same ParkingId. The first of a group says most: the failed state, and the order.

    A message is sent again if the reply of SQS was lost, or if its row could not be marked. In the second case
    ParkLostOrders sends it, and does not know which state failed. The first message about an execution that somebody
    started by hand may not know the order.
    """
    groups: dict[str, list[Message]] = {}
    for message in messages:
        id = object_in(message).get("ParkingId")
        key = f"parking {id}" if id and isinstance(id, str) else message["MessageId"]
        groups.setdefault(key, []).append(message)
    return [sorted(group, key=_unknown) for group in groups.values()]


def _unknown(message: Message) -> tuple[bool, bool]:
    """Which of the failed state and the order a message does not name."""
    body = object_in(message)
    return body.get("State") is None, body.get("OrderId") is None


def shown(message: Message, *, status: str | None, copies: int) -> dict[str, Any]:
    """A message as the API shows it, with the number of `copies` in the queue and the current `status` of its order.

    A message that somebody sent by hand may contain anything. A field that is missing, is not text or is longer than
    LONGEST becomes None. Card numbers are hidden.
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
    # A lone surrogate becomes a question mark, because no response can contain one.
    return without_cards(value.encode(errors="replace").decode())
