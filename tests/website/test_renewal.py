"""How a refused renewal of the tokens affects the session."""

import json
from collections.abc import Callable

import pytest
from playwright.sync_api import Route, expect

from local.cloud import Cloud, Places
from local.users import User
from tests.support.page.tab import OpenTab, Tab, tokens

pytestmark = pytest.mark.long

CORS = {"Access-Control-Allow-Origin": "*"}


def is_renewal(route: Route) -> bool:
    return "REFRESH_TOKEN_AUTH" in (route.request.post_data or "")


def refuse(route: Route, code: str) -> None:
    route.fulfill(status=400, headers=CORS, json={"__type": code, "message": "Rate exceeded"})


@pytest.fixture
def near_its_end(open_tab: OpenTab, cloud: Cloud, places: Places, person: User) -> Callable[[], Tab]:
    """Returns a function that opens a tab whose tokens must be renewed before its first request."""

    def open_() -> Tab:
        kept = json.dumps({**tokens(cloud, places, person), "renewedFrom": 0})
        tab = open_tab()
        tab.page.add_init_script(f"if (location.host) sessionStorage.session ??= {json.dumps(kept)}")
        tab.refusals = {400}
        return tab

    return open_


@pytest.mark.parametrize("code", ["TooManyRequestsException", "LimitExceededException"])
def test_a_renewal_that_may_succeed_later_does_not_end_the_session(
    near_its_end: Callable[[], Tab], places: Places, code: str
) -> None:
    tab = near_its_end()
    answers = {"refused": True}

    def answer(route: Route) -> None:
        refuse(route, code) if is_renewal(route) and answers["refused"] else route.continue_()

    tab.page.route(f"{places.endpoint}/", answer)
    tab.go("#/orders")

    expect(tab.page.get_by_role("alert")).to_contain_text("The service is not answering.")
    expect(tab.page.get_by_role("dialog")).to_be_hidden()
    answers["refused"] = False
    tab.page.get_by_role("button", name="Try again").click()
    expect(tab.page.get_by_text("No orders yet").or_(tab.page.locator(".rows")).first).to_be_visible()


@pytest.mark.parametrize("code", ["NotAuthorizedException", "UserNotFoundException"])
def test_an_expired_refresh_token_ends_the_session(near_its_end: Callable[[], Tab], places: Places, code: str) -> None:
    tab = near_its_end()
    tab.page.route(f"{places.endpoint}/", lambda route: refuse(route, code))
    tab.go("#/orders")

    expect(tab.page.get_by_role("dialog", name="Sign in again")).to_be_visible()


def test_signing_out_during_a_refused_renewal_opens_no_dialog(near_its_end: Callable[[], Tab], places: Places) -> None:
    tab, waiting = near_its_end(), []
    tab.page.route(
        f"{places.endpoint}/", lambda route: waiting.append(route) if is_renewal(route) else route.continue_()
    )
    with tab.page.expect_request(lambda request: "REFRESH_TOKEN_AUTH" in (request.post_data or "")):
        tab.go("#/orders")

    tab.page.get_by_role("button", name="Sign out").first.click()
    expect(tab.page.get_by_label("Password")).to_be_visible()
    refuse(waiting[0], "NotAuthorizedException")

    tab.page.get_by_label("Password").fill("a")
    expect(tab.page.get_by_role("dialog")).to_be_hidden()
    tab.expect_title("Place an order, set a reminder, watch it happen")
