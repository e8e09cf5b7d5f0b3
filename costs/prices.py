"""AWS's prices, as data with a date and a source for each: `prices.json`.

A price that is marked `recalled` is from general knowledge. The others were compared with AWS's price lists on the
date of the file.
"""

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

FILE = Path(__file__).with_suffix(".json")

HOURS_A_MONTH = 730
"""AWS's own calculators use it."""


@dataclass(frozen=True, kw_only=True)
class Price:
    """The price of one billed unit. `source` is the address of the page that has it."""

    usd: float
    per: float
    what: str
    source: str
    recalled: bool

    @property
    def of_one(self) -> float:
        return self.usd / self.per


def read() -> dict[str, Any]:
    """The whole file: its date, region and terms too."""
    found: dict[str, Any] = json.loads(FILE.read_text())
    return found


@cache
def table() -> dict[str, Price]:
    """The prices by unit."""
    found = read()
    return {
        unit: Price(
            usd=one["usd"],
            per=one["per"],
            what=one["what"],
            source=found["sources"][one["source"]],
            recalled=one.get("recalled", False),
        )
        for unit, one in found["units"].items()
    }


def load() -> dict[str, float]:
    """US dollars for one of each unit."""
    return {unit: price.of_one for unit, price in table().items()}


def usd(unit: str, quantity: float) -> float:
    """What `quantity` of a unit costs. Raises KeyError for an unknown unit."""
    return table()[unit].of_one * quantity
