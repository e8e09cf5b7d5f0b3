"""Each problem of a refusal is shown beside its field, or as a notice if the form does not show the field."""

import re
from collections.abc import Mapping
from typing import Any

import pytest
from playwright.sync_api import Page, Route, expect

from common import codes
from local.users import User
from tests.support.page.tab import OpenTab, Tab

CORS = {"Access-Control-Allow-Origin": "*"}
UNVERIFIED = "cannot be e-mail yet: the owner of the sender's address must first open the link that SES mailed there"


def refuse(page: Page, path: str, **problems: str | codes.Problem) -> None:
    """Makes the API refuse requests to `path` with these problems by field.

    A problem given as text has no code, as in answers of an older API during a deployment.
    """
    details = [_detail(name.replace("__", "."), problem) for name, problem in problems.items()]
    error = {"code": "InvalidRequest", "message": "This cannot be kept.", "details": details}

    def answer(route: Route) -> None:
        if route.request.method == "POST":
            route.fulfill(status=400, headers=CORS, json={"error": error})
        else:
            route.continue_()

    page.route(f"**/{path}", answer)


def _detail(field: str, problem: str | codes.Problem) -> Mapping[str, Any]:
    return {"field": field, "problem": problem} if isinstance(problem, str) else problem.of(field)


@pytest.fixture
def reminders(keep_tab: OpenTab, person: User) -> Tab:
    tab = keep_tab(person)
    tab.refusals = {400}
    tab.go("#/reminders")
    tab.page.get_by_label("Remind me of").fill("Feed the cat")
    return tab


@pytest.mark.long
def test_a_channel_that_cannot_send_yet_is_reported_below_the_choice(reminders: Tab) -> None:
    page = reminders.page
    refuse(page, "reminders", channels=UNVERIFIED)

    page.get_by_role("button", name="Remind me", exact=True).click()

    expect(page.get_by_role("alert")).to_have_text(f"This {UNVERIFIED}.")
    expect(page.get_by_role("group", name="How")).to_have_accessible_description(f"This {UNVERIFIED}.")
    expect(page.get_by_role("button", name="Remind me", exact=True)).to_be_focused()
    expect(page.get_by_label("Remind me of")).to_have_value("Feed the cat")
    assert reminders.axe() == []


@pytest.mark.parametrize(
    "problems",
    [
        {"timeZone": codes.UNKNOWN_TIME_ZONE()},
        {"repeat": codes.AT_MOST_ONE_OF(fields=["until", "times"])},
        {"message": codes.TOO_LONG(longest=1400), "timeZone": codes.UNKNOWN_TIME_ZONE()},
        {"timeZone": "is too long"},
    ],
)
def test_a_problem_of_a_reminder_without_a_field_is_shown_as_a_notice(reminders: Tab, problems: dict[str, Any]) -> None:
    refuse(reminders.page, "reminders", **problems)

    reminders.page.get_by_role("button", name="Remind me", exact=True).click()

    listed = "; ".join(f"{name} {_detail(name, problem)['problem']}" for name, problem in problems.items())
    expect(reminders.page.get_by_role("alert")).to_have_text(f"This cannot be kept. {listed}.")


@pytest.mark.parametrize("problem", [codes.TOO_LONG(longest=1400), "may have at most 1400 characters"])
def test_a_problem_of_a_field_is_shown_only_beside_it(reminders: Tab, problem: str | codes.Problem) -> None:
    refuse(reminders.page, "reminders", message=problem)

    reminders.page.get_by_role("button", name="Remind me", exact=True).click()

    said = "This may have at most 1400 characters."
    expect(reminders.page.get_by_label("Remind me of")).to_have_accessible_description(said)
    expect(reminders.page.get_by_label("Remind me of")).to_be_focused()
    expect(reminders.page.get_by_role("alert")).to_have_count(0)


@pytest.mark.parametrize(
    ("problem", "said"),
    [
        (
            codes.HAPPENS_TWICE_WITHOUT_FOLD(zone="Europe/Paris", offsets=["+02:00", "+01:00"]),
            "Clocks in Europe/Paris go back then and show this time twice. Choose which one you mean.",
        ),
        (
            codes.SKIPPED_BY_CLOCKS(zone="Europe/Paris", before="2027-03-28 02:00", after="2027-03-28 03:00"),
            "This time does not exist: clocks in Europe/Paris skip from 02:00 to 03:00.",
        ),
        (codes.HAS_PASSED(), "This has passed."),
        # Without a code, the page shows the API's words, although it has its own.
        (
            "happens twice in Europe/Paris, at +02:00 and again at +01:00: send fold",
            "This happens twice in Europe/Paris, at +02:00 and again at +01:00: send fold.",
        ),
        ("does not exist in Europe/Paris", "This does not exist in Europe/Paris."),
    ],
)
def test_a_refused_time_is_explained_by_its_code(reminders: Tab, problem: str | codes.Problem, said: str) -> None:
    page = reminders.page
    page.get_by_label("At a date and time").check()
    page.get_by_label("Date and time", exact=True).fill("2027-03-28T02:30")
    refuse(page, "reminders", timestamp=problem)

    page.get_by_role("button", name="Remind me", exact=True).click()

    expect(page.get_by_label("Date and time", exact=True)).to_have_accessible_description(re.compile(re.escape(said)))


@pytest.mark.parametrize("problems", [{"body": "is too large"}, {"Price": "is odd", "body": "is too large"}])
def test_a_problem_of_an_order_without_a_field_is_shown_as_a_notice(
    keep_tab: OpenTab, person: User, problems: dict[str, str]
) -> None:
    tab = keep_tab(person)
    tab.refusals = {400}
    tab.go("#/order")
    refuse(tab.page, "orders", **problems)
    tab.page.get_by_role("button", name="A good order").click()

    tab.page.get_by_role("button", name="Place the order").click()

    expect(tab.page.get_by_role("alert")).to_contain_text("body is too large")
