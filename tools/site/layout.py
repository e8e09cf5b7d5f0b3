"""Lays out the pages of the site: docs/, and each file of the repository that a page links to.

A page keeps its path below docs/. Any other file is below `repository/`: Markdown as a page, a folder as a list of its
files, and source text as a page that shows it. So a link that works on GitHub also works on the site, although the site
knows no address of the repository.
"""

import os
import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from tools.site import markdown

LANGUAGES = {".py": "python", ".js": "js", ".ts": "ts", ".css": "css", ".html": "html", ".json": "json"} | {
    ".toml": "toml",
    ".yaml": "yaml",
    ".yml": "yaml",
}
IMAGES = {".png", ".svg", ".jpg", ".gif"}
LEFT_OUT = {"__pycache__", "node_modules", "__init__.py"}
"""The list of a folder leaves out these entries, and hidden ones."""

SHOWN_ONLY = "---\nhide: [navigation, toc]\nsearch:\n  exclude: true\n---\n\n"
"""The head of a page that shows source text or a folder. The page gets the whole width, and the search ignores it."""


class LinkError(Exception):
    """Some links lead to no file. The message has a line for each link."""


@dataclass
class Layout:
    """Which file of `root` becomes which page."""

    root: Path
    pages: dict[Path, Path] = field(default_factory=dict)
    """The place of each file in the site's source. Both paths are relative."""

    broken: list[str] = field(default_factory=list)

    def write(self, target: Path) -> None:
        """Writes all pages to the folder `target`. Raises LinkError."""
        waiting = sorted(path.relative_to(self.root) for path in (self.root / "docs").rglob("*") if path.is_file())
        self.pages = {path: path.relative_to("docs") for path in waiting}
        while waiting:
            path = waiting.pop()
            place = target / self.pages[path]
            place.parent.mkdir(parents=True, exist_ok=True)
            source = self.root / path
            if path.suffix == ".md":
                text, linked = self._page(path)
                place.write_text(text)
            elif source.is_dir():
                text, linked = self._folder(path)
                place.write_text(text)
            elif place.suffix == ".md":
                place.write_text(shown(path, source.read_text()))
                linked = []
            else:
                shutil.copyfile(source, place)
                linked = []
            waiting += linked
        if self.broken:
            raise LinkError("\n".join(sorted(self.broken)))

    def _page(self, path: Path) -> tuple[str, list[Path]]:
        """The page of a Markdown file, and the files that it links to and no earlier page did."""
        new: list[Path] = []
        text = (self.root / path).read_text()

        def relinked(link: str) -> str:
            file, mark, anchor = link.partition("#")
            if not file or re.match("[a-z]+:", link):
                return link
            linked = self.file_at(path.parent / file)
            if linked is None:
                self.broken.append(f"{path}: {link} leads to no file")
                return link
            if linked not in self.pages:
                self.pages[linked] = self._place(linked)
                new.append(linked)
            return os.path.relpath(self.pages[linked], self.pages[path].parent) + mark + anchor

        text = markdown.with_wide_lists(markdown.relinked(with_numbered_anchors(text), relinked))
        return markdown.with_diagrams(text), new

    def file_at(self, path: Path) -> Path | None:
        """`path` without `..`; for a folder its README.md or index.md, if it has one. None if it does not exist."""
        full = (self.root / path).resolve()
        if not full.exists() or not full.is_relative_to(self.root):
            return None
        heads = [full / name for name in ("README.md", "index.md") if (full / name).is_file()]
        return (heads[0] if heads else full).relative_to(self.root)

    def _place(self, path: Path) -> Path:
        below = Path("repository") / path
        if (self.root / path).is_dir():
            return below / "index.md"
        if path.name == "README.md":
            # MkDocs takes README.md for the page of its folder, and the navigation would show no link to it.
            return below.with_name("readme.md")
        return below if path.suffix in {".md", *IMAGES} else below.with_name(f"{path.name}.md")

    def _folder(self, path: Path) -> tuple[str, list[Path]]:
        """The page of a folder: a list of its entries, without links. So it never leads to new files."""
        lines = [f"- `{entry.name}{'/' if entry.is_dir() else ''}`" for entry in entries(self.root / path)]
        return SHOWN_ONLY + "\n".join([f"# {path}/", "", *lines, ""]), []


def entries(folder: Path) -> list[Path]:
    found = [entry for entry in folder.iterdir() if entry.name not in LEFT_OUT and not entry.name.startswith(".")]
    return sorted(found, key=lambda entry: (entry.is_file(), entry.name))


def shown(path: Path, text: str) -> str:
    """The page that shows the source text of `path`."""
    longest = max(map(len, re.findall("`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{SHOWN_ONLY}# {path}\n\n{fence}{LANGUAGES.get(path.suffix, 'text')}\n{text.rstrip()}\n{fence}\n"


def with_numbered_anchors(text: str) -> str:
    """`text` with GitHub's anchor before each heading that repeats an earlier one. MkDocs numbers it differently."""
    lines = text.splitlines()
    for heading in reversed(markdown.headings(text)):
        if heading.repeated:
            lines.insert(heading.line, f'<a id="{heading.anchor}"></a>\n')
    return "\n".join(lines) + "\n"


# The navigation.

Navigation = list[dict[str, object]]


def navigation(layout: Layout) -> Navigation:
    """Makes the navigation from docs/index.md: each heading is a section, and its links are the section's pages.

    The index need not link to every page. A page in a folder of docs/ follows the first page of that folder. All other
    pages without a link come at the end.
    """
    index = Path("docs/index.md")
    text = (layout.root / index).read_text()
    left = {path for path in layout.pages if path.suffix == ".md" and path.parts[0] == "docs"} - {index}
    sections: Navigation = [{"Start": "index.md"}]
    for title, part in parts(text):
        pages: list[object] = []
        for link in markdown.links(part):
            path = layout.file_at(index.parent / link.target.partition("#")[0])
            if path and path.suffix == ".md" and (path in left or path.parts[0] != "docs") and path in layout.pages:
                pages += entry(layout, path, left)
                left.discard(path)
        if pages:
            sections.append({title: unique(pages)})
    if left:
        sections.append({"More": [str(layout.pages[path]) for path in sorted(left)]})
    return sections


def parts(text: str) -> Iterator[tuple[str, str]]:
    """The text below each heading of the second level."""
    lines = text.splitlines()
    found = [heading for heading in markdown.headings(text) if heading.level == 2]
    for heading, following in zip(found, [*found[1:], None], strict=True):
        yield heading.text, "\n".join(lines[heading.line + 1 : following.line if following else len(lines)])


def entry(layout: Layout, path: Path, left: set[Path]) -> list[object]:
    """The page. If it is the first page of a folder below docs/, a section with all pages of the folder."""
    if path.name not in ("index.md", "README.md") or path.parts[0] != "docs":
        return [str(layout.pages[path])]
    others = sorted(other for other in left if other.parent == path.parent and other != path)
    left.difference_update(others)
    title = markdown.headings((layout.root / path).read_text())[0].text
    return [{title: [str(layout.pages[one]) for one in (path, *others)]}]


def unique(pages: list[object]) -> list[object]:
    return [page for at, page in enumerate(pages) if page not in pages[:at]]
