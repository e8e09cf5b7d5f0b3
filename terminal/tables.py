"""Tables that leave each word in one piece, so that an id can be copied."""

from collections.abc import Sequence

from rich.cells import cell_len
from rich.table import Table
from rich.text import Text


def fitted(
    titles: Sequence[str], rows: Sequence[Sequence[str | Text]], *, width: int, title: str | None = None
) -> Table | None:
    """The rows as a table of at most `width` columns, or None if a word would have to be broken."""
    columns = list(zip(titles, *(map(str, row) for row in rows), strict=True))
    least = [max((cell_len(word) for text in texts for word in text.split()), default=0) for texts in columns]
    # rich itself breaks an id in one column to leave room for a text in another.
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
    """One row without its empty cells: a line for each cell, or several if the cell has several."""
    shown = {name: text for name, text in zip(titles, row, strict=True) if text}
    width = max(map(len, shown), default=0)
    return "\n".join(f"{name:{width}}  " + f"\n{'':{width}}  ".join(text.split("\n")) for name, text in shown.items())
