"""How long a session lasts, and what the page keeps when it ends."""

import json
import time

import pytest
from playwright.sync_api import Request, expect

from local.users import User
from tests.support.page.steps import GOOD, field, fill, new_id, place, press
from tests.support.page.tab import OpenTab, Tab

WELCOME = "Place an order, set a reminder, watch it happen"
OVER = "Sign in again"


def keep(tab: Tab, *without: str) -> None:
    """Breaks the signature of the named tokens of the stored session."""
    session = json.loads(tab.page.evaluate("sessionStorage.session"))
    changed = {name: session[name][:-8] + "AAAAAAAA" for name in without}
    tab.page.evaluate("(session) => { sessionStorage.session = session }", json.dumps(session | changed))


def near_its_end(tab: Tab) -> None:
    session = json.loads(tab.page.evaluate("sessionStorage.session"))
    near = json.dumps(session | {"renewedFrom": time.time() * 1000 - 1})
    tab.page.evaluate("(session) => { sessionStorage.session = session }", near)


def is_renewal(request: Request) -> bool:
    return request.method == "POST" and "REFRESH_TOKEN_AUTH" in (request.post_data or "")


def renewals(tab: Tab) -> int:
    return len([request for request in tab.requests if is_renewal(request)])


def sign_in_again(tab: Tab, user: User) -> None:
    dialog = tab.page.get_by_role("dialog", name=OVER)
    dialog.get_by_label("Password").fill(user.password)
    dialog.get_by_role("button", name="Sign in").click()
    expect(dialog).to_be_hidden()


@pytest.fixture
def expired(open_tab: OpenTab, somebody: User) -> Tab:
    """A tab that shows the order form and does not know yet that its session has ended."""
    tab = open_tab(somebody)
    tab.go("#/order")
    keep(tab, "id", "access", "refresh")
    tab.page.reload()
    tab.expect_title("Place an order")
    tab.refusals = {400, 401}
    return tab


@pytest.mark.long
def test_a_session_near_its_end_is_renewed_once_for_all_requests(open_tab: OpenTab, operator: User) -> None:
    tab = open_tab(operator)
    tab.go("#/account")
    near_its_end(tab)
    before = tab.page.evaluate("sessionStorage.session")

    # The view loads several lists at the same time.
    tab.page.evaluate("location.hash = '#/operators'")
    tab.page.reload()
    expect(tab.page.get_by_role("heading", name="Dead letters")).to_be_visible()
    expect(tab.page.get_by_text("Loading…")).to_have_count(0)

    assert renewals(tab) == 1
    assert tab.page.evaluate("sessionStorage.session") != before


@pytest.mark.long
def test_a_refused_token_is_renewed_once_without_the_person_noticing(open_tab: OpenTab, operator: User) -> None:
    tab = open_tab(operator)
    tab.go("#/account")
    keep(tab, "id")
    tab.refusals = {401}

    tab.page.evaluate("location.hash = '#/operators'")
    tab.page.reload()
    expect(tab.page.get_by_text("Loading…")).to_have_count(0)
    expect(tab.page.get_by_role("heading", name="Dead letters")).to_be_visible()

    assert renewals(tab) == 1
    expect(tab.page.get_by_role("dialog")).to_be_hidden()
    expect(tab.page.get_by_role("alert")).to_have_count(0)


@pytest.mark.long
def test_the_input_survives_the_end_of_the_session_and_is_sent(expired: Tab, somebody: User) -> None:
    order_id = new_id()

    place(expired, GOOD | {"Order id": order_id})
    dialog = expired.page.get_by_role("dialog", name=OVER)
    expect(dialog.get_by_label("Password")).to_be_focused()
    expect(dialog.get_by_label("E-mail address")).to_have_value(somebody.email)
    expired.page.keyboard.press("Escape")
    expired.page.keyboard.press("Escape")
    expect(dialog).to_be_visible()
    sign_in_again(expired, somebody)

    for label, text in GOOD.items():
        expect(field(expired, label)).to_have_value(text)
    press(expired, "Place the order")
    expired.expect_title(f"Order {order_id}")


@pytest.mark.long
def test_a_wrong_password_in_the_dialog_is_reported_there(expired: Tab, somebody: User) -> None:
    place(expired, GOOD | {"Order id": new_id()})
    dialog = expired.page.get_by_role("dialog", name=OVER)

    dialog.get_by_label("Password").fill("Not-the-password-1")
    dialog.get_by_role("button", name="Sign in").click()

    expect(dialog.get_by_role("alert")).to_have_text("The e-mail address or the password is wrong.")
    sign_in_again(expired, somebody)


@pytest.mark.long
def test_a_list_that_waits_for_the_sign_in_loads_by_itself(expired: Tab, somebody: User) -> None:
    expired.page.get_by_role("link", name="My orders").click()

    sign_in_again(expired, somebody)

    expect(expired.page.get_by_text("No orders yet")).to_be_visible()


@pytest.mark.long
def test_another_person_who_signs_in_does_not_see_the_first_persons_input(expired: Tab, person: User) -> None:
    place(expired, GOOD | {"Order id": new_id()})

    expired.page.get_by_role("dialog", name=OVER).get_by_label("E-mail address").fill(person.email)
    sign_in_again(expired, person)

    expired.expect_title("Place an order")
    expect(field(expired, "Name")).to_have_value("")
    expect(field(expired, "Card number")).to_have_value("")


@pytest.mark.long
def test_the_dialog_lets_a_person_sign_out_instead(expired: Tab) -> None:
    place(expired, GOOD | {"Order id": new_id()})

    press(expired, "Sign out instead")

    expired.expect_title(WELCOME)
    expect(expired.page.get_by_role("dialog")).to_be_hidden()
    assert expired.page.evaluate("sessionStorage.length") == 0


def test_a_session_outlasts_a_reload_and_ends_with_its_tab(open_tab: OpenTab, somebody: User) -> None:
    tab = open_tab()
    tab.go()
    fill(tab, {"E-mail address": somebody.email, "Password": somebody.password})
    press(tab, "Sign in")
    tab.expect_title("Place an order")

    tab.page.reload()
    tab.expect_title("Place an order")
    other = tab.page.context.new_page()
    other.goto(tab.address)

    expect(other.get_by_role("heading", level=1)).to_have_text(WELCOME)
    assert tab.page.evaluate("localStorage.length") == 0
    assert tab.page.context.cookies() == []


@pytest.mark.long
def test_the_sign_in_leads_to_the_address_that_was_opened(open_tab: OpenTab, somebody: User) -> None:
    tab = open_tab()
    tab.go("#/orders")
    tab.expect_title(WELCOME)

    fill(tab, {"E-mail address": somebody.email, "Password": somebody.password})
    press(tab, "Sign in")

    tab.expect_title("My orders")


def test_a_person_does_not_find_the_operators_view_and_the_page_calls_no_api(open_tab: OpenTab, person: User) -> None:
    tab = open_tab(person)

    tab.go("#/operators")

    tab.expect_title("Page not found")
    expect(tab.page.get_by_role("link", name="Operators")).to_have_count(0)
    assert [request.url for request in tab.requests if "/v1/" in request.url] == []
