"""The page in a real Chromium on the laptop cloud. Each tab records what a page must not do."""

import functools
import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import (
    Browser,
    BrowserContext,
    ViewportSize,
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
from tests.support.waiting import PATIENCE_SECONDS

# One renderer process serves all tabs: they show the same site, and starting a process for each takes time.
FLAGS = [*chromium.FLAGS, "--renderer-process-limit=1"]


PATIENCE = PATIENCE_SECONDS * 1000
expect.set_options(timeout=PATIENCE)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    path = chromium.find()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def contexts(browser: Browser, places: Places) -> Callable[..., BrowserContext]:
    """Returns the browser context with a number and options. Tests use it one after the other.

    A new context would start a new process, which would read and compile every module of the page again.
    """

    @functools.cache
    def context(_: int, **options: Any) -> BrowserContext:
        made = browser.new_context(**{"timezone_id": "Europe/Paris", "locale": "en-GB", **options})
        # The process ends with its last tab, so this tab stays open.
        made.new_page().goto(f"{places.site}robots.txt")
        return made

    return context


@pytest.fixture
def open_tab(contexts: Callable[..., BrowserContext], cloud: Cloud, places: Places) -> Iterator[OpenTab]:
    """Opens a tab in which `user` is signed in: `open_tab(user)`. Without a user, nobody is signed in.

    A tab shares no storage with another one, and nothing is left in it from an earlier test. After the test, fails if a
    tab had a problem that the test did not expect.
    """
    tabs: list[Tab] = []

    def open_(user: User | None = None, *, viewport: ViewportSize = DESKTOP, **options: str) -> Tab:
        page = contexts(len(tabs), **options).new_page()
        page.set_viewport_size(viewport)
        page.set_default_timeout(PATIENCE)
        if user:
            page.add_init_script(
                f"if (location.host) sessionStorage.session ??= {json.dumps(json.dumps(tokens(cloud, places, user)))}"
            )
        tabs.append(Tab(page, places))
        return tabs[-1]

    yield open_
    problems = [problem for tab in tabs for problem in tab.problems]
    for tab in tabs:
        empty(tab.page.context, places.site)
    assert problems == []


def empty(context: BrowserContext, site: str) -> None:
    """Closes the tabs of a test, and removes what they have stored and set."""
    kept, *tabs = context.pages
    context.set_offline(False)
    origin = {"origin": site.rstrip("/"), "storageTypes": "all"}
    context.new_cdp_session(kept).send("Storage.clearDataForOrigin", origin)
    context.clear_permissions()
    context.clear_cookies()
    for tab in tabs:
        tab.close()


@pytest.fixture(scope="session")
def person(cloud: Cloud) -> User:
    return cloud.users()[PERSON]


@pytest.fixture(scope="session")
def operator(cloud: Cloud) -> User:
    return cloud.users()[OPERATOR]


@pytest.fixture(scope="session")
def apps(cloud: Cloud, places: Places) -> Apps:
    """Calls the apps' APIs as an operator, without the page."""
    return Apps(cloud, places, user=cloud.users()[OPERATOR])


@pytest.fixture
def order() -> dict[str, str]:
    """A valid order with an id that no other test uses."""
    return new_order()


@pytest.fixture
def somebody(apps: Apps) -> User:
    """A person whom no other test uses."""
    return apps.as_new_person().user


@pytest.fixture
def message() -> str:
    return unique("Feed the cat, ")


@pytest.fixture
def skipped_waits(apps: Apps) -> Iterator[None]:
    with scenes.waits_skipped(apps):
        yield


@pytest.fixture
def theirs(apps: Apps, somebody: User) -> Apps:
    """Calls the apps' APIs as `somebody`."""
    return Apps(apps.cloud, apps.places, user=somebody)
