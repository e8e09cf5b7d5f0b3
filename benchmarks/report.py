"""What a benchmark program measures, the report of all programs, and the comparison with an earlier run.

A program is a module of this package with a function `measure(rounds)`, which returns a Section. It measures both sides
of a ratio in turn, in the same run, because times depend on the machine and the moment.
"""

import json
import re
import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Literal, TypeVar

Found = TypeVar("Found")

WORSE = 0.25
"""How much worse than the committed ratio a new one may be, as a part of the committed one."""

HEAD = """\
# Benchmarks

`make benchmark` writes this page. Times depend on the machine and the moment, so compare only ratios: each program
measures both sides of a ratio in turn, in one run. `make benchmark-check` measures again with fewer rounds, and fails
if a ratio is more than {worse:.0%} worse than the one in [ratios.json](ratios.json).
"""


@dataclass(frozen=True, kw_only=True)
class Ratio:
    """One measured ratio. `name` begins with the program's name and says both sides: `lookups: miss / hit`.

    `make benchmark-check` compares it if it is a `gate`. A ratio that differs between two runs on the same machine by
    more than WORSE is not a gate.
    """

    name: str
    value: float
    better: Literal["lower", "higher"]
    gate: bool = True


@dataclass(frozen=True, kw_only=True)
class Section:
    """What a program found: a title, Markdown that says what was compared and has the table, and the ratios."""

    title: str
    text: str
    ratios: Sequence[Ratio] = field(default_factory=list)


def to_json(section: Section) -> str:
    return json.dumps(asdict(section))


def from_json(text: str) -> Section:
    plain = json.loads(text)
    return Section(title=plain["title"], text=plain["text"], ratios=[Ratio(**ratio) for ratio in plain["ratios"]])


def in_turn(rounds: int, sides: Mapping[str, Callable[[], Found]]) -> dict[str, list[Found]]:
    """Measures each side once in each round. Every second round is in the reverse order, so no side is always first."""
    found: dict[str, list[Found]] = {name: [] for name in sides}
    for number in range(rounds):
        names = list(sides) if number % 2 == 0 else list(sides)[::-1]
        for name in names:
            found[name].append(sides[name]())
    return found


def ratio_of(above: Sequence[float], below: Sequence[float]) -> float:
    """The ratio of two medians."""
    return statistics.median(above) / statistics.median(below)


def updated(report: str, sections: Mapping[str, str]) -> str:
    """The text of the report with `sections`, which are Markdown by title. Keeps the other sections unchanged."""
    parts = [part.partition("\n") for part in re.split("^## ", report, flags=re.M)[1:]]
    old = {title: text.strip() for title, _, text in parts}
    new = [f"## {title}\n\n{text.strip()}\n" for title, text in sorted((old | dict(sections)).items())]
    return "\n".join([HEAD.format(worse=WORSE), *new])


def merged(committed: Sequence[Ratio], measured: Mapping[str, Sequence[Ratio]]) -> list[Ratio]:
    """The committed ratios, where each program in `measured` has its new ratios. Sorted by name."""
    kept = [ratio for ratio in committed if ratio.name.partition(":")[0] not in measured]
    return sorted([*kept, *(ratio for ratios in measured.values() for ratio in ratios)], key=lambda ratio: ratio.name)


def worse(committed: Sequence[Ratio], measured: Sequence[Ratio]) -> list[str]:
    """A line for each gate that is missing, or worse than the committed one by more than WORSE."""
    now = {ratio.name: ratio for ratio in measured}
    lines = []
    for was in committed:
        if not was.gate:
            continue
        if was.name not in now:
            lines.append(f"{was.name}: was {was.value:.2f}, is no longer measured")
            continue
        value = now[was.name].value
        change = value / was.value - 1 if was.better == "lower" else was.value / value - 1
        if change > WORSE:
            lines.append(f"{was.name}: was {was.value:.2f}, is {value:.2f}, {change:.0%} worse")
    return lines
