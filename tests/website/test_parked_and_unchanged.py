"""Orders that an operator must not send again, and corrections that change nothing."""

import re
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, Route, expect

from local.users import User
from tests.support.page.tab import DESKTOP, PHONE, OpenTab, Tab

CORS = {"Access-Control-Allow-Origin": "*"}


def order(order_id: str, status: str) -> dict[str, Any]:
    return {
        "OrderId": order_id,
        "Name": "Grace Hopper",
        "ItemName": f"Lamp {order_id}",
        "Price": "-1",
        "Card": {"Last4": "4242"},
        "Status": status,
        "Reasons": ["PRICE_NOT_POSITIVE"] if status == "ESCALATED" else [],
        "UpdatedAt": "2026-01-01T00:00:00Z",
    }


def message(order_id: str, state: str | None) -> dict[str, Any]:
    return {
        "MessageId": f"m-{order_id}-{state}",
        "OrderId": order_id,
        "State": state,
        "Error": "States.TaskFailed",
        "ExecutionId": "e-1",
        "Order": None,
        "Status": "PARKED",
    }


class Operators:
    """The operators' view. The test sets the API's answers."""

    def __init__(self, tab: Tab) -> None:
        self.tab, self.page = tab, tab.page
        self.orders: dict[str, list[dict[str, Any]]] = {"ESCALATED": [], "PARKED": []}
        self.parked: dict[str, Any] = {"items": [], "left": 0}
        self.put: tuple[int, dict[str, Any]] = (200, {})
        self.page.route("**/orders?*", self._list)
        self.page.route("**/orders/*", self._put)
        self.page.route(
            "**/orders/*/contact", lambda route: route.fulfill(headers=CORS, json={"Email": "g@example.com"})
        )
        self.page.route("**/parked", lambda route: route.fulfill(headers=CORS, json=self.parked))

    def _list(self, route: Route) -> None:
        status = route.request.url.rpartition("status=")[2].partition("&")[0]
        route.fulfill(headers=CORS, json={"orders": self.orders.get(status, []), "next": None})

    def _put(self, route: Route) -> None:
        if route.request.method == "PUT":
            route.fulfill(status=self.put[0], headers=CORS, json=self.put[1])
        else:
            route.fallback()

    def go(self) -> Page:
        self.tab.go("#/operators")
        expect(self.page.get_by_text("Loading…")).to_have_count(0)
        return self.page

    def row(self, order_id: str) -> Locator:
        return self.page.get_by_role("listitem").filter(has=self.page.get_by_role("link", name=f"Lamp {order_id}"))


@pytest.fixture
def operators(keep_tab: OpenTab, operator: User) -> Operators:
    return Operators(keep_tab(operator))


def send_again(page: Page, order_id: str) -> None:
    page.get_by_role("button", name=f"Correct order {order_id}").click()
    page.get_by_label("Card number").fill("4242424242424242")
    page.get_by_role("button", name="Send it again").click()


@pytest.mark.long
def test_a_correction_that_changes_nothing_is_reported_and_its_form_stays_open(operators: Operators) -> None:
    operators.orders["ESCALATED"] = [order("A", "ESCALATED")]
    operators.put = (200, order("A", "ESCALATED"))
    page = operators.go()

    send_again(page, "A")

    expect(page.get_by_role("alert")).to_have_text(
        "Nothing changed: order A already has these values. Its status is “Needs review”."
    )
    expect(page.get_by_label("Card number")).to_have_value("4242424242424242")
    expect(page.locator(".notice.good")).to_have_count(0)


def test_a_correction_that_another_operator_already_made_shows_the_orders_new_status(operators: Operators) -> None:
    operators.orders["ESCALATED"] = [order("A", "ESCALATED"), order("B", "ESCALATED")]
    operators.put = (200, order("A", "FULFILLMENT_QUEUED"))
    page = operators.go()

    send_again(page, "A")

    expect(page.get_by_role("alert")).to_contain_text("Nothing changed")
    expect(operators.row("A")).to_contain_text("In fulfillment")
    expect(operators.row("A").get_by_role("button")).to_have_count(0)
    expect(operators.row("B").get_by_role("button", name="Correct")).to_be_visible()
    expect(page.get_by_role("heading", name="Escalated orders")).to_be_focused()


def test_a_corrected_order_leaves_the_list(operators: Operators) -> None:
    operators.orders["ESCALATED"] = [order("A", "ESCALATED")]
    operators.put = (202, {"OrderId": "A", "Status": "RECEIVED"})
    # The view watches the corrected order, which does not exist here.
    operators.tab.refusals = {404}
    page = operators.go()

    send_again(page, "A")

    expect(page.locator(".notice.good")).to_have_text("Order A is corrected and in progress again.")
    expect(page.get_by_role("region", name="Escalated orders").get_by_role("listitem")).to_have_count(0)
    expect(page.get_by_role("region", name="Orders you corrected").get_by_role("listitem")).to_contain_text("Lamp A")


@pytest.mark.parametrize("size", [PHONE, DESKTOP], ids=["phone", "desktop"])
def test_an_order_that_is_already_in_its_queue_cannot_be_sent_again_or_closed(operators: Operators, size: Any) -> None:
    in_queue = order("C", "PARKED") | {"Queue": "OrderFulfillmentQueue"}
    operators.orders["PARKED"] = [order("A", "PARKED"), order("B", "PARKED"), in_queue]
    operators.parked["items"] = [
        message("A", "Are details Proper"),
        message("A", "Record the outcome"),
        message("B", "Are details Proper"),
    ]
    operators.page.set_viewport_size(size)

    operators.go()

    for parked in ("A", "C"):
        expect(operators.row(parked)).to_contain_text(
            "This order is already in its queue; only its status is out of date. Do not resend or close it."
        )
        expect(operators.row(parked).get_by_role("button", name=re.compile("^(Correct|Close)"))).to_have_count(0)
    expect(operators.row("B").get_by_role("button", name="Close")).to_be_enabled()
    expect(operators.row("B")).not_to_contain_text("already in its queue")
    assert operators.tab.axe() == []
    operators.tab.screenshot(f"parked-in-its-queue-{size['width']}")


def test_an_order_that_was_escalated_before_it_was_parked_can_be_corrected_or_closed(operators: Operators) -> None:
    operators.orders["PARKED"] = [order("A", "PARKED") | {"Queue": "EscalationQueue"}]
    operators.parked["items"] = [message("A", "Record the outcome") | {"Queue": "EscalationQueue", "Copies": 3}]

    page = operators.go()

    expect(operators.row("A")).to_contain_text("This order is already escalated; only its status is out of date.")
    for name in ("Correct", "Close"):
        expect(operators.row("A").get_by_role("button", name=name)).to_be_enabled()
    messages = page.get_by_role("region", name="Parked orders")
    expect(messages).to_contain_text("already in EscalationQueue")
    expect(messages).to_contain_text("sent 3 times")


def test_an_order_whose_message_is_not_shown_has_a_warning(operators: Operators) -> None:
    operators.orders["PARKED"] = [order("A", "PARKED"), order("B", "PARKED")]
    operators.parked = {"items": [message("B", "Are details Proper")], "left": 7}

    page = operators.go()

    expect(operators.row("A")).to_contain_text(
        "Not all parked messages are shown, and this order’s message is missing."
    )
    expect(operators.row("B")).not_to_contain_text("Not all parked messages are shown")
    expect(page.get_by_role("region", name="Parked orders")).to_contain_text("About 7 more messages are not shown.")


def test_parked_orders_cannot_be_sent_again_before_the_messages_are_loaded(operators: Operators) -> None:
    waiting: list[Route] = []
    operators.orders["PARKED"] = [order("A", "PARKED")]
    operators.page.route("**/parked", lambda route: waiting.append(route))
    operators.tab.refusals = {500}

    operators.tab.go("#/operators")
    expect(operators.row("A").get_by_role("button", name="Correct")).to_be_disabled()
    waiting[0].fulfill(status=500, headers=CORS, json={})

    expect(operators.row("A")).to_contain_text("Not all parked messages are shown")
    expect(operators.row("A").get_by_role("button", name="Correct")).to_be_enabled()


def test_a_queue_whose_messages_are_hidden_is_not_called_empty(operators: Operators) -> None:
    operators.parked["left"] = 3

    messages = operators.go().get_by_role("region", name="Parked orders")

    expect(messages).to_contain_text("No messages can be shown now")
    expect(messages).to_contain_text("About 3 more messages are not shown.")
    expect(messages).not_to_contain_text("empty")


def test_a_long_id_is_short_and_can_be_copied(operators: Operators) -> None:
    long = "5a0e8f7c-3d1b-4c52-9a3e-0f6d2b7c8e91"
    operators.orders["ESCALATED"] = [order(long, "ESCALATED")]
    page = operators.go()
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])

    expect(operators.row(long).locator(".id")).to_have_text("5a0e8f7c…")
    operators.row(long).get_by_role("button", name=f"Copy {long}").click()

    expect(page.locator("#news")).to_have_text("Copied.")
    assert page.evaluate("navigator.clipboard.readText()") == long


def test_an_operator_looks_up_an_order_by_its_id(operators: Operators) -> None:
    page = operators.go()

    page.get_by_role("button", name="Look up").click()
    expect(page.get_by_label("Look up an order")).to_be_focused()
    expect(page.get_by_label("Look up an order")).to_have_accessible_description("Enter an order id.")
    operators.tab.screenshot("look-up")
    page.get_by_label("Look up an order").fill(" web-a.b_c ")
    operators.tab.refusals = {404}
    page.keyboard.press("Enter")

    expect(page.get_by_role("heading", level=1)).to_have_text("Order web-a.b_c")
    expect(page.get_by_text("Order not found")).to_be_visible()
