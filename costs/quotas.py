"""AWS's quotas, as data with a date and a source for each: `quotas.json`. The doctor and the simulation use them."""

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

FILE = Path(__file__).with_suffix(".json")


@dataclass(frozen=True, kw_only=True)
class Quota:
    """A quota of an account. `code` is its code in Service Quotas, if we know it. A token bucket holds `bucket`."""

    value: float
    what: str
    source: str
    can_be_raised: bool
    service: str = ""
    code: str = ""
    bucket: float = 0


@cache
def table() -> dict[str, Quota]:
    """The quotas by name. A quota without a bucket of its own holds what one second refills."""
    found: dict[str, Any] = json.loads(FILE.read_text())
    return {
        name: Quota(**{"bucket": one["value"], **one, "source": found["sources"][one["source"]]})
        for name, one in found["quotas"].items()
    }


def value(name: str) -> float:
    """The default of a quota. Raises KeyError for an unknown name."""
    return table()[name].value
