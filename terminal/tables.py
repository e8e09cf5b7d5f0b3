"""Tables that never break a word, so that you can copy an id."""

from collections.abc import Sequence

from rich.cells import cell_len
from rich.table import Table
from rich.text import Text


def fitted(
    titles: Sequence[str], rows: Sequence[Sequence[str | Text]], *, width: int, title: str | None = None
) -> Table | None:
    """Returns the rows as a table of at most `width` columns, or None if the table would break a word."""
    columns = list(zip(titles, *(map(str, row) for row in rows), strict=True))
    least = [max((cell_len(word) for text in texts for word in text.split()), default=0) for texts in columns]
    # rich itself would break an id in one column to make room for text in another.
    spare = width - sum(least) - 3 * len(columns) - 1
    if spare < 0:
        return None
    longest = [max(map(cell_len, "\n".join(texts).split("\n"))) for texts in columns]
    more = [most - word for most, word in zip(longest, least, strict=True)]
    share = min(1.0, spare / (sum(more) or 1))
    table = Table(title=title and Text(title))
    for name, word, rest in zip(titles, least, more, strict=True):
        table.add_column(name, width=word + int(share * rest))
    for row in rows:
        table.add_row(*(cell if isinstance(cell, Text) else Text(cell) for cell in row))
    return table


def line_by_line(titles: Sequence[str], row: Sequence[str]) -> str:
    """Returns one row without its empty cells: a line for each cell, or several lines if the cell has several."""
    shown = {name: text for name, text in zip(titles, row, strict=True) if text}
    width = max(map(len, shown), default=0)
    return "\n".join(f"{name:{width}}  " + f"\n{'':{width}}  ".join(text.split("\n")) for name, text in shown.items())
