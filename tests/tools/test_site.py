"""The site of the documentation: its links, its diagrams, its search and its colours, in a real Chromium."""

import functools
import json
import re
import threading
from collections.abc import Iterator
from html.parser import HTMLParser
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
from markdown_it import MarkdownIt
from playwright.sync_api import Browser, Page, TimeoutError, expect, sync_playwright

from local.settings import PROJECT
from terminal import browser as chromium
from tests.support.waiting import PATIENCE_SECONDS, eventually
from tools.site.__main__ import build

pytestmark = pytest.mark.long

# On a busy machine a picture takes some seconds.
PATIENCE = PATIENCE_SECONDS * 1000
expect.set_options(timeout=PATIENCE)


class Html(HTMLParser):
    """The links of a built page, its anchors, and the tags of its text."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.links: list[str] = []
        self.anchors: set[str] = set()
        self.counts: dict[str, int] = {}
        self.paragraphs: list[str] = []
        self.inside = False
        self.feed(text)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        found = {name: value or "" for name, value in attributes}
        self.anchors |= {found[name] for name in ("id", "name") if name in found}
        self.links += [found[name] for name in ("href", "src") if name in found]
        self.inside = tag == "article" or self.inside
        if self.inside:
            self.counts[tag] = self.counts.get(tag, 0) + 1

    def handle_endtag(self, tag: str) -> None:
        self.inside = self.inside and tag != "article"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site")
    build(PROJECT, folder / "source", folder / "site")
    return folder / "site"


@pytest.fixture(scope="module")
def built(site: Path) -> dict[Path, Html]:
    return {file: Html(text_of(file, site)) for file in sorted(site.rglob("*.html"))}


def text_of(file: Path, site: Path) -> str:
    text = file.read_text()
    # Source code has thousands of coloured words, but neither links nor anchors.
    return re.sub("<pre.*?</pre>", "", text, flags=re.S) if file.is_relative_to(site / "repository") else text


@pytest.fixture(scope="module")
def address(site: Path) -> Iterator[str]:
    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=str(site)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium.find(), args=chromium.FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def page(browser: Browser, address: str) -> Iterator[Page]:
    """A tab. When the test is over, it must have asked no other host for anything, and reported no error."""
    page = browser.new_page(base_url=address, viewport={"width": 1440, "height": 900}, color_scheme="light")
    page.set_default_timeout(PATIENCE)
    asked: list[str] = []
    errors: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
    yield page
    page.close()
    assert [url for url in asked if not url.startswith(f"{address}/")] == []
    assert errors == []


def test_every_link_of_the_site_leads_to_a_page_and_an_anchor(site: Path, built: dict[Path, Html]) -> None:
    broken = []
    for file, html in built.items():
        # The server shows 404.html at any address, so its links begin with a slash.
        for link in html.links:
            url = urlsplit(link)
            if url.scheme or url.netloc:
                continue
            path = unquote(url.path)
            target = (site / path.lstrip("/") if path.startswith("/") else file.parent / path).resolve()
            target = file if not path else target / "index.html" if target.is_dir() else target
            if not target.is_file() or (url.fragment and unquote(url.fragment) not in built[target].anchors):
                broken.append(f"{file.relative_to(site)}: {link}")

    assert not broken, "\n".join(broken)


def test_the_site_renders_a_page_like_github(site: Path, built: dict[Path, Html]) -> None:
    """GitHub follows CommonMark. The site's Markdown differs in how lists are indented, for example."""
    github = MarkdownIt("commonmark").enable("table")
    differing = []
    for source in sorted((PROJECT / "docs").rglob("*.md")):
        page = site / source.relative_to(PROJECT / "docs").with_suffix(".html")
        tags = [token.tag for token in github.parse(source.read_text())]
        for tag in ("h1", "h2", "h3", "h4", "table", "tr", "td", "ul", "ol", "li"):
            shown, expected = built[page].counts.get(tag, 0), tags.count(tag) // 2
            if shown != expected:
                differing.append(f"{source.relative_to(PROJECT)}: {shown} <{tag}> instead of {expected}")

    assert not differing, "\n".join(differing)


def test_the_index_names_every_page(site: Path) -> None:
    """A page that docs/index.md does not name is in the last section of the navigation, "More"."""
    settings = json.loads((site.parent / "source" / "mkdocs.yml").read_text())

    assert [section["More"] for section in settings["nav"] if "More" in section] == []


def pages_with_diagrams() -> list[str]:
    texts = {file.relative_to(PROJECT / "docs"): file.read_text() for file in (PROJECT / "docs").rglob("*.md")}
    return sorted(str(path.with_suffix(".html")) for path, text in texts.items() if "```mermaid" in text)


def test_every_diagram_is_drawn(page: Page) -> None:
    for path in pages_with_diagrams():
        page.goto(path)
        diagrams = page.locator(".diagram")
        for at in range(diagrams.count()):
            expect(diagrams.nth(at).locator("svg"), f"diagram {at + 1} of {path}").to_be_visible()
        expect(page.get_by_text("Syntax error in text"), path).to_have_count(0)
        # Only the page may scroll sideways inside a diagram, not as a whole.
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), path


def test_a_page_without_a_diagram_does_not_load_mermaid(page: Page) -> None:
    with_diagrams = pages_with_diagrams()
    assert "glossary.html" not in with_diagrams
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))

    page.goto("glossary.html", wait_until="networkidle")

    assert asked and not [url for url in asked if "mermaid" in url]


def test_the_search_finds_a_word_of_the_glossary_and_no_source_file(page: Page) -> None:
    page.goto("index.html")

    def typed() -> bool:
        """Types the word. On a busy machine the page may not listen yet, and then it must be typed again."""
        box = page.get_by_role("textbox", name="Search")
        box.fill("")
        box.press_sequentially("redrive")
        try:
            # The page adds the results one after the other.
            page.locator('.md-search-result__link[href*="glossary.html"]').first.wait_for(
                state="attached", timeout=10_000
            )
        except TimeoutError:
            return False
        return True

    eventually(typed)

    found = [link.get_attribute("href") or "" for link in page.locator(".md-search-result__link").all()]
    assert not [link for link in found if "/repository/" in link and ".py" in link]


def test_dark_colours_follow_the_system_and_can_be_chosen(page: Page) -> None:
    path = pages_with_diagrams()[0]
    page.goto(path)
    picture = page.locator(".diagram svg").first
    expect(picture).to_be_visible()
    light = colours(page)

    page.get_by_title("Use dark colours").click()

    expect(page.locator("body")).to_have_attribute("data-md-color-scheme", "slate")
    assert sum(colours(page)) < 3 * 100 < 3 * 200 < sum(light)
    page.emulate_media(color_scheme="dark")
    page.evaluate("localStorage.clear()")
    page.goto("index.html")
    expect(page.locator("body")).to_have_attribute("data-md-color-scheme", "slate")


def colours(page: Page) -> list[int]:
    """Red, green and blue of the page's background."""
    background: str = page.evaluate("getComputedStyle(document.body).backgroundColor")
    return [int(part) for part in re.findall("[0-9]+", background)[:3]]
