"""docs/cost.md: its tables and its picture, which `make cost-docs` writes and a test compares."""

import re
from collections.abc import Iterable, Iterator, Mapping

from terminal.errors import CommandError
from tools.cost import picture, report
from tools.cost.model import Traffic
from tools.cost.report import Costs, Section
from tools.cost.templates import Templates
from tools.install import ROOT

PAGE = ROOT / "docs" / "cost.md"
PICTURE = ROOT / "docs" / "images" / "cost.svg"

STAGE, OTHER_STAGES = "prod", ("dev",)
TRAFFIC = Traffic(orders=1e6, lookups=1e6, reminders=1e5)
"""What the page is about."""

_PART = re.compile(
    r"^(?P<begin><!-- generated: (?P<name>[a-z-]+) \(make cost-docs\) -->\n)(?P<text>.*?)(?P<end>^<!-- end -->)$",
    re.M | re.S,
)


def write(costs: Costs, stages: Mapping[str, Templates]) -> Iterator[str]:
    """Writes the tables and the picture, and yields the names of both files. `stages` are those of the page.

    Raises CommandError.
    """
    if (costs.stage, costs.traffic) != (STAGE, TRAFFIC):
        raise CommandError("docs/cost.md is about prod with the default traffic: run `make cost-docs`")
    PAGE.write_text(rewritten(PAGE.read_text(), costs, stages))
    yield str(PAGE.relative_to(ROOT))
    picture.draw(costs, PICTURE)
    yield str(PICTURE.relative_to(ROOT))


def sections(costs: Costs, stages: Mapping[str, Templates]) -> list[Section]:
    return [*report.sections(costs), report.stages(stages)]


def rewritten(text: str, costs: Costs, stages: Mapping[str, Templates]) -> str:
    """The page with its tables replaced."""
    parts = {section.name: markdown(section) for section in sections(costs, stages)}
    return _PART.sub(lambda found: f"{found['begin']}\n{parts[found['name']]}\n\n{found['end']}", text)


def names_in(text: str) -> list[str]:
    return [found["name"] for found in _PART.finditer(text)]


def markdown(section: Section) -> str:
    """A section as a table."""
    columns = {**section.columns, **section.more}
    right = section.numbers
    lines = [_line(columns.values()), _line("---:" if key in right else "---" for key in columns)]
    lines += [_line(row[key] for key in columns) for row in section.texts(columns)]
    return "\n".join(lines)


def _line(cells: Iterable[str]) -> str:
    return "| " + " | ".join(cells) + " |"
