"""The calls of the orders API, for one order or for several orders in turn."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from botocore.exceptions import BotoCoreError

from terminal.errors import CommandError
from terminal.text import printable
from tools.api import Answer, Api
from tools.errors import sentence
from tools.orders.files import Order, to_json


@dataclass(frozen=True, kw_only=True)
class Sent:
    """One order and the API's answer."""

    position: int
    """The order's place in its file, from 1."""

    order_id: str
    status: int
    """HTTP status; 0 if the order was not sent, or if there was no answer."""

    outcome: str

    @property
    def taken(self) -> bool:
        return 200 <= self.status < 300


def submit(api: Api, orders: Sequence[Order]) -> Iterator[Sent]:
    """`POST /orders` for each of `orders`. If one order is refused, the rest are still sent.

    It is safe to send a file again, because the API answers a known order with its status.
    """
    for position, order in enumerate(orders, 1):
        yield _sent(api, "POST", "/orders", order, position)


def resubmit(api: Api, orders: Sequence[Order]) -> Iterator[Sent]:
    """`PUT /orders/{OrderId}` for each of `orders`. Each must have all its fields, as card numbers are not stored."""
    for position, order in enumerate(orders, 1):
        order_id = order.get("OrderId")
        if isinstance(order_id, str) and order_id:
            yield _sent(api, "PUT", order_path(order_id), order, position)
        else:
            outcome = "not sent, because the OrderId is missing or not text: correct the file"
            yield Sent(position=position, order_id="", status=0, outcome=outcome)


def show(api: Api, order_id: str) -> dict[str, Any]:
    """`GET /orders/{OrderId}`, with the header X-Cache. Raises CommandError if there is no such order."""
    answer = api.call("GET", order_path(order_id))
    if answer.status == 404:
        raise CommandError(f"there is no order {printable(order_id)}: check the id")
    return {**_order(answer), "X-Cache": answer.headers.get("X-Cache")}


def close(api: Api, order_id: str, note: str) -> dict[str, Any]:
    """`POST /orders/{OrderId}/close`. Returns the closed order. Raises CommandError if the API refuses."""
    answer = api.call("POST", f"{order_path(order_id)}/close", json.dumps({"note": note}))
    return _order(answer)


def order_path(order_id: str) -> str:
    """The path of an order. The id may contain any characters, even a slash."""
    return f"/orders/{quote(order_id, safe='', errors='surrogatepass')}"


def _sent(api: Api, method: str, path: str, order: Order, position: int) -> Sent:
    order_id = order.get("OrderId")
    shown = printable(order_id) if isinstance(order_id, str) else ""
    try:
        answer = api.call(method, path, to_json(order))
    except BotoCoreError as error:
        outcome = (
            f"{sentence(error)}. The order may have been accepted: check with `show`, or send it again (this is safe)"
        )
        return Sent(position=position, order_id=shown, status=0, outcome=outcome)
    return Sent(position=position, order_id=shown, status=answer.status, outcome=_outcome(answer))


def _order(answer: Answer) -> dict[str, Any]:
    if answer.status != 200:
        raise CommandError(f"the API answered {answer.status}: {answer.problem}")
    return answer.body


def _outcome(answer: Answer) -> str:
    return answer.problem or printable(answer.body.get("Status", ""))
