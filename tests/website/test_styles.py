"""The stylesheets as the browser parses them: every rule is in a layer, and each selector is defined once."""

import re
from collections import Counter
from typing import Any

import pytest
from playwright.sync_api import expect

from local.settings import PROJECT
from local.users import User
from tests.support.page.tab import OpenTab

WEBSITE = PROJECT / "website"
FILES = sorted(file.name for file in (WEBSITE / "styles").iterdir())
HEADER = {"nav", ".badge", ".brand", ".detail"}
"""The selectors of elements that are only in the header."""
CONTRAST = re.compile(
    "(^|-)(color|opacity|visibility)$|^(-webkit-)?(background|fill|stroke|filter|backdrop|mask|mix-blend|--)|shadow"
    "|^font-(size|weight)$"
)
"""The properties that can change the contrast of a text. Large text needs less."""

READ = """() => {
  const styles = [], blocks = [], outside = [], bySize = [];
  const SIZES = /width|height|size|aspect|orientation/;
  let order = [];
  const walk = (rules, file, within, layer, isBySize) => {
    for (const rule of rules) {
      const selector = rule.selectorText && within ? `${within} { ${rule.selectorText}` : rule.selectorText ?? within;
      if (isBySize && rule.style) {
        bySize.push(...[...rule.style].map((name) => ({ selector, name, value: rule.style.getPropertyValue(name) })));
      }
      if (rule instanceof CSSStyleRule) {
        styles.push({ layer, selector });
        walk(rule.cssRules, file, selector, layer, isBySize);
      } else if (rule instanceof CSSLayerStatementRule) {
        order = [...rule.nameList];
      } else if (rule instanceof CSSLayerBlockRule) {
        blocks.push({ layer: rule.name });
        walk(rule.cssRules, file, within, rule.name, isBySize);
      } else if (rule instanceof CSSGroupingRule) {
        if (!within) { outside.push(`${file}: ${rule.cssText.split("{")[0].trim()}`); }
        walk(rule.cssRules, file, within, layer, isBySize || SIZES.test(rule.conditionText));
      }
    }
  };
  const sheets = [...document.styleSheets].map((sheet) => [sheet.href.split("/").pop(), sheet]);
  for (const [file, sheet] of sheets) { walk(sheet.cssRules, file, "", "", false); }
  const isLayer = (rule) => rule instanceof CSSLayerBlockRule || rule instanceof CSSLayerStatementRule;
  const bare = sheets.flatMap(([file, { cssRules }]) =>
    [...cssRules].filter((rule) => !isLayer(rule)).map((rule) => `${file}: ${rule.cssText}`),
  );
  return { styles, blocks, outside, bySize, order, bare, linked: sheets.map(([file]) => file) };
}"""


@pytest.fixture
def sheets(keep_tab: OpenTab, person: User) -> dict[str, Any]:
    tab = keep_tab(person)
    # Opening the outbox loads `views.css` too.
    tab.go("#/outbox")
    return dict(tab.page.evaluate(READ))


def test_each_file_is_linked_and_all_rules_are_in_layers(sheets: dict[str, Any]) -> None:
    assert sorted(sheets["linked"]) == FILES
    assert sheets["bare"] == []
    assert [block["layer"] for block in sheets["blocks"]] == sheets["order"]


def test_a_media_query_is_inside_the_rule_that_it_changes(sheets: dict[str, Any]) -> None:
    assert sheets["outside"] == [], "write @media and @container inside the rule"


def test_a_size_changes_the_contrast_of_a_text_only_in_the_header(sheets: dict[str, Any]) -> None:
    """test_every_view.py relies on this. It shows most views to axe in one colour scheme at each size."""
    changed: dict[str, list[str]] = {}
    for style in sheets["bySize"]:
        # axe does not test hidden text. It would see a text that one size hides in one scheme only.
        hides = style["name"] == "display" and style["value"] == "none" and "::" not in style["selector"]
        if hides or CONTRAST.search(style["name"]):
            changed.setdefault(style["selector"].split(" { ")[0], []).append(style["name"])

    assert changed.keys() == HEADER, changed


def test_no_selector_is_defined_twice(sheets: dict[str, Any]) -> None:
    times = Counter(style["selector"] for style in sheets["styles"])
    layers: dict[str, set[str]] = {}
    for style in sheets["styles"]:
        # Split at the commas of the list, not at those in parentheses.
        for selector in re.split(r", (?![^(]*\))", style["selector"]):
            layers.setdefault(selector, set()).add(style["layer"])

    assert [selector for selector, count in times.items() if count > 1] == []
    assert {selector: found for selector, found in layers.items() if len(found) > 1} == {}


def test_every_class_is_used(sheets: dict[str, Any]) -> None:
    classes = {name for style in sheets["styles"] for name in re.findall(r"\.([a-z][a-z-]*)", style["selector"])}
    sources = [*WEBSITE.rglob("*.js"), *WEBSITE.glob("*.html")]
    text = "\n".join(source.read_text() for source in sources if "vendor" not in source.parts)

    assert [name for name in sorted(classes) if not re.search(rf"(?<![\w-]){name}(?![\w-])", text)] == []


def test_the_first_view_has_the_styles_of_its_diagram(open_tab: OpenTab, person: User) -> None:
    tab = open_tab(person)
    tab.go("#/order")

    # It waits for the diagram, but not for its styles.
    assert tab.page.locator(".path .node").first.evaluate("node => getComputedStyle(node).display") == "grid"


@pytest.mark.long
def test_a_view_is_shown_even_if_its_styles_cannot_be_loaded(open_tab: OpenTab, person: User) -> None:
    tab = open_tab(person)
    tab.is_cut_off = True
    tab.page.route("**/styles/views.css", lambda route: route.abort())
    tab.go("#/outbox")
    expect(tab.page.get_by_role("heading", level=1)).to_have_text("Outbox")
    assert tab.page.locator("link[href='/styles/views.css']").count() == 0

    tab.page.unroute("**/styles/views.css")
    tab.page.get_by_role("link", name="My orders").click()
    tab.expect_title("My orders")
    tab.page.get_by_role("link", name="Outbox").click()
    tab.expect_title("Outbox")
    expect(tab.page.locator("link[href='/styles/views.css']")).to_have_count(1)
