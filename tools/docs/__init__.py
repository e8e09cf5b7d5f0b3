"""The parts of docs/*.md that are generated from the templates and the workflows. `python -m tools.docs` writes them.

Each part stands between two markers, `<!-- generated: NAME (make docs) -->` and `<!-- end -->`.
"""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from terminal.errors import CommandError

FOLDER = Path(__file__).parent.parent.parent / "docs"

_PART = re.compile(
    r"^(?P<begin> *<!-- generated: (?P<name>[a-z-]+) \(make docs\) -->\n)(?P<text>.*?)(?P<end>^ *<!-- end -->)$",
    re.M | re.S,
)


def names_in(text: str) -> list[str]:
    """The names of the generated parts of a page, in their order."""
    return [found["name"] for found in _PART.finditer(text)]


def rewritten(text: str, parts: Mapping[str, str]) -> str:
    """A page with its generated parts replaced by `parts`, by name. Raises CommandError for an unknown name."""

    def replaced(found: re.Match[str]) -> str:
        if found["name"] not in parts:
            raise CommandError(f"no part is called {found['name']!r}; the parts are {', '.join(sorted(parts))}")
        return f"{found['begin']}\n{parts[found['name']].strip()}\n\n{found['end']}"

    return _PART.sub(replaced, text)


def pages() -> Iterator[Path]:
    """The pages with generated parts."""
    return (page for page in sorted(FOLDER.rglob("*.md")) if names_in(page.read_text()))


def stale(parts: Mapping[str, str]) -> list[str]:
    """The generated parts that differ from `parts`, such as `architecture.md: stacks`."""
    found = []
    for page in pages():
        text = page.read_text()
        for old, new in zip(_PART.finditer(text), _PART.finditer(rewritten(text, parts)), strict=True):
            if old["text"] != new["text"]:
                found.append(f"{page.relative_to(FOLDER)}: {old['name']}")
    return found
