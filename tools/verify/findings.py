"""How a check says what it found."""

from typing import Any

from common.cards import without_cards
from terminal.text import printable

LONGEST = 300


class FailedError(Exception):
    """The stage does not do what the check expects. The message says what the check found instead."""


class LeftOutError(Exception):
    """The check cannot run on this stage. The message says why."""


def require(holds: object, found: str) -> None:
    """Raises FailedError with what was `found`, unless `holds` is true."""
    if not holds:
        raise FailedError(found)


def brief(value: Any) -> str:
    """A value of the stage, safe to print, without card numbers."""
    return without_cards(printable(str(value)))[:LONGEST]
