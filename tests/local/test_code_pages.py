"""The pages with the code that the page's panel for learners links to."""

import re

from local import code_pages
from local.cloud import Cloud, Places
from stacks.config import LOCAL
from stacks.sources import ROOT, sources
from tests.support.cloud.site import fetch


def test_every_symbol_is_an_anchor_in_the_whole_file() -> None:
    pages = dict(code_pages.pages())

    assert pages.keys() == {one.path for one in sources()}
    for one in sources():
        lines = re.findall("^ *[0-9]+</span>  .*", pages[one.path].replace('<span class="quiet">', "\n"), re.M)
        assert len(lines) == len((ROOT / one.path).read_text().splitlines())
        anchor = f'<span id="{one.symbol.replace(" ", "-")}"><span class="quiet">'
        assert re.search(f"{re.escape(anchor)} *{one.line}</span>", pages[one.path])


def test_code_is_shown_as_text() -> None:
    path, text = next(one for one in code_pages.pages() if one[0].endswith(".js"))

    assert (ROOT / path).read_text().count("<") > 0
    assert "<script" not in text and "&lt;" in text


def test_the_pages_are_where_the_stage_says(cloud: Cloud, places: Places) -> None:
    assert LOCAL.source_url == f"/{code_pages.PREFIX}".rstrip("/")
    path = next(sources()).path

    answer = fetch(places.site, f"{LOCAL.source_url}/{path}")

    assert (answer.status, answer.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert answer.body.decode() == dict(code_pages.pages())[path]
