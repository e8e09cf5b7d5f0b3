"""Reminders as people set, watch and cancel them."""

import json
import re
import uuid
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import Locator, Page, Request, Route, expect

from local.users import User
from tests.support.cloud.apps import Apps
from tests.support.cloud.reminders import delivered
from tests.support.page import scenes
from tests.support.page.tab import OpenTab, Tab
from tests.support.waiting import eventually

Clocks = tuple[str, datetime]
"""A zone, and a time on its walls."""

OTHER_NAMES = {"Asia/Kolkata": "Asia/Calcutta", "US/Pacific": "America/Los_Angeles"}
LOCAL = "%Y-%m-%dT%H:%M"
REFUSED = {
    "error": {
        "code": "InvalidRequest",
        "message": "The reminder is invalid.",
        "details": [{"field": "preference", "problem": "cannot be e-mail yet: the sender's address is not verified"}],
    }
}


@pytest.fixture
def message() -> str:
    return f"Feed the cat, {uuid.uuid4().hex[:12]}"


@pytest.fixture
def skipped_waits(apps: Apps) -> Iterator[None]:
    with scenes.waits_skipped(apps):
        yield


@pytest.fixture
def tab(open_tab: OpenTab, somebody: User) -> Tab:
    """The reminders of somebody who has none yet."""
    tab = open_tab(somebody)
    tab.go("#/reminders")
    return tab


@pytest.fixture
def theirs(apps: Apps, somebody: User) -> Apps:
    """The apps as the one sees them who has the tab."""
    return Apps(apps.cloud, apps.places, user=somebody)


def say(page: Page, message: str) -> None:
    page.get_by_label("Remind me of").fill(message)


def at(page: Page, wall: datetime) -> Locator:
    """Chooses a date and a time; the control that has them."""
    page.get_by_label("At a date and time").check()
    control = page.get_by_label("Date and time", exact=True)
    control.fill(wall.strftime(LOCAL))
    return control


def send(page: Page, button: str = "By e-mail") -> dict[str, Any]:
    """Sends the form; what the page sent of it."""
    with page.expect_request(is_post) as asked:
        page.get_by_role("button", name=button, exact=True).click()
    return dict(asked.value.post_data_json)


def is_post(request: Request) -> bool:
    return request.method == "POST" and request.url.endswith("/reminders")


def listed(page: Page, title: str, message: str) -> Locator:
    """The reminder in the list of this title."""
    return page.get_by_role("region", name=title).get_by_role("listitem").filter(has_text=message)


def expect_problem(control: Locator, words: str) -> None:
    expect(control).to_have_attribute("aria-invalid", "true")
    expect(control).to_have_accessible_description(re.compile(re.escape(words)))
    expect(control).to_be_focused()


@pytest.mark.usefixtures("skipped_waits")
@pytest.mark.parametrize(
    ("button", "count", "unit", "seconds", "kinds"),
    [
        ("By e-mail", "20", "seconds", 20, ["mail"]),
        ("By SMS", "15", "minutes", 900, ["text"]),
        ("Both", "2", "hours", 7200, ["mail", "text"]),
    ],
)
def test_each_of_the_three_buttons_reminds_by_its_channels(
    apps: Apps, tab: Tab, message: str, button: str, count: str, unit: str, seconds: int, kinds: list[str]
) -> None:
    say(tab.page, message)
    tab.page.get_by_label("In", exact=True).fill(count)
    tab.page.get_by_label("Unit").select_option(unit)

    sent = send(tab.page, button)

    expect(tab.page.locator(".notice.good")).to_contain_text("You will be reminded by")
    expect(tab.page.get_by_label("Remind me of")).to_have_value("")
    assert sent["waitSeconds"] == seconds and "email" not in sent and "phone" not in sent
    found = eventually(lambda: delivered(apps, message), until=lambda found: len(found) == len(kinds))
    assert sorted(one.partition(" ")[0] for one in found) == kinds


CORS = {"Access-Control-Allow-Origin": "*"}


def keys_of(tab: Tab) -> list[str | None]:
    """The key of each request for a new reminder."""
    return [one.header_value("Idempotency-Key") for one in tab.requests if is_post(one)]


@pytest.mark.parametrize("fault", ["busy", "answer lost"])
def test_a_request_that_fails_is_sent_again_with_its_key_and_makes_one_reminder(
    tab: Tab, theirs: Apps, message: str, fault: str
) -> None:
    failures = 1

    def fail(route: Route) -> None:
        nonlocal failures
        if route.request.method != "POST" or not failures:
            route.fallback()
            return
        failures -= 1
        if fault == "busy":
            route.fulfill(status=503, headers=CORS, body="{}")
        else:
            # The API has done it, and the connection breaks before the page gets the answer.
            route.fetch()
            route.abort()

    tab.refusals, tab.is_cut_off = {503}, True
    tab.page.route("**/reminders", fail)
    say(tab.page, message)
    tab.page.get_by_label("Unit").select_option("hours")
    send(tab.page)

    expect(tab.page.locator(".notice.good")).to_contain_text("You will be reminded by")
    keys = keys_of(tab)
    assert len(keys) == 2 and keys[0] and len(set(keys)) == 1
    reminders = theirs.call_reminders("GET", "/reminders")[1]["reminders"]
    assert [one["message"] for one in reminders] == [message]


def test_the_same_form_sent_again_has_the_same_key_and_a_new_reminder_a_new_one(tab: Tab, message: str) -> None:
    outage = True
    tab.refusals = {503}
    tab.page.route(
        "**/reminders",
        lambda route: (
            route.fulfill(status=503, headers=CORS, body="{}")
            if outage and route.request.method == "POST"
            else route.fallback()
        ),
    )
    say(tab.page, message)
    tab.page.get_by_label("Unit").select_option("hours")
    send(tab.page)
    expect(tab.page.get_by_role("alert")).to_contain_text("try again in a little while")

    outage = False
    send(tab.page)
    expect(tab.page.locator(".notice.good")).to_contain_text("You will be reminded by")
    say(tab.page, message)
    tab.page.get_by_label("Unit").select_option("hours")
    send(tab.page)
    expect(tab.page.get_by_role("region", name="Upcoming").get_by_role("listitem")).to_have_count(2)

    first, repeated, again, new = keys_of(tab)
    assert first == repeated == again != new


def test_a_double_click_sets_one_reminder(tab: Tab, message: str) -> None:
    say(tab.page, message)
    tab.page.get_by_label("Unit").select_option("hours")

    tab.page.get_by_role("button", name="By e-mail", exact=True).dblclick()

    expect(listed(tab.page, "Upcoming", message)).to_have_count(1)
    assert len(keys_of(tab)) == 1


def test_a_reminder_is_counted_down_and_then_moves_to_the_past_by_itself(tab: Tab, message: str) -> None:
    say(tab.page, message)
    tab.page.get_by_label("In", exact=True).fill("2")

    send(tab.page)

    expect(listed(tab.page, "Upcoming", message).get_by_role("timer")).to_be_visible()
    expect(listed(tab.page, "Past", message)).to_contain_text("Sent")
    expect(listed(tab.page, "Upcoming", message)).to_have_count(0)


@pytest.mark.parametrize("zone", ["Europe/Paris", "US/Pacific", "Asia/Kolkata", "UTC"])
def test_a_time_is_meant_by_the_clocks_where_the_browser_is(
    open_tab: OpenTab, somebody: User, message: str, zone: str
) -> None:
    tab = open_tab(somebody, timezone_id=zone)
    tab.go("#/reminders")
    wall = (datetime.now(ZoneInfo(zone)) + timedelta(days=30)).replace(hour=9, minute=30, tzinfo=None)
    say(tab.page, message)
    expect(at(tab.page, wall)).to_have_accessible_description(re.compile("By the clocks in [A-Z]"))

    with tab.page.expect_response(lambda response: is_post(response.request)) as answered:
        sent = send(tab.page)

    # Browsers know some zones by a former name, and others only by the present one.
    assert sent["timestamp"] == wall.strftime(LOCAL) and sent["timeZone"] in (zone, OTHER_NAMES.get(zone))
    due = datetime.fromisoformat(answered.value.json()["dueAt"])
    assert due.astimezone(ZoneInfo(zone)).replace(second=0, tzinfo=None) == wall.replace(second=0, microsecond=0)
    expect(listed(tab.page, "Upcoming", message).get_by_role("time")).to_contain_text("09:30")


@pytest.mark.parametrize("name", ["Etc/Unknown", "+05:30", None])
def test_without_the_name_of_its_zone_the_browser_says_the_instant(
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
    say(tab.page, message)
    expect(at(tab.page, wall)).to_have_accessible_description("By the clock of this browser.")

    sent = send(tab.page)

    assert (sent["timestamp"], sent.get("timeZone")) == (f"{wall:%Y-%m-%d}T04:00:00Z", None)
    expect(listed(tab.page, "Upcoming", message).get_by_role("time")).to_contain_text("09:30")


def change_of_clocks(forward: bool) -> Clocks:
    """The middle of an hour that clocks leap over, or that they show twice, within the year."""
    now = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
    for zone in ("Europe/Paris", "America/New_York"):
        hours = ((now + timedelta(hours=hour)).astimezone(ZoneInfo(zone)) for hour in range(24, 364 * 24))
        for before, after in pairwise(each.replace(tzinfo=None) for each in hours):
            if after - before == timedelta(hours=2 if forward else 0):
                return zone, after + timedelta(minutes=-30 if forward else 30)
    raise AssertionError("no clocks are changed within the year")


def test_a_time_that_clocks_leap_over_is_told_beside_it_with_the_next_one(
    open_tab: OpenTab, somebody: User, message: str
) -> None:
    zone, wall = change_of_clocks(forward=True)
    after = wall + timedelta(minutes=30)
    tab = open_tab(somebody, timezone_id=zone)
    tab.refusals = {400}
    tab.go("#/reminders")
    say(tab.page, message)
    control = at(tab.page, wall)

    send(tab.page)
    expect_problem(control, f"Clocks in {zone} go from {wall:%H}:00 to {after:%H:%M} then: this time does not exist.")
    tab.page.get_by_role("button", name=f"Take {after:%H:%M} instead").click()
    expect(control).to_be_focused()
    sent = send(tab.page)

    assert sent["timestamp"] == after.strftime(LOCAL)
    expect(listed(tab.page, "Upcoming", message)).to_contain_text(f"{after:%H:%M}")


@pytest.mark.parametrize("which", ["first", "second"])
def test_of_a_time_that_happens_twice_one_chooses_which(
    open_tab: OpenTab, somebody: User, message: str, which: str
) -> None:
    zone, wall = change_of_clocks(forward=False)
    instants = [wall.replace(tzinfo=ZoneInfo(zone), fold=fold).astimezone(UTC) for fold in (0, 1)]
    tab = open_tab(somebody, timezone_id=zone)
    tab.refusals = {400}
    tab.go("#/reminders")
    say(tab.page, message)
    control = at(tab.page, wall)

    send(tab.page)
    expect_problem(control, f"Clocks in {zone} are put back then, and show this time twice.")
    choice = tab.page.get_by_role("group", name="Which of the two?")
    choice.get_by_label(f"The {which}, at UTC").check()
    with tab.page.expect_response(lambda response: is_post(response.request)) as answered:
        send(tab.page)

    assert datetime.fromisoformat(answered.value.json()["dueAt"]) == instants[which == "second"]
    expect(choice).to_have_count(0)


@pytest.mark.parametrize(
    ("days", "words"), [(-1, "This has passed."), (366, "This is more than 365 days ahead.")], ids=["past", "far"]
)
def test_a_time_that_cannot_be_kept_is_told_beside_it(tab: Tab, message: str, days: int, words: str) -> None:
    tab.refusals = {400}
    say(tab.page, message)
    control = at(tab.page, datetime.now() + timedelta(days=days))

    send(tab.page)

    expect_problem(control, words)
    expect(tab.page.get_by_label("Remind me of")).to_have_value(message)


Fields = dict[str, str]

WRONG: dict[str, tuple[Fields, str, str]] = {
    "no message": ({"Remind me of": " "}, "Remind me of", "Say what to remind you of."),
    "no number": ({"In": "1e3"}, "In", "Enter a whole number, such as 20."),
    "too far": ({"In": "366", "Unit": "days"}, "In", "This is more than 365 days ahead."),
    "no step": ({"Every": "0"}, "Every", "Enter a whole number, such as 1."),
    "too often": ({"Every": "4", "Step": "minutes"}, "Every", "This must be 5 minutes at the least."),
    "too seldom": ({"Every": "53", "Step": "weeks"}, "Every", "This must be 52 weeks at the most, a year."),
    "no times": ({"Times": "0"}, "Times", "Enter a whole number, such as 3."),
    "too many times": ({"Times": "1001"}, "Times", "This must be at most 1000."),
    "no end": ({"Ends at": ""}, "Ends at", "Choose when it ends."),
    "an early end": ({"Ends at": "2020-02-02T02:02"}, "Ends at", "This is before the first time."),
}
OPENS = {"Times": "After some times", "Ends at": "At a date"}


@pytest.mark.parametrize(("fields", "label", "words"), WRONG.values(), ids=WRONG)
def test_what_is_wrong_is_told_beside_its_field_and_nothing_typed_is_lost(
    tab: Tab, message: str, fields: Fields, label: str, words: str
) -> None:
    tab.refusals = {400}
    say(tab.page, message)
    if label in ("Every", *OPENS):
        tab.page.get_by_label("Repeat it").check()
    for name in fields.keys() & OPENS:
        tab.page.get_by_label(OPENS[name], exact=True).check()
    for name, text in fields.items():
        control = tab.page.get_by_label(name, exact=True)
        if name in ("Unit", "Step"):
            control.select_option(label=text)
        else:
            control.fill(text)

    tab.page.get_by_role("button", name="By e-mail").click()

    control = tab.page.get_by_label(label, exact=True)
    expect_problem(control, words)
    expect(control).to_have_value(fields[label])


REPEATS: dict[str, tuple[str, str, Callable[[Page], None] | None, Fields | dict[str, Any], str]] = {
    "for ever": ("1", "days", None, {"every": "1d"}, "every day"),
    "some times": (
        "2",
        "weeks",
        lambda page: page.get_by_label("After some times").check(),
        {"every": "2w", "times": 3},
        "every 2 weeks, 3 times",
    ),
}


@pytest.mark.parametrize(("every", "step", "end", "asked", "words"), REPEATS.values(), ids=REPEATS)
def test_a_reminder_is_repeated_as_it_was_asked_to(
    tab: Tab, message: str, every: str, step: str, end: Callable[[Page], None] | None, asked: Fields, words: str
) -> None:
    say(tab.page, message)
    tab.page.get_by_label("In", exact=True).fill("600")
    tab.page.get_by_label("Repeat it").check()
    tab.page.get_by_label("Every").fill(every)
    tab.page.get_by_label("Step").select_option(label=step)
    if end:
        end(tab.page)

    assert send(tab.page)["repeat"] == asked
    expect(listed(tab.page, "Upcoming", message)).to_contain_text(words)
    expect(tab.page.get_by_label("Repeat it")).not_to_be_checked()


def test_the_end_of_a_repeated_reminder_is_meant_by_the_clocks_where_the_browser_is(tab: Tab, message: str) -> None:
    until = (datetime.now(ZoneInfo("Europe/Paris")) + timedelta(days=9)).replace(hour=23, minute=45, second=0)
    say(tab.page, message)
    tab.page.get_by_label("In", exact=True).fill("600")
    tab.page.get_by_label("Repeat it").check()
    tab.page.get_by_label("At a date", exact=True).check()
    tab.page.get_by_label("Ends at").fill(until.strftime(LOCAL))

    repeat = send(tab.page)["repeat"]

    assert datetime.fromisoformat(repeat["until"]) == until.replace(microsecond=0)
    expect(listed(tab.page, "Upcoming", message)).to_contain_text(f"until {until:%a, %-d %b %Y}, 23:45")


def seconds_in(text: str) -> int:
    sizes = {"h": 3600, "min": 60, "s": 1}
    return sum(int(count) * sizes[unit] for count, unit in re.findall(r"([0-9]+) (h|min|s)", text))


def test_the_countdown_runs_second_by_second(open_tab: OpenTab, theirs: Apps, message: str) -> None:
    scenes.reminded(theirs, message, waitSeconds=7200)
    tab = open_tab(theirs.user)
    tab.page.clock.install()
    tab.go("#/reminders")
    timer = listed(tab.page, "Upcoming", message).get_by_role("timer")
    expect(timer).to_be_visible()

    tab.page.clock.pause_at(datetime.now() + timedelta(seconds=10))
    before = seconds_in(timer.inner_text())
    tab.page.clock.run_for(65_000)

    assert before - seconds_in(timer.inner_text()) == 65
    assert re.fullmatch("in 1 h [0-9]{2} min [0-9]{2} s", " ".join(timer.inner_text().split()))


def test_a_reminder_is_cancelled_when_one_has_said_so_twice(tab: Tab, theirs: Apps, message: str) -> None:
    posted = scenes.reminded(theirs, message)
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
    scenes.ended(theirs, posted["reminderId"], "CANCELLED")


def test_who_says_it_twice_in_a_row_cancels_once(tab: Tab, theirs: Apps, message: str) -> None:
    scenes.reminded(theirs, message)
    tab.go("#/reminders")
    row = listed(tab.page, "Upcoming", message)
    row.get_by_role("button", name=f"Cancel: {message}").click()

    row.get_by_role("button", name="Yes, cancel it").dblclick()

    expect(listed(tab.page, "Past", message)).to_contain_text("Cancelled")
    expect(tab.page.get_by_role("alert")).to_have_count(0)
    assert [request.method for request in tab.requests].count("DELETE") == 1


def test_a_reminder_that_is_set_while_the_list_loads_is_in_it(open_tab: OpenTab, somebody: User, message: str) -> None:
    tab = open_tab(somebody)
    held: list[Route] = []
    tab.page.route("**/reminders?when=upcoming*", lambda route: held.append(route), times=1)
    tab.go("#/reminders")
    say(tab.page, message)
    tab.page.get_by_label("Unit").select_option("hours")
    send(tab.page)
    expect(tab.page.locator(".notice.good")).to_be_visible()

    # As it was before.
    nothing: dict[str, Any] = {"reminders": [], "next": None}
    held[0].fulfill(json=nothing, headers={"Access-Control-Allow-Origin": "*"})

    expect(listed(tab.page, "Upcoming", message)).to_be_visible()


def test_a_reminder_that_is_sent_while_one_cancels_it_is_said_to_be_sent(
    open_tab: OpenTab, theirs: Apps, message: str
) -> None:
    with scenes.waits_skipped(theirs):
        posted = scenes.reminded(theirs, message)
        scenes.ended(theirs, posted["reminderId"], "SENT")
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

    expect(tab.page.get_by_role("alert")).to_contain_text("The reminder is sent, being sent, or cancelled already.")
    expect(listed(tab.page, "Past", message)).to_contain_text("Sent")


@pytest.mark.parametrize(("title", "wait"), [("Upcoming", 3600), ("Past", 0)])
def test_a_list_of_more_than_a_page_goes_on_when_asked_to(
    open_tab: OpenTab, apps: Apps, message: str, title: str, wait: int
) -> None:
    theirs, numbers = apps.as_somebody_else(), range(21)
    for number in numbers:
        posted = scenes.reminded(theirs, f"{message} #{number}", waitSeconds=wait)
    scenes.ended(theirs, posted["reminderId"], "SENT" if wait == 0 else "SCHEDULED")
    if wait == 0:
        # Within the second that it is due in it is among the upcoming ones, though it is sent.
        past = datetime.fromisoformat(posted["dueAt"]) + timedelta(seconds=1)
        eventually(lambda: datetime.now(UTC) > past)
    tab = open_tab(theirs.user)
    tab.go("#/reminders")
    rows, more = listed(tab.page, title, message), tab.page.get_by_role("button", name="Load more")

    expect(rows).to_have_count(20)
    more.click()

    expect(rows).to_have_count(21)
    expect(more).to_have_count(0)
    assert {text.rpartition("#")[2] for text in rows.locator(".title").all_inner_texts()} == set(map(str, numbers))


def test_a_message_that_looks_like_html_is_text(tab: Tab, message: str) -> None:
    html = f"{message} <img src=x onerror=alert(1)> & <b>bold</b>"
    tab.page.on("dialog", lambda dialog: pytest.fail(f"the page said {dialog.message}"))
    say(tab.page, html)
    tab.page.get_by_label("In", exact=True).fill("600")

    send(tab.page)

    expect(listed(tab.page, "Upcoming", message).locator(".message")).to_have_text(html)
    expect(tab.page.locator("main img, main b")).to_have_count(0)
    expect(tab.page.get_by_role("button", name=f"Cancel: {html}")).to_be_visible()


def test_a_message_too_long_for_a_text_is_told_beside_it(tab: Tab) -> None:
    tab.refusals = {400}
    long = "ż" * 1400
    say(tab.page, long)

    send(tab.page, "By SMS")

    expect_problem(tab.page.get_by_label("Remind me of"), "This is too long for SMS")
    expect(tab.page.get_by_label("Remind me of")).to_have_value(long)


def test_without_a_phone_there_is_mail_and_the_way_to_add_one(open_tab: OpenTab, apps: Apps, message: str) -> None:
    tab = open_tab(scenes.without_a_phone(apps))
    tab.go("#/reminders")

    for name in ("By SMS", "Both"):
        expect(tab.page.get_by_role("button", name=name)).to_be_disabled()
    say(tab.page, message)
    tab.page.get_by_label("In", exact=True).fill("600")
    assert send(tab.page)["preference"] == "email"
    expect(listed(tab.page, "Upcoming", message)).to_contain_text("by e-mail")
    tab.page.get_by_role("link", name="Add your phone number").click()
    expect(tab.page.get_by_role("heading", name="Account", level=1)).to_be_visible()


def test_a_refusal_that_is_about_no_field_is_told_all_the_same(tab: Tab, message: str) -> None:
    """That SES does not send for this stage yet is nothing that one could correct in the form."""
    tab.refusals = {400}
    answer = partial(Route.fulfill, status=400, headers={"Access-Control-Allow-Origin": "*"}, body=json.dumps(REFUSED))
    tab.page.route("**/reminders", lambda route: answer(route) if is_post(route.request) else route.fallback())
    say(tab.page, message)

    send(tab.page)

    expect(tab.page.get_by_role("alert")).to_contain_text("the sender's address is not verified")
    expect(tab.page.get_by_label("Remind me of")).to_have_value(message)
