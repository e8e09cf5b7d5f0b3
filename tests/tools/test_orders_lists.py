"""Own orders, and ids that are shortened to their beginning. A real HTTP server replaces the API."""

from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from terminal.errors import CommandError
from tests.support.cognito import SignedInPerson
from tests.support.servers import served
from tools.api import Api
from tools.orders import calls


def an_order(order_id: str, status: str = "ESCALATED") -> dict[str, Any]:
    return {"OrderId": order_id, "Status": status, "ItemName": "Lamp", "ReceivedAt": "2026-11-27T09:00:00Z"}


NOT_FOUND = {"error": {"code": "NotFound", "message": "There is no such order.", "details": []}}


class FakeOrders:
    """The orders API for one caller. A page has one order."""

    def __init__(self, *, own: list[str], others: list[str] | None = None) -> None:
        self._own, self._others = own, others or []
        self._is_operator = others is not None
        self.requests: list[str] = []

    def answer(self, method: str, path: str, body: Any, token: str) -> tuple[int, Any]:
        self.requests.append(f"{method} {path}")
        place, query = urlsplit(path), parse_qs(urlsplit(path).query)
        if place.path == "/v1/orders":
            if "status" in query and not self._is_operator:
                return 403, {"error": {"code": "Forbidden", "message": "Only operators may do this.", "details": []}}
            listed = (self._others if query["status"] == ["ESCALATED"] else []) if "status" in query else self._own
            at = int(query.get("next", ["0"])[0])
            after = str(at + 1) if at + 1 < len(listed) else None
            return 200, {"orders": [an_order(id) for id in listed[at : at + 1]], "next": after}
        order_id, *rest = place.path.split("/")[3:]
        if rest == ["contact"]:
            return (200, {"Email": "ada@example.com"}) if order_id in self._own else (404, NOT_FOUND)
        if order_id in {*self._own, *self._others}:
            return 200, an_order(order_id, "CLOSED" if method == "POST" else "ESCALATED")
        return 404, NOT_FOUND


def test_own_orders_are_listed_page_by_page() -> None:
    with served(FakeOrders(own=["a", "b", "c"]).answer) as url:
        assert [order["OrderId"] for order in calls.own(Api(url, SignedInPerson()))] == ["a", "b", "c"]


def test_an_exact_id_is_looked_up_without_any_list() -> None:
    orders = FakeOrders(own=["order-1", "order-11"])
    with served(orders.answer) as url:
        assert calls.show(Api(url, SignedInPerson()), "order-1")["OrderId"] == "order-1"

    assert orders.requests == ["GET /v1/orders/order-1"]


def test_the_beginning_of_an_id_names_an_own_order_or_one_that_waits_for_an_operator() -> None:
    with served(FakeOrders(own=["mine-1"], others=["their-1"]).answer) as url:
        api = Api(url, SignedInPerson())

        assert calls.show(api, "mine")["OrderId"] == "mine-1"
        assert calls.close(api, "their", "no") == an_order("their-1", "CLOSED")


def test_the_contact_of_an_order_is_its_owners_address_and_an_order_without_owner_is_reported() -> None:
    with served(FakeOrders(own=["mine-1"], others=["their-1"]).answer) as url:
        api = Api(url, SignedInPerson())

        assert calls.contact(api, "mine") == {"Email": "ada@example.com"}
        with pytest.raises(CommandError, match="the owner of their-1 is unknown"):
            calls.contact(api, "their")


def test_an_ambiguous_beginning_names_the_orders_and_closes_none_of_them() -> None:
    orders = FakeOrders(own=[], others=["their-1", "their-2"])
    with served(orders.answer) as url, pytest.raises(CommandError) as refused:
        calls.close(Api(url, SignedInPerson()), "their", "no")

    assert "2 orders have ids that begin with their" in str(refused.value)
    assert "\n  their-1  ESCALATED, Lamp, received " in str(refused.value)
    assert [request for request in orders.requests if request.startswith("POST")] == ["POST /v1/orders/their/close"]


@pytest.mark.parametrize(
    ("others", "where"), [(None, "your own orders"), ([], "your own orders and those that wait for an operator")]
)
def test_an_unknown_beginning_is_reported_with_the_lists_that_were_searched(
    others: list[str] | None, where: str
) -> None:
    with served(FakeOrders(own=["mine-1"], others=others).answer) as url, pytest.raises(CommandError) as refused:
        calls.show(Api(url, SignedInPerson()), "nope")

    assert f"there is no order nope, and no id among {where} begins with it" in str(refused.value)


def test_a_beginning_closes_nothing_if_an_order_that_is_not_compared_may_begin_with_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(calls, "MOST_COMPARED", 2)
    orders = FakeOrders(own=[], others=["their-1", "a", "b", "their-2"])
    with served(orders.answer) as url, pytest.raises(CommandError, match="write the whole id"):
        calls.close(Api(url, SignedInPerson()), "their", "no")

    assert [request for request in orders.requests if request.startswith("POST")] == ["POST /v1/orders/their/close"]
