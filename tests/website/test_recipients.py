"""A reminder goes to its owner, unless the owner enters another address."""

import json
from typing import Any

import pytest
from playwright.sync_api import Page, Request, expect

from local.users import User
from tests.support.page.tab import PHONE, OpenTab, Tab

pytestmark = pytest.mark.long

MORE = "Another address, or a subject"


def is_post(request: Request) -> bool:
    return request.method == "POST" and request.url.endswith("/reminders")


def send(page: Page, way: str) -> Any:
    """Chooses how to be reminded and sends the form. Returns the body that the page sends to the API."""
    page.get_by_label(way, exact=True).check()
    with page.expect_request(is_post) as asked:
        page.get_by_role("button", name="Remind me", exact=True).click()
    return json.loads(asked.value.post_data or "")


@pytest.fixture
def tab(keep_tab: OpenTab, person: User) -> Tab:
    tab = keep_tab(person)
    tab.page.set_viewport_size(PHONE)
    tab.refusals = {400}
    tab.go("#/reminders")
    tab.page.get_by_label("Remind me of").fill("Feed the cat")
    return tab


def test_a_reminder_names_an_address_only_if_one_is_typed(tab: Tab) -> None:
    expect(tab.page.get_by_label("E-mail", exact=True)).to_be_hidden()

    assert not {"email", "phone"} & send(tab.page, "Both").keys()
    expect(tab.page.locator(".notice.good")).to_contain_text("Reminder set for")


def test_an_address_that_the_stage_does_not_allow_is_refused_beside_it(tab: Tab) -> None:
    page = tab.page
    page.get_by_text(MORE).click()
    page.get_by_label("E-mail", exact=True).fill("grace@example.com")
    page.get_by_label("Phone", exact=True).fill("+1 (555) 555-0199")

    asked = send(page, "By e-mail")
    assert asked["email"] == "grace@example.com"
    assert "phone" not in asked
    expect(page.get_by_label("E-mail", exact=True)).to_have_accessible_description(
        "This must be your own verified one, or one that this stage lists."
    )
    expect(page.get_by_label("E-mail", exact=True)).to_be_focused()
    assert tab.axe() == []
    tab.screenshot("another-address-phone")

    assert send(page, "By SMS")["phone"] == "+15555550199"
    expect(page.get_by_label("Phone", exact=True)).to_have_accessible_description(
        "For example +15555550100. This must be your own verified one, or one that this stage lists."
    )


@pytest.mark.parametrize(
    ("label", "text", "way", "words"),
    [
        ("E-mail", "grace", "By e-mail", "This must be one e-mail address such as ada@example.com."),
        ("Phone", "555", "By SMS", "This must be a phone number with its country code, such as +15555550100."),
    ],
)
def test_an_invalid_recipient_is_reported_beside_it(tab: Tab, label: str, text: str, way: str, words: str) -> None:
    tab.page.get_by_text(MORE).click()
    tab.page.get_by_label(label, exact=True).fill(text)

    send(tab.page, way)

    problem = tab.page.get_by_label(label, exact=True).locator("xpath=..").locator(".problem")
    expect(problem).to_have_text(words)
    tab.page.set_viewport_size({"width": 1440, "height": 900})
    tab.screenshot("another-address-desktop")


def test_a_refused_address_opens_the_fields_that_show_it(tab: Tab) -> None:
    tab.page.get_by_text(MORE).click()
    tab.page.get_by_label("E-mail", exact=True).fill("grace@example.com")
    tab.page.get_by_text(MORE).click()
    expect(tab.page.get_by_label("E-mail", exact=True)).to_be_hidden()

    send(tab.page, "By e-mail")

    expect(tab.page.get_by_label("E-mail", exact=True)).to_be_focused()


def test_a_person_without_a_number_can_text_to_another_one(open_tab: OpenTab, person: User) -> None:
    tab = open_tab(person)
    tab.page.add_init_script(
        """
        if (location.host) {
          const kept = JSON.parse(sessionStorage.session);
          const [head, claims, sign] = kept.id.split('.');
          const { phone_number, ...others } = JSON.parse(atob(claims.replaceAll('-', '+').replaceAll('_', '/')));
          const id = [head, btoa(JSON.stringify(others)), sign].join('.');
          sessionStorage.session = JSON.stringify({ ...kept, id });
        }
        """
    )
    # The API would refuse the changed token, and the page would renew it.
    tab.page.route(
        "**/reminders?*",
        lambda route: route.fulfill(headers={"Access-Control-Allow-Origin": "*"}, json={"reminders": [], "next": None}),
    )
    tab.go("#/reminders")
    texts = tab.page.get_by_label("By SMS", exact=True)
    expect(texts).to_be_disabled()

    tab.page.get_by_text(MORE).click()
    tab.page.get_by_label("Phone", exact=True).fill("+15555550199")

    expect(texts).to_be_enabled()
    expect(tab.page.get_by_label("Both", exact=True)).to_be_enabled()
    tab.page.get_by_label("Phone", exact=True).fill(" ")
    expect(texts).to_be_disabled()
