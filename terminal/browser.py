"""Finds a Chromium for the programs that open the page, or installs one."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator

from playwright.sync_api import sync_playwright

SHELL = "chromium-headless-shell"
"""Debian's Chromium without windows. It opens a page in half the time of the full browser."""

NAMES = (SHELL, "chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome", "microsoft-edge")
INSTALL_SECONDS = 300
FLAGS = [
    # As root, which is usual in CI, Chromium does not start in its sandbox.
    "--no-sandbox",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]
"""Options for a browser that opens only our page."""


class NoBrowserError(Exception):
    """No Chromium was found, and none could be installed."""

    def __init__(self) -> None:
        super().__init__(
            "the page needs a browser: no Chromium is on the PATH, and none could be installed. Install Chromium or "
            "Google Chrome, then try again"
        )


def find() -> str:
    """The path of a Chromium that starts: from the PATH, from Playwright, or from Debian's package.

    Raises NoBrowserError if there is none.
    """
    for place in (on_the_path, playwrights, debians):
        for path in place():
            if runs(path):
                return path
    raise NoBrowserError


def on_the_path() -> Iterator[str]:
    yield from filter(None, map(shutil.which, NAMES))


def playwrights() -> Iterator[str]:
    """Playwright's Chromium, downloaded now if necessary."""
    with sync_playwright() as playwright:
        path = playwright.chromium.executable_path
    if os.path.exists(path) or done(sys.executable, "-m", "playwright", "install", "chromium"):
        yield path


def debians() -> Iterator[str]:
    """Debian's Chromium, installed now if the system has apt and the user is root."""
    if shutil.which("apt-get") and os.geteuid() == 0:
        done("apt-get", "update")
        for package in (SHELL, "chromium"):
            if done("apt-get", "install", "--yes", "--no-install-recommends", package):
                yield from on_the_path()


def runs(path: str) -> bool:
    return done(path, "--version")


def done(*command: str) -> bool:
    try:
        return subprocess.run(command, capture_output=True, timeout=INSTALL_SECONDS).returncode == 0
    except (OSError, subprocess.TimeoutExpired):
        return False
