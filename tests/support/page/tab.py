"""A browser tab that shows the page and records what the page must not do."""

import json
import os
import re
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import ConsoleMessage, Page, Request, Response, ViewportSize, expect

from local.cloud import Cloud, Places
from local.settings import PROJECT
from local.users import User

SCREENSHOTS = PROJECT / "build" / "screenshots"
WITH_SCREENSHOTS = bool(os.environ.get("SCREENSHOTS"))
PHONE: ViewportSize = {"width": 375, "height": 812}
DESKTOP: ViewportSize = {"width": 1440, "height": 900}
FAILED_RESPONSE = re.compile("Failed to load resource: the server responded with a status of ([0-9]{3})")
CUT_OFF = re.compile("net::ERR_(FAILED|INTERNET_DISCONNECTED)")
PATIENCE = 60_000
"""In milliseconds. Less than tests/support/waiting.py waits: if the page is broken, many tests wait this long."""

AXE = PROJECT / "tools" / "checks" / "node_modules" / "axe-core" / "axe.min.js"

MOVE = """
(hash) => new Promise((moved) => {
  document.getElementById("news").textContent = "";
  addEventListener("hashchange", () => {
    addEventListener("hashchange", moved, { once: true });
    location.hash = hash;
  }, { once: true });
  location.hash = `#/left-${Math.random()}`;
})
"""
"""Leaves the view and opens another one, or the same one again."""

VIOLATIONS = """
async (rules) => {
  const { violations } = await axe.run(document, {
    resultTypes: ["violations"],
    ...(rules.length ? { runOnly: rules } : {}),
  });
  return violations.flatMap(({ id, nodes }) => nodes.map((node) => `${id}: ${node.target} ${node.failureSummary}`));
}
"""
"""Runs axe. What passes is long, and no test reads it."""


class Tab:
    """One tab. `problems` lists console messages, errors, unexpected statuses, and requests to other hosts."""

    def __init__(self, page: Page, places: Places) -> None:
        self.page = page
        self.address = places.site
        self.requests: list[Request] = []
        self.refusals: set[int] = set()
        """The statuses of 400 and above that this test expects."""
        self.is_cut_off = False
        """Whether this test disconnects the network."""

        self.is_kept = False
        """Whether `go` only moves within the document, once it is loaded."""

        self.problems: list[str] = []
        self._hosts = {
            urlsplit(address).netloc
            for address in (places.site, places.orders_api, places.reminders_api, places.account_api)
        }
        page.on("console", self._console)
        page.on("pageerror", lambda error: self.problems.append(f"error: {error}"))
        page.on("request", self._request)
        page.on("response", self._response)
        page.add_init_script(
            "addEventListener('securitypolicyviolation',"
            " (event) => console.error('policy', event.violatedDirective, event.blockedURI, event.sample))"
        )

    def go(self, route: str = "") -> None:
        """Loads the page at `route`, like `#/order`, and waits for its view."""
        if self.is_kept and route[:1] in ("", "#") and self.page.url.startswith(self.address):
            self.page.evaluate(MOVE, route)
            self.expect_title(re.compile("."))
            return
        # If only the hash changes, the browser does not load the document again.
        if self.page.url != "about:blank":
            self.page.goto("about:blank")
        self.page.goto(self.address + route)
        self.expect_title(re.compile("."))

    def expect_title(self, title: str | re.Pattern[str]) -> None:
        """Waits until the view with this title is complete. The title appears first."""
        expect(self.page.get_by_role("heading", level=1)).to_have_text(title)
        expect(self.page.locator("main > h1 + .skeleton")).to_have_count(0)

    def leave(self) -> None:
        """Leaves the view, which then asks the APIs for nothing any more."""
        if self.page.url.startswith(self.address):
            self.page.evaluate("location.hash = '#/left'")

    def forget(self) -> None:
        """Forgets what a test has expected and recorded."""
        self.page.unroute_all()
        self.requests.clear()
        self.problems.clear()
        self.refusals, self.is_cut_off = set(), False

    def axe(self, *rules: str) -> list[str]:
        """The violations that axe finds, each with its element. Without `rules`, axe uses its default rules."""
        if not self.page.evaluate("'axe' in window"):
            self.page.evaluate(AXE.read_text())
        found: list[str] = self.page.evaluate(VIOLATIONS, rules)
        return found

    def screenshot(self, name: str) -> None:
        """Saves a screenshot of the full page in `build/screenshots`, which git ignores, if SCREENSHOTS is set.

        The pictures are for people, and no test compares them. They take a fifth of the time of the tests of views.
        """
        if not WITH_SCREENSHOTS:
            return
        SCREENSHOTS.mkdir(parents=True, exist_ok=True)
        self.page.screenshot(path=SCREENSHOTS / f"{name}.png", full_page=True)

    def _console(self, message: ConsoleMessage) -> None:
        is_expected = FAILED_RESPONSE.match(message.text) or (self.is_cut_off and CUT_OFF.search(message.text))
        if message.type in ("error", "warning") and not is_expected:
            self.problems.append(f"console: {message.text}")

    def _request(self, request: Request) -> None:
        self.requests.append(request)
        parts = urlsplit(request.url)
        if parts.scheme not in ("data", "blob", "about") and parts.netloc not in self._hosts:
            self.problems.append(f"a request to {parts.netloc}")

    def _response(self, response: Response) -> None:
        if response.status >= 400 and response.status not in self.refusals:
            self.problems.append(f"{response.status} from {response.request.method} {response.url}")


OpenTab = Callable[..., Tab]


def tokens(cloud: Cloud, places: Places, user: User) -> dict[str, Any]:
    """Signs in. Returns the session in the form in which the page stores it."""
    answer = cloud.engine.client("cognito-idp").initiate_auth(
        ClientId=places.web_client,
        AuthFlow="USER_PASSWORD_AUTH",
        AuthParameters={"USERNAME": user.email, "PASSWORD": user.password},
    )["AuthenticationResult"]
    return {
        "id": answer["IdToken"],
        "access": answer["AccessToken"],
        "refresh": answer["RefreshToken"],
        "renewedFrom": (cloud.engine.now().timestamp() + answer["ExpiresIn"] * 0.9) * 1000,
    }


def new_tab(page: Page, cloud: Cloud, places: Places, user: User | None) -> Tab:
    """A tab on an empty page, in which `user` is signed in once it shows the site."""
    page.set_default_timeout(PATIENCE)
    if user:
        page.add_init_script(
            f"if (location.host) sessionStorage.session ??= {json.dumps(json.dumps(tokens(cloud, places, user)))}"
        )
    return Tab(page, places)
