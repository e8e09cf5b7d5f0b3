"""Harmless survivors: survivors.toml names them with the reason."""

import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

FILE = Path(__file__).parent / "survivors.toml"
OF_TEMPLATES = " / Properties / "
"""A part of the place of each survivor of the templates. tests/stacks/test_survivors.py checks these."""


@dataclass(frozen=True)
class Survivor:
    """A mutant, or several alike. `place` is a part of its name, and `code` the line of code that it changes."""

    place: str
    change: str
    reason: str
    code: str = ""

    def fits(self, name: str, line: str) -> bool:
        return self.place in name and self.change in name and (not self.code or self.code == line)


class Survivors:
    """All entries of the file."""

    def __init__(self, entries: Sequence[Survivor]) -> None:
        self.entries = entries

    @classmethod
    def read(cls) -> "Survivors":
        return cls([Survivor(**one) for one in tomllib.loads(FILE.read_text())["survivor"]])

    def reason(self, name: str, line: str) -> str:
        """Why the mutant with this name, of this line of code, is harmless. Empty if it may be a mistake."""
        return next((one.reason for one in self.entries if one.fits(name, line)), "")
