"""docs/cost.md: its tables and its picture, which `make cost-docs` writes and a test compares."""

import re
from collections.abc import Iterable, Iterator, Mapping

from costs.units import UNITS
from terminal.errors import CommandError
from tools import plots
from tools.cost import picture, report, templates
from tools.cost.model import Traffic
from tools.cost.report import Costs, Section
from tools.cost.templates import Templates
from tools.install import ROOT

PAGE = ROOT / "docs" / "cost.md"
FILES = (PAGE, ROOT / "README.md")
PICTURE = ROOT / "docs" / "images" / "cost.svg"

STAGE, OTHER_STAGES = "prod", ("dev",)
TRAFFIC = Traffic(orders=1e6, lookups=1e6, reminders=1e5)
"""What the page is about. README has the idle cost of the other stage."""

_PART = re.compile(
    r"^(?P<begin><!-- generated: (?P<name>[a-z-]+) \(make cost-docs\) -->\n)(?P<text>.*?)(?P<end>^<!-- end -->)$",
    re.M | re.S,
)


def write(costs: Costs, stages: Mapping[str, Templates]) -> Iterator[str]:
    """Writes the tables, and the picture if it no longer looks like the costs. Yields the names of the files.

    `stages` has the templates of the stages in the table of stages. Raises CommandError.
    """
    if (costs.stage, costs.traffic) != (STAGE, TRAFFIC):
        raise CommandError("docs/cost.md is about prod with the default traffic: run `make cost-docs`")
    for file in FILES:
        file.write_text(rewritten(file.read_text(), costs, stages))
        yield str(file.relative_to(ROOT))
    if not (PICTURE.exists() and picture.is_like(plots.shown(PICTURE), costs)):
        picture.draw(costs, PICTURE)
        yield str(PICTURE.relative_to(ROOT))


def parts(costs: Costs, stages: Mapping[str, Templates]) -> dict[str, str]:
    """The tables, by their names."""
    found = {section.name: markdown(section) for section in [*report.sections(costs), report.stages(stages)]}
    found["units"] = _units()
    return found | {f"idle-{name}": markdown(report.idle(name, templates.idle(of))) for name, of in stages.items()}


def rewritten(text: str, costs: Costs, stages: Mapping[str, Templates]) -> str:
    """A page with its tables replaced."""
    tables = parts(costs, stages)
    return _PART.sub(lambda found: f"{found['begin']}\n{tables[found['name']]}\n\n{found['end']}", text)


def names_in(text: str) -> list[str]:
    return [found["name"] for found in _PART.finditer(text)]


def markdown(section: Section) -> str:
    """A section as a table."""
    columns = {**section.columns, **section.more}
    right = section.numbers
    lines = [_line(columns.values()), _line("---:" if key in right else "---" for key in columns)]
    lines += [_line(row[key] for key in columns) for row in section.texts(columns)]
    return "\n".join(lines)


def _units() -> str:
    """The units that the laptop cloud counts, and where AWS shows its own number of each."""
    rows = [(f"`{name}`", unit.means, unit.metric, unit.estimated) for name, unit in UNITS.items()]
    return "\n".join([_line(("unit", "what", "AWS's own number", "estimate")), _line(["---"] * 4), *map(_line, rows)])


def _line(cells: Iterable[str]) -> str:
    return "| " + " | ".join(cells) + " |"
