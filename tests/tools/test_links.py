"""Every link in a Markdown file leads to a file of the repository and, after a `#`, to one of its headings."""

import re
from pathlib import Path

import pytest

from local.settings import PROJECT
from tools.site import markdown

NOT_OURS = {"node_modules", ".venv", "build", ".local", "cdk.out"}
DOCUMENTS = [file for file in sorted(PROJECT.rglob("*.md")) if not NOT_OURS & set(file.relative_to(PROJECT).parts)]


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda document: str(document.relative_to(PROJECT)))
def test_every_link_leads_to_a_file_and_a_heading(document: Path) -> None:
    broken = []
    for link in markdown.links(document.read_text()):
        path, _, anchor = link.target.partition("#")
        if re.match("[a-z]+:", link.target):
            continue
        target = (document.parent / path).resolve() if path else document
        if not target.exists() or (anchor and anchor not in markdown.anchors(target.read_text())):
            broken.append(f"{document.relative_to(PROJECT)}:{link.line}: {link.target}")

    assert not broken, "\n".join(broken)


def test_anchors_are_the_same_as_on_github() -> None:
    text = """\
# `make test`: all of it!
## Orders: *Parked*, and why
## See [the API](errors.md)
## Twice
```sh
# not a heading
```
## Twice
## Zoë's — 2 cafés
"""

    assert [heading.anchor for heading in markdown.headings(text)] == [
        "make-test-all-of-it",
        "orders-parked-and-why",
        "see-the-api",
        "twice",
        "twice-1",
        "zoës--2-cafés",
    ]


def test_text_in_code_is_not_a_link() -> None:
    text = """\
See [one](a.md), `[no](b.md)`, [`two`](c.md#d "title") and <img src="e.png">.
```md
[no](f.md)
```
[three]: g.md
"""

    assert [link.target for link in markdown.links(text)] == ["a.md", "c.md#d", "e.png", "g.md"]
