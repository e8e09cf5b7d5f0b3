"""Headings and links of a Markdown file, with the anchors that GitHub gives its headings."""

import html
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

from markdown_it import MarkdownIt

_FENCE = re.compile(r" *(`{3,}|~{3,})")
_DIAGRAM = re.compile(r"^```mermaid\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_CODE = re.compile(r"(`+)(?!`).*?(?<!`)\1(?!`)")
_TARGET = re.compile(r"""(?<=\]\()[^()\s]+(?=\s*(?:"[^"]*")?\))|(?<= src=")[^"]+(?=")|(?<= href=")[^"]+(?=")""")
_REFERENCE = re.compile(r"^\[[^\]]+\]: (\S+)")
_HEADING = re.compile(r"(#{1,6}) +(.*?) *#*$")


@dataclass(frozen=True)
class Heading:
    line: int
    """Its index among the lines."""

    level: int
    text: str
    anchor: str
    repeated: bool
    """Whether an earlier heading has the same text, so that the anchor ends with a number."""


@dataclass(frozen=True)
class Link:
    line: int
    """Counted from 1, as editors do."""

    target: str


def prose(text: str) -> Iterator[tuple[int, str, bool]]:
    """Each line with its index, and whether it is prose: outside a block of code."""
    fence = ""
    for index, line in enumerate(text.splitlines()):
        found = _FENCE.match(line)
        if fence:
            yield index, line, False
            if found and found[1].startswith(fence) and not line.strip(" `~"):
                fence = ""
        else:
            fence = found[1] if found else ""
            yield index, line, not fence


def headings(text: str) -> list[Heading]:
    found: list[Heading] = []
    counted: dict[str, int] = {}
    for index, line, is_prose in prose(text):
        if is_prose and (heading := _HEADING.fullmatch(line)):
            plain = re.sub(r"!?\[([^\]]*)\]\([^)]*\)", r"\1", heading[2])
            anchor = re.sub(r"[^\w\- ]", "", html.unescape(plain).lower()).replace(" ", "-")
            counted[anchor] = counted.get(anchor, -1) + 1
            repeated = counted[anchor] > 0
            anchor += f"-{counted[anchor]}" if repeated else ""
            found.append(Heading(index, len(heading[1]), re.sub("[`*]", "", plain), anchor, repeated))
    return found


def anchors(text: str) -> set[str]:
    """The anchors of the headings, and the anchors that the text sets itself."""
    return {heading.anchor for heading in headings(text)} | set(re.findall(r'<a (?:id|name)="([^"]+)"', text))


def links(text: str) -> list[Link]:
    """All links and images, except in code."""
    found: list[Link] = []
    for index, line, is_prose in prose(text):
        targets: list[str] = []
        if is_prose:
            _in_line(line, partial(_noted, targets))
        found += (Link(index + 1, target) for target in targets)
    return found


def _noted(targets: list[str], target: str) -> str:
    targets.append(target)
    return target


def relinked(text: str, change: Callable[[str], str]) -> str:
    """`text` with the target of each link changed."""
    lines = [_in_line(line, change) if is_prose else line for _, line, is_prose in prose(text)]
    return "\n".join(lines) + "\n"


def with_wide_lists(text: str) -> str:
    """`text` with its lists as Python-Markdown wants them: four blanks for each level, and blank lines around blocks.

    On GitHub the text below an item begins where the text of the item begins.
    """
    lines = text.splitlines()
    blank_before: set[int] = set()
    indents: dict[int, tuple[int, int]] = {}
    """How far a line is indented, and how far it should be."""
    level = 0
    for token in MarkdownIt("commonmark").enable("table").parse(text):
        level += token.nesting if token.type.startswith("list_item") else 0
        if not token.map:
            continue
        first, end = token.map
        if token.type.endswith("_list_open") and level == 0:
            blank_before.add(first)
        if token.type == "list_item_open":
            marker = re.match(r" *(?:[-*+]|[0-9]+[.)]) *", lines[first])
            assert marker
            indents |= {line: (len(marker[0]), 4 * level) for line in range(first + 1, end)}
            indents[first] = (len(lines[first]) - len(lines[first].lstrip()), 4 * (level - 1))
            if not all(map(str.strip, lines[first : end - 1])):
                blank_before.add(end)
    changed: list[str] = []
    for index, line in enumerate(lines):
        if index in blank_before and changed and changed[-1].strip():
            changed.append("")
        if index in indents and line.strip():
            now, wanted = indents[index]
            line = " " * wanted + (line.lstrip() if line[:now].strip() else line[now:])
        changed.append(line)
    return "\n".join(changed) + "\n"


def with_diagrams(text: str) -> str:
    """`text` with its Mermaid diagrams as elements, which assets/diagrams.js draws and the search leaves out.

    The theme's own way would load Mermaid from another host, and its search would show a diagram's source.
    """

    def element(diagram: re.Match[str]) -> str:
        return f'<div class="diagram" data-search-exclude>\n{html.escape(diagram[1])}</div>'

    return _DIAGRAM.sub(element, text)


def _in_line(line: str, change: Callable[[str], str]) -> str:
    if reference := _REFERENCE.match(line):
        return line[: reference.start(1)] + change(reference[1]) + line[reference.end(1) :]
    codes = [code.span() for code in _CODE.finditer(line)]

    def changed(target: re.Match[str]) -> str:
        in_code = any(start < target.start() < end for start, end in codes)
        return target[0] if in_code else change(target[0])

    return _TARGET.sub(changed, line)
