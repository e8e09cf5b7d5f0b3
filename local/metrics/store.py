"""The values of metrics, minute by minute, in place of the engine's lists.

The engine keeps each value for two weeks (`services/cloudwatch.py:77`) and copies all lists at each request (line 201).
"""

import functools
import threading
import time
from collections.abc import Iterator
from typing import Any

from ministack.services import cloudwatch

Key = tuple[str, str, str]
"""Namespace, name, and the dimensions in the engine's form: `Name=Value|…`, sorted."""

MINUTES = 24 * 60
"""How long values are kept."""

MOST_VALUES = 300_000
"""The most different values of all metrics and minutes, some 40 MB. The oldest minutes go first."""

EXACT = 50
"""A metric keeps so many different values of a minute exactly, and rounds further ones to two digits. That is enough
for percentiles."""


@functools.lru_cache(maxsize=4096)
def _dimensions_of(items: tuple[tuple[str, str], ...]) -> str:
    text: str = cloudwatch._dims_key(dict(items))
    return text


class Store:
    """The metrics, in the place of the engine's dictionary `cloudwatch._metrics`."""

    def __init__(self, *, most_values: int = MOST_VALUES) -> None:
        self._most_values = most_values
        self._minutes: dict[int, dict[Key, dict[float, float]]] = {}
        self._known: dict[Key, tuple[str, dict[str, str]]] = {}
        self._values = 0
        self._lock = threading.Lock()

    def add(
        self,
        namespace: str,
        name: str,
        value: float,
        *,
        unit: str = "None",
        dimensions: dict[str, str],
        at: float | None = None,
        times: float = 1,
    ) -> None:
        """Adds a value that was seen `times` times, at the time `at` or now. Ignores one older than MINUTES."""
        now = time.time()
        minute = int((now if at is None else at) // 60)
        if minute < now // 60 - MINUTES:
            return
        key = (namespace, name, _dimensions_of(tuple(dimensions.items())))
        with self._lock:
            if key not in self._known:
                self._known[key] = (unit, dict(dimensions))
            if minute not in self._minutes:
                self._minutes[minute] = {}
                self._forget(oldest=int(now // 60) - MINUTES)
            values = self._minutes[minute].setdefault(key, {})
            if value not in values:
                value = float(f"{value:.1e}") if len(values) >= EXACT else value
                self._values += value not in values
                if self._values > self._most_values:
                    self._forget(oldest=min(self._minutes) + 1)
            values[value] = values.get(value, 0) + times

    def set(self, namespace: str, name: str, value: float, *, unit: str, dimensions: dict[str, str]) -> None:
        """Adds a level, such as the length of a queue. It counts once a minute, so only a new value adds anything."""
        key = (namespace, name, _dimensions_of(tuple(dimensions.items())))
        if value not in self._minutes.get(int(time.time() // 60), {}).get(key, {}):
            self.add(namespace, name, value, unit=unit, dimensions=dimensions)

    def values(self, key: Key, *, start: float, end: float, period: int) -> dict[int, dict[float, float]]:
        """How often each value was seen, by the beginning of its period. The first period begins at `start`."""
        found: dict[int, dict[float, float]] = {}
        with self._lock:
            minutes = range(-int(-start // 60), -int(-end // 60))
            known = self._minutes if len(self._minutes) < len(minutes) else minutes
            for minute in known:
                if minute in minutes and (values := self._minutes.get(minute, {}).get(key)):
                    seen = found.setdefault(int(start + (minute * 60 - start) // period * period), {})
                    for value, times in values.items():
                        seen[value] = seen.get(value, 0) + times
        return found

    def _forget(self, *, oldest: int) -> None:
        for minute in [one for one in self._minutes if one < oldest]:
            self._values -= sum(map(len, self._minutes.pop(minute).values()))

    # What the engine does with its dictionary.

    def items(self) -> list[tuple[Key, "Points"]]:
        with self._lock:
            alive = {key for metrics in self._minutes.values() for key in metrics}
        return [(key, Points(self, key)) for key in self._known if key in alive]

    def points(self, key: Key) -> Iterator[dict[str, Any]]:
        """The engine's form of a metric's values."""
        unit, dimensions = self._known[key]
        with self._lock:
            found = [(minute, [*metrics[key].items()]) for minute, metrics in self._minutes.items() if key in metrics]
        for minute, values in sorted(found):
            for value, times in values:
                yield {
                    "Timestamp": minute * 60.0,
                    "Value": value,
                    "Count": times,
                    "Unit": unit,
                    "Dimensions": dimensions,
                }

    def update(self, saved: Any) -> None:
        """Nothing of the metrics is saved. See docs/local.md."""

    def clear(self) -> None:
        with self._lock:
            self._minutes.clear()
            self._known.clear()
            self._values = 0

    def __deepcopy__(self, memo: Any) -> dict[str, Any]:
        return {}


class Points:
    """The values of one metric, in the place of the engine's list of points."""

    def __init__(self, store: Store, key: Key) -> None:
        self._store, self._key = store, key

    def append(self, point: dict[str, Any]) -> None:
        namespace, name, _ = self._key
        statistics = point.get("_stat")
        values = _values_of(statistics) if statistics else [(point["Value"], float(point.get("Count", 1)))]
        for value, times in values:
            self._store.add(
                namespace,
                name,
                value,
                unit=point["Unit"],
                dimensions=point["Dimensions"],
                at=point["Timestamp"],
                times=times,
            )

    def __iter__(self) -> Iterator[dict[str, Any]]:
        return self._store.points(self._key)

    def __getitem__(self, index: int) -> dict[str, Any]:
        point: dict[str, Any] = [*self][index]
        return point

    def __bool__(self) -> bool:
        return True


def _values_of(statistics: dict[str, Any]) -> list[tuple[float, float]]:
    """Values, and how often each was seen, with the number, sum, minimum and maximum of a set of statistics."""
    count, total = float(statistics["SampleCount"]), float(statistics["Sum"])
    if count <= 2:
        return [(total / count, count)] if count else []
    low, high = float(statistics["Minimum"]), float(statistics["Maximum"])
    return [(low, 1), (high, 1), ((total - low - high) / (count - 2), count - 2)]


STORE = Store()


def apply() -> None:
    cloudwatch._metrics = STORE
    cloudwatch._metric_bucket = lambda key: Points(STORE, key)
    cloudwatch._evict_old_metrics = lambda: None
