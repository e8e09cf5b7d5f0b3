"""The parts of the proof, in the order of the page.

A part is a module `tests/proof/NAME.py`, or a package `tests/proof/NAME`, with

    TITLE = "Every path"                  # the heading of its section
    CLAIM = "..."                         # one or two plain sentences: what the part proves
    SAMPLE = "tests/e2e/test_paths.py"    # the files of `make test` that hold the sample, with blanks between them
    def run(seed: str) -> Section         # replays exactly with the same seed

It runs in a process of its own. An assertion or another exception in `run` is a failure of the part. What it prints
goes to `build/proof/NAME.log`.
"""

import importlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from tests.proof.section import Section


@dataclass(frozen=True)
class Entry:
    """A part as the frame knows it before it has imported the part's module."""

    name: str
    minutes: int
    """About how long the part takes in a run of all parts. Long parts start first."""
    alone: bool = False
    """Whether the part runs after all others, because they would disturb what it measures."""
    beside: bool = False
    """Whether the part runs beside the others with `nice`. It never waits, and uses what they leave."""
    usual: bool = True
    """Whether `make proof` without PART runs it."""


PARTS = (
    Entry("paths", 4),
    Entry("faults", 18),
    Entry("sequences", 9),
    Entry("requests", 32),
    Entry("leaks", 13),
    Entry("permissions", 6),
    Entry("mutants", 25, beside=True),
    Entry("load", 6, alone=True),
    Entry("long", 8, alone=True, usual=False),
    Entry("order", 90, alone=True, usual=False),
)
NAMES = tuple(one.name for one in PARTS)


class Part(Protocol):
    """A module of a part."""

    TITLE: str
    CLAIM: str
    SAMPLE: str

    def run(self, seed: str) -> Section: ...


def load(name: str) -> Part:
    """Imports the module of a part."""
    part: Part = importlib.import_module(f"tests.proof.{name}")
    return part


def chosen(names: Sequence[str]) -> list[Entry]:
    """The parts with these names, or the usual ones. Raises KeyError with the name of a part that does not exist."""
    known = {one.name: one for one in PARTS}
    return [known[one] for one in names] if names else [one for one in known.values() if one.usual]
