"""The page without a mouse: signing in, placing an order, and changing a reminder."""

import re

import pytest
from playwright.sync_api import Locator, Route, expect

from local.users import User
from tests.support.cloud.apps import Apps
from tests.support.page import scenes
from tests.support.page.steps import GOOD, field, fill, new_id
from tests.support.page.tab import OpenTab, Tab

SIGN_IN = re.compile(r"127\.0\.0\.1:[0-9]+/$")
MOST_STOPS = 40
HAS_FOCUS = "(element) => element === document.activeElement"
IS_MARKED = """() => {
  const { outlineStyle, outlineWidth, boxShadow } = getComputedStyle(document.activeElement);
  return (outlineStyle !== "none" && outlineWidth !== "0px") || boxShadow !== "none";
}"""


def tab_to(tab: Tab, wanted: Locator) -> None:
    """Presses Tab until `wanted` has the focus. Fails if a control on the way does not show its focus."""
    for _ in range(MOST_STOPS):
        tab.page.keyboard.press("Tab")
        assert tab.page.evaluate(IS_MARKED), tab.page.evaluate("document.activeElement.outerHTML")
        if wanted.evaluate(HAS_FOCUS):
            return
    raise AssertionError(f"{wanted} is not reached")


def type_into(tab: Tab, label: str, text: str) -> None:
    tab_to(tab, field(tab, label))
    tab.page.keyboard.press("Control+A")
    tab.page.keyboard.insert_text(text)


def test_an_order_is_placed_with_only_the_keyboard(open_tab: OpenTab, somebody: User) -> None:
    tab = open_tab()
    tab.go()
    title = tab.page.get_by_role("heading", level=1)
    type_into(tab, "E-mail address", somebody.email)
    type_into(tab, "Password", somebody.password)
    tab_to(tab, tab.page.get_by_role("button", name="Sign in", exact=True))
    tab.page.keyboard.press("Space")
    tab.expect_title("Place an order")
    expect(title).to_be_focused()

    tab_to(tab, tab.page.get_by_role("button", name="Both wrong"))
    tab.page.keyboard.press("Enter")
    expect(tab.page.locator("#news")).to_have_text("Filled in: Both wrong.")
    for label in ("Name", "Item", "Price", "Card number"):
        type_into(tab, label, GOOD[label])
    type_into(tab, "Order id", "no id")
    tab.page.keyboard.press("Enter")
    expect(field(tab, "Order id")).to_be_focused()
    tab.page.keyboard.press("Control+A")
    order_id = new_id()
    tab.page.keyboard.insert_text(order_id)
    tab_to(tab, tab.page.get_by_role("button", name="Place the order"))
    tab.page.keyboard.press("Enter")

    tab.expect_title(f"Order {order_id}")
    expect(title).to_be_focused()
    tab_to(tab, tab.page.get_by_role("main").get_by_role("link", name="My orders"))
    tab.page.keyboard.press("Enter")
    tab.expect_title("My orders")
    expect(title).to_be_focused()
    expect(tab.page).to_have_title(re.compile("^My orders · "))


@pytest.mark.long
def test_a_reminder_is_edited_with_only_the_keyboard(open_tab: OpenTab, theirs: Apps, message: str) -> None:
    posted = scenes.set_reminder(theirs, message, repeat={"every": "1d"})
    tab = open_tab(theirs.user)
    tab.go("#/reminders")
    edit, form = tab.page.get_by_role("button", name=f"Edit: {message}"), tab.page.get_by_role("form")
    tab_to(tab, edit)
    tab.page.keyboard.press("Enter")
    expect(form.get_by_label("Message", exact=True)).to_be_focused()
    tab_to(tab, form.get_by_role("button", name="Not now"))
    tab.page.keyboard.press("Enter")
    expect(edit).to_be_focused()

    tab.page.keyboard.press("Space")
    tab.page.keyboard.press("Control+A")
    tab.page.keyboard.insert_text(" ")
    tab_to(tab, form.get_by_role("button", name="Save"))
    tab.page.keyboard.press("Enter")
    expect(form.get_by_label("Message", exact=True)).to_be_focused()
    tab.page.keyboard.press("Control+A")
    tab.page.keyboard.insert_text(f"{message}!")
    # One of the radio buttons gets the focus, and the arrow keys choose another one.
    tab_to(tab, form.get_by_label("Never"))
    tab.page.keyboard.press("ArrowDown")
    expect(form.get_by_label("After a number of times")).to_be_checked()
    tab_to(tab, form.get_by_role("textbox", name="Number of times"))
    tab.page.keyboard.press("Control+A")
    tab.page.keyboard.insert_text("5")
    tab_to(tab, form.get_by_text("Another address, or a subject"))
    tab.page.keyboard.press("Enter")
    tab_to(tab, form.get_by_label("Subject of the e-mail"))
    tab.page.keyboard.insert_text("Cats")
    tab.page.keyboard.press("Enter")

    expect(tab.page.get_by_role("heading", name="Upcoming")).to_be_focused()
    changed = theirs.call_reminders("GET", f"/reminders/{posted['reminderId']}")[1]
    assert (changed["message"], changed["subject"], changed["repeat"]) == (
        f"{message}!",
        "Cats",
        {"every": "1d", "times": 5},
    )


def test_the_navigation_can_be_skipped(open_tab: OpenTab, somebody: User) -> None:
    tab = open_tab(somebody)
    tab.go("#/order")
    skip = tab.page.get_by_role("link", name="Skip to the content")
    expect(skip).not_to_be_in_viewport()

    tab_to(tab, skip)
    expect(skip).to_be_in_viewport()
    tab.page.keyboard.press("Enter")

    expect(tab.page.get_by_role("main")).to_be_focused()
    tab_to(tab, tab.page.get_by_role("button", name="A good order"))
    tab.expect_title("Place an order")


def test_a_button_whose_request_failed_keeps_the_focus(open_tab: OpenTab, somebody: User) -> None:
    tab = open_tab(somebody)
    tab.refusals = {503}
    tab.go("#/order")
    fill(tab, GOOD)
    tab.page.route("**/v1/orders", lambda route: answer(route, 503), times=1)
    send = tab.page.get_by_role("button", name="Place the order")
    send.focus()

    tab.page.keyboard.press("Enter")

    expect(tab.page.get_by_role("alert")).to_be_visible()
    expect(send).to_be_focused()
    tab.page.keyboard.press("Enter")
    tab.expect_title(re.compile("^Order web-"))


@pytest.mark.long
def test_the_dialog_holds_the_focus_and_returns_it_to_the_view(open_tab: OpenTab, somebody: User) -> None:
    tab = open_tab(somebody)
    tab.refusals = {400, 401}
    tab.go("#/order")
    fill(tab, GOOD)
    tab.page.route("**/v1/orders", lambda route: answer(route, 401), times=1)
    tab.page.route(SIGN_IN, lambda route: answer(route, 400, __type="NotAuthorizedException"), times=1)
    tab.page.get_by_role("button", name="Place the order").focus()
    tab.page.keyboard.press("Enter")

    dialog = tab.page.get_by_role("dialog")
    expect(dialog.get_by_label("Password")).to_be_focused()
    for _ in range(MOST_STOPS // 4):
        tab.page.keyboard.press("Tab")
        assert not tab.page.evaluate("document.getElementById('main').contains(document.activeElement)")
    dialog.get_by_label("Password").focus()
    tab.page.keyboard.insert_text(somebody.password)
    tab.page.keyboard.press("Enter")

    expect(dialog).to_be_hidden()
    expect(tab.page.get_by_role("heading", level=1)).to_be_focused()


def answer(route: Route, status: int, **body: str) -> None:
    route.fulfill(status=status, headers={"Access-Control-Allow-Origin": "*"}, json=body)
