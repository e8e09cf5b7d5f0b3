"""The operators' view: escalated orders, parked orders with their messages, dead letters, failed reminders."""

import json
import re

import pytest
from playwright.sync_api import Locator, Page, Route, expect

from local.users import User
from tests.support.cloud.apps import Apps, dead_letters_of
from tests.support.names import unique
from tests.support.page import scenes
from tests.support.page.challenges import CORS
from tests.support.page.tab import OpenTab, Tab

NOTE = "Called her: she does not want it <b>any more</b>."


@pytest.fixture
def open_operators(keep_tab: OpenTab, operator: User) -> Tab:
    """An operator's tab, before it opens the operators' view."""
    return keep_tab(operator)


def section(page: Page, title: str) -> Locator:
    return page.get_by_role("region", name=title)


def row(page: Page, title: str, text: str) -> Locator:
    """The row with `text` in the section with `title`."""
    return section(page, title).get_by_role("listitem").filter(has_text=text)


def execution_name(execution: str) -> str:
    """The name of an execution as the page shows it. `execution` is its ARN."""
    return execution.split(":")[7][:8]


def expect_news(page: Page, words: str) -> None:
    expect(page.locator(".notice.good")).to_have_text(words)
    expect(page.locator("#news")).to_have_text(words)


def test_an_escalated_order_is_listed_with_its_reasons(open_operators: Tab, theirs: Apps) -> None:
    order, page = scenes.escalated(theirs, ItemName="<b>Lamp</b>"), open_operators.page
    open_operators.go("#/operators")

    found = row(page, "Escalated orders", order["OrderId"])

    expect(found.get_by_role("link", name="<b>Lamp</b>")).to_be_visible()
    expect(found.get_by_role("list", name="Reasons").get_by_role("listitem")).to_have_text(
        ["The card number does not have exactly 16 digits.", "The price is not above zero."]
    )


@pytest.mark.long
def test_a_corrected_order_leaves_the_list_and_goes_to_fulfillment(
    open_tab: OpenTab, open_operators: Tab, theirs: Apps
) -> None:
    order, page = scenes.escalated(theirs), open_operators.page
    open_operators.go("#/operators")
    page.get_by_role("button", name=f"Correct order {order['OrderId']}").click()
    expect(page.get_by_label("Name")).to_be_focused()
    expect(page.get_by_label("Card number")).to_have_value("")
    expect(page.get_by_role("link", name=theirs.user.email)).to_have_attribute(
        "href", re.compile(f"^mailto:{re.escape(theirs.user.email)}[?]subject=")
    )

    page.get_by_label("Price").fill("80000")
    page.get_by_label("Card number").fill("4242 4242 4242 4242")
    page.get_by_role("button", name="Send it again").click()

    expect_news(page, f"Order {order['OrderId']} is corrected and in progress again.")
    expect(row(page, "Escalated orders", order["OrderId"])).to_have_count(0)
    expect(page.get_by_role("heading", name="Escalated orders")).to_be_focused()
    expect(row(page, "Orders you corrected", order["OrderId"])).to_contain_text("In fulfillment")
    open_operators.go("#/operators")
    expect(row(page, "Orders you corrected", order["OrderId"])).to_contain_text("In fulfillment")
    tab = open_tab(theirs.user)
    tab.go(f"#/orders/{order['OrderId']}")
    expect(tab.page.get_by_text("In fulfillment", exact=True)).to_be_visible()
    expect(tab.page.get_by_text("An operator corrected this order")).to_be_visible()


@pytest.mark.parametrize(
    ("label", "text", "words"),
    [
        ("Card number", "", "Enter a test card number."),
        ("Card number", "4" * 33, "Use up to 32 characters."),
        ("Price", " ", "Enter a price."),
        ("Name", "", "Enter the customer’s name."),
    ],
)
def test_an_invalid_correction_is_reported_beside_its_field(
    open_operators: Tab, theirs: Apps, label: str, text: str, words: str
) -> None:
    order, page = scenes.escalated(theirs), open_operators.page
    open_operators.go("#/operators")
    page.get_by_role("button", name=f"Correct order {order['OrderId']}").click()
    page.get_by_label("Card number").fill("4242424242424242")
    control = page.get_by_label(label)
    control.fill(text)

    page.get_by_role("button", name="Send it again").click()

    expect(control).to_be_focused()
    expect(control).to_have_attribute("aria-invalid", "true")
    expect(control.locator("xpath=..").locator(".problem")).to_have_text(words)
    assert theirs.get_order(order["OrderId"])[1]["Status"] == "ESCALATED"


def test_an_order_whose_id_is_a_field_name_does_not_take_the_fields_focus(open_operators: Tab) -> None:
    page, names = open_operators.page, ("Name", "T-1")
    # Nobody has these orders, so nobody can be asked about them.
    open_operators.refusals = {404}
    found = [{**scenes.AS_ANSWERED, "OrderId": name, "Status": "ESCALATED"} for name in names]
    page.route(
        "**/v1/orders?status=ESCALATED",
        lambda route: route.fulfill(json={"orders": found, "next": None}, headers={"Access-Control-Allow-Origin": "*"}),
    )
    open_operators.go("#/operators")

    for name in names:
        page.get_by_role("button", name=f"Correct order {name}", exact=True).click()
        expect(page.get_by_label("Name", exact=True)).to_be_focused()
        page.get_by_role("button", name="Not now").click()
        expect(page.get_by_role("button", name=f"Correct order {name}", exact=True)).to_be_focused()


@pytest.mark.parametrize("button", ["Correct", "Close"])
def test_an_order_that_another_operator_has_handled_is_reported(
    apps: Apps, open_operators: Tab, theirs: Apps, button: str
) -> None:
    order, page = scenes.escalated(theirs), open_operators.page
    open_operators.refusals = {409}
    open_operators.go("#/operators")
    page.get_by_role("button", name=f"{button} order {order['OrderId']}").click()
    assert apps.put_order({**order, **scenes.GOOD})[0] == 202
    apps.shown(order["OrderId"], "FULFILLMENT_QUEUED")

    if button == "Correct":
        page.get_by_label("Price").fill("1")
        page.get_by_label("Card number").fill("4242424242424242")
        page.get_by_role("button", name="Send it again").click()
    else:
        page.get_by_label("Note").fill(NOTE)
        page.get_by_role("button", name="Close the order").click()

    expect(page.get_by_role("alert")).to_contain_text("Only an escalated or a parked order can be")
    assert theirs.get_order(order["OrderId"])[1]["Price"] == "80000"


@pytest.mark.long
def test_a_closed_order_shows_its_note_to_its_owner(open_tab: OpenTab, open_operators: Tab, theirs: Apps) -> None:
    order, page = scenes.escalated(theirs), open_operators.page
    open_operators.go("#/operators")
    page.get_by_role("button", name=f"Close order {order['OrderId']}").click()

    page.get_by_role("button", name="Close the order").click()
    expect(page.get_by_label("Note")).to_have_accessible_description(
        "The owner of the order can read this note. Enter the reason for closing the order."
    )
    page.get_by_label("Note").fill(NOTE)
    page.get_by_role("button", name="Close the order").click()

    expect_news(page, f"Order {order['OrderId']} is closed.")
    expect(row(page, "Escalated orders", order["OrderId"])).to_have_count(0)
    theirs.shown(order["OrderId"], "CLOSED")
    tab = open_tab(theirs.user)
    tab.go(f"#/orders/{order['OrderId']}")
    expect(tab.page.get_by_text("Closed", exact=True)).to_be_visible()
    expect(tab.page.get_by_role("blockquote")).to_contain_text(NOTE)


def test_a_parked_order_is_corrected_and_then_its_message_is_removed(open_operators: Tab, theirs: Apps) -> None:
    order, page = scenes.parked(theirs), open_operators.page
    open_operators.go("#/operators")
    found = row(page, "Parked orders", order["OrderId"])
    expect(found).to_have_count(1)
    expect(found.get_by_role("group", name="Message")).to_contain_text("parked in the state “Are details Proper”")

    found.get_by_role("button", name="Correct").click()
    page.get_by_label("Card number").fill("4242424242424242")
    page.get_by_role("button", name="Send it again").click()
    expect(found.get_by_role("button", name="Correct")).to_have_count(0)
    expect(found).to_contain_text("Lenovo ThinkPad E14 for Grace Hopper, 80,000")
    found.get_by_role("button", name="Remove").click()
    found.get_by_role("button", name="Yes, remove it").click()

    expect_news(page, "Message removed.")
    expect(found).to_have_count(0)
    theirs.shown(order["OrderId"], "FULFILLMENT_QUEUED")
    assert order["OrderId"] not in json.dumps(theirs.cloud.engine.queued(theirs.places.parked_queue))


def test_a_parked_message_without_an_order_is_removed_only_after_a_confirmation(
    apps: Apps, open_operators: Tab
) -> None:
    execution = apps.start(apps.places.order_workflow, {"hello": "this is not an order"})
    apps.finished(execution)
    page = open_operators.page
    open_operators.go("#/operators")
    message = row(page, "Parked orders", execution_name(execution))
    expect(message).to_contain_text("MistypedFieldError")
    expect(message).to_contain_text("no valid order")

    remove = message.get_by_role("button", name="Remove")
    remove.click()
    message.get_by_role("button", name="No, keep it").click()
    expect(remove).to_be_focused()
    assert apps.parked(execution)
    remove.click()
    message.get_by_role("button", name="Yes, remove it").click()

    expect(message).to_have_count(0)
    assert not apps.parked(execution)


@pytest.mark.long
def test_a_parked_message_that_another_operator_has_removed_is_reported(apps: Apps, open_operators: Tab) -> None:
    execution = apps.start(apps.places.order_workflow, {"hello": "this is not an order"})
    apps.finished(execution)
    open_operators.refusals = {404}
    page = open_operators.page
    open_operators.go("#/operators")
    message = row(page, "Parked orders", execution_name(execution))
    message.get_by_role("button", name="Remove").click()
    [item] = [one for one in apps.call("GET", "/parked")[1]["items"] if one["ExecutionId"] == execution]
    assert apps.call("DELETE", f"/parked/{item['MessageId']}")[0] == 200

    message.get_by_role("button", name="Yes, remove it").click()

    expect(page.get_by_role("alert")).to_be_visible()
    page.get_by_role("button", name="Reload").click()
    expect(message).to_have_count(0)


def test_dead_letters_are_counted_and_moved_back(apps: Apps, open_operators: Tab) -> None:
    queue, number, page = "EscalationQueue", unique(), open_operators.page
    sqs, dead = apps.cloud.engine.client("sqs"), dead_letters_of(apps, queue)
    sqs.purge_queue(QueueUrl=dead)  # Other tests leave messages there.
    for _ in range(2):
        sqs.send_message(QueueUrl=dead, MessageBody=json.dumps({"OrderId": number}))
    open_operators.go("#/operators")
    found = row(page, "Dead letters", queue)
    expect(found).to_contain_text("2 messages")

    found.get_by_role("button", name=f"Move back into {queue}").click()

    expect_news(page, f"Moved 2 messages back into {queue}.")
    expect(found).to_contain_text("0 messages")
    expect(found.get_by_role("button")).to_be_disabled()
    assert [name for name, _ in apps.queued(number)] == [queue, queue]


def test_a_failed_reminder_is_listed_with_its_reason_and_masked_addresses(open_operators: Tab, theirs: Apps) -> None:
    message, page = unique("Renew <i>it</i>, "), open_operators.page
    scenes.failed_reminder(theirs, message, preference="both")
    open_operators.go("#/operators")

    found = row(page, "Failed reminders", message)

    expect(found).to_contain_text("by e-mail and SMS to ")
    expect(found).to_contain_text("…@example.com and +1…")
    expect(found).to_contain_text("the delivery was not started")
    assert theirs.user.email not in page.content()


@pytest.mark.long
def test_operators_begin_at_their_view_and_see_everywhere_how_much_waits(open_tab: OpenTab, operator: User) -> None:
    tab = open_tab(operator)
    page, waiting = tab.page, {"ESCALATED": ["A", "B"], "PARKED": ["C"]}

    def answer(route: Route) -> None:
        status = route.request.url.rpartition("status=")[2].partition("&")[0]
        orders = [{**scenes.AS_ANSWERED, "OrderId": one, "Status": status} for one in waiting.get(status, [])]
        route.fulfill(json={"orders": orders, "next": None}, headers=CORS)

    dead = {"queues": [{"Queue": "EscalationQueue", "Messages": 3}]}
    page.route("**/v1/orders?*", answer)
    page.route("**/v1/dead-letters", lambda route: route.fulfill(json=dead, headers=CORS))
    tab.go()
    tab.expect_title("Operators")
    link = page.get_by_role("link", name=re.compile("^Operators ?: 2 escalated, 1 parked, 3 dead letters$"))
    expect(link.locator(".badge")).to_have_text("6")

    waiting["ESCALATED"].pop()
    tab.go("#/account")

    expect(
        page.get_by_role("link", name=re.compile("^Operators ?: 1 escalated, 1 parked, 3 dead letters$"))
    ).to_be_visible()


def test_the_counts_have_one_order_whichever_answer_comes_first(open_operators: Tab) -> None:
    open_operators.go()

    words = open_operators.page.evaluate(
        """async () => {
            const { Counts } = await import("./counts.js");
            const counts = new Counts();
            counts.note("dead", 3);
            counts.note("parked", 1);
            counts.note("escalated", 100, true);
            return counts.badge.words;
        }"""
    )

    assert words == "100+ escalated, 1 parked, 3 dead letters"


def test_a_person_has_no_link_to_the_operators_view(open_tab: OpenTab, somebody: User) -> None:
    tab = open_tab(somebody)
    tab.go("#/operators")

    tab.expect_title("Page not found")
    expect(tab.page.get_by_role("link", name="Remind me")).to_be_visible()
    expect(tab.page.get_by_role("link", name="Operators")).to_have_count(0)
    assert not [one for one in tab.requests if "views/operators/" in one.url or "dead-letters" in one.url]
