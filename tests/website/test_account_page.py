"""The account view: entering an address, confirming it with a code, and getting reminders there."""

import json
import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, Route, expect

from local.users import User
from tests.support.cloud.apps import Apps
from tests.support.page import scenes
from tests.support.page.steps import expect_problem, fill, press, sign_in
from tests.support.page.tab import OpenTab, Tab

TARGET = "AWSCognitoIdentityProviderService."
CODE, NUMBER = "135790", "+15555550177"
WRONG_CODE = {"__type": "CodeMismatchException", "message": "Invalid verification code provided, please try again."}
NEW_EMAIL = "ada.lovelace@example.com"
PHONE, EMAIL = "Phone number", "E-mail address"

Answer = Callable[[dict[str, Any]], Any]


class Codes:
    """Answers like AWS where the engine differs: the operations that it lacks, and the change of an address."""

    def __init__(self, apps: Apps, user: User) -> None:
        self.asked: list[tuple[str, str]] = []
        """The operations that the page called, each with its attribute."""

        self._apps, self._user = apps, user
        self._pending: dict[str, str] = {}

    def answer(self, page: Page) -> None:
        """Answers these operations for the page. The engine answers all others."""
        page.route(f"{self._apps.places.endpoint}/", self._route)

    def _route(self, route: Route) -> None:
        operation = route.request.headers.get("x-amz-target", "").removeprefix(TARGET)
        own: dict[str, Answer] = {
            "UpdateUserAttributes": self._update,
            "GetUserAttributeVerificationCode": self._send,
            "VerifyUserAttribute": self._verify,
        }
        if operation not in own:
            route.fallback()
            return
        body = own[operation](route.request.post_data_json or {})
        status = 400 if "__type" in body else 200
        route.fulfill(status=status, json=body, headers={"Access-Control-Allow-Origin": "*"})

    def _update(self, asked: dict[str, Any]) -> dict[str, Any]:
        """Sends a code to the new address. The old address counts until the code is entered."""
        [attribute] = asked["UserAttributes"]
        name = attribute["Name"]
        self.asked.append(("UpdateUserAttributes", name))
        self._pending[name] = attribute["Value"]
        return {"CodeDeliveryDetailsList": [{"AttributeName": name}]}

    def _send(self, asked: dict[str, Any]) -> dict[str, Any]:
        self.asked.append(("GetUserAttributeVerificationCode", asked["AttributeName"]))
        return {"CodeDeliveryDetails": {"AttributeName": asked["AttributeName"]}}

    def _verify(self, asked: dict[str, Any]) -> dict[str, Any]:
        name = asked["AttributeName"]
        self.asked.append(("VerifyUserAttribute", name))
        if asked["Code"] != CODE:
            return WRONG_CODE
        pending = {name: self._pending[name]} if name in self._pending else {}
        self._set({**pending, f"{name}_verified": "true"})
        return {}

    def _set(self, attributes: dict[str, str]) -> None:
        self._apps.cloud.engine.client("cognito-idp").admin_update_user_attributes(
            UserPoolId=self._apps.places.user_pool,
            Username=self._user.email,
            UserAttributes=[{"Name": name, "Value": value} for name, value in attributes.items()],
        )


@pytest.fixture
def phoneless(apps: Apps) -> User:
    return scenes.without_a_phone(apps)


@pytest.fixture
def codes(apps: Apps, phoneless: User) -> Codes:
    return Codes(apps, phoneless)


@pytest.fixture
def tab(open_tab: OpenTab, phoneless: User, codes: Codes) -> Tab:
    tab = open_tab(phoneless)
    codes.answer(tab.page)
    tab.go("#/account")
    return tab


def card(page: Page, title: str) -> Locator:
    return page.get_by_role("region", name=title)


def change(page: Page, title: str, value: str) -> None:
    page.get_by_role("button", name=f"{'Add' if title == PHONE else 'Change'} {title.lower()}").click()
    expect(page.get_by_label(f"New {title.lower()}")).to_be_focused()
    page.get_by_label(f"New {title.lower()}").fill(value)
    page.get_by_role("button", name="Send a code").click()


def confirm(page: Page, code: str) -> None:
    page.get_by_label("Code").fill(code)
    page.get_by_role("button", name="Confirm", exact=True).click()


@pytest.mark.long
def test_a_confirmed_number_gets_reminders(tab: Tab, codes: Codes) -> None:
    page = tab.page
    expect(card(page, PHONE)).to_contain_text("Not set")

    change(page, PHONE, "+1 (555) 555-0177")
    expect(page.locator(".notice.good")).to_have_text(f"We texted a code to {NUMBER}.")
    expect(page.get_by_label("Code")).to_be_focused()
    expect(card(page, PHONE)).to_contain_text(f"Enter the code to confirm {NUMBER}.")
    confirm(page, f" {CODE} ")

    expect(card(page, PHONE).locator(".chip")).to_have_text("Confirmed")
    expect(page.get_by_role("heading", name=PHONE)).to_be_focused()
    page.get_by_role("link", name="Remind me").click()
    expect(page.get_by_text(f"Texts go to {NUMBER}.")).to_be_visible()
    expect(page.get_by_role("radio", name="By SMS")).to_be_enabled()


@pytest.mark.long
def test_a_new_e_mail_address_counts_only_after_its_code_is_entered(tab: Tab, codes: Codes, phoneless: User) -> None:
    page = tab.page
    change(page, EMAIL, NEW_EMAIL)

    expect(page.locator(".notice.good")).to_have_text(f"We mailed a code to {NEW_EMAIL}.")
    expect(card(page, EMAIL).locator(".state")).to_contain_text(phoneless.email)
    assert codes.asked == [("UpdateUserAttributes", "email")]
    confirm(page, CODE)

    expect(card(page, EMAIL).locator(".state")).to_contain_text(NEW_EMAIL)
    page.get_by_role("link", name="Remind me").click()
    expect(page.get_by_text(f"E-mail goes to {NEW_EMAIL}.")).to_be_visible()


@pytest.mark.long
def test_a_wrong_code_is_reported_beside_it_and_another_can_be_sent(tab: Tab, codes: Codes) -> None:
    tab.refusals = {400}
    page = tab.page
    change(page, PHONE, NUMBER)
    confirm(page, "000000")

    code = page.get_by_label("Code")
    expect(code).to_be_focused()
    expect(code).to_have_accessible_description("The code is wrong. Check it, or ask for another one.")
    page.get_by_role("button", name="Send another code").click()
    expect(page.locator(".notice.good")).to_have_text(f"We texted a code to {NUMBER}.")
    confirm(page, CODE)

    expect(card(page, PHONE).locator(".chip")).to_have_text("Confirmed")


@pytest.mark.long
def test_a_number_can_be_confirmed_later(open_tab: OpenTab, tab: Tab, codes: Codes, phoneless: User) -> None:
    change(tab.page, PHONE, NUMBER)
    tab.page.get_by_role("button", name="Not now").click()
    expect(tab.page.get_by_role("heading", name=PHONE)).to_be_focused()
    later = open_tab(phoneless)
    codes.answer(later.page)
    later.go("#/account")

    later.page.get_by_role("button", name="I have a code for the phone number").click()
    confirm(later.page, CODE)

    expect(card(later.page, PHONE).locator(".chip")).to_have_text("Confirmed")


@pytest.mark.long
def test_a_password_is_changed_with_the_current_one(open_tab: OpenTab, tab: Tab, phoneless: User) -> None:
    tab.refusals = {400}
    new = "Another-horse-2"

    def change_to(password: str, *, current: str) -> None:
        fill(tab, {"Current password": current, "New password": password})
        press(tab, "Save the new password")

    press(tab, "Change the password")
    expect(tab.page.get_by_label("Current password")).to_be_focused()
    change_to(new, current="Not-the-password-1")
    expect_problem(tab, "Current password", "The current password is wrong.")
    change_to("weak", current=phoneless.password)
    expect_problem(tab, "New password", re.compile("Use at least 12 characters"))
    change_to(new, current=phoneless.password)

    expect(tab.page.locator(".notice.good")).to_have_text("Password changed.")
    expect(tab.page.get_by_role("heading", name="Password")).to_be_focused()
    again = open_tab()
    again.go()
    sign_in(again, phoneless, password=new)
    again.expect_title("Place an order")


@pytest.mark.parametrize(
    ("title", "value", "words"),
    [
        (PHONE, "0555 5550177", "Enter the number with its country code, for example +15555550100."),
        (PHONE, "", "Enter the number with its country code, for example +15555550100."),
        (EMAIL, "ada", "Enter an e-mail address, for example ada@example.com."),
    ],
)
def test_an_invalid_address_is_reported_beside_it_and_not_sent(
    tab: Tab, codes: Codes, title: str, value: str, words: str
) -> None:
    change(tab.page, title, value)

    control = tab.page.get_by_label(f"New {title.lower()}")
    expect(control).to_be_focused()
    expect(control).to_have_attribute("aria-invalid", "true")
    expect(control.locator("xpath=..").locator(".problem")).to_have_text(words)
    assert codes.asked == []


@pytest.mark.long
def test_an_address_of_another_account_is_reported_beside_it(tab: Tab) -> None:
    tab.refusals = {400}
    answer = json.dumps({"__type": "AliasExistsException", "message": "An account with the email already exists."})

    def refuse(route: Route) -> None:
        if route.request.headers.get("x-amz-target", "").endswith("UpdateUserAttributes"):
            route.fulfill(status=400, body=answer, headers={"Access-Control-Allow-Origin": "*"})
        else:
            route.fallback()

    tab.page.route(tab.page.evaluate("fetch('/config.json').then((answer) => answer.json())")["signIn"], refuse)
    change(tab.page, EMAIL, "olga@example.com")

    expect(tab.page.get_by_label("New e-mail address")).to_have_accessible_description(
        "You sign in with this address, and your reminders go to it."
        " Another account already uses this address. Enter a different one."
    )
