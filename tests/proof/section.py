"""What a part of the proof returns."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True)
class Figure:
    """A number that the part counted: `edges of the order workflow: 61 of 61`."""

    name: str
    count: int
    total: int | None = None
    """The number of all, or None if the figure is a plain count."""

    def __str__(self) -> str:
        return f"{self.count:,}{'' if self.total is None else f' of {self.total:,}'}"


@dataclass(frozen=True)
class Section:
    """The result of a part. A part with a failure has failed."""

    figures: Sequence[Figure]
    """The first figure is also in the summary on top of the page."""
    text: str = ""
    """Markdown: tables and lists. Its headings begin with `####`."""
    failures: Sequence[str] = ()
    """One line for each failure."""

    @property
    def passed(self) -> bool:
        return not self.failures

    def as_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def of_json(cls, found: Mapping[str, Any]) -> "Section":
        return cls([Figure(**one) for one in found["figures"]], found["text"], found["failures"])
