"""Setting, watching and cancelling reminders."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from playwright.sync_api import Route, expect

from local.users import User
from tests.support.cloud.apps import Apps
from tests.support.cloud.reminders import delivered
from tests.support.page import scenes
from tests.support.page.reminder_form import fill_message, is_post, listed, send
from tests.support.page.steps import shorten_pages
from tests.support.page.tab import OpenTab, Tab
from tests.support.waiting import eventually


@pytest.fixture
def tab(keep_tab: OpenTab, regular: Apps) -> Tab:
    """A tab with the list of a person who also has the reminders of earlier tests."""
    tab = keep_tab(regular.user)
    tab.go("#/reminders")
    tab.requests.clear()
    return tab


@pytest.mark.usefixtures("skipped_waits")
@pytest.mark.parametrize(
    ("way", "count", "unit", "seconds", "kinds"),
    [
        ("By e-mail", "20", "seconds", 20, ["mail"]),
        ("By SMS", "15", "minutes", 900, ["text"]),
        ("Both", "2", "hours", 7200, ["mail", "text"]),
    ],
)
def test_each_way_reminds_by_its_channels(
    apps: Apps, tab: Tab, message: str, way: str, count: str, unit: str, seconds: int, kinds: list[str]
) -> None:
    fill_message(tab.page, message)
    tab.page.get_by_label("In", exact=True).fill(count)
    tab.page.get_by_label("Unit").select_option(unit)

    sent = send(tab.page, way)

    expect(tab.page.locator(".notice.good")).to_contain_text("Reminder set for")
    expect(tab.page.get_by_label("Remind me of")).to_have_value("")
    assert sent["waitSeconds"] == seconds and "email" not in sent and "phone" not in sent
    found = eventually(lambda: delivered(apps, message), until=lambda found: len(found) == len(kinds))
    assert sorted(one.partition(" ")[0] for one in found) == kinds


CORS = {"Access-Control-Allow-Origin": "*"}


def keys_of(tab: Tab) -> list[str | None]:
    """The idempotency key of each request that sets a reminder."""
    return [one.header_value("Idempotency-Key") for one in tab.requests if is_post(one)]


def messages_by_id(apps: Apps) -> dict[str, str]:
    return {one["reminderId"]: one["message"] for one in apps.call_reminders("GET", "/reminders")[1]["reminders"]}


@pytest.mark.parametrize("fault", ["busy", "answer lost"])
def test_a_failed_request_is_sent_again_with_its_key_and_sets_one_reminder(
    tab: Tab, regular: Apps, message: str, fault: str
) -> None:
    failures, before = 1, messages_by_id(regular)

    def fail(route: Route) -> None:
        nonlocal failures
        if route.request.method != "POST" or not failures:
            route.fallback()
            return
        failures -= 1
        if fault == "busy":
            route.fulfill(status=503, headers=CORS, body="{}")
        else:
            # The API sets the reminder, and the connection breaks before the page gets the answer.
            route.fetch()
            route.abort()

    tab.refusals, tab.is_cut_off = {503}, True
    tab.page.route("**/reminders", fail)
    fill_message(tab.page, message)
    send(tab.page)

    expect(tab.page.locator(".notice.good")).to_contain_text("Reminder set for")
    keys = keys_of(tab)
    assert len(keys) == 2 and keys[0] and len(set(keys)) == 1
    after = messages_by_id(regular)
    assert [after[id] for id in after.keys() - before.keys()] == [message]


@pytest.mark.long
def test_the_same_form_sent_again_has_the_same_key_and_a_new_reminder_has_a_new_key(
    tab: Tab, regular: Apps, message: str
) -> None:
    outage, before = True, messages_by_id(regular)
    tab.refusals = {503}
    tab.page.route(
        "**/reminders",
        lambda route: (
            route.fulfill(status=503, headers=CORS, body="{}")
            if outage and route.request.method == "POST"
            else route.fallback()
        ),
    )
    fill_message(tab.page, message)
    send(tab.page)
    expect(tab.page.get_by_role("alert")).to_contain_text("Try again in a minute")

    outage = False
    send(tab.page)
    expect(tab.page.locator(".notice.good")).to_contain_text("Reminder set for")
    fill_message(tab.page, message)
    send(tab.page)
    expect(listed(tab.page, "Upcoming", message)).to_have_count(2)
    after = messages_by_id(regular)
    assert [after[id] for id in after.keys() - before.keys()] == [message, message]

    first, repeated, again, new = keys_of(tab)
    assert first == repeated == again != new


def test_a_double_click_sets_one_reminder(tab: Tab, message: str) -> None:
    fill_message(tab.page, message)

    tab.page.get_by_role("button", name="Remind me", exact=True).dblclick()

    expect(listed(tab.page, "Upcoming", message)).to_have_count(1)
    assert len(keys_of(tab)) == 1


def test_a_reminder_counts_down_and_then_moves_to_the_past(tab: Tab, message: str) -> None:
    fill_message(tab.page, message)
    tab.page.get_by_label("In", exact=True).fill("10")
    tab.page.get_by_label("Unit").select_option("seconds")

    send(tab.page)

    expect(listed(tab.page, "Upcoming", message).get_by_role("timer")).to_be_visible()
    expect(listed(tab.page, "Past", message)).to_contain_text("Sent")
    expect(listed(tab.page, "Upcoming", message)).to_have_count(0)


def seconds_in(text: str) -> int:
    sizes = {"h": 3600, "min": 60, "s": 1}
    return sum(int(count) * sizes[unit] for count, unit in re.findall(r"([0-9]+) (h|min|s)", text))


@pytest.mark.long
def test_the_countdown_runs_second_by_second(open_tab: OpenTab, theirs: Apps, message: str) -> None:
    scenes.set_reminder(theirs, message, waitSeconds=7200)
    tab = open_tab(theirs.user, alone=True)
    tab.page.clock.install()
    tab.go("#/reminders")
    timer = listed(tab.page, "Upcoming", message).get_by_role("timer")
    expect(timer).to_be_visible()

    tab.page.clock.pause_at(datetime.now() + timedelta(seconds=10))
    before = seconds_in(timer.inner_text())
    tab.page.clock.run_for(65_000)

    assert before - seconds_in(timer.inner_text()) == 65
    assert re.fullmatch("in 1 h [0-9]{2} min [0-9]{2} s", " ".join(timer.inner_text().split()))


def test_a_reminder_is_cancelled_after_a_confirmation(tab: Tab, regular: Apps, message: str) -> None:
    posted = scenes.set_reminder(regular, message)
    tab.go("#/reminders")
    row = listed(tab.page, "Upcoming", message)
    cancel = row.get_by_role("button", name=f"Cancel: {message}")

    cancel.click()
    expect(row.get_by_role("button", name="No, keep it")).to_be_focused()
    row.get_by_role("button", name="No, keep it").click()
    expect(cancel).to_be_focused()
    cancel.click()
    row.get_by_role("button", name="Yes, cancel it").click()

    expect(listed(tab.page, "Past", message)).to_contain_text("Cancelled")
    expect(row).to_have_count(0)
    expect(tab.page.get_by_role("heading", name="Upcoming")).to_be_focused()
    scenes.wait_for_status(regular, posted["reminderId"], "CANCELLED")


def test_a_double_click_cancels_once(tab: Tab, regular: Apps, message: str) -> None:
    scenes.set_reminder(regular, message)
    tab.go("#/reminders")
    row = listed(tab.page, "Upcoming", message)
    row.get_by_role("button", name=f"Cancel: {message}").click()

    row.get_by_role("button", name="Yes, cancel it").dblclick()

    expect(listed(tab.page, "Past", message)).to_contain_text("Cancelled")
    expect(tab.page.get_by_role("alert")).to_have_count(0)
    assert [request.method for request in tab.requests].count("DELETE") == 1


@pytest.mark.long
def test_a_reminder_that_is_set_while_the_list_loads_appears_in_it(
    open_tab: OpenTab, somebody: User, message: str
) -> None:
    tab = open_tab(somebody)
    held: list[Route] = []
    tab.page.route("**/reminders?when=upcoming*", lambda route: held.append(route), times=1)
    tab.go("#/reminders")
    fill_message(tab.page, message)
    send(tab.page)
    expect(tab.page.locator(".notice.good")).to_be_visible()

    # The list from before the reminder was set.
    nothing: dict[str, Any] = {"reminders": [], "next": None}
    held[0].fulfill(json=nothing, headers={"Access-Control-Allow-Origin": "*"})

    expect(listed(tab.page, "Upcoming", message)).to_be_visible()


@pytest.mark.long
def test_a_reminder_that_is_sent_before_it_is_cancelled_is_shown_as_sent(
    open_tab: OpenTab, theirs: Apps, message: str
) -> None:
    with scenes.waits_skipped(theirs):
        posted = scenes.set_reminder(theirs, message)
        scenes.wait_for_status(theirs, posted["reminderId"], "SENT")
    tab = open_tab(theirs.user)
    tab.refusals = {409}

    def before_it_was_sent(route: Route) -> None:
        response = route.fetch()
        route.fulfill(response=response, body=response.text().replace('"SENT"', '"SCHEDULED"'))

    tab.page.route("**/reminders?when=upcoming*", before_it_was_sent, times=1)
    tab.go("#/reminders")
    row = listed(tab.page, "Upcoming", message)

    row.get_by_role("button", name="Cancel").click()
    row.get_by_role("button", name="Yes, cancel it").click()

    alert = tab.page.get_by_role("alert")
    expect(alert).to_contain_text("Too late: this reminder was sent in the meantime.")
    expect(listed(tab.page, "Past", message)).to_contain_text("Sent")


@pytest.mark.long
def test_a_reminder_that_is_sent_between_the_answers_of_both_lists_stays_on_the_page(
    open_tab: OpenTab, theirs: Apps, message: str
) -> None:
    for number in range(2):
        scenes.set_reminder(theirs, f"{message} #{number}", waitSeconds=3600)
    tab = open_tab(theirs.user)
    tab.go("#/reminders")
    other = listed(tab.page, "Upcoming", f"{message} #1")
    expect(other).to_be_visible()
    neither: list[str] = []

    def in_neither(route: Route) -> None:
        neither.append(route.request.url)
        route.fulfill(json={"reminders": [], "next": None}, headers=CORS)

    for when in ("upcoming", "past"):
        tab.page.route(f"**/reminders?when={when}*", in_neither, times=1)
    cancelled = listed(tab.page, "Upcoming", f"{message} #0")
    cancelled.get_by_role("button", name="Cancel").click()
    cancelled.get_by_role("button", name="Yes, cancel it").click()

    expect(listed(tab.page, "Past", f"{message} #0")).to_contain_text("Cancelled")
    expect(other).to_be_visible()
    assert len(neither) == 2


@pytest.mark.long
@pytest.mark.parametrize(("title", "wait"), [("Upcoming", 3600), ("Past", 0)])
def test_a_list_of_several_pages_loads_more_on_request(
    open_tab: OpenTab, apps: Apps, message: str, title: str, wait: int
) -> None:
    theirs, numbers = apps.as_new_person(), range(3)
    for number in numbers:
        posted = scenes.set_reminder(theirs, f"{message} #{number}", waitSeconds=wait)
    scenes.wait_for_status(theirs, posted["reminderId"], "SENT" if wait == 0 else "SCHEDULED")
    if wait == 0:
        # A reminder stays in the upcoming list until the second after it is due, even if it is sent.
        past = datetime.fromisoformat(posted["dueAt"]) + timedelta(seconds=1)
        eventually(lambda: datetime.now(UTC) > past)
    tab = open_tab(theirs.user)
    # The view asks for 20 reminders.
    shorten_pages(tab, "**/reminders?*limit=20*")
    tab.go("#/reminders")
    rows, more = listed(tab.page, title, message), tab.page.get_by_role("button", name="Load more")

    expect(rows).to_have_count(2)
    more.click()

    expect(rows).to_have_count(3)
    expect(more).to_have_count(0)
    assert {text.rpartition("#")[2] for text in rows.locator(".title").all_inner_texts()} == set(map(str, numbers))


def test_a_message_that_looks_like_html_is_shown_as_text(tab: Tab, message: str) -> None:
    html = f"{message} <img src=x onerror=alert(1)> & <b>bold</b>"
    tab.page.on("dialog", lambda dialog: pytest.fail(f"the page said {dialog.message}"))
    fill_message(tab.page, html)

    send(tab.page)

    expect(listed(tab.page, "Upcoming", message).locator(".message")).to_have_text(html)
    expect(tab.page.locator("main img, main b")).to_have_count(0)
    expect(tab.page.get_by_role("button", name=f"Cancel: {html}")).to_be_visible()
