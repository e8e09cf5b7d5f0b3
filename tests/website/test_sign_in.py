"""Signing up, in and out: accounts, passwords, authenticators."""

import base64
import hmac
import json
import re
import struct
import time
from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from local.cloud import Cloud, Places
from local.users import User
from tests.support.cloud.site import fetch
from tests.support.page.steps import (
    expect_problem,
    field,
    fill,
    mailed_code,
    mails_to,
    new_address,
    press,
    sign_in,
)
from tests.support.page.tab import OpenTab, Tab

PASSWORD = "Correct-horse-1"
WELCOME = "Place an order, set a reminder, watch it happen"
WRONG = "The e-mail address or the password is wrong."


@pytest.fixture
def tab(open_tab: OpenTab) -> Tab:
    """A tab in which nobody has signed in."""
    tab = open_tab()
    tab.go()
    return tab


def one_time_code(secret: str) -> str:
    """The code that an authenticator app shows now. https://www.rfc-editor.org/rfc/rfc6238"""
    digest = hmac.digest(base64.b32decode(secret), struct.pack(">Q", int(time.time() // 30)), "sha1")
    start = digest[-1] & 0xF
    return f"{(int.from_bytes(digest[start : start + 4]) & 0x7FFFFFFF) % 10**6:06}"


def notice(tab: Tab, words: str) -> None:
    expect(tab.page.locator("main .notice")).to_have_text(words)


def kept_session(tab: Tab) -> dict[str, str]:
    session: dict[str, str] = json.loads(tab.page.evaluate("sessionStorage.session"))
    return session


def sign_out(tab: Tab) -> None:
    tab.page.get_by_role("banner").get_by_role("button", name="Sign out").click()
    tab.expect_title(WELCOME)


def test_a_person_signs_up_with_a_code_that_was_mailed(cloud: Cloud, tab: Tab) -> None:
    address = new_address()
    tab.refusals = {400}
    press(tab, "Create an account")
    tab.expect_title("Create an account")

    fill(tab, {"E-mail address": address, "Password": "too-weak"})
    press(tab, "Create the account")
    expect_problem(tab, "Password", re.compile("12 characters.*a digit and a symbol"))
    expect(field(tab, "Password")).to_be_focused()

    fill(tab, {"Password": PASSWORD})
    press(tab, "Create the account")
    tab.expect_title("Confirm your e-mail address")
    notice(tab, f"We mailed a code to {address}.")

    fill(tab, {"Code": "000000"})
    press(tab, "Confirm")
    expect_problem(tab, "Code", re.compile("The code is wrong."))
    expect(field(tab, "Code")).to_be_focused()

    sent = len(mails_to(cloud, address))
    press(tab, "Send another code")
    notice(tab, "We mailed another code.")
    assert len(mails_to(cloud, address)) == sent + 1

    fill(tab, {"Code": f" {mailed_code(cloud, address)} "})
    press(tab, "Confirm")
    tab.expect_title("Place an order")
    tab.page.get_by_role("link", name="Account").click()
    expect(tab.page.get_by_role("region", name="E-mail address")).to_contain_text(address)


@pytest.mark.long
def test_signing_in_before_confirming_leads_to_the_confirmation(cloud: Cloud, tab: Tab) -> None:
    user = User(role="", email=new_address(), password=PASSWORD)
    tab.refusals = {400}
    press(tab, "Create an account")
    tab.expect_title("Create an account")
    fill(tab, {"E-mail address": user.email, "Password": PASSWORD})
    press(tab, "Create the account")
    tab.expect_title("Confirm your e-mail address")
    press(tab, "Back to sign-in")
    tab.expect_title(WELCOME)

    sign_in(tab, user)
    tab.expect_title("Confirm your e-mail address")
    fill(tab, {"Code": mailed_code(cloud, user.email)})
    press(tab, "Confirm")

    tab.expect_title("Place an order")


def test_an_address_with_an_account_gets_no_second_one(tab: Tab, somebody: User) -> None:
    tab.refusals = {400}
    press(tab, "Create an account")
    tab.expect_title("Create an account")

    fill(tab, {"E-mail address": somebody.email, "Password": PASSWORD})
    press(tab, "Create the account")

    expect_problem(tab, "E-mail address", re.compile("This e-mail address already has an account."))


def test_a_wrong_password_and_an_unknown_address_have_the_same_message(tab: Tab, somebody: User) -> None:
    tab.refusals = {400}

    sign_in(tab, somebody, password="Not-the-password-1")
    notice(tab, WRONG)
    tab.page.reload()
    expect(tab.page.locator("main .notice")).to_have_count(0)
    sign_in(tab, User(role="", email=new_address(), password=PASSWORD))
    notice(tab, WRONG)


@pytest.mark.parametrize(
    ("typed", "label", "words"),
    [
        ({"Password": PASSWORD}, "E-mail address", "Enter your e-mail address."),
        ({"E-mail address": "ada@example.com"}, "Password", "Enter your password."),
        ({}, "E-mail address", "Enter your e-mail address."),
    ],
)
def test_a_missing_field_is_reported_before_anything_is_sent(
    tab: Tab, typed: dict[str, str], label: str, words: str
) -> None:
    fill(tab, typed)

    press(tab, "Sign in")

    expect_problem(tab, label, words)
    expect(field(tab, label)).to_be_focused()
    assert [one.url for one in tab.requests if one.method == "POST"] == []


def test_signing_out_revokes_the_refresh_token(cloud: Cloud, places: Places, tab: Tab, somebody: User) -> None:
    sign_in(tab, somebody)
    tab.expect_title("Place an order")
    refresh = kept_session(tab)["refresh"]
    cognito = cloud.engine.client("cognito-idp")

    def renew() -> None:
        cognito.initiate_auth(
            ClientId=places.web_client, AuthFlow="REFRESH_TOKEN_AUTH", AuthParameters={"REFRESH_TOKEN": refresh}
        )

    renew()
    with tab.page.expect_response(places.endpoint + "/"):
        sign_out(tab)

    assert tab.page.evaluate("sessionStorage.length") == 0
    with pytest.raises(cognito.exceptions.NotAuthorizedException):
        renew()
    tab.page.go_back()
    tab.expect_title(WELCOME)


@pytest.mark.parametrize(("name", "title"), [("Ada", "Place an order"), ("Olga", "Operators")])
def test_the_laptops_demo_users_sign_in_with_one_press(tab: Tab, name: str, title: str) -> None:
    press(tab, f"Sign in as {name}")

    tab.expect_title(title)


def test_a_stage_without_demo_users_offers_none(open_tab: OpenTab, places: Places) -> None:
    config = json.loads(fetch(places.site, "/config.json").body) | {"demoUsers": None}
    tab = open_tab()
    tab.page.route("**/config.json", lambda route: route.fulfill(json=config))

    tab.go()

    expect(field(tab, "Password")).to_be_visible()
    expect(tab.page.get_by_role("group", name="Demo users")).to_have_count(0)
    assert not [one for one in tab.requests if "demo-users" in one.url]


@pytest.mark.long
def test_a_forgotten_password_is_changed_with_a_code(cloud: Cloud, tab: Tab, somebody: User) -> None:
    tab.refusals = {400}
    press(tab, "Forgotten password?")
    tab.expect_title("Forgotten password")

    fill(tab, {"E-mail address": somebody.email})
    press(tab, "Send me a code")
    notice(tab, f"If {somebody.email} has an account, we mailed a code to it.")

    fill(tab, {"Code": "000000", "New password": PASSWORD})
    press(tab, "Change the password")
    expect_problem(tab, "Code", re.compile("The code is wrong."))

    fill(tab, {"Code": mailed_code(cloud, somebody.email), "New password": "weak"})
    press(tab, "Change the password")
    expect_problem(tab, "New password", re.compile("12 characters"))

    fill(tab, {"New password": PASSWORD})
    press(tab, "Change the password")
    tab.expect_title(WELCOME)
    notice(tab, "Password changed. Sign in with the new one.")

    sign_in(tab, somebody)
    notice(tab, WRONG)
    fill(tab, {"Password": PASSWORD})
    press(tab, "Sign in")
    tab.expect_title("Place an order")


def test_a_forgotten_password_does_not_reveal_whether_an_account_exists(cloud: Cloud, tab: Tab) -> None:
    address = new_address()
    press(tab, "Forgotten password?")
    tab.expect_title("Forgotten password")

    fill(tab, {"E-mail address": address})
    press(tab, "Send me a code")

    notice(tab, f"If {address} has an account, we mailed a code to it.")
    assert mails_to(cloud, address) == []


@pytest.fixture
def to_account(tab: Tab) -> Callable[[], None]:
    def go() -> None:
        tab.page.get_by_role("link", name="Account").click()
        tab.expect_title("Account")

    return go


@pytest.mark.long
def test_an_authenticator_is_required_while_it_is_switched_on(
    tab: Tab, somebody: User, to_account: Callable[[], None]
) -> None:
    tab.refusals = {400}
    sign_in(tab, somebody)
    to_account()

    press(tab, "Set up an authenticator")
    secret = (tab.page.get_by_label("Key", exact=True).text_content() or "").replace(" ", "")
    link = tab.page.get_by_role("link", name="open the app on this device").get_attribute("href") or ""
    assert link.startswith("otpauth://totp/") and f"secret={secret}" in link
    fill(tab, {"Code": "abcdef"})
    press(tab, "Switch on")
    expect_problem(tab, "Code", re.compile("The code is wrong."))
    fill(tab, {"Code": one_time_code(secret)})
    press(tab, "Switch on")
    notice(tab, "Authenticator switched on. You will need its code whenever you sign in.")
    assert secret not in tab.page.content()
    sign_out(tab)

    sign_in(tab, somebody)
    tab.expect_title("One more step")
    expect(field(tab, "Code")).to_be_visible()
    fill(tab, {"Code": "abcdef"})
    press(tab, "Sign in")
    expect_problem(tab, "Code", re.compile("The code is wrong."))
    fill(tab, {"Code": one_time_code(secret)})
    press(tab, "Sign in")
    tab.expect_title("Place an order")

    to_account()
    press(tab, "Switch off the authenticator")
    notice(tab, "Authenticator switched off. You sign in with your password only.")
    sign_out(tab)
    sign_in(tab, somebody)
    tab.expect_title("Place an order")
