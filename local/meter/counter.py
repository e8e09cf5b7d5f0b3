"""The counts, and who may add to them."""

import threading
from contextvars import ContextVar

from costs.units import UNITS, Counts

_counts: dict[tuple[str, str], float] = {}
_lock = threading.Lock()

uncounted: ContextVar[bool] = ContextVar("uncounted", default=False)
"""Whether the current call is one of the root user, which does not count."""


def add(unit: str, resource: str, quantity: float = 1) -> None:
    """Counts `quantity` of a unit for the resource with this name in the engine."""
    if unit not in UNITS:
        raise KeyError(unit)
    if quantity and not uncounted.get():
        with _lock:
            _counts[unit, resource] = _counts.get((unit, resource), 0) + quantity


def counts() -> Counts:
    with _lock:
        found = sorted(_counts.items())
    total: Counts = {}
    for (unit, resource), quantity in found:
        total.setdefault(unit, {})[resource] = quantity
    return total


def reset() -> None:
    with _lock:
        _counts.clear()
