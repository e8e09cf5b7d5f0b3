"""The page in a real Chromium on the laptop cloud. Each tab records what a page must not do."""

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import (
    Browser,
    expect,
    sync_playwright,
)

from local import deploy
from local.cloud import Cloud, Places
from local.users import OPERATOR, PERSON, User
from terminal import browser as chromium
from tests.support.cloud.apps import Apps, new_order
from tests.support.names import unique
from tests.support.page import scenes
from tests.support.page.tab import DESKTOP, PATIENCE, OpenTab, Tab, new_tab
from tests.support.page.windows import Windows

# One renderer process serves all tabs: they show the same site, and starting a process for each takes time.
# Without a GPU, Chromium emulates one for 3D graphics, which the page does not have.
FLAGS = [*chromium.FLAGS, "--renderer-process-limit=1", "--disable-gpu"]


expect.set_options(timeout=PATIENCE)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    path = chromium.find()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def places(cloud: Cloud, places: Places) -> Places:
    """The places, after Chromium was allowed to keep the scripts and styles of the site, until the cloud ends.

    Otherwise each load of the page asks again for each of them. tests/e2e/test_site.py tests that, so it needs
    a process of its own.
    """
    s3, bucket = cloud.engine.client("s3"), deploy.outputs(cloud.engine)[deploy.WEBSITE_STACK]["SiteBucketName"]
    for file in s3.list_objects_v2(Bucket=bucket)["Contents"]:
        if file["Key"].endswith((".js", ".css")):
            s3.copy_object(
                Bucket=bucket,
                Key=file["Key"],
                CopySource={"Bucket": bucket, "Key": file["Key"]},
                MetadataDirective="REPLACE",
                CacheControl="max-age=86400",
                ContentType=s3.head_object(Bucket=bucket, Key=file["Key"])["ContentType"],
            )
    return places


@pytest.fixture(scope="session")
def windows(browser: Browser, places: Places) -> Windows:
    return Windows(browser, places.site)


@pytest.fixture
def open_tab(windows: Windows, cloud: Cloud, places: Places) -> Iterator[OpenTab]:
    """Opens a tab in which `user` is signed in: `open_tab(user)`. Without a user, nobody is signed in.

    After the test, fails if a tab had a problem that the test did not expect.
    """
    tabs = []

    def open_(user: User | None = None, *, alone: bool = False, **options: Any) -> Tab:
        tabs.append(new_tab(windows.open(alone=alone, **options), cloud, places, user))
        return tabs[-1]

    yield open_
    problems = [problem for tab in tabs for problem in tab.problems]
    windows.clear()
    assert problems == []


@pytest.fixture(scope="module")
def kept_tabs(browser: Browser, places: Places) -> Iterator[tuple[Windows, dict[str, Tab]]]:
    windows = Windows(browser, places.site)
    yield windows, {}
    windows.close()


@pytest.fixture
def keep_tab(kept_tabs: tuple[Windows, dict[str, Tab]], cloud: Cloud, places: Places) -> Iterator[OpenTab]:
    """Like `open_tab`, but each user has one tab for all tests of the module, in which the page stays loaded.

    `go` leaves the view and opens one, which takes an eighth of the time of a load. For tests of what a view does with
    their input. A test that needs the start of the page, another clock or a network that comes back uses `open_tab`.
    """
    windows, tabs = kept_tabs
    used = {}

    def keep(user: User | None = None, **options: Any) -> Tab:
        key = f"{user.email if user else None} {options}"
        if key not in tabs:
            tabs[key] = new_tab(windows.open(**options), cloud, places, user)
            tabs[key].is_kept = True
        used[key] = tabs[key]
        return tabs[key]

    yield keep
    # The other tabs have left their view already.
    for tab in used.values():
        tab.leave()
        tab.page.set_viewport_size(DESKTOP)
    problems = [problem for tab in tabs.values() for problem in tab.problems]
    for tab in tabs.values():
        tab.forget()
    assert problems == []


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


@pytest.fixture(scope="module")
def regular(apps: Apps) -> Apps:
    """Calls the apps' APIs as a person whom only the tests of one module use. With `keep_tab` they share a tab."""
    return apps.as_new_person()


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
