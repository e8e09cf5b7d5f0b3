"""Reads docs/data-model.md: the attributes and statuses of rows, what changes them, and example rows."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import chain, product
from pathlib import Path
from typing import Any, TypeAlias

PAGE = Path(__file__).parents[2] / "docs" / "data-model.md"
NO_ROW = "no row"

Row: TypeAlias = dict[str, Any] | None


@dataclass
class Changes:
    """The changes of rows that the page describes, or that a test has seen."""

    attributes: set[tuple[str, str]] = field(default_factory=set)
    """An attribute, and a function or a state that adds, changes or deletes it."""

    statuses: set[tuple[str, str, str]] = field(default_factory=set)
    """A status or NO_ROW, the next one, and what causes the change."""

    def add(self, by: str, before: Row, after: Row) -> None:
        """Records that `by` changed the row `before` into `after`."""
        old, new = before or {}, after or {}
        if after:
            self.attributes |= {(name, by) for name in old.keys() | new.keys() if old.get(name) != new.get(name)}
        begins, ends = (row["Status"] if row else NO_ROW for row in (before, after))
        if begins != ends:
            self.statuses.add((begins, ends, by))


def differences(said: Changes, *seen: Changes) -> str:
    """The lines to add to the page or to remove from it, so that it matches the changes that tests have seen."""
    page, code = set(_lines(said)), set(chain.from_iterable(map(_lines, seen)))
    lines = [*(f"add: {line}" for line in sorted(code - page)), *(f"remove: {line}" for line in sorted(page - code))]
    return "".join(f"\ndocs/data-model.md: {line}" for line in lines)


def _lines(changes: Changes) -> Iterator[str]:
    yield from (f"{by} changes the attribute {name}" for name, by in changes.attributes)
    yield from (f"{by} changes {begins} to {ends}" for begins, ends, by in changes.statuses)


def section(heading: str) -> str:
    """The text under a heading, up to the next heading of any level."""
    return re.split(rf"^#+ {re.escape(heading)}$", PAGE.read_text(), flags=re.M)[1].split("\n#")[0]


def documented(*, row: str, statuses: str) -> Changes:
    """The changes in two sections of the page: one lists the attributes of a row, the other its statuses."""
    return Changes(set(_attributes(section(row))), {*_drawn(section(statuses)), *_listed(section(statuses))})


def examples(heading: str) -> list[dict[str, Any]]:
    """The example rows of a section."""
    return [json.loads(found) for found in re.findall(r"^```json\n(.*?)^```", section(heading), re.M | re.S)]


def kinds(row: dict[str, Any]) -> dict[str, str]:
    """The kind of each attribute's value: text, list, truth or number. Both DynamoDB and JSON have these kinds."""
    return {
        name: next(kind for kind, types in _KINDS.items() if isinstance(value, types))
        for name, value in json.loads(json.dumps(row, default=float)).items()
    }


_KINDS: dict[str, tuple[type, ...]] = {"text": (str,), "list": (list,), "truth": (bool,), "number": (int, float)}


def rows_of(text: str, *heads: str) -> Iterator[list[str]]:
    """The cells of each line of the Markdown table with these heads."""
    _, table = text.split(f"| {' | '.join(heads)} |\n", 1)
    for line in table.split("\n\n", 1)[0].splitlines()[1:]:
        yield [cell.strip() for cell in line.strip("|").split("|")]


def named(cell: str) -> list[str]:
    """The names in a cell. Functions and attributes are between backticks, states between quotes."""
    return [code or quoted for code, quoted in re.findall(r"`([^`]+)`|\"([^\"]+)\"", cell)]


def _attributes(text: str) -> Iterator[tuple[str, str]]:
    for attributes, _, writers in rows_of(text, "attribute", "holds", "changed by"):
        yield from product(named(attributes), named(writers))


def _drawn(text: str) -> Iterator[tuple[str, str, str]]:
    """The changes of status in the section's picture."""
    for begins, ends, causes in re.findall(r"^  (\S+) --> (\S+): (.+)$", text, re.M):
        for cause in causes.split("<br/>"):
            yield begins.replace("[*]", NO_ROW), ends.replace("[*]", NO_ROW), cause.partition(" (")[0]


def _listed(text: str) -> Iterator[tuple[str, str, str]]:
    """The rare changes of status in the section's table."""
    for begins, ends, causes, _ in rows_of(text, "from", "to", "by", "when"):
        yield from product(named(begins) or [begins], named(ends) or [ends], named(causes))
