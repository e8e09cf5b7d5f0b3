"""The calls of the orders API, for one order or for several orders in turn."""

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any
from urllib.parse import quote, urlencode

from botocore.exceptions import BotoCoreError

from orders.order import LISTED
from terminal import ids, times
from terminal.errors import CommandError
from terminal.text import printable
from tools.api import Answer, Api
from tools.errors import sentence
from tools.orders.files import Order, to_json

PAGE = 100
MOST_COMPARED = 500
"""The most orders of a list whose ids are compared with the beginning of an id."""


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


def correct(api: Api, orders: Sequence[Order]) -> Iterator[Sent]:
    """`PUT /orders/{OrderId}` for each of `orders`. Each must have all its fields, as card numbers are not stored."""
    for position, order in enumerate(orders, 1):
        order_id = order.get("OrderId")
        if isinstance(order_id, str) and order_id:
            yield _sent(api, "PUT", order_path(order_id), order, position)
        else:
            outcome = "not sent, because the OrderId is missing or not text: correct the file"
            yield Sent(position=position, order_id="", status=0, outcome=outcome)


def show(api: Api, text: str, *, owner: Api | None = None) -> dict[str, Any]:
    """`GET /orders/{OrderId}`, with the header X-Cache. `text` may be the beginning of the id.

    `owner` is called for the list of own orders, if another user than the caller has them. Raises CommandError if there
    is no such order.
    """
    answer = _found(api, text, lambda order_id: api.call("GET", order_path(order_id)), owner=owner)
    return {**_order(answer), "X-Cache": answer.headers.get("X-Cache")}


def close(api: Api, text: str, note: str) -> dict[str, Any]:
    """`POST /orders/{OrderId}/close`. `text` may be the beginning of the id. Returns the closed order.

    Raises CommandError if the API refuses.
    """
    body = json.dumps({"note": note})
    return _order(_found(api, text, lambda order_id: api.call("POST", f"{order_path(order_id)}/close", body)))


def contact(api: Api, text: str) -> dict[str, Any]:
    """`GET /orders/{OrderId}/contact`: the `Email` of an order's owner. `text` may be the beginning of the id.

    Raises CommandError if there is no such order, or if nobody owns it.
    """
    # The answer 404 does not say whether the order or its owner is missing.
    order_id = show(api, text)["OrderId"]
    answer = api.call("GET", f"{order_path(order_id)}/contact")
    if answer.status == 404:
        raise CommandError(
            f"the owner of {printable(order_id)} is unknown: somebody started it by hand, or the owner was deleted"
        )
    return _order(answer)


def own(api: Api, **filters: str) -> Iterator[dict[str, Any]]:
    """Yields the caller's own orders, last received first. `filters` are parameters of `GET /orders?owner=me`."""
    yield from _listed(api, {"owner": "me", **filters})


def waiting(api: Api) -> Iterator[dict[str, Any]]:
    """Yields the orders that wait for an operator. Raises ForbiddenError if the caller is not one."""
    for status in LISTED:
        yield from _listed(api, {"status": status})


def about(orders: Iterable[dict[str, Any]]) -> Iterator[tuple[str, str]]:
    """Yields the id of each order, and some words about it."""
    return ((order["OrderId"], _about(order)) for order in orders)


def corrected(api: Api) -> Iterator[dict[str, Any]]:
    """Yields the orders that the caller corrected, last corrected first."""
    yield from _listed(api, {"corrected": "true"})


def _found(api: Api, text: str, call: Callable[[str], Answer], *, owner: Api | None = None) -> Answer:
    """The answer for the order `text`, or for the only order whose id begins with it."""
    answer = call(text)
    if answer.status != 404:
        return answer
    others = _waiting(api)
    compared = [_beginning_of(own(owner or api)), *(others or [])]
    about = {one["OrderId"]: _about(one) for orders in compared for one in orders}
    order_id = ids.one_of(text, about, what="orders", shown=printable)
    if any(len(orders) > MOST_COMPARED for orders in compared):
        # The rest of the list may have another id that begins with it, and a closed order stays closed.
        raise CommandError(
            f"there is no order {printable(text)}, and there are too many orders to look for ids that begin with it: "
            "write the whole id"
        )
    if order_id is None:
        lists = "your own orders" if others is None else "your own orders and those that wait for an operator"
        raise CommandError(
            f"there is no order {printable(text)}, and no id among {lists} begins with it: check the id. `orders list` "
            "lists your orders"
        )
    return call(order_id)


def _waiting(api: Api) -> list[list[dict[str, Any]]] | None:
    """The lists of orders that wait for an operator; None if the caller may not see them."""
    try:
        return [_beginning_of(_listed(api, {"status": status})) for status in LISTED]
    except ForbiddenError:
        return None


def _beginning_of(orders: Iterator[dict[str, Any]]) -> list[dict[str, Any]]:
    """At most one order more than MOST_COMPARED."""
    return list(islice(orders, MOST_COMPARED + 1))


class ForbiddenError(CommandError):
    """Only operators may make this call."""


def _listed(api: Api, query: dict[str, Any]) -> Iterator[dict[str, Any]]:
    query = {**query, "limit": PAGE}
    while True:
        answer = api.call("GET", f"/orders?{urlencode(query)}")
        if answer.status == 403:
            raise ForbiddenError(f"the API answered 403: {answer.problem}")
        page = _order(answer)
        yield from page.get("orders", [])
        if not page.get("next"):
            return
        query["next"] = page["next"]


def _about(order: dict[str, Any]) -> str:
    return f"{order.get('Status')}, {order.get('ItemName')}, received {times.local(str(order.get('ReceivedAt')))}"


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
