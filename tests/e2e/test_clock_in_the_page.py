"""The page on a cloud whose clock somebody turns: its session and its countdowns follow."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import expect, sync_playwright

from local.cloud import Cloud
from local.users import PERSON
from terminal import browser as chromium
from tests.support.cloud.apps import Apps
from tests.support.page.tab import PATIENCE, Tab, new_tab
from tests.support.page.windows import USUAL, Windows
from tests.support.waiting import eventually

HOUR, DAY = 3600, 86_400
PARIS = ZoneInfo(str(USUAL["timezone_id"]))

expect.set_options(timeout=PATIENCE)


@pytest.fixture
def tab(clocked: Cloud) -> Iterator[Tab]:
    places = clocked.places()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium.find(), args=chromium.FLAGS)
        page = Windows(browser, places.site).open(alone=True)
        tab = new_tab(page, clocked, places, clocked.users()[PERSON])
        yield tab
        browser.close()
    assert tab.problems == []


def shown_once(at: datetime) -> datetime:
    """This minute in Paris, or the first one after it that the clocks show only once. The page refuses other times."""
    minute = at.replace(second=0, microsecond=0)
    following = ((minute + timedelta(minutes=n)).astimezone(PARIS) for n in range(121))
    return next(one for one in following if one.replace(fold=0).utcoffset() == one.replace(fold=1).utcoffset())


def test_the_time_of_this_test_is_valid_in_each_hour_of_four_years() -> None:
    hours = [datetime(2027, 1, 1, tzinfo=UTC) + timedelta(hours=n) for n in range(4 * 365 * 24)]

    walls = {hour: shown_once(hour) for hour in hours}

    assert [hour for hour, one in walls.items() if not timedelta() <= one - hour <= timedelta(hours=2)] == []
    assert sum(one != hour for hour, one in walls.items()) == 4 * 2


@pytest.mark.long
def test_the_session_and_the_countdown_follow_the_clock(clocked: Cloud, tab: Tab, message: str) -> None:
    theirs = Apps(clocked, clocked.places(), user=clocked.users()[PERSON])
    body = {"message": message, "preference": "email", "email": theirs.user.email, "waitSeconds": 20 * HOUR}
    assert theirs.post_reminder(body)[0] == 202
    tab.go("#/reminders")
    row = tab.page.get_by_role("listitem").filter(has_text=message)
    expect(row.get_by_role("timer")).to_contain_text(re.compile("19 h 5[0-9] min"))

    tab.go("#/outbox")
    clock = tab.page.get_by_role("region", name="Clock")
    before = clocked.engine.clock().ahead
    for hours in (1, 2):
        clock.get_by_role("button", name="+1 hour").click()
        wait_for(clocked, ahead=before + hours * HOUR - 60)
    # The token is an hour old, so the page needs a new one, and gets it.
    with tab.page.expect_request(lambda request: "REFRESH_TOKEN_AUTH" in (request.post_data or "")):
        tab.go("#/reminders")
    expect(row.get_by_role("timer")).to_contain_text("17 h")
    expect(tab.page.get_by_role("dialog")).to_be_hidden()

    tab.go("#/outbox")
    target = shown_once(clocked.engine.now() + timedelta(minutes=90))
    clock.get_by_label("Date and time").fill(f"{target:%Y-%m-%dT%H:%M}")
    clock.get_by_role("button", name="Turn to this time").click()
    expect(tab.page.locator("#news")).to_contain_text(f"{target:%H:%M}")
    wait_for(clocked, ahead=before + 3.4 * HOUR)

    tab.refusals |= {400, 401}
    clocked.engine.turn_clock(by=2 * DAY)
    tab.go("#/orders")
    expect(tab.page.get_by_role("dialog", name="Sign in again")).to_be_visible()


def wait_for(cloud: Cloud, *, ahead: float) -> None:
    eventually(cloud.engine.clock, until=lambda clock: clock.target is None and clock.ahead >= ahead)
