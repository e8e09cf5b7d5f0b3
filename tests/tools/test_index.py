"""docs/index.md names every page once."""

import re
from pathlib import Path

from local.settings import PROJECT

INDEX = PROJECT / "docs" / "index.md"


def pages() -> set[Path]:
    """The pages for readers. A folder in docs counts as one page: its index, or the folder itself."""
    docs = PROJECT / "docs"
    folders = {folder for folder in docs.iterdir() if folder.is_dir() and folder.name != "images"}
    found = {
        *docs.glob("*.md"),
        *PROJECT.glob("*.md"),
        *PROJECT.glob("benchmarks/*.md"),
        PROJECT / "tests" / "README.md",
    }
    found |= {index if (index := folder / "index.md").exists() else folder for folder in folders}
    return found - {INDEX, PROJECT / "README.md"}


def test_the_index_names_every_page_once() -> None:
    links = re.findall(r"\]\(([^)#]+)\)", INDEX.read_text())
    named = [(INDEX.parent / link).resolve() for link in links]
    wanted = pages()

    assert sorted(str(page.relative_to(PROJECT)) for page in wanted - {*named}) == [], "add them to docs/index.md"
    assert [str(page) for page in named if page not in wanted or named.count(page) > 1] == []
