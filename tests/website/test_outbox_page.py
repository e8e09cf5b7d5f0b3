"""The outbox: the mails and texts that the laptop cloud sent, and the messages in its queues."""

import json

import pytest
from playwright.sync_api import expect

from local.cloud import Places
from local.users import User
from tests.support.cloud.apps import Apps
from tests.support.cloud.site import fetch
from tests.support.page import scenes
from tests.support.page.tab import OpenTab


def sent(theirs: Apps, message: str, preference: str) -> dict[str, str]:
    with scenes.waits_skipped(theirs):
        posted = scenes.set_reminder(theirs, message, preference=preference)
        scenes.wait_for_status(theirs, posted["reminderId"], "SENT")
    return posted


def test_mails_and_texts_are_shown_as_they_would_arrive(keep_tab: OpenTab, regular: Apps, message: str) -> None:
    posted = sent(regular, message, "both")
    tab = keep_tab(regular.user)
    tab.go("#/outbox")

    mail = tab.page.get_by_role("region", name="Mails").get_by_role("listitem").filter(has_text=message)

    expect(mail).to_contain_text(f"to {regular.user.email}, from {regular.places.sender}")
    assert mail.locator(".letter").inner_text().startswith(f"{message}\n\n--")
    expect(mail).to_contain_text(posted["reminderId"])
    expect(tab.page.get_by_role("region", name="Texts").get_by_text(message, exact=True)).to_have_count(1)


@pytest.mark.long
def test_an_address_in_a_mail_is_a_link(open_tab: OpenTab, theirs: Apps, message: str) -> None:
    address = "https://example.com/v1/a-b_c.d=?x=1"
    sent(theirs, f"{message}: open <{address}>, or javascript:alert(1).", "email")
    tab = open_tab(theirs.user)
    tab.go("#/outbox")

    mail = tab.page.get_by_role("region", name="Mails").get_by_role("listitem").filter(has_text=message)

    links = mail.get_by_role("link").filter(has_text="example.com")
    expect(links).to_have_text([address])
    expect(links).to_have_attribute("href", address)
    expect(mail).to_contain_text(f"{message}: open <{address}>, or javascript:alert(1).")
    expect(mail.get_by_role("link").filter(has_text="javascript")).to_have_count(0)
    with tab.page.expect_popup() as opened:
        mail.get_by_role("link").filter(has_text="/stop/").click()
    expect(opened.value.get_by_text(message)).to_be_visible()


@pytest.mark.long
def test_new_mail_appears_by_itself_unless_refreshing_is_off(open_tab: OpenTab, theirs: Apps, message: str) -> None:
    tab = open_tab(theirs.user, alone=True)
    tab.page.clock.install()
    tab.go("#/outbox")
    mails = tab.page.get_by_role("region", name="Mails")

    sent(theirs, f"{message} 1", "email")
    expect(mails).to_contain_text(f"{message} 1")
    tab.page.get_by_label("Refresh automatically").uncheck()
    sent(theirs, f"{message} 2", "email")
    before = len(tab.requests)
    tab.page.clock.run_for(30_000)
    # When this request is answered, all earlier requests have been reported.
    tab.page.evaluate("fetch('/config.json').then((answer) => answer.text())")

    assert [one.url for one in tab.requests[before:] if "_ministack" in one.url] == []
    assert f"{message} 2" not in mails.inner_text()


def test_html_in_a_mail_is_shown_as_text(keep_tab: OpenTab, regular: Apps, message: str) -> None:
    html = f"{message} <img src=x onerror=alert(1)> <b>bold</b>"
    sent(regular, html, "both")
    tab = keep_tab(regular.user)
    tab.page.on("dialog", lambda dialog: pytest.fail(f"the page said {dialog.message}"))
    tab.go("#/outbox")

    for region in ("Mails", "Texts"):
        expect(tab.page.get_by_role("region", name=region, exact=True)).to_contain_text(html)
    expect(tab.page.locator("main img, main b")).to_have_count(0)


def test_queues_are_shown_with_their_messages(keep_tab: OpenTab, regular: Apps) -> None:
    fulfilled, escalated = scenes.ordered(regular), scenes.escalated(regular)
    execution = regular.start(regular.places.order_workflow, {"hello": "this is not an order"})
    regular.finished(execution)
    tab = keep_tab(regular.user)
    tab.go("#/outbox")

    for queue, part in {
        "OrderFulfillmentQueue": fulfilled["OrderId"],
        "EscalationQueue": escalated["OrderId"],
        "ParkedQueue": execution,
    }.items():
        messages = tab.page.get_by_role("region", name=queue).get_by_role("group").filter(has_text=part)
        expect(messages).to_have_count(1)
        assert part in json.dumps(json.loads(messages.inner_text()))
    assert "4242424242424242" not in tab.page.content()


def test_skipping_waits_sends_a_reminder_at_once_until_it_is_switched_off(
    keep_tab: OpenTab, regular: Apps, message: str
) -> None:
    tab = keep_tab(regular.user)
    tab.go("#/outbox")
    mails = tab.page.get_by_role("region", name="Mails")

    with tab.page.expect_response("**/_ministack/config"):
        tab.page.get_by_role("button", name="Skip waits").click()
    posted = scenes.set_reminder(regular, f"{message} at once")
    scenes.wait_for_status(regular, posted["reminderId"], "SENT")
    expect(mails).to_contain_text(f"{message} at once")
    with tab.page.expect_response("**/_ministack/config"):
        tab.page.get_by_role("button", name="Keep waits").click()

    posted = scenes.set_reminder(regular, f"{message} later")
    scenes.wait_for_status(regular, posted["reminderId"], "SCHEDULED")
    expect(tab.page.locator("#news")).to_have_text("Workflows now wait the full time.")
    assert f"{message} later" not in mails.inner_text()


def test_a_stage_without_an_outbox_has_no_link_to_it(open_tab: OpenTab, person: User, places: Places) -> None:
    config = json.loads(fetch(places.site, "/config.json").body) | {"outbox": None}
    tab = open_tab(person)
    tab.page.route("**/config.json", lambda route: route.fulfill(json=config))
    tab.go("#/outbox")

    tab.expect_title("Page not found")
    expect(tab.page.get_by_role("link", name="Account")).to_be_visible()
    expect(tab.page.get_by_role("link", name="Outbox")).to_have_count(0)
    assert not [one for one in tab.requests if "_ministack" in one.url or "outbox.js" in one.url]
