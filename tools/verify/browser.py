"""The check of the page in a real browser. Only it needs Playwright, which `make verify` installs."""

import contextlib
from collections.abc import Iterator
from typing import Any

from tools.verify.findings import FailedError, LeftOutError, brief, require
from tools.verify.run import Run

PATIENCE_MS = 60_000
LABELS = {"Order id": "OrderId", "Name": "Name", "Item": "ItemName", "Price": "Price", "Card number": "CC"}
"""The labels of the page's form, and the fields of an order."""

IN_FULFILLMENT = "In fulfillment"


@contextlib.contextmanager
def chromium() -> Iterator[Any]:
    """A Chromium of this machine. Raises LeftOutError if there is none."""
    try:
        from playwright.sync_api import sync_playwright

        from terminal import browser
    except ModuleNotFoundError:
        raise LeftOutError("Playwright is not installed: run `make setup-dev`") from None
    try:
        path = browser.find()
    except browser.NoBrowserError as error:
        raise LeftOutError(str(error)) from None
    with sync_playwright() as playwright:
        found = playwright.chromium.launch(executable_path=path, args=browser.FLAGS)
        try:
            yield found
        finally:
            found.close()


def order_on_page(run: Run) -> str:
    """Signs in on the page, places an order there, and waits until the page shows that it is in fulfillment."""
    if run.browser is None:
        raise LeftOutError("--no-browser was given")
    order, user = run.order(), run.person.user
    with run.browser() as browser:
        from playwright.sync_api import Error

        problems: list[str] = []
        context = browser.new_context()
        try:
            page = context.new_page()
            page.set_default_timeout(PATIENCE_MS)
            page.on("pageerror", lambda error: problems.append(f"an error on the page: {brief(error)}"))
            _place(page, run.site, order, user)
        except Error as error:
            raise FailedError(f"{_step(error)}{problems[0] if problems else ''}") from None
        finally:
            context.close()
    require(not problems, "; ".join(problems))
    run.person.orders("GET", f"/orders/{order['OrderId']}").require(200)
    return "signed in, placed an order, and saw it in fulfillment"


def _place(page: Any, site: str, order: dict[str, Any], user: Any) -> None:
    page.goto(f"{site}#/order")
    page.get_by_label("E-mail address").fill(user.email)
    page.get_by_label("Password", exact=True).fill(user.password)
    page.get_by_role("button", name="Sign in", exact=True).click()
    for label, field in LABELS.items():
        page.get_by_label(label, exact=True).fill(order[field])
    page.get_by_role("button", name="Place the order", exact=True).click()
    page.get_by_role("region", name="Path").get_by_text(IN_FULFILLMENT, exact=True).first.wait_for()


def _step(error: Exception) -> str:
    """Playwright's message without its log, whose lines may have the password."""
    waited = [line.strip() for line in str(error).splitlines() if "waiting for" in line]
    return brief("; ".join([str(error).splitlines()[0], *waited[:1]]))
