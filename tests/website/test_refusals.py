"""What is refused is told: beside its field where that is shown, else as a notice."""

from typing import Any

import pytest
from playwright.sync_api import Page, Route, expect

from local.users import User
from tests.support.page.tab import OpenTab, Tab

CORS = {"Access-Control-Allow-Origin": "*"}
UNVERIFIED = (
    "cannot be e-mail yet: the sender's address is not verified; its owner opens the link that SES mailed to it"
)


def refuse(page: Page, path: str, **problems: str) -> None:
    """Has the API refuse what is sent to `path`, for these problems by field."""
    details = [{"field": name.replace("__", "."), "problem": problem} for name, problem in problems.items()]
    error = {"code": "InvalidRequest", "message": "This cannot be kept.", "details": details}

    def answer(route: Route) -> None:
        if route.request.method == "POST":
            route.fulfill(status=400, headers=CORS, json={"error": error})
        else:
            route.continue_()

    page.route(f"**/{path}", answer)


@pytest.fixture
def reminders(open_tab: OpenTab, person: User) -> Tab:
    tab = open_tab(person)
    tab.refusals = {400}
    tab.go("#/reminders")
    tab.page.get_by_label("Remind me of").fill("Feed the cat")
    return tab


def test_a_channel_that_cannot_send_yet_is_told_at_the_buttons(reminders: Tab) -> None:
    page = reminders.page
    refuse(page, "reminders", preference=UNVERIFIED)

    page.get_by_role("button", name="By e-mail").click()

    expect(page.get_by_role("alert")).to_have_text(f"This {UNVERIFIED}.")
    expect(page.get_by_role("group", name="How")).to_have_accessible_description(f"This {UNVERIFIED}.")
    expect(page.get_by_role("button", name="By e-mail")).to_be_focused()
    expect(page.get_by_label("Remind me of")).to_have_value("Feed the cat")
    assert reminders.axe() == []


@pytest.mark.parametrize(
    "problems",
    [
        {"subject": "is too long"},
        {"timeZone": "is unknown here"},
        {"repeat": "is nothing that repeats"},
        {"message": "is too long", "subject": "is too long"},
    ],
)
def test_a_problem_of_a_reminder_that_has_no_place_is_told_all_the_same(
    reminders: Tab, problems: dict[str, Any]
) -> None:
    refuse(reminders.page, "reminders", **problems)

    reminders.page.get_by_role("button", name="By e-mail").click()

    told = "; ".join(f"{name} {problem}" for name, problem in problems.items())
    expect(reminders.page.get_by_role("alert")).to_have_text(f"This cannot be kept. {told}.")


def test_a_problem_that_has_its_place_is_told_there_alone(reminders: Tab) -> None:
    refuse(reminders.page, "reminders", message="is too long")

    reminders.page.get_by_role("button", name="By e-mail").click()

    expect(reminders.page.get_by_label("Remind me of")).to_have_accessible_description("This is too long.")
    expect(reminders.page.get_by_label("Remind me of")).to_be_focused()
    expect(reminders.page.get_by_role("alert")).to_have_count(0)


@pytest.mark.parametrize("problems", [{"body": "is too large"}, {"Price": "is odd", "body": "is too large"}])
def test_a_problem_of_an_order_that_has_no_place_is_told_all_the_same(
    open_tab: OpenTab, person: User, problems: dict[str, str]
) -> None:
    tab = open_tab(person)
    tab.refusals = {400}
    tab.go("#/order")
    refuse(tab.page, "orders", **problems)
    tab.page.get_by_role("button", name="A good order").click()

    tab.page.get_by_role("button", name="Place the order").click()

    expect(tab.page.get_by_role("alert")).to_contain_text("body is too large")
