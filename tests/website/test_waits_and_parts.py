"""The outbox's switch for waits, and which part of a mail it shows."""

from typing import Any

import pytest
from playwright.sync_api import expect

from local.users import User
from tests.support.page.tab import DESKTOP, PHONE, OpenTab

pytestmark = pytest.mark.long

SCALE = "stepfunctions._SFN_WAIT_SCALE"
NOT_SET: list[dict[str, Any]] = [
    {"status": 500, "json": {}},
    {"status": 200, "json": {"applied": {}}},
    {"status": 404, "body": "no such thing"},
]


@pytest.mark.parametrize(
    ("button", "scale", "words"),
    [("Skip waits", 0, "Workflows now skip their waits."), ("Keep waits", 1, "Workflows now wait the full time.")],
)
def test_a_changed_wait_setting_is_reported(
    keep_tab: OpenTab, person: User, button: str, scale: int, words: str
) -> None:
    tab = keep_tab(person)
    tab.page.route(
        "**/_ministack/config",
        lambda route: (
            route.fulfill(json={"applied": {SCALE: float(scale)}})
            if route.request.post_data_json == {SCALE: scale}
            else route.abort()
        ),
    )
    tab.go("#/outbox")

    tab.page.get_by_role("button", name=button).click()

    expect(tab.page.locator(".notice.good")).to_have_text(words)
    expect(tab.page.locator("#news")).to_have_text(words)


@pytest.mark.parametrize("answer", NOT_SET)
def test_a_wait_setting_that_did_not_change_is_not_reported_as_changed(
    keep_tab: OpenTab, person: User, answer: dict[str, Any]
) -> None:
    tab = keep_tab(person)
    tab.refusals = {404, 500}
    tab.page.route("**/_ministack/config", lambda route: route.fulfill(**answer))
    tab.go("#/outbox")

    tab.page.get_by_role("button", name="Skip waits").click()

    expect(tab.page.get_by_role("alert")).to_contain_text("The service is not answering")
    expect(tab.page.locator(".notice.good")).to_have_count(0)


@pytest.mark.parametrize(
    ("parts", "text", "hint"),
    [
        ({"BodyText": "Feed the cat", "BodyHtml": "<p>Feed the cat</p>"}, "Feed the cat", "Plain-text version"),
        ({"BodyText": "", "BodyHtml": "<p>Feed the cat</p>"}, "<p>Feed the cat</p>", "HTML source"),
        ({"BodyText": "Feed the cat", "BodyHtml": ""}, "Feed the cat", None),
    ],
)
def test_a_mail_says_which_of_its_parts_is_shown(
    keep_tab: OpenTab, person: User, parts: dict[str, str], text: str, hint: str | None
) -> None:
    mail = {"MessageId": "1", "To": ["ada@example.com"], "Source": "us@example.com", "Subject": "Cat", "Timestamp": 0}
    tab = keep_tab(person)
    tab.page.route("**/ses/messages", lambda route: route.fulfill(json={"messages": {"0": [{**mail, **parts}]}}))
    tab.go("#/outbox")

    expect(tab.page.locator(".letter")).to_have_text(text)
    if hint:
        expect(tab.page.locator(".mail .hint")).to_contain_text(hint)
    else:
        expect(tab.page.locator(".mail .hint")).to_have_count(0)
    for size in (PHONE, DESKTOP):
        tab.page.set_viewport_size(size)
        tab.screenshot(f"outbox-{size['width']}")
    assert tab.axe() == []
