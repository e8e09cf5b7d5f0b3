"""What an order must have to be in a list of one's own orders. Pure.

Functions without the layer of third-party code import this module, so it must import only the standard library.
"""

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

SEARCHED = ("OrderId", "Name", "ItemName")
"""The fields in which `text` is searched."""


@dataclass(frozen=True, kw_only=True)
class Search:
    """What an order must have to be listed."""

    status: str | None = None

    text: str | None = None
    """As `folded` returns it."""

    first: str | None = None
    last: str | None = None
    """The limits of `ReceivedAt`, which both belong to the period."""

    @property
    def reads_rows(self) -> bool:
        """Whether a row must be read to know if the search finds it."""
        return bool(self.status or self.text)

    def finds(self, row: Mapping[str, Any]) -> bool:
        """Whether an order of the period has the status and the text."""
        return (not self.status or row["Status"] == self.status) and (
            not self.text or any(self.text in folded(row[name]) for name in SEARCHED)
        )


ALL = Search()


def folded(text: str) -> str:
    """`text` in a form in which upper and lower case, and the two ways to write an accent, are the same."""
    return unicodedata.normalize("NFC", text.casefold())
