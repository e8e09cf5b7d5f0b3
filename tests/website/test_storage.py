"""Browsers in which storage is forbidden for this site, and what the tests leave in the browser."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect

from local.cloud import Places
from local.users import User
from tests.support.page.tab import PHONE, OpenTab
from tests.support.page.windows import Windows

FORBIDDEN = """
for (const name of ['localStorage', 'sessionStorage']) {
    Object.defineProperty(window, name, { get() { throw new DOMException('forbidden', 'SecurityError') } });
}
"""


@pytest.mark.long
def test_without_storage_a_person_can_sign_in_and_choose_colours(open_tab: OpenTab, person: User) -> None:
    tab = open_tab()
    tab.page.add_init_script(FORBIDDEN)
    tab.go("#/orders")

    tab.page.get_by_role("button", name="Theme: automatic").click()
    tab.page.get_by_label("E-mail address").fill(person.email)
    tab.page.get_by_label("Password").fill(person.password)
    tab.page.get_by_role("button", name="Sign in", exact=True).click()

    expect(tab.page.get_by_role("heading", name="My orders", level=1)).to_be_visible()
    expect(tab.page.get_by_role("button", name="Theme: light")).to_be_visible()
    tab.page.get_by_role("button", name="Sign out").first.click()
    expect(tab.page.get_by_label("Password")).to_be_visible()


@pytest.fixture
def own_windows(browser: Browser, places: Places) -> Iterator[Windows]:
    windows = Windows(browser, places.site)
    yield windows
    windows.close()


def test_the_next_test_finds_nothing_of_a_test_in_the_shared_browser(own_windows: Windows, places: Places) -> None:
    before = own_windows.open(viewport=PHONE, reduced_motion="no-preference")
    before.goto(f"{places.site}robots.txt")
    before.evaluate("localStorage.x = sessionStorage.x = document.cookie = 'x=1'")
    before.context.grant_permissions(["clipboard-read"])
    own_windows.clear()

    after = own_windows.open()
    after.goto(f"{places.site}robots.txt")

    assert after.context == before.context
    assert after.evaluate("[localStorage.length, sessionStorage.length, document.cookie]") == [0, 0, ""]
    assert after.evaluate("navigator.permissions.query({name: 'clipboard-read'}).then((one) => one.state)") == "prompt"
    assert after.evaluate("[matchMedia('(prefers-reduced-motion)').matches, innerWidth > 1000]") == [True, True]


def test_tabs_of_one_test_share_nothing(own_windows: Windows) -> None:
    shared, second, alone = own_windows.open(), own_windows.open(), own_windows.open(alone=True)

    assert len({shared.context, second.context, alone.context}) == 3
