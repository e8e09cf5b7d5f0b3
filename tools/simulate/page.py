"""docs/load.md: the tables that `make simulate` writes."""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from tools.install import ROOT

PAGE = ROOT / "docs" / "load.md"

COLUMNS = {
    "design": "design",
    "offered": "orders",
    "accepted": "accepted",
    "lost": "given up by callers",
    "parked": "parked",
    "answer": "answer, p99 s",
    "settled": "in its queue, p99 s",
    "waiting": "most at once in the workflow",
    "usd": "USD",
}

_PART = re.compile(
    r"^(?P<begin><!-- generated: (?P<name>[a-z-]+) \(make simulate\) -->\n)(?P<text>.*?)(?P<end>^<!-- end -->)$",
    re.M | re.S,
)


def rewritten(text: str, parts: Mapping[str, str]) -> str:
    return _PART.sub(lambda found: f"{found['begin']}\n{parts[found['name']]}\n\n{found['end']}", text)


def names_in(text: str) -> list[str]:
    return [found["name"] for found in _PART.finditer(text)]


def parts(shown: Mapping[str, Any]) -> dict[str, str]:
    """The tables of the page, from what the pictures show."""
    steps: Sequence[Mapping[str, Any]] = shown["steps"]
    names = list(steps[0]["designs"])
    return {
        "sale": _table(COLUMNS.values(), ([row[key] for key in COLUMNS] for row in shown["sale"])),
        "steps": _table(
            ["orders a second", *names],
            ([f"{step['rate']:,}", *(step["designs"][name] for name in names)] for step in steps),
        ),
        "due-together": _table(
            ["design", "sent", "failed", "calls of SES", "the last one after"],
            (
                [one["name"], f"{one['sent']:,}", f"{one['failed']:,}", f"{one['calls']:,}", f"{one['last']:,.0f} s"]
                for one in shown["reminders"]
            ),
        ),
    }


def _table(titles: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    titles = list(titles)
    lines = [titles, ["---", *["---:"] * (len(titles) - 1)], *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)
