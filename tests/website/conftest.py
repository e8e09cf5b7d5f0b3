"""The page in a real Chromium, on the laptop cloud, watched for whatever a page must not do."""

import json
import re
import time
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import (
    Browser,
    ConsoleMessage,
    Page,
    Request,
    Response,
    ViewportSize,
    expect,
    sync_playwright,
)

from local.cloud import Cloud, Places
from local.settings import PROJECT
from local.users import OPERATOR, PERSON, User
from tests import browser as chromium
from tests.e2e.conftest import Apps
from tests.e2e.conftest import order as order

SCREENSHOTS = PROJECT / "build" / "screenshots"
PHONE: ViewportSize = {"width": 375, "height": 812}
DESKTOP: ViewportSize = {"width": 1440, "height": 900}
TOLD_BY_CHROMIUM = re.compile("Failed to load resource: the server responded with a status of ([0-9]{3})")
CUT_OFF = re.compile("net::ERR_(FAILED|INTERNET_DISCONNECTED)")
# All tabs are of one site, and a process for each of them would only begin anew.
FLAGS = [*chromium.FLAGS, "--renderer-process-limit=1"]
AXE = PROJECT / "node_modules" / "axe-core" / "axe.min.js"

expect.set_options(timeout=15_000)


class Tab:
    """One tab, and what went wrong in it: complaints of the console, of the security policy, and requests elsewhere."""

    def __init__(self, page: Page, places: Places) -> None:
        self.page = page
        self.address = places.site
        self.requests: list[Request] = []
        self.refusals: set[int] = set()
        """The statuses from 400 on that this test expects."""
        self.is_cut_off = False
        """Whether this test takes the network away."""

        self.problems: list[str] = []
        self._hosts = {urlsplit(address).netloc for address in (places.site, places.orders_api, places.reminders_api)}
        page.on("console", self._console)
        page.on("pageerror", lambda error: self.problems.append(f"error: {error}"))
        page.on("request", self._request)
        page.on("response", self._response)
        page.add_init_script(
            "addEventListener('securitypolicyviolation',"
            " (event) => console.error('policy', event.violatedDirective, event.blockedURI, event.sample))"
        )

    def go(self, route: str = "") -> None:
        """Loads the page at `route`, such as `#/order`, and waits until its view is there."""
        # The same document with another hash is not loaded again.
        self.page.goto("about:blank")
        self.page.goto(self.address + route)
        self.expect_title(re.compile("."))

    def expect_title(self, title: str | re.Pattern[str]) -> None:
        """Waits for the view with this title, which is there before the view itself."""
        expect(self.page.get_by_role("heading", level=1)).to_have_text(title)
        expect(self.page.locator("main > h1 + .skeleton")).to_have_count(0)

    def axe(self, *rules: str) -> list[str]:
        """What axe finds on the page as it is now, each with where: by these `rules`, else by all it has by default."""
        if not self.page.evaluate("'axe' in window"):
            self.page.evaluate(AXE.read_text())
        found = self.page.evaluate("(rules) => axe.run(document, rules.length ? { runOnly: rules } : {})", rules)
        return [
            f"{violation['id']}: {node['target']} {node['failureSummary']}"
            for violation in found["violations"]
            for node in violation["nodes"]
        ]

    def shoot(self, name: str) -> None:
        """Writes what is seen to `build/screenshots`, which git ignores."""
        SCREENSHOTS.mkdir(parents=True, exist_ok=True)
        self.page.screenshot(path=SCREENSHOTS / f"{name}.png", full_page=True)

    def _console(self, message: ConsoleMessage) -> None:
        is_expected = TOLD_BY_CHROMIUM.match(message.text) or (self.is_cut_off and CUT_OFF.search(message.text))
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
def somebody(apps: Apps) -> User:
    """A person whom no other test knows."""
    return apps.as_somebody_else().user


def tokens(cloud: Cloud, places: Places, user: User) -> dict[str, Any]:
    """A session as the page itself keeps it after signing in."""
    answer = cloud.engine.client("cognito-idp").initiate_auth(
        ClientId=places.web_client,
        AuthFlow="USER_PASSWORD_AUTH",
        AuthParameters={"USERNAME": user.email, "PASSWORD": user.password},
    )["AuthenticationResult"]
    return {
        "id": answer["IdToken"],
        "access": answer["AccessToken"],
        "refresh": answer["RefreshToken"],
        "renewedFrom": (time.time() + answer["ExpiresIn"] * 0.9) * 1000,
    }
