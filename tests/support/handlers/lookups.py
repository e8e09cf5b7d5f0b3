"""Looking up an order by calling its handler."""

from typing import Any

from orders import get_order
from tests.support.handlers.events import signed_in, status_and_body


def get(order_id: str, **claims: str) -> tuple[int, Any, str | None]:
    """Status, body and X-Cache of a look-up, by PERSON where no `claims` say otherwise."""
    reply = get_order.handler(signed_in({"pathParameters": {"OrderId": order_id}}, **claims), None)
    return *status_and_body(reply), reply["headers"].get("X-Cache")
