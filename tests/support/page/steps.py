"""Steps that people often take on the page."""

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from playwright.sync_api import Locator, Route, expect

from local.cloud import Cloud
from local.users import User
from tests.support.names import unique
from tests.support.page.tab import Tab

GOOD = {"Name": "Zoë O'Brien 🐈", "Item": "Lenovo ThinkPad E14", "Price": "80000", "Card number": "4242424242424242"}
"""An order as people type it."""


def new_address() -> str:
    return f"{unique()}@example.com"


def new_id() -> str:
    return unique("T-")


def field(tab: Tab, label: str) -> Locator:
    return tab.page.get_by_label(label, exact=True)


def fill(tab: Tab, fields: Mapping[str, str]) -> None:
    """Types a text into each field, which its label names."""
    for label, text in fields.items():
        field(tab, label).fill(text)


def press(tab: Tab, button: str) -> None:
    tab.page.get_by_role("button", name=button, exact=True).click()


def place(tab: Tab, order: Mapping[str, str]) -> None:
    """Fills in the form of an order and sends it."""
    fill(tab, order)
    press(tab, "Place the order")


def sign_in(tab: Tab, user: User, *, password: str | None = None) -> None:
    fill(tab, {"E-mail address": user.email, "Password": password or user.password})
    press(tab, "Sign in")


def shorten_pages(tab: Tab, path: str) -> None:
    """Makes the API return the list at `path` with two rows a page. Otherwise a test needs many rows for two pages."""

    def ask_for_two(route: Route) -> None:
        parts = urlsplit(route.request.url)
        query = {**dict(parse_qsl(parts.query)), "limit": "2"}
        route.continue_(url=parts._replace(query=urlencode(query)).geturl())

    tab.page.route(path, ask_for_two)


def expect_problem(tab: Tab, label: str, words: str | re.Pattern[str]) -> None:
    """Fails unless the field is marked as invalid and `words` are its description."""
    wrong = field(tab, label)
    expect(wrong).to_have_attribute("aria-invalid", "true")
    expect(wrong).to_have_accessible_description(words)


def mails_to(cloud: Cloud, address: str) -> list[dict[str, Any]]:
    return [mail for mail in cloud.engine.mails() if mail["To"] == [address]]


def mailed_code(cloud: Cloud, address: str) -> str:
    """The code in the last mail to `address`."""
    *_, mail = mails_to(cloud, address)
    [code] = re.findall("[0-9]{6}", mail["BodyText"])
    return str(code)
