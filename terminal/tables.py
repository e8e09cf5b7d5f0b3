"""Tables that never break a word, so that you can copy an id."""

import textwrap
from collections.abc import Collection, Sequence

from rich.cells import cell_len
from rich.table import Table
from rich.text import Text

TALLEST = 5
"""The most lines of a table into which a line of text is broken. A longer text is easier to read in a card."""


def fitted(
    titles: Sequence[str],
    rows: Sequence[Sequence[str | Text]],
    *,
    width: int,
    title: str | None = None,
    unbroken: Collection[str] = (),
) -> Table | None:
    """Returns the rows as a table of at most `width` columns, or None if it does not fit.

    It does not fit if it would break a word, or a line of text into more than TALLEST lines. It does not break a line
    in the columns with the titles `unbroken`.
    """
    columns = list(zip(titles, *(map(str, row) for row in rows), strict=True))
    least = [
        max(
            (cell_len(part) for text in texts for part in text.split("\n" if texts[0] in unbroken else None)), default=0
        )
        for texts in columns
    ]
    # rich itself would break an id in one column to make room for text in another.
    spare = width - sum(least) - 3 * len(columns) - 1
    if spare < 0:
        return None
    longest = [max(map(cell_len, "\n".join(texts).split("\n"))) for texts in columns]
    more = [most - word for most, word in zip(longest, least, strict=True)]
    share = min(1.0, spare / (sum(more) or 1))
    widths = [word + int(share * rest) for word, rest in zip(least, more, strict=True)]
    if any(
        _lines(line, wide) > TALLEST
        for texts, wide in zip(columns, widths, strict=True)
        for text in texts
        for line in text.split("\n")
    ):
        return None
    table = Table(title=title and Text(title))
    for name, wide in zip(titles, widths, strict=True):
        table.add_column(name, width=wide)
    for row in rows:
        table.add_row(*(cell if isinstance(cell, Text) else Text(cell) for cell in row))
    return table


def _lines(text: str, width: int) -> int:
    return len(textwrap.wrap(text, width)) if width else 0


def card(titles: Sequence[str], row: Sequence[str | Text]) -> Text:
    """Returns one row for a terminal that is too narrow for a table: its first cell, and below it the others.

    Empty cells are left out.
    """
    (_, head), *others = zip(titles, row, strict=True)
    shown = {title: cell if isinstance(cell, Text) else Text(cell) for title, cell in others if str(cell)}
    width = max(map(len, shown), default=0)
    lines = [Text(str(head), "bold")]
    for title, cell in shown.items():
        first, *rest = cell.split("\n")
        lines.append(Text(f"  {title:{width}}  ").append_text(first))
        lines.extend(Text(" " * (width + 4)).append_text(line) for line in rest)
    return Text("\n").join(lines)
