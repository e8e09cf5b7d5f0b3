"""The page without something that it needs: the APIs, the network, its own files, a view."""

import re
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Route, expect

from local.cloud import Places
from local.users import User
from tests.support.page.steps import GOOD, field, new_id, place, press, sign_in
from tests.support.page.tab import OpenTab, Tab

DOWN = "The service is not answering. Try again in a minute."
OFFLINE = "You are offline. Try again when you are back online."
BANNER = "You are offline. Anything missing loads when you are back online."
VIEWS = ("#/orders", "#/orders/T-any", "#/reminders", "#/account", "#/operators", "#/outbox")
"""The views that load data."""
SERVERS = re.compile(r"/v1/|_ministack/|127\.0\.0\.1:[0-9]+/$")

Answer = Callable[[Route], None]


REQUEST = "c6af9ac6-7b61-11e6-9a41-93e8deadbeef"


def cut_off(route: Route) -> None:
    route.abort()


def unavailable(route: Route) -> None:
    headers = {"Access-Control-Allow-Origin": "*", "Access-Control-Expose-Headers": "*", "Retry-After": "0.01"}
    error = {"code": "Unavailable", "message": "Not now.", "details": [], "requestId": REQUEST}
    route.fulfill(status=503, headers=headers, json={"error": error})


def a_proxys_page(route: Route) -> None:
    headers = {"Access-Control-Allow-Origin": "*"}
    route.fulfill(status=502, headers=headers, content_type="text/html", body="<h1>Bad gateway</h1>")


def expect_loaded(tab: Tab) -> None:
    expect(tab.page.get_by_text("Loading…")).to_have_count(0)
    expect(tab.page.get_by_role("alert")).to_have_count(0)


def expect_down(tab: Tab) -> None:
    """Expects that no part of the view is loading, and that each part reports the failure."""
    failed = tab.page.get_by_role("alert").filter(has_text="This could not be loaded")
    expect(failed.first).to_be_visible()
    expect(tab.page.get_by_text("Loading…")).to_have_count(0)
    assert failed.count() == failed.get_by_text(DOWN).count() == failed.get_by_role("button").count()


def test_a_failure_of_the_service_shows_the_id_to_quote(open_tab: OpenTab, operator: User) -> None:
    tab = open_tab(operator)
    tab.refusals = {503}
    tab.page.route(SERVERS, unavailable)

    tab.go("#/orders")

    expect(tab.page.get_by_text(f"If you report this, quote {REQUEST}").first).to_be_visible()


@pytest.mark.parametrize(
    ("view", "answer"), [*((view, cut_off) for view in VIEWS), ("#/orders", unavailable), ("#/account", a_proxys_page)]
)
def test_a_view_reports_servers_that_are_down_and_can_try_again(
    keep_tab: OpenTab, operator: User, view: str, answer: Answer
) -> None:
    tab = keep_tab(operator)
    # The order T-any does not exist.
    tab.refusals = {404, 502, 503}
    tab.is_cut_off = True
    tab.page.route(SERVERS, answer)

    tab.go(view)

    expect_down(tab)
    tab.page.unroute(SERVERS)
    # Click all buttons at once: some views also load again by themselves, and then their buttons disappear.
    again = tab.page.get_by_role("button", name="Try again")
    again.evaluate_all("(buttons) => buttons.forEach((button) => button.click())")
    expect_loaded(tab)


@pytest.mark.long
def test_a_request_without_an_answer_times_out(open_tab: OpenTab, somebody: User) -> None:
    tab = open_tab(somebody)
    tab.page.add_init_script(
        "AbortSignal.timeout = () => { const end = new AbortController();"
        " addEventListener('over', () => end.abort()); return end.signal }"
    )
    tab.page.route(SERVERS, lambda route: None)

    tab.go("#/orders")

    expect(tab.page.get_by_text("Loading…")).to_have_count(1)
    tab.page.evaluate("dispatchEvent(new Event('over'))")
    expect_down(tab)


def test_a_busy_server_is_asked_once_more(open_tab: OpenTab, somebody: User) -> None:
    tab = open_tab(somebody)
    tab.refusals = {503}
    tab.page.route("**/v1/orders", unavailable, times=1)

    tab.go("#/orders")

    expect(tab.page.get_by_text("No orders yet")).to_be_visible()
    asked = [request for request in tab.requests if request.url.endswith("/v1/orders") and request.method == "GET"]
    assert len(asked) == 2


@pytest.mark.long
def test_a_placeholder_is_shown_during_loading(open_tab: OpenTab, somebody: User) -> None:
    tab = open_tab(somebody)
    held: list[Route] = []
    tab.page.route("**/v1/orders", lambda route: held.append(route), times=1)

    tab.go("#/orders")
    expect(tab.page.locator("main .skeleton")).to_be_visible()
    expect(tab.page.get_by_role("status").get_by_text("Loading…")).to_have_count(1)
    box = tab.page.locator("main .skeleton .bar").first.bounding_box()
    assert box and box["height"] > 0

    held[0].continue_()
    expect(tab.page.get_by_text("No orders yet")).to_be_visible()
    expect(tab.page.locator("main .skeleton")).to_have_count(0)


@pytest.mark.long
def test_an_order_that_could_not_be_sent_stays_in_the_form_and_can_be_sent_later(
    open_tab: OpenTab, somebody: User
) -> None:
    tab = open_tab(somebody)
    tab.refusals, tab.is_cut_off = {503}, True
    tab.go("#/order")
    order_id = new_id()

    for answer in (unavailable, cut_off):
        tab.page.route(SERVERS, answer)
        place(tab, GOOD | {"Order id": order_id})
        expect(tab.page.get_by_role("alert")).to_contain_text(DOWN)
        tab.page.unroute(SERVERS)

    for label, text in GOOD.items():
        expect(field(tab, label)).to_have_value(text)
    press(tab, "Place the order")
    tab.expect_title(f"Order {order_id}")


@pytest.mark.long
def test_a_sign_in_without_an_answer_is_reported(open_tab: OpenTab, somebody: User) -> None:
    tab = open_tab()
    tab.is_cut_off = True
    tab.go()
    tab.page.route(SERVERS, cut_off)

    sign_in(tab, somebody)

    expect(tab.page.get_by_role("alert")).to_have_text(DOWN)
    tab.page.unroute(SERVERS)
    press(tab, "Sign in")
    tab.expect_title("Place an order")


@pytest.fixture
def offline(open_tab: OpenTab, somebody: User) -> Iterator[Tab]:
    """A tab that loaded the page and then lost the network."""
    tab = open_tab(somebody, alone=True)
    tab.is_cut_off = True
    with tab.page.expect_response("**/views/orders.js"):
        tab.go("#/order")
    # Only the first bytes may have arrived. The import waits for the whole module and for the modules that it needs.
    tab.page.evaluate("import('/views/orders.js')")
    tab.page.context.set_offline(True)
    expect(tab.page.get_by_text(BANNER)).to_be_visible()
    yield tab


@pytest.mark.long
def test_a_view_that_is_opened_offline_loads_when_the_network_is_back(offline: Tab) -> None:
    offline.page.get_by_role("link", name="My orders").click()
    offline.expect_title("My orders")
    expect(offline.page.get_by_role("alert")).to_contain_text(f"Not loaded yet {OFFLINE}", use_inner_text=False)

    offline.page.context.set_offline(False)

    expect(offline.page.get_by_text("No orders yet")).to_be_visible()
    expect(offline.page.get_by_text(BANNER)).to_have_count(0)
    expect(offline.page.locator("#news")).to_have_text("You are online again.")


def test_an_order_that_is_sent_offline_stays_in_the_form(offline: Tab) -> None:
    order_id = new_id()
    place(offline, GOOD | {"Order id": order_id})
    expect(offline.page.get_by_role("alert")).to_have_text(OFFLINE)

    offline.page.context.set_offline(False)
    expect(offline.page.get_by_text(BANNER)).to_have_count(0)
    expect(field(offline, "Card number")).to_have_value(GOOD["Card number"])
    press(offline, "Place the order")

    offline.expect_title(f"Order {order_id}")


@pytest.mark.long
@pytest.mark.parametrize(
    "answer",
    [
        cut_off,
        unavailable,
        a_proxys_page,
        lambda route: route.fulfill(status=404, body="{}"),
        lambda route: route.fulfill(status=200, content_type="text/html", body="<p>Log in to this network</p>"),
    ],
)
def test_a_page_without_its_config_says_so_and_can_try_again(open_tab: OpenTab, answer: Answer) -> None:
    tab = open_tab()
    tab.refusals, tab.is_cut_off = {404, 502, 503}, True
    tab.page.route("**/config.json", answer)

    tab.go()

    tab.expect_title("The page could not start")
    expect(tab.page.get_by_role("alert")).to_have_text(DOWN)
    tab.page.unroute("**/config.json")
    press(tab, "Try again")
    tab.expect_title("Place an order, set a reminder, watch it happen")


@pytest.mark.long
def test_a_view_whose_module_does_not_load_says_so_and_can_try_again(open_tab: OpenTab, somebody: User) -> None:
    tab = open_tab(somebody)
    tab.is_cut_off = True
    tab.page.route("**/views/orders.js", cut_off)

    tab.go("#/orders")

    tab.expect_title("Not loaded")
    tab.page.unroute("**/views/orders.js")
    press(tab, "Try again")
    tab.expect_title("My orders")


@pytest.mark.long
def test_a_module_that_was_missed_offline_loads_when_the_network_is_back(open_tab: OpenTab, somebody: User) -> None:
    tab = open_tab(somebody, alone=True)
    tab.is_cut_off = True
    tab.page.route("**/views/orders.js", cut_off)
    tab.go("#/orders")
    tab.expect_title("Not loaded")
    tab.page.context.set_offline(True)
    tab.page.unroute("**/views/orders.js")

    tab.page.context.set_offline(False)

    tab.expect_title("My orders")
    expect(tab.page.get_by_text("No orders yet")).to_be_visible()


@pytest.mark.parametrize(
    "address", ["#/nowhere", "#/orders/%", "#/orders/a/b", "#/__proto__", "#/order/", "#/<img src=x onerror=alert(1)>"]
)
def test_an_unknown_address_says_so_and_leads_back(keep_tab: OpenTab, person: User, address: str) -> None:
    tab = keep_tab(person)

    tab.go(address)

    tab.expect_title("Page not found")
    tab.page.get_by_role("main").get_by_role("link", name="Back to the start").click()
    tab.expect_title("Place an order")


@pytest.mark.long
def test_a_missing_file_is_answered_with_a_page_that_leads_back(open_tab: OpenTab, places: Places) -> None:
    tab = open_tab()
    tab.refusals = {404}

    response = tab.page.goto(f"{places.site}no/such/page?x=<script>")

    assert response and response.status == 404
    tab.expect_title("Page not found")
    assert tab.page.evaluate("getComputedStyle(document.querySelector('.button')).textDecorationLine") == "none"
    tab.page.get_by_role("link", name="Back to the start").click()
    tab.expect_title("Place an order, set a reminder, watch it happen")
