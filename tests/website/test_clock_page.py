"""The clock of the laptop cloud on the page. The engine's answers are made here: other tests share its clock."""

import json
import time
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl, urlsplit
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import Route, expect

from tests.support.cloud.apps import Apps
from tests.support.page import scenes
from tests.support.page.tab import OpenTab
from tests.support.page.windows import USUAL

DAY = 86_400


class Engine:
    """Answers in the place of the engine's clock."""

    def __init__(self) -> None:
        self.ahead, self.rate, self.moves = 0.0, 1.0, 0.0
        self.asked: list[dict[str, str]] = []
        self.refusal: str | None = None
        self.turning = 0
        """How often it still answers that it is turning."""

    def __call__(self, route: Route) -> None:
        asked = dict(parse_qsl(urlsplit(route.request.url).query))
        if route.request.method == "POST":
            self.asked.append(asked)
            self.moves = float(asked.get("by", 0))
            self.turning = 3 if self.moves else 0
            self.rate = float(asked.get("rate", self.rate))
        if self.turning:
            self.turning -= 1
            self.ahead += 0 if self.turning else self.moves
        status = 409 if self.refusal and route.request.method == "POST" else 200
        answer: dict[str, Any] = {"now": time.time() + self.ahead, "ahead": self.ahead, "rate": self.rate}
        answer |= {
            "target": time.time() + self.moves if self.turning else None,
            "error": None if status == 200 else self.refusal,
        }
        answer |= {"next": {"at": time.time() + self.ahead + 60, "what": "a rule is due"}}
        route.fulfill(status=status, body=json.dumps(answer), headers={"Access-Control-Allow-Origin": "*"})


def tomorrow() -> datetime:
    """The time of the page's zone, a day from now."""
    return datetime.now(ZoneInfo(str(USUAL["timezone_id"]))) + timedelta(seconds=DAY)


def test_the_outbox_shows_the_clock_and_turns_it(open_tab: OpenTab, theirs: Apps) -> None:
    engine = Engine()
    tab = open_tab(theirs.user, alone=True)
    tab.page.route("**/_ministack/clock*", engine)
    tab.go("#/outbox")
    clock = tab.page.get_by_role("region", name="Clock")

    expect(clock).to_contain_text("the real time")
    expect(clock).to_contain_text("a rule is due")
    clock.get_by_role("button", name="+1 day").click()
    expect(tab.page.locator("#news")).to_contain_text(f"The clock shows {tomorrow():%a}")
    expect(clock).not_to_contain_text("the real time")
    expect(clock).not_to_contain_text("it is turning")
    clock.get_by_role("button", name="Run 60x").click()
    expect(clock).to_contain_text("60 times as fast")
    tab.refusals.add(409)
    engine.refusal = "something has happened in this cloud"
    clock.get_by_role("button", name="Real time").click()
    expect(clock.get_by_role("alert")).to_contain_text("something has happened")

    assert engine.asked == [{"by": str(DAY)}, {"rate": "60"}, {"real": "1"}]


@pytest.mark.parametrize(("local", "often"), [("2199-03-31T02:30", "never"), ("2199-10-27T02:30", "twice")])
def test_a_time_that_the_clocks_do_not_show_once_is_refused(
    open_tab: OpenTab, theirs: Apps, local: str, often: str
) -> None:
    engine = Engine()
    tab = open_tab(theirs.user, alone=True)
    tab.page.route("**/_ministack/clock*", engine)
    tab.go("#/outbox")
    clock = tab.page.get_by_role("region", name="Clock")

    clock.get_by_label("Date and time").fill(local)
    clock.get_by_role("button", name="Turn the clock").click()
    expect(clock.get_by_role("alert")).to_contain_text(f"The clocks show this time {often}.")
    clock.get_by_label("Date and time").fill(local.replace("T02:", "T04:"))
    clock.get_by_role("button", name="Turn the clock").click()
    expect(clock.get_by_role("alert")).to_have_count(0)

    after = datetime.fromisoformat(local.replace("T02:", "T04:")).replace(tzinfo=ZoneInfo(str(USUAL["timezone_id"])))
    assert engine.asked == [{"to": f"{after.timestamp():.0f}"}]


def test_countdowns_follow_the_clock(open_tab: OpenTab, theirs: Apps, message: str) -> None:
    engine = Engine()
    scenes.set_reminder(theirs, message, waitSeconds=3 * DAY)
    tab = open_tab(theirs.user, alone=True)
    tab.page.route("**/_ministack/clock*", engine)
    tab.go("#/reminders")
    row = tab.page.get_by_role("listitem").filter(has_text=message)

    expect(row.get_by_role("timer")).to_contain_text("2 d 23 h")
    engine.ahead = 2 * DAY
    expect(row.get_by_role("timer")).to_contain_text("23 h 59 min")
