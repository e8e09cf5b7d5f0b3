"""The places in this repository that the page names to people who want to learn how it works."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

ROOT = Path(__file__).parent.parent
FILE = ROOT / "website" / "sources.json"
"""The places by view. The page reads this file too."""

_BEGINNINGS = {
    ".json": r'\s*"{symbol}": ',
    ".js": r"export (class|const|function) {symbol}\b",
    ".py": r"(class |def )?{symbol}\b",
}
"""How the line begins that defines a symbol, by the ending of its file."""


class UnknownSourceError(Exception):
    """A file or a symbol of FILE is missing. The message names it."""


class Source(NamedTuple):
    path: str
    symbol: str

    @property
    def line(self) -> int:
        """The number of the line that defines the symbol. Raises UnknownSourceError."""
        beginning = _BEGINNINGS[Path(self.path).suffix].format(symbol=re.escape(self.symbol))
        try:
            lines = (ROOT / self.path).read_text().splitlines()
        except FileNotFoundError:
            raise UnknownSourceError(f"{FILE.name} names {self.path}, which is missing: correct it") from None
        for number, line in enumerate(lines, 1):
            if re.match(beginning, line):
                return number
        raise UnknownSourceError(f"{FILE.name} names {self.symbol!r} in {self.path}, which has no such symbol")


def sources() -> Iterator[Source]:
    """All places of FILE."""
    for places in json.loads(FILE.read_text()).values():
        for one in places:
            yield Source(one["path"], one["symbol"])


def links(url: str | None) -> dict[str, Any]:
    """What `config.json` says about the places: where the files can be read, and the line of each symbol.

    The code that `laptop up` publishes has an anchor for each symbol, so its path needs no lines. Without `url` the
    page shows paths as text.
    """
    has_lines = url and not url.startswith("/")
    lines = {f"{one.path} {one.symbol}": one.line for one in sources()} if has_lines else {}
    return {"source": url, "lines": lines}
