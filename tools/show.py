"""Prints the results of commands: tables and sentences for people, or JSON for programs."""

import json
from collections.abc import Mapping, Sequence
from typing import Any, Literal, NamedTuple, TypeAlias

from rich.console import Console
from rich.text import Text

from common.cards import without_cards
from terminal import ids, statuses, tables, times
from terminal.program import width
from terminal.text import printable

NOT_KNOWN = "-"


class Column(NamedTuple):
    """A field for people. An `id` is short in a table, a `time` is the local one, and a `status` has a colour."""

    title: str
    kind: Literal["text", "id", "time", "status"] = "text"


Columns: TypeAlias = Mapping[str, str | Column]
"""The fields to print, in this order, and their titles."""


class Output:
    """Standard output: tables and sentences, or one JSON document per command if `as_json`."""

    def __init__(self, *, as_json: bool) -> None:
        self.as_json = as_json
        self._console = Console(width=width(), highlight=False)

    def rows(self, found: Sequence[dict[str, Any]], columns: Columns, *, nothing: str) -> None:
        """Prints the rows `found` as a table, or the text `nothing` if there are none.

        If the table would break a word, such as an id, each row is printed as a card instead. A column
        without any text is left out. JSON has all fields.
        """
        if self.as_json:
            self._json(found)
            return
        if not found:
            self.say(nothing)
            return
        named = [
            (name, _column(column))
            for name, column in columns.items()
            if any(row.get(name) not in (None, "", []) for row in found)
        ]
        titles = [column.title for _, column in named]
        short = {name: _short(found, name) for name, column in named if column.kind == "id"}
        rows = [[_cell(row.get(name), column, short.get(name, {})) for name, column in named] for row in found]
        unbroken = {column.title for _, column in named if column.kind != "text"}
        if table := tables.fitted(titles, rows, width=self._console.width, unbroken=unbroken):
            self._console.print(table)
            return
        for number, row in enumerate(rows):
            if number:
                self.say("")
            kept = [Text() if str(cell) == NOT_KNOWN else cell for cell in row]
            self._console.print(tables.card(titles, kept), soft_wrap=True)

    def fields(self, found: dict[str, Any], columns: Columns | None = None, *, least: int = 0) -> None:
        """Prints one object, with a line for each of its `columns` that it has, or for each of its fields.

        The titles take `least` characters or more, so that two objects can stand below each other.
        """
        if self.as_json:
            self._json(found)
            return
        named = {
            name: _column(column)
            for name, column in (columns or {name: name for name in found}).items()
            if columns is None or found.get(name) not in (None, "", [])
        }
        width = max(least, *(len(column.title) for column in named.values()))
        for name, column in named.items():
            lines = _cell(found[name], column, seconds=True).split("\n", allow_blank=True)
            for title, line in zip([column.title, *[""] * len(lines)], lines, strict=False):
                self._console.print(Text(f"{title:{width}}  ").append_text(line), soft_wrap=True)

    def say(self, sentence: str | Text) -> None:
        """Prints a sentence for people. Prints nothing if `as_json`."""
        if not self.as_json:
            self._console.print(Text(sentence) if isinstance(sentence, str) else sentence, soft_wrap=True)

    def _json(self, value: Any) -> None:
        # In ASCII, because JSON then escapes all characters that a terminal might act on.
        print(json.dumps(_safe(value), indent=2))


def _column(column: str | Column) -> Column:
    return Column(column) if isinstance(column, str) else column


def _short(found: Sequence[dict[str, Any]], name: str) -> dict[str, str]:
    """The short forms of the ids in the field `name`. An id that is not safe to print is not cut into pieces."""
    return ids.shortened(id for row in found if isinstance(id := row.get(name), str) and id == printable(id))


def _cell(value: Any, column: Column, short: Mapping[str, str] | None = None, *, seconds: bool = False) -> Text:
    match column.kind, value:
        case "id", str():
            return Text(printable((short or {}).get(value, value)))
        case "time", str():
            return Text(printable(times.local(value, seconds=seconds)))
        case "status", str():
            return statuses.coloured(printable(value))
        case _:
            return Text(_text(value))


def _text(value: Any) -> str:
    if isinstance(value, dict):
        value = [f"{name} {part}" for name, part in value.items()]
    if isinstance(value, list | tuple):
        return "\n".join(map(printable, value)) or NOT_KNOWN
    return NOT_KNOWN if value is None or value == "" else printable(value)


def _safe(value: Any) -> Any:
    """`value` without the card numbers in its texts."""
    match value:
        case str():
            return without_cards(value)
        case list() | tuple():
            return [_safe(item) for item in value]
        case dict():
            return {name: _safe(item) for name, item in value.items()}
        case _:
            return value
