"""The section "Your data" of the account view: the download, and the deletion with its receipt."""

import json

import pytest
from playwright.sync_api import expect

from local.users import User
from tests.support.cloud.apps import Apps
from tests.support.page import scenes
from tests.support.page.tab import OpenTab


@pytest.mark.long
def test_a_person_downloads_their_data(open_tab: OpenTab, somebody: User, theirs: Apps) -> None:
    order = scenes.ordered(theirs)
    tab = open_tab(somebody)
    tab.go("#/account")

    with tab.page.expect_download() as download:
        tab.page.get_by_role("button", name="Download my data").click()

    copy = json.loads(download.value.path().read_text())
    assert download.value.suggested_filename == "my-data.json"
    assert copy["account"]["attributes"]["email"] == somebody.email
    assert [one["OrderId"] for one in copy["orders"]] == [order["OrderId"]]
    expect(tab.page.locator(".notice.good")).to_have_text("Your data is in the file my-data.json.")


def test_a_person_deletes_their_account_and_saves_the_receipt(open_tab: OpenTab, somebody: User, theirs: Apps) -> None:
    scenes.ordered(theirs)
    tab = open_tab(somebody)
    page = tab.page
    tab.go("#/account")

    page.get_by_role("button", name="Delete my account").click()
    field = page.get_by_label(f"Type {somebody.email} to delete your account")
    expect(field).to_be_focused()
    page.keyboard.type("somebody@example.com")
    page.keyboard.press("Enter")
    expect(field).to_have_accessible_description(f"This is not {somebody.email}.")
    field.fill(somebody.email.upper())
    page.keyboard.press("Enter")

    expect(page.get_by_role("heading", name="Your account is deleted")).to_be_focused()
    expect(page.get_by_role("link", name="My orders")).to_have_count(0)
    with page.expect_download() as download:
        page.get_by_role("button", name="Save the receipt").click()
    receipt = json.loads(download.value.path().read_text())
    assert {one["store"]: one["count"] for one in receipt["removed"]} == {"OrderTable": 1, "Users": 1}
    page.get_by_role("button", name="Done").click()
    expect(page.get_by_label("Password")).to_be_visible()


@pytest.mark.long
def test_an_old_sign_in_is_renewed_and_the_form_stays(open_tab: OpenTab, somebody: User) -> None:
    tab = open_tab(somebody)
    tab.refusals = {403}
    page = tab.page
    body = {"error": {"code": "SignInAgain", "message": "Sign in again.", "details": []}}
    page.route(
        "**/account",
        lambda route: (
            route.fulfill(status=403, json=body, headers={"Access-Control-Allow-Origin": "*"})
            if route.request.method == "DELETE"
            else route.fallback()
        ),
        times=1,
    )
    tab.go("#/account")
    page.get_by_role("button", name="Delete my account").click()
    field = page.get_by_label(f"Type {somebody.email} to delete your account")
    field.fill(somebody.email)
    page.keyboard.press("Enter")

    page.get_by_role("dialog").get_by_label("Password").fill(somebody.password)
    page.get_by_role("button", name="Sign in", exact=True).click()

    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(field).to_have_value(somebody.email)
    page.get_by_role("button", name="Delete my account").click()
    expect(page.get_by_role("heading", name="Your account is deleted")).to_be_visible()
