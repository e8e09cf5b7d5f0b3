"""Calls the handler that looks up an order."""

from typing import Any

from orders import get_order
from tests.support.handlers.events import signed_in, status_and_body


def get(order_id: str, **claims: str) -> tuple[int, Any, str | None]:
    """The status, body and X-Cache of a lookup by PERSON; `claims` replace PERSON's."""
    reply = get_order.handler(signed_in({"pathParameters": {"OrderId": order_id}}, **claims), None)
    return *status_and_body(reply), reply["headers"].get("X-Cache")
