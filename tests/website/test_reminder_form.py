"""The reminder form: local times, problems of fields, and repeating."""

import json
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import pairwise
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import Page, Route, expect

from common import codes
from common.events import RequestError
from local.users import User
from reminders import limits
from tests.support.cloud.apps import Apps
from tests.support.marks import long
from tests.support.page import scenes
from tests.support.page.reminder_form import LOCAL, at, expect_problem, fill_message, is_post, listed, press, send
from tests.support.page.tab import OpenTab, Tab

Clocks = tuple[str, datetime]
"""A time zone and a local time in it."""

OTHER_NAMES = {"Asia/Kolkata": "Asia/Calcutta", "US/Pacific": "America/Los_Angeles"}
REFUSED = {
    "error": {
        "code": "InvalidRequest",
        "message": "The reminder is invalid.",
        "details": [codes.SENDER_NOT_VERIFIED().of("channels")],
    }
}


@pytest.fixture
def tab(keep_tab: OpenTab, regular: Apps) -> Tab:
    """A tab with an empty form, for tests that set reminders."""
    tab = keep_tab(regular.user)
    tab.go("#/reminders")
    return tab


@pytest.fixture
def kept(keep_tab: OpenTab, person: User) -> Tab:
    """A tab with an empty form, for tests that set no reminder."""
    tab = keep_tab(person)
    tab.go("#/reminders")
    return tab


@pytest.mark.parametrize("zone", ["US/Pacific", *long("Europe/Paris", "Asia/Kolkata", "UTC")])
def test_a_time_is_local_to_the_browser(open_tab: OpenTab, somebody: User, message: str, zone: str) -> None:
    tab = open_tab(somebody, timezone_id=zone)
    tab.go("#/reminders")
    wall = (datetime.now(ZoneInfo(zone)) + timedelta(days=30)).replace(hour=9, minute=30, tzinfo=None)
    fill_message(tab.page, message)
    expect(at(tab.page, wall)).to_have_accessible_description(re.compile("Local time in [A-Z]"))

    with tab.page.expect_response(lambda response: is_post(response.request)) as answered:
        sent = send(tab.page)

    # Browsers use the former name for some zones and the current name for others.
    assert sent["timestamp"] == wall.strftime(LOCAL) and sent["timeZone"] in (zone, OTHER_NAMES.get(zone))
    due = datetime.fromisoformat(answered.value.json()["dueAt"])
    assert due.astimezone(ZoneInfo(zone)).replace(second=0, tzinfo=None) == wall.replace(second=0, microsecond=0)
    expect(listed(tab.page, "Upcoming", message).get_by_role("time")).to_contain_text("09:30")


@pytest.mark.long
@pytest.mark.parametrize("name", ["Etc/Unknown", "+05:30", None])
def test_a_browser_without_the_name_of_its_time_zone_sends_utc(
    open_tab: OpenTab, somebody: User, message: str, name: str | None
) -> None:
    tab = open_tab(somebody, timezone_id="Asia/Kolkata")
    tab.page.add_init_script(f"""
        const asItIs = Intl.DateTimeFormat.prototype.resolvedOptions;
        Intl.DateTimeFormat.prototype.resolvedOptions = function () {{
          return {{ ...asItIs.call(this), timeZone: {json.dumps(name) if name else "undefined"} }};
        }};
    """)
    tab.go("#/reminders")
    wall = (datetime.now(ZoneInfo("Asia/Kolkata")) + timedelta(days=30)).replace(hour=9, minute=30, tzinfo=None)
    fill_message(tab.page, message)
    expect(at(tab.page, wall)).to_have_accessible_description("Local time of this browser.")

    sent = send(tab.page)

    assert (sent["timestamp"], sent.get("timeZone")) == (f"{wall:%Y-%m-%d}T04:00:00Z", None)
    expect(listed(tab.page, "Upcoming", message).get_by_role("time")).to_contain_text("09:30")


def test_a_reminder_without_any_choice_is_in_an_hour_by_e_mail(tab: Tab, message: str) -> None:
    fill_message(tab.page, message)

    with tab.page.expect_request(is_post) as asked:
        press(tab.page)

    body = asked.value.post_data_json or {}
    assert (body["waitSeconds"], body["channels"]) == (3600, ["email"])


@pytest.mark.long
@pytest.mark.parametrize("zone", ["Asia/Kolkata", "US/Pacific"])
def test_tomorrow_at_nine_is_local_to_the_browser(open_tab: OpenTab, somebody: User, message: str, zone: str) -> None:
    tab = open_tab(somebody, timezone_id=zone)
    tab.go("#/reminders")
    fill_message(tab.page, message)
    tab.page.get_by_label("Tomorrow at 9:00").check()
    # The next line is wrong only if midnight falls between the two.
    tomorrow = datetime.now(ZoneInfo(zone)).date() + timedelta(days=1)

    sent = send(tab.page)

    assert (sent["timestamp"], sent["timeZone"]) in {
        (f"{tomorrow}T09:00", name) for name in (zone, OTHER_NAMES.get(zone))
    }
    expect(listed(tab.page, "Upcoming", message).get_by_role("time")).to_contain_text("09:00")


def change_of_clocks(forward: bool) -> Clocks:
    """The middle of an hour, within the next year, that clocks skip or show twice."""
    now = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
    for zone in ("Europe/Paris", "America/New_York"):
        hours = ((now + timedelta(hours=hour)).astimezone(ZoneInfo(zone)) for hour in range(24, 364 * 24))
        for before, after in pairwise(each.replace(tzinfo=None) for each in hours):
            if after - before == timedelta(hours=2 if forward else 0):
                return zone, after + timedelta(minutes=-30 if forward else 30)
    raise AssertionError("no clock change within a year")


@pytest.mark.long
def test_a_time_that_clocks_skip_is_reported_with_the_next_time(
    open_tab: OpenTab, somebody: User, message: str
) -> None:
    zone, wall = change_of_clocks(forward=True)
    after = wall + timedelta(minutes=30)
    tab = open_tab(somebody, timezone_id=zone)
    tab.refusals = {400}
    tab.go("#/reminders")
    fill_message(tab.page, message)
    control = at(tab.page, wall)

    send(tab.page)
    expect_problem(control, f"This time does not exist: clocks in {zone} skip from {wall:%H}:00 to {after:%H:%M}.")
    tab.page.get_by_role("button", name=f"Use {after:%H:%M} instead").click()
    expect(control).to_be_focused()
    sent = send(tab.page)

    assert sent["timestamp"] == after.strftime(LOCAL)
    expect(listed(tab.page, "Upcoming", message)).to_contain_text(f"{after:%H:%M}")


@pytest.mark.parametrize("which", ["first", *long("second")])
def test_a_person_chooses_between_two_times_that_look_the_same(
    open_tab: OpenTab, somebody: User, message: str, which: str
) -> None:
    zone, wall = change_of_clocks(forward=False)
    instants = [wall.replace(tzinfo=ZoneInfo(zone), fold=fold).astimezone(UTC) for fold in (0, 1)]
    tab = open_tab(somebody, timezone_id=zone)
    tab.refusals = {400}
    tab.go("#/reminders")
    fill_message(tab.page, message)
    control = at(tab.page, wall)

    send(tab.page)
    expect_problem(control, f"Clocks in {zone} go back then and show this time twice.")
    choice = tab.page.get_by_role("group", name="Which one?")
    choice.get_by_label(f"The {which} (UTC").check()
    with tab.page.expect_response(lambda response: is_post(response.request)) as answered:
        send(tab.page)

    assert datetime.fromisoformat(answered.value.json()["dueAt"]) == instants[which == "second"]
    expect(choice).to_have_count(0)


@pytest.mark.parametrize(
    ("days", "words"), [(-1, "This has passed."), (366, "This is more than 365 days ahead.")], ids=["past", "far"]
)
def test_an_impossible_time_is_reported_beside_it(kept: Tab, message: str, days: int, words: str) -> None:
    kept.refusals = {400}
    fill_message(kept.page, message)
    control = at(kept.page, datetime.now() + timedelta(days=days))

    send(kept.page)

    expect_problem(control, words)
    expect(kept.page.get_by_label("Remind me of")).to_have_value(message)


Fields = dict[str, str]
WRONG: dict[str, tuple[Fields, str, str]] = {
    "no message": ({"Remind me of": " "}, "Remind me of", "Enter what you want to be reminded of."),
    "no number": ({"In": "1e3"}, "In", "Enter a whole number, such as 20."),
    "too far": ({"In": "366", "Unit": "days"}, "In", "Choose a time within 365 days."),
    "no step": ({"Every": "0"}, "Every", "Enter a whole number, such as 1."),
    "too often": ({"Every": "4", "Period": "minutes"}, "Every", "Enter at least 5 minutes."),
    "too seldom": ({"Every": "53", "Period": "weeks"}, "Every", "Enter at most 52 weeks, which is a year."),
    "no times": ({"Number of times": "0"}, "Number of times", "Enter a whole number, such as 3."),
    "too many times": ({"Number of times": "1001"}, "Number of times", "This must be at most 1000."),
    "no end": ({"Ends at": ""}, "Ends at", "Choose when the reminder ends."),
    "an early end": ({"Ends at": "2020-02-02T02:02"}, "Ends at", "This must not be before the first time."),
}
OPENS = {"Number of times": "After a number of times", "Ends at": "On a date"}


@pytest.mark.parametrize(("fields", "label", "words"), WRONG.values(), ids=WRONG)
def test_a_problem_is_shown_beside_its_field_and_no_input_is_lost(
    kept: Tab, message: str, fields: Fields, label: str, words: str
) -> None:
    kept.refusals = {400}
    fill_message(kept.page, message)
    if label in ("Every", *OPENS):
        kept.page.get_by_label("Repeats").check()
    for name in fields.keys() & OPENS:
        kept.page.get_by_label(OPENS[name], exact=True).check()
    for name, text in fields.items():
        control = kept.page.get_by_label(name, exact=True)
        if name in ("Unit", "Period"):
            control.select_option(label=text)
        else:
            control.fill(text)

    press(kept.page)

    control = kept.page.get_by_label(label, exact=True)
    expect_problem(control, words)
    expect(control).to_have_value(fields[label])


REPEATS: dict[str, tuple[str, str, Callable[[Page], None] | None, Fields | dict[str, Any], str]] = {
    "for ever": ("1", "days", None, {"every": "1d"}, "every day"),
    "some times": (
        "2",
        "weeks",
        lambda page: page.get_by_label("After a number of times").check(),
        {"every": "2w", "times": 3},
        "every 2 weeks, 3 times",
    ),
}


@pytest.mark.parametrize(("every", "step", "end", "asked", "words"), REPEATS.values(), ids=REPEATS)
def test_a_reminder_is_repeated_as_chosen(
    tab: Tab, message: str, every: str, step: str, end: Callable[[Page], None] | None, asked: Fields, words: str
) -> None:
    fill_message(tab.page, message)
    tab.page.get_by_label("Repeats").check()
    tab.page.get_by_label("Every").fill(every)
    tab.page.get_by_label("Period").select_option(label=step)
    if end:
        end(tab.page)

    assert send(tab.page)["repeat"] == asked
    expect(listed(tab.page, "Upcoming", message)).to_contain_text(words)
    expect(tab.page.get_by_label("Repeats")).not_to_be_checked()


def test_the_end_of_a_repeated_reminder_is_local_to_the_browser(tab: Tab, message: str) -> None:
    until = (datetime.now(ZoneInfo("Europe/Paris")) + timedelta(days=9)).replace(hour=23, minute=45, second=0)
    fill_message(tab.page, message)
    tab.page.get_by_label("Repeats").check()
    tab.page.get_by_label("On a date", exact=True).check()
    tab.page.get_by_label("Ends at").fill(until.strftime(LOCAL))

    repeat = send(tab.page)["repeat"]

    assert datetime.fromisoformat(repeat["until"]) == until.replace(microsecond=0)
    # Python abbreviates September in another way than the browser.
    day = f"{until:%a, %-d %b %Y}".replace(" Sep ", " Sept ")
    expect(listed(tab.page, "Upcoming", message)).to_contain_text(f"until {day}, 23:45")


def test_a_message_too_long_for_sms_is_reported_beside_it(kept: Tab) -> None:
    kept.refusals = {400}
    long = "ż" * 1400
    fill_message(kept.page, long)

    send(kept.page, "By SMS")

    expect_problem(kept.page.get_by_label("Remind me of"), "This is too long for a text message")
    expect(kept.page.get_by_label("Remind me of")).to_have_value(long)


@pytest.mark.long
def test_without_a_number_there_is_e_mail_and_a_link_to_add_one(open_tab: OpenTab, apps: Apps, message: str) -> None:
    tab = open_tab(scenes.without_a_phone(apps))
    tab.go("#/reminders")

    for name in ("By SMS", "Both"):
        expect(tab.page.get_by_label(name, exact=True)).to_be_disabled()
    expect(tab.page.get_by_label("By e-mail")).to_be_checked()
    fill_message(tab.page, message)
    assert send(tab.page)["channels"] == ["email"]
    expect(listed(tab.page, "Upcoming", message)).to_contain_text("by e-mail")
    tab.page.get_by_role("link", name="Add your phone number").click()
    expect(tab.page.get_by_role("heading", name="Account", level=1)).to_be_visible()


def test_a_refusal_without_a_field_is_shown_as_a_notice(kept: Tab, message: str) -> None:
    """For example, SES may not send for this stage yet. The form has no field to correct for that."""
    kept.refusals = {400}
    answer = partial(Route.fulfill, status=400, headers={"Access-Control-Allow-Origin": "*"}, body=json.dumps(REFUSED))
    kept.page.route("**/reminders", lambda route: answer(route) if is_post(route.request) else route.fallback())
    fill_message(kept.page, message)

    send(kept.page)

    expect(kept.page.get_by_role("alert")).to_contain_text("the owner of the sender's address must first open the link")
    expect(kept.page.get_by_label("Remind me of")).to_have_value(message)


@pytest.mark.parametrize(
    ("limit", "said"),
    [
        (limits.too_many_waiting(100), "You have 100 reminders that wait"),
        (limits.too_many_today(100, now=datetime.now(UTC).replace(hour=0)), "You have set or changed 100 reminders"),
    ],
)
def test_a_limit_of_the_person_is_shown_at_once(kept: Tab, message: str, limit: RequestError, said: str) -> None:
    """Another attempt would be refused, too, and there is nothing to report."""
    asked = []

    def refuse(route: Route) -> None:
        if not is_post(route.request):
            route.fallback()
            return
        asked.append(route.request)
        headers = {
            "Access-Control-Allow-Origin": "*",
            "Access-Control-Expose-Headers": "Retry-After",
            "Retry-After": str(limit.retry_after),
        }
        error = {"code": limit.code, "message": limit.message, "details": [], "requestId": str(uuid4())}
        route.fulfill(status=limit.status, headers=headers, json={"error": error})

    kept.refusals = {429}
    kept.page.route("**/v1/reminders", refuse)
    fill_message(kept.page, message)

    press(kept.page)

    alert = kept.page.get_by_role("alert").filter(has_text=said)
    expect(alert).to_contain_text("tomorrow, from midnight UTC" if "set" in said else "Cancel one")
    expect(alert).not_to_contain_text("report")
    assert len(asked) == 1
    expect(kept.page.get_by_label("Remind me of")).to_have_value(message)


def test_a_text_above_the_limit_is_explained_in_plain_words(kept: Tab) -> None:
    words = "(reason) => import('./reminders.js').then((all) => all.reasonText({ reason, status: 'FAILED' }))"

    said = kept.page.evaluate(words, limits.TEXTS_USED_UP)

    assert said == "You have reached the limit of text messages for one day."
