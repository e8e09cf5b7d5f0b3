"""Browsers in which storage is forbidden for this site."""

from playwright.sync_api import expect

from local.users import User
from tests.support.page.tab import OpenTab

FORBIDDEN = """
for (const name of ['localStorage', 'sessionStorage']) {
    Object.defineProperty(window, name, { get() { throw new DOMException('forbidden', 'SecurityError') } });
}
"""


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
