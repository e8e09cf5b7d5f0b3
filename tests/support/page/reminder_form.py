"""Fills in the form of a reminder, and finds reminders in the lists."""

import re
from datetime import datetime
from typing import Any

from playwright.sync_api import Locator, Page, Request, expect

LOCAL = "%Y-%m-%dT%H:%M"


def fill_message(page: Page, message: str) -> None:
    page.get_by_label("Remind me of").fill(message)


def at(page: Page, wall: datetime) -> Locator:
    """Chooses a date and a time. Returns their control."""
    page.get_by_label("At a date and time").check()
    control = page.get_by_label("Date and time", exact=True)
    control.fill(wall.strftime(LOCAL))
    return control


def press(page: Page) -> None:
    page.get_by_role("button", name="Remind me", exact=True).click()


def send(page: Page, way: str = "By e-mail") -> dict[str, Any]:
    """Chooses how to be reminded and sends the form. Returns the body that the page sent."""
    page.get_by_label(way, exact=True).check()
    with page.expect_request(is_post) as asked:
        press(page)
    sent: dict[str, Any] = asked.value.post_data_json or {}
    return sent


def is_post(request: Request) -> bool:
    return request.method == "POST" and request.url.endswith("/reminders")


def listed(page: Page, title: str, message: str) -> Locator:
    """The reminder in the list with this title."""
    return page.get_by_role("region", name=title).get_by_role("listitem").filter(has_text=message)


def expect_problem(control: Locator, words: str) -> None:
    expect(control).to_have_attribute("aria-invalid", "true")
    expect(control).to_have_accessible_description(re.compile(re.escape(words)))
    expect(control).to_be_focused()
