"""A changed address counts once its code is entered. Until then the old address counts."""

import json
from typing import Any

import pytest
from playwright.sync_api import Route, expect

from local.cloud import Places
from local.users import User
from tests.support.page.tab import DESKTOP, PHONE, OpenTab, Tab

pytestmark = pytest.mark.long

CORS = {"Access-Control-Allow-Origin": "*"}
OLD, NEW = "ada@example.com", "ada@new.example.com"


class Pool:
    """Answers like a user pool that keeps the old value until the new one is verified."""

    def __init__(self, tab: Tab, places: Places) -> None:
        self.tab, self.page = tab, tab.page
        self.sends_code, self.is_verified = True, True
        self.value, self.pending = OLD, ""
        self.asked: list[str] = []
        self.page.route(f"{places.endpoint}/", self._answer)

    def _answer(self, route: Route) -> None:
        operation = (route.request.headers.get("x-amz-target") or "").rpartition(".")[2]
        asked = json.loads(route.request.post_data or "{}")
        self.asked.append(operation)
        answer: dict[str, Any] = {}
        if operation == "UpdateUserAttributes":
            self.pending = asked["UserAttributes"][0]["Value"]
            sent = [{"AttributeName": "email", "DeliveryMedium": "EMAIL", "Destination": "a***@n***"}]
            answer = {"CodeDeliveryDetailsList": sent if self.sends_code else []}
        elif operation == "VerifyUserAttribute":
            self.value, self.is_verified = self.pending or self.value, True
        elif operation == "GetUser":
            attributes = {"email": self.value, "email_verified": str(self.is_verified).lower()}
            answer = {"UserAttributes": [{"Name": name, "Value": value} for name, value in attributes.items()]}
        elif operation != "GetUserAttributeVerificationCode":
            route.continue_()
            return
        route.fulfill(headers=CORS, json=answer)

    def change(self) -> None:
        self.page.get_by_role("button", name="Change e-mail address").click()
        self.page.get_by_label("New e-mail address").fill(NEW)
        self.page.get_by_role("button", name="Send a code").click()

    def confirm(self) -> None:
        self.page.get_by_label("Code").fill("123456")
        self.page.get_by_role("button", name="Confirm", exact=True).click()

    def expect_news(self, words: str) -> None:
        expect(self.page.locator(".notice.good")).to_have_text(words)


@pytest.fixture
def pool(keep_tab: OpenTab, places: Places, person: User) -> Pool:
    pool = Pool(keep_tab(person), places)
    pool.tab.go("#/account")
    return pool


def test_the_pool_sends_a_code_and_the_old_address_counts_until_the_code_is_entered(pool: Pool) -> None:
    about = pool.page.get_by_role("region", name="E-mail address")

    pool.change()
    pool.expect_news(f"We mailed a code to {NEW}.")
    expect(pool.page.get_by_label("Code")).to_be_focused()
    expect(about.locator(".state")).to_contain_text(OLD)
    expect(about).to_contain_text(f"Enter the code to confirm {NEW}.")
    assert "GetUserAttributeVerificationCode" not in pool.asked
    assert pool.tab.axe() == []
    for size in (PHONE, DESKTOP):
        pool.page.set_viewport_size(size)
        pool.tab.screenshot(f"pending-{size['width']}")

    pool.confirm()
    pool.expect_news("E-mail address confirmed.")
    expect(about.locator(".state")).to_contain_text(NEW)


def test_another_code_is_sent_to_the_same_new_address(pool: Pool) -> None:
    pool.change()
    pool.expect_news(f"We mailed a code to {NEW}.")
    pool.pending = ""

    pool.page.get_by_role("button", name="Send another code").click()

    expect(pool.page.get_by_label("Code")).to_be_visible()
    pool.expect_news(f"We mailed a code to {NEW}.")
    assert pool.pending == NEW
    assert pool.asked.count("UpdateUserAttributes") == 2


def test_after_a_reload_a_code_can_still_be_entered(pool: Pool) -> None:
    pool.change()
    pool.expect_news(f"We mailed a code to {NEW}.")
    pool.page.reload()

    pool.page.get_by_role("button", name="I have a code for the e-mail address").click()
    expect(pool.page.get_by_label("Code")).to_be_focused()
    expect(pool.page.get_by_role("button", name="Send another code")).to_have_count(0)
    pool.confirm()

    pool.expect_news("E-mail address confirmed.")
    expect(pool.page.get_by_role("region", name="E-mail address").locator(".state")).to_contain_text(NEW)


def test_another_code_after_a_reload_needs_the_address_again(pool: Pool) -> None:
    pool.page.get_by_role("button", name="I have a code for the e-mail address").click()

    pool.page.get_by_role("button", name="I need another code").click()

    expect(pool.page.get_by_label("New e-mail address")).to_be_focused()


def test_an_unconfirmed_address_gets_another_code(pool: Pool) -> None:
    pool.is_verified = False
    pool.page.reload()

    pool.page.get_by_role("button", name="Confirm e-mail address").click()
    pool.expect_news("We mailed you a code.")
    pool.page.get_by_role("button", name="Send another code").click()

    pool.expect_news("We mailed you a code.")
    assert pool.asked.count("GetUserAttributeVerificationCode") == 2


def test_a_code_that_the_pool_did_not_send_is_requested(pool: Pool) -> None:
    pool.sends_code = False

    pool.change()

    pool.expect_news(f"We mailed a code to {NEW}.")
    assert pool.asked.count("GetUserAttributeVerificationCode") == 1


def test_a_code_that_cannot_be_sent_is_not_reported_as_sent(open_tab: OpenTab, somebody: User) -> None:
    """The engine cannot send this code, and changes the address at once."""
    tab = open_tab(somebody)
    tab.refusals = {400}
    tab.go("#/account")
    page = tab.page
    page.get_by_role("button", name="Change phone number").click()
    page.get_by_label("New phone number").fill("+1 555 555 0123")

    page.get_by_role("button", name="Send a code").click()

    expect(page.get_by_role("alert")).to_contain_text("GetUserAttributeVerificationCode")
    expect(page.get_by_text("We texted")).to_have_count(0)
    expect(page.get_by_role("region", name="Phone number").locator(".state")).to_contain_text("+15555550123")
    expect(page.get_by_role("heading", name="Phone number")).to_be_focused()
