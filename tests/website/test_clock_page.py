"""The clock of the laptop cloud on the page. The engine's answers are made here: other tests share its clock."""

import json
import re
import time
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl, urlsplit
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import Locator, Route, expect

from tests.support.cloud.apps import Apps
from tests.support.page import scenes
from tests.support.page.tab import PHONE, OpenTab, Tab
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
        self.takes = 3
        """How many answers a turn takes."""
        self.missing = 0.0
        """How many questions it still leaves without an answer."""

    def __call__(self, route: Route) -> None:
        asked = dict(parse_qsl(urlsplit(route.request.url).query))
        if self.missing and route.request.method == "GET":
            self.missing -= 1
            route.abort()
            return
        if route.request.method == "POST":
            self.asked.append(asked)
            self.moves = float(asked.get("by", 0))
            # After `stop` the turn ends a little later.
            self.turning = 2 if "stop" in asked and self.turning else self.takes if self.moves else 0
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


def look_again(tab: Tab) -> None:
    """Lets the outbox load the clock twice. The page needs Playwright's clock."""
    for _ in range(2):
        with tab.page.expect_response(lambda one: "/_ministack/clock" in one.url and one.request.method == "GET"):
            tab.page.clock.run_for(2_500)


LISTEN = """
() => {
  const news = document.getElementById("news");
  window.said = [];
  new MutationObserver(() => news.textContent && window.said.push(news.textContent)).observe(news, { childList: true });
}
"""
"""Records what the page announces."""


def expect_problem(control: Locator, words: str) -> None:
    """The field shows the problem, has the focus, and a screen reader reads the problem with it."""
    expect(control).to_have_accessible_description(re.compile(re.escape(words)))
    expect(control).to_have_attribute("aria-invalid", "true")
    expect(control).to_be_focused()


def expect_no_problem(control: Locator) -> None:
    expect(control).to_have_accessible_description("")
    expect(control).not_to_have_attribute("aria-invalid", "true")


def test_the_outbox_shows_the_clock_and_turns_it(open_tab: OpenTab, theirs: Apps) -> None:
    engine = Engine()
    tab = open_tab(theirs.user, alone=True)
    tab.page.clock.install()
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
    look_again(tab)
    expect(clock.get_by_role("alert")).to_contain_text("something has happened")

    assert engine.asked == [{"by": str(DAY)}, {"rate": "60"}, {"real": "1"}]


@pytest.mark.long
@pytest.mark.parametrize(("local", "often"), [("2199-03-31T02:30", "never"), ("2199-10-27T02:30", "twice")])
def test_a_time_that_the_clocks_do_not_show_once_is_refused(
    open_tab: OpenTab, theirs: Apps, local: str, often: str
) -> None:
    engine = Engine()
    tab = open_tab(theirs.user, alone=True)
    tab.page.clock.install()
    tab.page.route("**/_ministack/clock*", engine)
    tab.go("#/outbox")
    clock = tab.page.get_by_role("region", name="Clock")

    field = clock.get_by_label("Date and time")
    field.fill(local)
    clock.get_by_role("button", name="Turn to this time").click()
    expect_problem(field, f"The clocks show this time {often}.")
    look_again(tab)
    expect_problem(field, f"The clocks show this time {often}.")
    assert tab.axe() == []
    field.fill(local.replace("T02:", "T04:"))
    clock.get_by_role("button", name="Turn to this time").click()
    expect_no_problem(field)

    after = datetime.fromisoformat(local.replace("T02:", "T04:")).replace(tzinfo=ZoneInfo(str(USUAL["timezone_id"])))
    assert engine.asked == [{"to": f"{after.timestamp():.0f}"}]


def outbox(open_tab: OpenTab, theirs: Apps, *, takes: int) -> tuple[Engine, Tab, Locator]:
    """Opens the outbox with an engine whose turns take so many answers. Returns the engine, the tab and the clock."""
    engine, tab = Engine(), open_tab(theirs.user, alone=True)
    engine.takes = takes
    tab.page.route("**/_ministack/clock*", engine)
    tab.go("#/outbox")
    return engine, tab, tab.page.get_by_role("region", name="Clock")


@pytest.mark.long
def test_a_turn_can_be_stopped(open_tab: OpenTab, theirs: Apps) -> None:
    engine, tab, clock = outbox(open_tab, theirs, takes=1_000_000)
    expect(clock.get_by_role("button", name="Real time")).to_be_visible()
    expect(clock.get_by_role("button", name="Stop")).to_have_count(0)

    clock.get_by_role("button", name="+30 days").click()
    expect(clock).to_contain_text("it is turning")
    assert tab.axe() == []
    tab.screenshot("clock-turns-desktop")
    tab.page.set_viewport_size(PHONE)
    tab.screenshot("clock-turns-phone")
    clock.get_by_role("button", name="Stop").click()

    expect(clock.get_by_role("button", name="Stop")).to_have_count(0)
    expect(clock.get_by_role("heading", name="Clock")).to_be_focused()
    expect(clock).not_to_contain_text("it is turning")
    assert engine.asked == [{"by": str(30 * DAY)}, {"stop": "1"}]


@pytest.mark.long
def test_the_focus_stays_in_the_view_when_a_turn_ends_by_itself(open_tab: OpenTab, theirs: Apps) -> None:
    engine, tab, clock = outbox(open_tab, theirs, takes=1_000_000)

    clock.get_by_role("button", name="+1 day").click()
    clock.get_by_role("button", name="Stop").focus()
    engine.turning = 1

    expect(clock.get_by_role("button", name="Stop")).to_have_count(0)
    expect(clock.get_by_role("heading", name="Clock")).to_be_focused()


@pytest.mark.long
def test_a_double_click_is_one_turn_also_if_the_turn_is_short(open_tab: OpenTab, theirs: Apps) -> None:
    engine, tab, clock = outbox(open_tab, theirs, takes=1)

    clock.get_by_role("button", name="+1 hour").dblclick()
    expect(tab.page.locator("#news")).to_contain_text("The clock shows")
    clock.get_by_label("Span").fill("2h")
    clock.get_by_role("button", name="Turn by this span").dblclick()
    clock.get_by_role("button", name="+1 day").click()
    clock.get_by_role("button", name="Real time").click()
    expect(clock.get_by_role("button", name="+1 day")).to_be_enabled()

    assert engine.asked == [{"by": "3600"}, {"by": "7200"}, {"by": str(DAY)}, {"real": "1"}]


@pytest.mark.long
def test_during_a_turn_the_page_begins_no_other_one(open_tab: OpenTab, theirs: Apps) -> None:
    engine, tab, clock = outbox(open_tab, theirs, takes=1_000_000)
    tab.page.evaluate(LISTEN)

    field = clock.get_by_label("Span")
    field.fill("3h")
    field.press("Enter")
    field.press("Enter")
    expect(clock).to_contain_text("it is turning")
    field.press("Enter")
    clock.get_by_role("button", name="+1 day").click(force=True)
    expect(clock.get_by_role("button", name="+1 day")).to_be_focused()
    engine.turning = 1
    expect(tab.page.locator("#news")).to_contain_text("The clock shows")

    assert engine.asked == [{"by": str(3 * 3600)}]
    assert [words[:15] for words in tab.page.evaluate("window.said")] == ["The clock is tu", "The clock shows"]


@pytest.mark.long
def test_a_turn_is_announced_after_missing_answers(open_tab: OpenTab, theirs: Apps) -> None:
    engine, tab, clock = outbox(open_tab, theirs, takes=1_000_000)
    tab.is_cut_off = True

    clock.get_by_role("button", name="+1 day").click()
    expect(clock).to_contain_text("it is turning")
    engine.missing = float("inf")
    expect(clock.get_by_role("alert")).to_contain_text("The service is not answering.")
    engine.missing = 0
    expect(clock.get_by_role("alert")).to_have_count(0)
    engine.turning = 1

    expect(tab.page.locator("#news")).to_contain_text("The clock shows")
    assert engine.asked == [{"by": str(DAY)}]


@pytest.mark.long
def test_the_clock_is_turned_by_a_span_in_the_spelling_of_the_command(open_tab: OpenTab, theirs: Apps) -> None:
    engine, tab, clock = outbox(open_tab, theirs, takes=0)
    field = clock.get_by_label("Span")
    spans = {"3d": 3 * DAY, "+1h30m": 5400, " 1h 30m ": 5400, "2w1s": 14 * DAY + 1}

    def turn_by(span: str) -> None:
        field.fill(span)
        clock.get_by_role("button", name="Turn by this span").click()

    for wrong in ("3", "-3d", "3 days", "1.5h", "3D", "h", " "):
        turn_by("1s")
        expect_no_problem(field)
        turn_by(wrong)
        expect_problem(field, "Write one such as 3d or 1h30m")
    # The field has the focus already, so the page announces the problem.
    expect(tab.page.locator("#news")).not_to_contain_text("Write one")
    field.press("Enter")
    expect(tab.page.locator("#news")).to_contain_text("Write one such as 3d or 1h30m")
    asked = len(engine.asked)
    turn_by("")
    for span in spans:
        with tab.page.expect_request(lambda one: one.method == "POST"):
            turn_by(span)
    expect_no_problem(field)

    assert engine.asked[asked:] == [{"by": str(seconds)} for seconds in spans.values()]


@pytest.mark.long
def test_countdowns_follow_the_clock(open_tab: OpenTab, theirs: Apps, message: str) -> None:
    engine = Engine()
    scenes.set_reminder(theirs, message, waitSeconds=3 * DAY)
    tab = open_tab(theirs.user, alone=True)
    tab.page.route("**/_ministack/clock*", engine)
    tab.go("#/reminders")
    row = tab.page.get_by_role("listitem").filter(has_text=message)

    expect(row.get_by_role("timer")).to_contain_text("2 d 23 h")
    engine.ahead = 2 * DAY
    expect(row.get_by_role("timer")).to_contain_text(re.compile("23 h 5[0-9] min"))
