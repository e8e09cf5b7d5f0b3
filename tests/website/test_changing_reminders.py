"""Editing, snoozing and sending reminders that are already set."""

import re
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import Request, Route, expect

from local.users import User
from tests.support.cloud.apps import Apps
from tests.support.cloud.reminders import delivered
from tests.support.page import scenes
from tests.support.page.reminder_form import LOCAL, expect_problem, listed
from tests.support.page.tab import PHONE, OpenTab, Tab
from tests.support.waiting import eventually

ZONE = "Asia/Kolkata"


def is_patch(request: Request) -> bool:
    return request.method == "PATCH"


def opened(keep_tab: OpenTab, user: User) -> Tab:
    tab = keep_tab(user, timezone_id=ZONE)
    tab.go("#/reminders")
    tab.requests.clear()
    return tab


def test_an_edit_sends_only_what_was_changed(keep_tab: OpenTab, regular: Apps, message: str) -> None:
    posted = scenes.set_reminder(regular, message)
    tab = opened(keep_tab, regular.user)
    page = tab.page
    page.get_by_role("button", name=f"Edit: {message}").click()
    expect(page.get_by_label("Message", exact=True)).to_be_focused()
    expect(page.get_by_label("Message", exact=True)).to_have_value(message)
    page.get_by_role("button", name="Not now").click()
    expect(page.get_by_role("button", name=f"Edit: {message}")).to_be_focused()

    page.keyboard.press("Enter")
    form = page.get_by_role("form", name=f"Edit: {message}")
    form.get_by_label("Date and time").fill("2020-02-02T02:02")
    tab.refusals = {400}
    form.get_by_role("button", name="Save").click()
    expect_problem(form.get_by_label("Date and time"), "This has passed.")
    wall = (datetime.now(ZoneInfo(ZONE)) + timedelta(days=3)).replace(hour=9, minute=30, second=0, microsecond=0)
    form.get_by_label("Date and time").fill(wall.strftime(LOCAL))
    form.get_by_label("By SMS").check()
    with page.expect_request(is_patch) as asked:
        form.get_by_role("button", name="Save").click()

    body = asked.value.post_data_json or {}
    assert body.pop("timeZone") in (ZONE, "Asia/Calcutta")
    assert body == {"timestamp": wall.strftime(LOCAL), "channels": ["sms"]}
    assert asked.value.header_value("Idempotency-Key")
    expect(page.get_by_role("heading", name="Upcoming")).to_be_focused()
    expect(listed(page, "Upcoming", message)).to_contain_text("09:30 · by SMS")
    changed = regular.call_reminders("GET", f"/reminders/{posted['reminderId']}")[1]
    assert datetime.fromisoformat(changed["dueAt"]) == wall and changed["channels"] == ["sms"]


@pytest.mark.long
def test_a_repeated_reminder_is_sent_now_and_says_that_only_this_occurrence_moves(
    keep_tab: OpenTab, regular: Apps, message: str
) -> None:
    scenes.set_reminder(regular, message, repeat={"every": "1d"})
    tab = opened(keep_tab, regular.user)
    row = listed(tab.page, "Upcoming", message)
    row.get_by_role("button", name=f"Edit: {message}").click()
    expect(row).to_contain_text("A new time moves only this occurrence.")
    row.get_by_role("button", name="Not now").click()

    row.get_by_role("button", name=f"Send now: {message}").click()
    expect(row).to_contain_text("Send only this occurrence now? The later ones keep their times.")
    row.get_by_role("button", name="Yes, send it").dblclick()

    assert eventually(lambda: delivered(regular, message))
    assert [is_patch(one) for one in tab.requests].count(True) == 1
    expect(tab.page.locator(".notice.good")).to_contain_text("The reminder is being sent.")
    # The next occurrence waits.
    expect(row.get_by_role("timer")).to_contain_text("1 d")


@pytest.mark.long
def test_subject_address_and_repetition_are_edited(keep_tab: OpenTab, regular: Apps, message: str) -> None:
    posted = scenes.set_reminder(regular, message, repeat={"every": "2w", "times": 4}, subject="Cats")
    tab = opened(keep_tab, regular.user)
    row = listed(tab.page, "Upcoming", message)
    row.get_by_role("button", name=f"Edit: {message}").click()
    form = row.get_by_role("form")
    expect(form.get_by_label("Repeats")).to_be_checked()
    expect(form.get_by_label("Every", exact=True)).to_have_value("2")
    expect(form.get_by_role("textbox", name="Number of times")).to_have_value("4")
    form.get_by_text("Another address, or a subject").click()
    expect(form.get_by_label("Subject of the e-mail")).to_have_value("Cats")
    expect(form.get_by_label("E-mail", exact=True)).to_have_accessible_description(re.compile(r"^Now .…@"))
    assert tab.axe() == []
    tab.screenshot("edit-everything-desktop")
    tab.page.set_viewport_size(PHONE)
    tab.screenshot("edit-everything-phone")

    form.get_by_label("E-mail", exact=True).fill("grace@example.com")
    form.get_by_label("Subject of the e-mail").fill("Dogs")
    end = (datetime.now(ZoneInfo(ZONE)) + timedelta(days=90)).replace(hour=9, minute=30, second=0, microsecond=0)
    form.get_by_label("On a date").check()
    form.get_by_label("Ends at").fill(end.strftime(LOCAL))
    tab.refusals = {400}
    form.get_by_role("button", name="Save").click()
    expect_problem(form.get_by_label("E-mail", exact=True), "This must be your own verified one")
    form.get_by_label("E-mail", exact=True).fill("")
    with tab.page.expect_request(is_patch) as asked:
        form.get_by_role("button", name="Save").click()

    until = end.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    assert asked.value.post_data_json == {"subject": "Dogs", "repeat": {"every": "2w", "until": until}}
    expect(row).to_contain_text("every 2 weeks, until")
    changed = regular.call_reminders("GET", f"/reminders/{posted['reminderId']}")[1]
    assert (changed["subject"], changed["repeat"], changed["dueAt"]) == (
        "Dogs",
        {"every": "2w", "until": until},
        posted["dueAt"],
    )

    row.get_by_role("button", name=f"Edit: {message}").click()
    form.get_by_label("Repeats").uncheck()
    form.get_by_text("Another address, or a subject").click()
    form.get_by_label("Subject of the e-mail").fill("")
    with tab.page.expect_request(is_patch) as asked:
        form.get_by_role("button", name="Save").click()
    assert asked.value.post_data_json == {"subject": None, "repeat": None}
    expect(row).not_to_contain_text("every")


def test_a_reminder_gets_a_repetition_later(keep_tab: OpenTab, regular: Apps, message: str) -> None:
    scenes.set_reminder(regular, message)
    tab = opened(keep_tab, regular.user)
    row = listed(tab.page, "Upcoming", message)
    row.get_by_role("button", name=f"Edit: {message}").click()
    form = row.get_by_role("form")
    form.get_by_label("Repeats").check()
    form.get_by_label("Every", exact=True).fill("0")
    form.get_by_role("button", name="Save").click()
    expect_problem(form.get_by_label("Every", exact=True), "Enter a whole number, such as 1.")

    form.get_by_label("Every", exact=True).fill("3")
    with tab.page.expect_request(is_patch) as asked:
        form.get_by_role("button", name="Save").click()

    assert asked.value.post_data_json == {"repeat": {"every": "3d"}}
    expect(row).to_contain_text("every 3 days")


def test_a_failed_reminder_says_so_in_plain_words_and_comes_again(
    keep_tab: OpenTab, regular: Apps, message: str
) -> None:
    scenes.failed_reminder(regular, message)
    tab = opened(keep_tab, regular.user)
    row = listed(tab.page, "Past", message)
    expect(row.locator(".reason")).to_have_text("The reminder could not be sent.")
    lost = True

    def answer_lost(route: Route) -> None:
        nonlocal lost
        if not lost or route.request.method != "PATCH":
            route.fallback()
            return
        lost = False
        # The API moves the reminder, and the connection breaks before the page gets the answer.
        route.fetch()
        route.abort()

    tab.is_cut_off = True
    tab.page.route("**/reminders/*", answer_lost)
    row.get_by_role("button", name=f"Again in 10 minutes: {message}").click()

    again = listed(tab.page, "Upcoming", message)
    expect(again.get_by_role("timer")).to_contain_text("min")
    expect(row).to_have_count(0)
    expect(tab.page.locator(".notice.good")).to_contain_text("The reminder comes again.")
    keys = [one.header_value("Idempotency-Key") for one in tab.requests if is_patch(one)]
    assert len(keys) == 2 and len(set(keys)) == 1


def test_a_sent_reminder_comes_again_tomorrow_morning(keep_tab: OpenTab, regular: Apps, message: str) -> None:
    with scenes.waits_skipped(regular):
        posted = scenes.set_reminder(regular, message)
        scenes.wait_for_status(regular, posted["reminderId"], "SENT")
    tab = opened(keep_tab, regular.user)

    tab.page.get_by_role("button", name=f"Tomorrow 9:00: {message}").click()

    time = listed(tab.page, "Upcoming", message).get_by_role("time")
    expect(time).to_contain_text("09:00")
    due = datetime.fromisoformat(time.get_attribute("datetime") or "").astimezone(ZoneInfo(ZONE))
    assert due.date() == datetime.now(ZoneInfo(ZONE)).date() + timedelta(days=1)


def test_a_change_that_comes_too_late_says_what_happened_and_reloads(
    keep_tab: OpenTab, regular: Apps, message: str
) -> None:
    posted = scenes.set_reminder(regular, message)
    tab = opened(keep_tab, regular.user)
    tab.refusals = {409}
    row = listed(tab.page, "Upcoming", message)
    row.get_by_role("button", name=f"Edit: {message}").click()
    row.get_by_label("Message", exact=True).fill(f"{message}!")
    assert regular.call_reminders("DELETE", f"/reminders/{posted['reminderId']}")[0] in (200, 204)

    row.get_by_role("button", name="Save").click()

    expect(tab.page.get_by_role("alert")).to_have_text("This reminder was cancelled in the meantime.")
    expect(listed(tab.page, "Past", message)).to_contain_text("Cancelled")
    expect(row).to_have_count(0)
