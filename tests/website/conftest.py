"""The page in a real Chromium, on the laptop cloud, watched for whatever a page must not do."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import (
    Browser,
    expect,
    sync_playwright,
)

from benchmarks import browser as chromium
from local.cloud import Cloud, Places
from local.users import OPERATOR, PERSON, User
from tests.support.cloud.apps import Apps, new_order
from tests.support.names import unique
from tests.support.page import scenes
from tests.support.page.tab import DESKTOP, OpenTab, Tab, tokens

# All tabs are of one site, and a process for each of them would only begin anew.
FLAGS = [*chromium.FLAGS, "--renderer-process-limit=1"]


expect.set_options(timeout=15_000)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    path = chromium.find()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def open_tab(browser: Browser, cloud: Cloud, places: Places) -> Iterator[OpenTab]:
    """Opens a tab of somebody's: `open_tab(user)`, or of nobody who has signed in.

    When the test is over nothing may have gone wrong in it that the test has not asked for.
    """
    tabs = []

    def open_(user: User | None = None, **context: Any) -> Tab:
        options = {"viewport": DESKTOP, "timezone_id": "Europe/Paris", "locale": "en-GB", **context}
        page = browser.new_context(**options).new_page()
        if user:
            page.add_init_script(
                f"if (location.host) sessionStorage.session ??= {json.dumps(json.dumps(tokens(cloud, places, user)))}"
            )
        tabs.append(Tab(page, places))
        return tabs[-1]

    yield open_
    problems = [problem for tab in tabs for problem in tab.problems]
    for tab in tabs:
        tab.page.context.close()
    assert problems == []


@pytest.fixture(scope="session")
def person(cloud: Cloud) -> User:
    return cloud.users()[PERSON]


@pytest.fixture(scope="session")
def operator(cloud: Cloud) -> User:
    return cloud.users()[OPERATOR]


@pytest.fixture(scope="session")
def apps(cloud: Cloud, places: Places) -> Apps:
    """As an operator sees them, without the page."""
    return Apps(cloud, places, user=cloud.users()[OPERATOR])


@pytest.fixture
def order() -> dict[str, str]:
    """A good order that no other test knows."""
    return new_order()


@pytest.fixture
def somebody(apps: Apps) -> User:
    """A person whom no other test knows."""
    return apps.as_somebody_else().user


@pytest.fixture
def message() -> str:
    return unique("Feed the cat, ")


@pytest.fixture
def skipped_waits(apps: Apps) -> Iterator[None]:
    with scenes.waits_skipped(apps):
        yield


@pytest.fixture
def theirs(apps: Apps, somebody: User) -> Apps:
    """The apps as somebody sees them."""
    return Apps(apps.cloud, apps.places, user=somebody)
