"""Prints the results of commands: tables and sentences for people, or JSON for programs."""

import json
from collections.abc import Sequence
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from common.cards import without_cards
from terminal import tables
from terminal.program import width
from terminal.text import printable

NOT_KNOWN = "-"


class Output:
    """Standard output: tables and sentences, or one JSON document per command if `as_json`."""

    def __init__(self, *, as_json: bool) -> None:
        self.as_json = as_json
        self._console = Console(width=width(), highlight=False)

    def rows(self, found: Sequence[dict[str, Any]], columns: dict[str, str], *, nothing: str) -> None:
        """Prints the rows `found` as a table, or the text `nothing` if there are none.

        `columns` maps the fields to their titles. If the table would break a word, such as an id, each row is printed
        line by line instead.
        """
        if self.as_json:
            self._json(found)
        elif not found:
            self.say(nothing)
        elif table := _table(found, columns):
            self._console.print(table)
        else:
            for number, row in enumerate(found):
                if number:
                    self.say("")
                self.fields(
                    {title: row[name] for name, title in columns.items() if row.get(name) not in (None, "", [])}
                )

    def fields(self, found: dict[str, Any]) -> None:
        """Prints one object, with a line for each of its fields."""
        if self.as_json:
            self._json(found)
            return
        width = max(map(len, found))
        for name, value in found.items():
            self.say(f"{name:{width}}  " + f"\n{'':{width}}  ".join(_cell(value).split("\n")))

    def say(self, sentence: str) -> None:
        """Prints a sentence for people. Prints nothing if `as_json`."""
        if not self.as_json:
            self._console.print(Text(sentence), soft_wrap=True)

    def _json(self, value: Any) -> None:
        # In ASCII, because JSON then escapes all characters that a terminal might act on.
        print(json.dumps(_safe(value), indent=2))


def _table(found: Sequence[dict[str, Any]], columns: dict[str, str]) -> Table | None:
    """`found` as a table, or None if the terminal is too narrow to leave each word in one piece."""
    rows = [[_cell(row.get(name)) for name in columns] for row in found]
    return tables.fitted(list(columns.values()), rows, width=width())


def _cell(value: Any) -> str:
    if isinstance(value, dict):
        value = [f"{name} {part}" for name, part in value.items()]
    if isinstance(value, list):
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
