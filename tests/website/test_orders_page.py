"""Placing an order on the page, watching it, and finding it again."""

import json
import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Route, expect

from local.cloud import Places
from local.users import User
from tests.support.cloud.apps import Apps
from tests.support.cloud.site import fetch
from tests.support.page.challenges import CORS
from tests.support.page.scenes import AS_ANSWERED
from tests.support.page.steps import (
    GOOD,
    expect_problem,
    field,
    fill,
    new_id,
    place,
    press,
    shorten_pages,
)
from tests.support.page.tab import PHONE, OpenTab, Tab

CARD = GOOD["Card number"]
STATES = {"Update the order table": "Recorded", "Are details Proper": "Checked"}
"""The titles by state of the workflow."""
ENDS = {
    "FULFILLMENT": "In the fulfillment queue",
    "ESCALATION": "With an operator",
    "PARKED": "Set aside after a fault",
}
CARD_TOO_SHORT = "The card number does not have exactly 16 digits. Enter all 16 digits of the card."
PRICE_TOO_LOW = "The price is not above zero. Enter a price above zero."
HOSTILE = (
    "<img src=x onerror=window.hit=1>",
    "<script>window.hit=1</script>",
    "\"'><svg onload=window.hit=1>",
    "{{7*7}} ${window.hit=1} <!--?lit$-->",
    "javascript:window.hit=1",
    "\u202egnp.exe\u202c עברית \u2066x",
    "👩‍👩‍👧‍👦🏳️‍🌈" * 8,
    "W" * 200,
)


@pytest.fixture
def tab(open_tab: OpenTab, somebody: User) -> Tab:
    """A person's tab that shows the order form."""
    tab = open_tab(somebody)
    tab.go("#/order")
    return tab


@pytest.fixture
def shared(keep_tab: OpenTab, regular: Apps) -> Tab:
    """A tab that shows the order form of a person who also has the orders of earlier tests."""
    tab = keep_tab(regular.user)
    tab.go("#/order")
    tab.requests.clear()
    return tab


@pytest.fixture
def kept(keep_tab: OpenTab, person: User) -> Tab:
    """A tab that shows an empty order form. Its tests place no order."""
    tab = keep_tab(person)
    tab.go("#/order")
    tab.requests.clear()
    return tab


def words_of(tab: Tab) -> dict[str, str]:
    """The word at each step and outcome of the path, by name."""
    nodes = tab.page.locator(".path .node").all()
    return {node.locator(".name").inner_text(): node.locator(".word").inner_text() for node in nodes}


def expect_end(tab: Tab, end: str, status: str) -> None:
    expect(tab.page.get_by_role("region", name="Path").locator(".chip").first).to_have_text(status)
    others = dict.fromkeys(ENDS.values(), "not taken")
    assert words_of(tab) == dict.fromkeys(STATES.values(), "done") | others | {ENDS[end]: "here now"}


@pytest.mark.parametrize(
    ("answered", "words"),
    [
        ({"State": "Are details Proper"}, ("done", "now")),
        pytest.param({"State": "Update the order table"}, ("now", "next"), marks=pytest.mark.long),
        pytest.param({}, ("unclear",) * 2, marks=pytest.mark.long),
    ],
)
def test_a_good_order_is_watched_until_it_is_in_fulfillment(
    shared: Tab, apps: Apps, answered: dict[str, str], words: tuple[str, ...]
) -> None:
    order_id = new_id()
    earlier = {"Status": "RECEIVED"} | answered

    def hold_back(route: Route) -> None:
        """Makes the first answers show an earlier moment, because the workflow is too quick to watch."""
        response = route.fetch()
        answer = {name: value for name, value in response.json().items() if name != "State"}
        route.fulfill(response=response, json=answer | earlier)

    shared.page.route(f"**/orders/{order_id}", hold_back)
    assert words_of(shared) == dict.fromkeys(STATES.values(), "next") | dict.fromkeys(ENDS.values(), "possible")

    place(shared, GOOD | {"Order id": order_id})

    shared.expect_title(f"Order {order_id}")
    expect(shared.page.get_by_text("In progress", exact=True)).to_be_visible()
    assert words_of(shared) == dict(zip(STATES.values(), words, strict=True)) | dict.fromkeys(ENDS.values(), "possible")
    current = shared.page.locator("[aria-current=step] .name").all_inner_texts()
    assert current == [STATES[state] for state in answered.values()]
    earlier.clear()
    expect(shared.page.get_by_text("In fulfillment", exact=True)).to_be_visible()
    expect_end(shared, "FULFILLMENT", "In fulfillment")
    expect(shared.page.locator("#news")).to_have_text("New status: In fulfillment.")
    expect(shared.page.get_by_role("region", name="Details")).to_contain_text("ends in 4242")
    assert apps.settled(order_id)["Name"]["S"] == GOOD["Name"]


@pytest.mark.parametrize(
    ("sample", "reasons"),
    [
        ("A good order", []),
        ("Price below zero", [PRICE_TOO_LOW]),
        ("Card too short", [CARD_TOO_SHORT]),
        ("Both wrong", [CARD_TOO_SHORT, PRICE_TOO_LOW]),
    ],
)
def test_each_sample_has_its_outcome(shared: Tab, sample: str, reasons: list[str]) -> None:
    press(shared, sample)
    press(shared, "Place the order")

    shared.expect_title(re.compile("^Order web-[a-z2-9]{8}$"))
    expect(shared.page.get_by_text("Needs review" if reasons else "In fulfillment", exact=True)).to_be_visible()
    expect_end(shared, *(("ESCALATION", "Needs review") if reasons else ("FULFILLMENT", "In fulfillment")))
    shown = shared.page.get_by_role("list", name="Reasons").get_by_role("listitem")
    assert sorted(shown.all_inner_texts()) == reasons


@pytest.mark.long
def test_an_order_that_a_fault_stopped_reads_as_our_fault(kept: Tab) -> None:
    parked = {**AS_ANSWERED, "OrderId": "T-parked", "Status": "PARKED"}
    kept.page.route("**/orders/T-parked", lambda route: route.fulfill(headers=CORS, json=parked))

    kept.go("#/orders/T-parked")

    path = kept.page.get_by_role("region", name="Path")
    expect(path.locator(".chip")).to_have_text("Being looked into")
    expect(path).to_contain_text("Something went wrong on our side, and we are looking into it.")
    assert words_of(kept) == {
        **dict(zip(STATES.values(), ("done", "unclear"), strict=True)),
        **dict.fromkeys(ENDS.values(), "possible"),
        ENDS["PARKED"]: "being looked into",
    }
    expect(kept.page.locator("main .bad, main [role=alert]")).to_have_count(0)
    expect(path.get_by_text("Park the order")).to_be_hidden()
    path.get_by_text("How it works").click()
    expect(path.get_by_text("Park the order")).to_be_visible()


def test_an_owner_corrects_an_escalated_order_and_it_is_fulfilled(shared: Tab, apps: Apps) -> None:
    order_id = new_id()
    place(shared, GOOD | {"Price": "-1", "Order id": order_id})
    press(shared, "Correct and send again")
    expect(field(shared, "Name")).to_be_focused()
    expect(field(shared, "Name")).to_have_value(GOOD["Name"])
    press(shared, "Send it again")
    expect_problem(shared, "Card number", re.compile("Enter a test card number."))

    fill(shared, {"Price": "1.50", "Card number": CARD})
    press(shared, "Send it again")

    expect(shared.page.locator("#news")).to_have_text("New status: In fulfillment.")
    expect_end(shared, "FULFILLMENT", "In fulfillment")
    expect(shared.page.get_by_role("region", name="Path")).to_contain_text("You corrected this order")
    expect(shared.page.get_by_role("button", name="Correct and send again")).to_have_count(0)
    [(queue, message)] = [one for one in apps.queued(order_id) if one[0] != "EscalationQueue"]
    assert (queue, message["Price"]) == ("OrderFulfillmentQueue", "1.50")


@pytest.mark.long
def test_an_order_is_placed_again_with_a_new_id_and_without_its_card(tab: Tab, sent: Callable[..., list[str]]) -> None:
    sent(1)
    tab.go("#/orders")

    tab.page.get_by_role("link", name="Order again: Tea").click()

    tab.expect_title("Place an order")
    for label, text in {"Name": "Ada", "Item": "Tea", "Price": "12.50", "Card number": ""}.items():
        expect(field(tab, label)).to_have_value(text)
    fill(tab, {"Card number": CARD})
    press(tab, "Place the order")
    tab.expect_title(re.compile("^Order web-[a-z2-9]{8}$"))


def test_the_card_number_is_sent_once_and_stored_nowhere(tab: Tab) -> None:
    form = tab.page.locator("form").element_handle()

    place(tab, GOOD | {"Card number": "4242 4242-4242 4242", "Order id": new_id()})
    expect(tab.page.get_by_text("In fulfillment", exact=True)).to_be_visible()

    def carries(text: str | None) -> bool:
        return CARD in re.sub(r"[\s%-]|20", "", text or "")

    assert form.evaluate("(form) => form.elements.CC.value") == ""
    kept = "document.documentElement.outerHTML + JSON.stringify([sessionStorage, localStorage, history.state])"
    assert not carries(tab.page.evaluate(kept))
    assert not carries(tab.page.title() + tab.page.url)
    assert not any(carries(request.url) or carries(json.dumps(request.headers)) for request in tab.requests)
    bodies = [(one.method, one.url) for one in tab.requests if carries(one.post_data)]
    assert [(method, url.rpartition("/")[2]) for method, url in bodies] == [("POST", "orders")]
    tab.page.go_back()
    tab.expect_title("Place an order")
    expect(field(tab, "Card number")).to_have_value("")


def without(name: str) -> dict[str, str]:
    return {label: "" if label == name else text for label, text in GOOD.items()}


@pytest.mark.parametrize(
    ("typed", "label", "words"),
    [
        (without("Name"), "Name", "Enter the customer’s name."),
        (without("Item"), "Item", "Enter an item."),
        (without("Price"), "Price", re.compile("Enter a price.")),
        (without("Card number"), "Card number", re.compile("Enter a test card number.")),
        (GOOD | {"Order id": ""}, "Order id", re.compile("Enter an order id.")),
        (GOOD | {"Order id": "../x?y#z"}, "Order id", re.compile("letters, digits, dots, dashes and underscores")),
        (GOOD | {"Order id": "ｗｉｄｅ"}, "Order id", re.compile("letters, digits, dots, dashes and underscores")),
        (GOOD | {"Card number": "1" * 33}, "Card number", re.compile("Use up to 32 characters.")),
    ],
)
def test_an_invalid_order_is_reported_beside_its_field_and_not_sent(
    kept: Tab, typed: dict[str, str], label: str, words: str | re.Pattern[str]
) -> None:
    place(kept, typed)

    expect_problem(kept, label, words)
    expect(field(kept, label)).to_be_focused()
    expect(kept.page.locator("[aria-invalid=true]")).to_have_count(1)
    assert [one.url for one in kept.requests if one.method == "POST"] == []


def test_a_field_stops_at_its_longest_text_and_the_form_checks_it_again(kept: Tab) -> None:
    order_id = new_id()
    fill(kept, GOOD | {"Order id": order_id})
    field(kept, "Name").focus()
    kept.page.keyboard.insert_text("x" * 300)
    expect(field(kept, "Name")).to_have_value(re.compile("^.{200}$"))

    field(kept, "Name").evaluate("(input) => { input.value = 'x'.repeat(201) }")
    press(kept, "Place the order")

    expect_problem(kept, "Name", "Use up to 200 characters, on one line.")


def test_the_first_invalid_field_gets_the_focus_and_corrected_fields_lose_their_problem(kept: Tab) -> None:
    press(kept, "Place the order")
    expect(field(kept, "Name")).to_be_focused()
    expect(kept.page.locator("[aria-invalid=true]")).to_have_count(4)

    fill(kept, GOOD | {"Price": ""})
    press(kept, "Place the order")

    expect(field(kept, "Price")).to_be_focused()
    expect(kept.page.locator("[aria-invalid=true]")).to_have_count(1)


def test_a_card_number_in_the_name_is_refused_beside_the_name(kept: Tab) -> None:
    kept.refusals = {400}

    place(kept, GOOD | {"Name": "Zoë 4242 4242 4242 4242"})

    expect_problem(kept, "Name", re.compile("card number"))
    expect(field(kept, "Name")).to_be_focused()
    expect(field(kept, "Card number")).to_have_value(CARD)


def test_the_id_of_another_persons_order_is_refused_beside_it(kept: Tab, apps: Apps, order: dict[str, str]) -> None:
    apps.post_order(order)
    kept.refusals = {409}

    place(kept, GOOD | {"Order id": order["OrderId"]})

    expect_problem(kept, "Order id", re.compile("another|already|id", re.IGNORECASE))
    expect(field(kept, "Order id")).to_be_focused()
    expect(field(kept, "Card number")).to_have_value(CARD)


@pytest.mark.long
def test_the_same_order_sent_twice_is_placed_once(tab: Tab, apps: Apps) -> None:
    order_id = new_id()
    for _ in range(2):
        tab.go("#/order")
        place(tab, GOOD | {"Order id": order_id})
        tab.expect_title(f"Order {order_id}")
        expect(tab.page.get_by_text("In fulfillment", exact=True)).to_be_visible()

    assert len(apps.queued(order_id)) == 1
    tab.go("#/orders")
    expect(tab.page.get_by_text(order_id)).to_have_count(1)


def test_a_double_click_places_one_order(shared: Tab) -> None:
    order_id = new_id()
    fill(shared, GOOD | {"Order id": order_id})

    shared.page.get_by_role("button", name="Place the order").dblclick()

    shared.expect_title(f"Order {order_id}")
    assert len([one for one in shared.requests if one.method == "POST"]) == 1


@pytest.fixture
def sent(apps: Apps, somebody: User) -> Callable[..., list[str]]:
    """Returns a function that places orders as the tab's person, without the page, and returns their ids."""
    person = Apps(apps.cloud, apps.places, user=somebody)

    def send(number: int, **changes: str) -> list[str]:
        ids = [new_id() for _ in range(number)]
        order = {"Name": "Ada", "ItemName": "Tea", "Price": "12.50", "CC": CARD} | changes
        for order_id in ids:
            assert person.post_order(order | {"OrderId": order_id})[0] == 202
            apps.settled(order_id)
        return ids

    return send


def test_my_orders_lists_orders_with_their_statuses_and_links(tab: Tab, sent: Callable[..., list[str]]) -> None:
    [good] = sent(1)
    [escalated] = sent(1, Price="0")
    tab.page.get_by_role("link", name="My orders").click()

    rows = tab.page.locator(".rows > li")
    expect(rows).to_have_count(2)
    expect(rows.nth(0)).to_contain_text(escalated)
    expect(rows.nth(0)).to_contain_text("Needs review")
    expect(rows.nth(0)).to_contain_text("The price is not above zero.")
    expect(rows.nth(1)).to_contain_text(good)
    expect(rows.nth(1)).to_contain_text("In fulfillment")
    rows.nth(1).get_by_role("link", name="Tea", exact=True).click()

    tab.expect_title(f"Order {good}")
    expect_end(tab, "FULFILLMENT", "In fulfillment")


@pytest.mark.long
def test_a_long_list_loads_more_on_request(tab: Tab, sent: Callable[..., list[str]]) -> None:
    ids = sent(3)
    shorten_pages(tab, "**/v1/orders*")
    tab.go("#/orders")
    rows = tab.page.locator(".rows > li")
    expect(rows).to_have_count(2)

    press(tab, "Load more orders")

    expect(rows).to_have_count(3)
    assert tab.page.locator(".rows .id").all_inner_texts() == ids[::-1]
    expect(tab.page.get_by_role("button", name="Load more orders")).to_have_count(0)
    tab.page.get_by_role("link", name="Tea", exact=True).last.click()
    tab.expect_title(f"Order {ids[0]}")
    tab.page.go_back()
    expect(rows).to_have_count(3)


@pytest.mark.long
def test_own_orders_are_searched_and_the_way_back_leads_to_the_search(tab: Tab, sent: Callable[..., list[str]]) -> None:
    sent(1)
    [lamp] = sent(1, ItemName="A lamp")
    tab.go("#/orders")
    rows, text = tab.page.locator(".rows > li"), tab.page.get_by_label("Search by item")
    expect(rows).to_have_count(2)

    text.fill("LAMP")
    text.press("Enter")
    expect(rows).to_have_count(1)
    expect(tab.page.locator("#news")).to_have_text("1 order found.")
    tab.page.get_by_text("More filters").click()
    tab.page.get_by_label("Status").select_option("Needs review")
    press(tab, "Search")
    expect(tab.page.get_by_text("No orders found")).to_be_visible()

    tab.page.go_back()
    expect(rows).to_contain_text([lamp])
    rows.get_by_role("link", name="A lamp", exact=True).click()
    tab.expect_title(f"Order {lamp}")
    tab.page.go_back()
    expect(text).to_have_value("LAMP")
    expect(rows).to_contain_text([lamp])
    tab.page.get_by_text("More filters").click()
    tab.page.get_by_label("To", exact=True).fill("2020-01-01")
    press(tab, "Search")
    expect(rows).to_have_count(0)
    tab.page.get_by_role("link", name="Clear the search").click()
    expect(rows).to_have_count(2)
    expect(text).to_have_value("")


def test_a_search_that_the_api_refuses_is_reported_beside_its_field(kept: Tab) -> None:
    kept.refusals = {400}
    kept.go("#/orders?from=2026-02-02&to=2026-01-01")

    expect_problem(kept, "To", re.compile("."))


@pytest.mark.long
def test_learners_see_what_is_behind_an_order(
    open_tab: OpenTab, tab: Tab, places: Places, somebody: User, sent: Callable[..., list[str]]
) -> None:
    [order_id] = sent(1)
    panel = tab.page.locator(".behind")
    for cache in ("MISS", "HIT"):
        tab.go(f"#/orders/{order_id}")
        panel.get_by_text("Behind the scenes").click()
        expect(panel).to_contain_text(f"X-Cache: {cache}")
    expect(panel).to_contain_text(f"laptop executions {order_id}")
    expect(panel).to_contain_text('"Status": "FULFILLMENT_QUEUED"')
    with tab.page.expect_navigation():
        panel.get_by_role("link", name="lambdas/orders/cache.py: lookup").click()
    expect(tab.page.get_by_role("heading")).to_have_text("lambdas/orders/cache.py")
    expect(tab.page.locator(":target")).to_have_text(re.compile("^ *[0-9]+  def lookup"))
    expect(tab.page.locator(":target")).to_be_in_viewport()

    source = {"source": "https://code.example/blob/main", "lines": {"lambdas/orders/cache.py lookup": 7}}
    config = json.loads(fetch(places.site, "/config.json").body) | {"behindTheScenes": source}
    linked = open_tab(somebody)
    linked.page.route("**/config.json", lambda route: route.fulfill(json=config))
    linked.go(f"#/orders/{order_id}")
    linked.page.get_by_text("Behind the scenes").click()
    expect(linked.page.get_by_role("link", name="lambdas/orders/cache.py: lookup")).to_have_attribute(
        "href", "https://code.example/blob/main/lambdas/orders/cache.py#L7"
    )

    other = open_tab(somebody)
    other.page.route("**/config.json", lambda route: route.fulfill(json=config | {"behindTheScenes": None}))
    other.go(f"#/orders/{order_id}")
    expect(other.page.get_by_role("region", name="Details")).to_be_visible()
    expect(other.page.get_by_text("Behind the scenes")).to_have_count(0)


def test_another_persons_order_looks_like_a_missing_one(kept: Tab, apps: Apps, order: dict[str, str]) -> None:
    apps.post_order(order)
    apps.settled(order["OrderId"])
    kept.refusals = {404}

    def seen(order_id: str) -> str:
        kept.go(f"#/orders/{order_id}")
        expect(kept.page.get_by_text("Order not found")).to_be_visible()
        return kept.page.locator("main").inner_text().replace(order_id, "")

    assert seen(order["OrderId"]) == seen(new_id())


@pytest.mark.parametrize("address", ["%2e%2e%2fparked", "%3Fstatus%3DESCALATED", "a%20b", "4242%204242%204242%204242"])
def test_an_invalid_order_id_is_not_found_without_asking_the_api(kept: Tab, address: str) -> None:
    kept.go(f"#/orders/{address}")

    expect(kept.page.get_by_text("Order not found")).to_be_visible()
    assert [one.url for one in kept.requests if "/v1/" in one.url] == []


def test_hostile_text_is_shown_as_text_everywhere(open_tab: OpenTab, somebody: User, operator: User) -> None:
    tab = open_tab(somebody, viewport=PHONE)
    placed = {new_id(): text for text in HOSTILE}
    tab.go("#/order")
    for order_id, text in placed.items():
        tab.page.evaluate("location.hash = '#/order'")
        tab.expect_title("Place an order")
        # The price escalates the order, so operators see it too.
        place(tab, GOOD | {"Name": text, "Item": text, "Price": "<b>0</b>", "Order id": order_id})
        expect(tab.page.get_by_text("Needs review", exact=True)).to_be_visible()
        expect(tab.page.get_by_text(text, exact=True)).to_have_count(2)
        fits(tab)

    tab.page.get_by_role("link", name="My orders").last.click()
    tab.expect_title("My orders")
    for text in placed.values():
        expect(tab.page.get_by_text(text, exact=True)).to_be_visible()
    fits(tab)

    theirs = open_tab(operator, viewport=PHONE)
    theirs.go("#/operators")
    for order_id, text in placed.items():
        row = theirs.page.locator(".rows > li").filter(has_text=order_id)
        expect(row.get_by_text(text, exact=True)).to_have_count(2)
    fits(theirs)


def fits(tab: Tab) -> None:
    """Expects that no script ran and that nothing is wider than the screen."""
    assert tab.page.evaluate("window.hit") is None
    assert tab.page.locator("main img, main script, main b, main svg[onload]").count() == 0
    assert tab.page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
