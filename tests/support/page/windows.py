"""Browser contexts for tabs: one that all tests share, and new ones.

A new context starts a process, which compiles the page's modules and Playwright's scripts again: 0.12 seconds of CPU.
The shared context keeps a page of the site open, and with it the process.
"""

from collections.abc import Mapping
from typing import Any

from playwright.sync_api import Browser, BrowserContext, Page

from tests.support.page.tab import DESKTOP

USUAL: dict[str, Any] = {"timezone_id": "Europe/Paris", "locale": "en-GB", "reduced_motion": "reduce"}
"""The placeholder of a loading view and an order in progress are animated. Chromium would draw them 60 times a second
for as long as a test waits.
"""

OF_A_PAGE = {"forced_colors", "reduced_motion"}
"""Options that a page can have of its own."""


class Windows:
    def __init__(self, browser: Browser, site: str) -> None:
        self._browser = browser
        self._site = site
        self._shared: BrowserContext | None = None
        self._is_lent = False
        self._own: list[BrowserContext] = []

    def open(self, *, alone: bool = False, viewport: Any = DESKTOP, **options: Any) -> Page:
        """Opens an empty page. It is in the shared context if it can be.

        Each further page of a test has a context of its own, like another user's browser. `alone` asks for one. A test
        needs it to change the clock, which Playwright cannot change back, and to go offline and back: the page that
        stays open shares the process, and would tell the other page too early that the network is back.
        """
        of_page = {name: options.pop(name) for name in OF_A_PAGE & options.keys()}
        page = self._context(alone, options).new_page()
        page.set_viewport_size(viewport)
        if of_page:
            page.emulate_media(**of_page)
        return page

    def _context(self, alone: bool, options: Mapping[str, Any]) -> BrowserContext:
        if alone or options or self._is_lent:
            self._own.append(self._browser.new_context(**{**USUAL, **options}))
            return self._own[-1]
        if not self._shared:
            self._shared = self._browser.new_context(**USUAL)
            self._shared.new_page().goto(f"{self._site}robots.txt")
        self._is_lent = True
        return self._shared

    def clear(self) -> None:
        """Closes all pages of a test, and deletes what the site has stored."""
        for context in self._own:
            context.close()
        self._own.clear()
        if not (self._is_lent and self._shared):
            return
        self._is_lent = False
        kept, *others = self._shared.pages
        for page in others:
            page.close()
        self._shared.clear_permissions()
        self._shared.clear_cookies()
        kept.evaluate("localStorage.clear()")

    def close(self) -> None:
        """Closes everything, also the shared context."""
        self.clear()
        if self._shared:
            self._shared.close()
            self._shared = None
