"""The view of figures: what the dashboards show, for operators."""

import json

import pytest
from playwright.sync_api import Locator, Route, expect

from local.cloud import Places
from local.users import User
from tests.support.cloud.apps import Apps
from tests.support.cloud.site import fetch
from tests.support.page import scenes
from tests.support.page.tab import OpenTab, Tab


@pytest.fixture
def figures(open_tab: OpenTab, operator: User) -> Tab:
    """An operator's tab that shows the figures."""
    tab = open_tab(operator)
    tab.go("#/figures")
    return tab


def graph(tab: Tab, row: str, title: str) -> Locator:
    heading = tab.page.get_by_role("heading", level=3, name=title, exact=True)
    return tab.page.get_by_role("region", name=row, exact=True).locator(".card").filter(has=heading)


def figure(card: Locator, label: str) -> Locator:
    return card.locator("dl > div").filter(has=card.page.get_by_text(label, exact=True)).locator("dd")


@pytest.mark.long
def test_operators_see_the_figures_of_each_dashboard(figures: Tab, theirs: Apps) -> None:
    scenes.ordered(theirs)
    figures.go("#/operators")
    figures.page.get_by_role("link", name="Figures of the stage").click()
    figures.expect_title("Figures")

    expect(figure(graph(figures, "APIs", "Requests"), "OrdersApi")).not_to_have_text("0")
    expect(figure(graph(figures, "What waits for you", "Escalated and parked orders"), "ParkedQueue")).to_be_visible()

    figures.page.get_by_role("button", name="orders", exact=True).click()

    expect(figures.page.get_by_role("button", name="orders", exact=True)).to_have_attribute("aria-pressed", "true")
    expect(figure(graph(figures, "Workflow", "Executions"), "Succeeded")).not_to_have_text("0")
    expect(figure(graph(figures, "Requests", "Latency"), "p99")).to_contain_text("ms")
    expect(figure(graph(figures, "Table and cache", "Redis"), "memory of Node1")).to_have_text("–")


@pytest.mark.long
def test_alarms_that_went_off_are_named(figures: Tab) -> None:
    def answer(route: Route) -> None:
        if route.request.headers.get("x-amz-target", "").endswith(".DescribeAlarms"):
            alarm = {"AlarmName": "local orders - parked orders", "StateValue": "ALARM"}
            body = {"MetricAlarms": [alarm, {"AlarmName": "quiet alarm", "StateValue": "OK"}], "CompositeAlarms": []}
            route.fulfill(json=body, headers={"Access-Control-Allow-Origin": "*"})
        else:
            route.fallback()

    figures.page.route("**/*", answer)
    figures.go("#/figures")

    expect(figures.page.locator("main")).to_contain_text("alarms: local orders - parked orders")
    expect(figures.page.locator("main")).not_to_contain_text("quiet alarm")


@pytest.mark.long
def test_new_figures_appear_by_themselves(open_tab: OpenTab, operator: User) -> None:
    tab = open_tab(operator, alone=True)
    tab.page.clock.install()
    tab.go("#/figures")
    expect(graph(tab, "APIs", "Requests")).to_be_visible()

    with tab.page.expect_response(lambda answer: answer.request.headers.get("x-amz-target", "").endswith("MetricData")):
        tab.page.clock.run_for(15_000)


@pytest.mark.long
def test_a_cloud_that_does_not_answer_is_reported(figures: Tab) -> None:
    figures.refusals = {503}
    figures.page.route(
        "**/",
        lambda route: (
            route.fulfill(status=503, headers={"Access-Control-Allow-Origin": "*"})
            if route.request.method == "POST"
            else route.fallback()
        ),
    )
    figures.go("#/figures")

    expect(figures.page.locator("main")).to_contain_text("The service is not answering")


def test_only_operators_see_figures(open_tab: OpenTab, theirs: Apps) -> None:
    tab = open_tab(theirs.user)
    tab.go("#/figures")

    tab.expect_title("Page not found")


@pytest.mark.long
def test_a_stage_without_figures_has_no_view(open_tab: OpenTab, operator: User, places: Places) -> None:
    config = json.loads(fetch(places.site, "/config.json").body) | {"figures": None}
    tab = open_tab(operator)
    tab.page.route("**/config.json", lambda route: route.fulfill(json=config))
    tab.go("#/figures")
    tab.expect_title("Page not found")

    tab.go("#/operators")
    tab.expect_title("Operators")
    expect(tab.page.get_by_role("link", name="Figures")).to_have_count(0)
