"""docs/proof.md: a summary, then a section for each part. A run replaces the sections of its parts only."""

import re
import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tests.proof.parts import NAMES
from tests.proof.section import Section

HEAD = """\
# Proof

`make proof` writes this page. `make proof PART=paths` runs one part and replaces its section. With `SEED=` and the seed
of a section it repeats the same choices. `make test` runs a sample of each part.

| part | first figure | result | date | seconds | command |
| --- | --- | --- | --- | --- | --- |
"""
SHOWN = 200
"""The number of failures in a section. The log of the part has all of them."""


@dataclass(frozen=True, kw_only=True)
class Run:
    """One run of a part."""

    name: str
    title: str
    claim: str
    sample: str
    seed: str
    date: str
    seconds: int
    commit: str
    versions: Mapping[str, str]
    section: Section

    @property
    def result(self) -> str:
        count = len(self.section.failures)
        return "passed" if self.section.passed else f"**failed** ({count} failure{'s' * (count != 1)})"


def updated(page: str, runs: Sequence[Run]) -> str:
    """The page after these runs. It keeps the sections of other parts that the page has."""
    # A section begins with a heading of the second level.
    top, *texts = re.split("^(?=## )", page, flags=re.M)
    rows = {name: row for row in top.splitlines() if row.startswith("| [") and (name := _part_of(row))}
    sections = {name: text for text in texts if (name := _part_of(text))}
    rows |= {one.name: _row(one) for one in runs}
    sections |= {one.name: _section(one) for one in runs}
    names = [*NAMES, *(one.name for one in runs if one.name not in NAMES)]
    summary = "\n".join([HEAD.strip(), *(rows[name] for name in names if name in rows)])
    return "\n\n".join([summary, *(sections[name].strip() for name in names if name in sections)]) + "\n"


def _part_of(text: str) -> str | None:
    found = re.search("`make proof PART=([a-z]+)", text)
    return found[1] if found else None


def _row(run: Run) -> str:
    figures = run.section.figures
    first = f"{figures[0].name}: {figures[0]}" if figures else "-"
    anchor = re.sub("[^a-z0-9 -]", "", run.title.lower()).replace(" ", "-")
    cells = (
        f"[{run.title}](#{anchor})",
        first,
        run.result,
        run.date,
        str(run.seconds),
        f"`make proof PART={run.name}`",
    )
    return f"| {' | '.join(cells)} |"


def _section(run: Run) -> str:
    about = {
        "command": f"`make proof PART={run.name} SEED={run.seed}`",
        "result": run.result,
        "date": run.date,
        "seconds": str(run.seconds),
        "commit": run.commit,
        "versions": ", ".join(f"{name} {version}" for name, version in run.versions.items()),
        "sample in `make test`": ", ".join(f"[{one}](../{one})" for one in run.sample.split()),
    }
    blocks = [f"## {run.title}", textwrap.fill(run.claim, 118), _table(("run", ""), list(about.items()))]
    if run.section.figures:
        blocks.append(_table(("figure", "count"), [(one.name, str(one)) for one in run.section.figures]))
    if run.section.text:
        blocks.append(run.section.text.strip())
    if run.section.failures:
        blocks.append(_failures(run.section.failures))
    return "\n\n".join(blocks)


def _table(head: tuple[str, str], rows: Sequence[tuple[str, str]]) -> str:
    return "\n".join(f"| {name} | {value} |" for name, value in (head, ("---", "---"), *rows))


def _failures(failures: Sequence[str]) -> str:
    """The failures as a block of code, because they may have hostile text in them."""
    # The blanks keep a line from looking like the heading of a section.
    lines = ["  " + " ".join(one.split()) for one in failures[:SHOWN]]
    if (more := len(failures) - SHOWN) > 0:
        lines.append(f"  and {more} more")
    fence = "`" * (1 + max((len(ticks) for one in lines for ticks in re.findall("`+", one)), default=2))
    return "\n".join(["#### Failures", "", f"{fence}text", *lines, fence])
