"""A real Chromium for the tests of the page: one that is there, or one that can be had."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator

from playwright.sync_api import sync_playwright

SHELL = "chromium-headless-shell"
"""Debian's Chromium without the windows around it: opens a page in half the time of the whole browser."""

NAMES = (SHELL, "chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome", "microsoft-edge")
INSTALL_SECONDS = 300
FLAGS = [
    # As root, which CI often is, Chromium does not start in its sandbox.
    "--no-sandbox",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]
"""For a browser that looks at nothing but our page."""


class NoBrowserError(Exception):
    """No Chromium was found, and none could be installed."""

    def __init__(self) -> None:
        super().__init__(
            "the tests of the page need Chromium: none is on the PATH, Playwright's could not be had, and Debian's "
            "package may not be installed from here. Install Chromium or Google Chrome and run them again."
        )


def find() -> str:
    """A Chromium that runs: on the PATH, else Playwright's, else Debian's package. Raises NoBrowserError."""
    for place in (on_the_path, playwrights, debians):
        for path in place():
            if runs(path):
                return path
    raise NoBrowserError


def on_the_path() -> Iterator[str]:
    yield from filter(None, map(shutil.which, NAMES))


def playwrights() -> Iterator[str]:
    """The one that Playwright has downloaded, else would download now."""
    with sync_playwright() as playwright:
        path = playwright.chromium.executable_path
    if os.path.exists(path) or done(sys.executable, "-m", "playwright", "install", "chromium"):
        yield path


def debians() -> Iterator[str]:
    """Debian's package, installed now, where apt is there and may be used."""
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
