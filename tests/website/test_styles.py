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

READ = """() => {
  const styles = [], blocks = [], outside = [];
  let order = [];
  const walk = (rules, file, within, layer) => {
    for (const rule of rules) {
      if (rule instanceof CSSStyleRule) {
        const selector = within ? `${within} { ${rule.selectorText}` : rule.selectorText;
        styles.push({ layer, selector });
        walk(rule.cssRules, file, selector, layer);
      } else if (rule instanceof CSSLayerStatementRule) {
        order = [...rule.nameList];
      } else if (rule instanceof CSSLayerBlockRule) {
        blocks.push({ layer: rule.name });
        walk(rule.cssRules, file, within, rule.name);
      } else if (rule instanceof CSSGroupingRule) {
        if (!within) { outside.push(`${file}: ${rule.cssText.split("{")[0].trim()}`); }
        walk(rule.cssRules, file, within, layer);
      }
    }
  };
  const sheets = [...document.styleSheets].map((sheet) => [sheet.href.split("/").pop(), sheet]);
  for (const [file, sheet] of sheets) { walk(sheet.cssRules, file, ""); }
  const isLayer = (rule) => rule instanceof CSSLayerBlockRule || rule instanceof CSSLayerStatementRule;
  const bare = sheets.flatMap(([file, { cssRules }]) =>
    [...cssRules].filter((rule) => !isLayer(rule)).map((rule) => `${file}: ${rule.cssText}`),
  );
  return { styles, blocks, outside, order, bare, linked: sheets.map(([file]) => file) };
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
