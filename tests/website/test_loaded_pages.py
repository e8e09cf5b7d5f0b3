"""A list that reloads keeps all the pages that were loaded."""

from typing import Any

import pytest
from playwright.sync_api import Route, expect

from local.users import User
from tests.support.page.tab import OpenTab

pytestmark = pytest.mark.long

CORS = {"Access-Control-Allow-Origin": "*"}


def reminder(number: int, **fields: Any) -> dict[str, Any]:
    return {
        "reminderId": f"r-{number}",
        "message": f"Number {number}",
        "channels": ["email"],
        "preference": "email",
        "status": "SENT",
        "dueAt": "2026-01-01T00:00:00Z",
        **fields,
    }


def test_loaded_pages_stay_while_the_list_reloads(open_tab: OpenTab, person: User) -> None:
    """A reminder that is being sent makes the page reload the list every three seconds."""
    pages = {None: [1, 2], "two": [3, 4], "three": [5]}
    following = {None: "two", "two": "three", "three": None}
    sent: list[str | None] = []
    tab = open_tab(person, alone=True)

    def answer(route: Route) -> None:
        if "when=past" not in route.request.url:
            route.fulfill(headers=CORS, json={"reminders": [], "next": None})
            return
        name = next((name for name in ("two", "three") if f"next={name}" in route.request.url), None)
        sent.append(name)
        is_new = sent.count(None) > 2
        reminders = [reminder(number, status="SENDING" if number == 1 else "SENT") for number in pages[name]]
        if is_new and name is None:
            reminders[1]["message"] = "Changed"
        route.fulfill(headers=CORS, json={"reminders": reminders, "next": following[name]})

    tab.page.clock.install()
    tab.page.route("**/reminders?*", answer)
    tab.go("#/reminders")
    rows = tab.page.get_by_role("region", name="Past").get_by_role("listitem")
    expect(rows).to_have_count(2)
    tab.page.get_by_role("button", name="Load more past reminders").click()
    expect(rows).to_have_count(4)

    while "Changed" not in rows.nth(1).inner_text():
        tab.page.clock.run_for(3_000)
        expect(rows).to_have_count(4)

    tab.page.get_by_role("button", name="Load more past reminders").click()
    expect(rows).to_have_count(5)
    assert sent[-1] == "three"
    expect(tab.page.get_by_role("button", name="Load more")).to_have_count(0)
