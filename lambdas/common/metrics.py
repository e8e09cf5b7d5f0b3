"""Metrics in CloudWatch's embedded metric format: one line in the log, and no call.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html

See decision D196.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, TypeAlias

from common.logs import Value, shown

Number: TypeAlias = int | float
Values: TypeAlias = "Mapping[Measure, Number | list[Number]]"

MOST = 100
"""The most metrics in a document, and the most values of a metric in a document."""


@dataclass(frozen=True)
class Measure:
    """A metric's name and unit. Each app lists its own in `measures.py`, which the stacks read, too."""

    namespace: str
    name: str
    unit: Literal["Count", "Seconds"]


def emit(
    values: Values,
    *,
    stage: str,
    at: datetime,
    dimensions: Mapping[str, str] | None = None,
    about: Mapping[str, Value] | None = None,
) -> None:
    """Writes the values of one or more metrics, with the time `at`. They must have the same namespace.

    A value is a number, or a list of numbers that CloudWatch makes percentiles of. An empty list writes nothing.
    Every metric has the dimension `Stage`, with the value of the environment variable `STAGE`. Only functions with
    metrics have this variable. `dimensions` are further ones. `about` has other fields of the line, so that one line is
    also a business event. CloudWatch makes no metrics of them.

    Raises ValueError for a number that is infinite or not a number.
    """
    more = {name: shown(value) for name, value in (about or {}).items() if value is not None}
    for document in documents(values, at=at, dimensions={"Stage": stage, **(dimensions or {})}):
        # The logger would put the document into a field, where CloudWatch does not look for it. Lambda filters lines
        # without a level as INFO.
        # https://docs.aws.amazon.com/lambda/latest/dg/monitoring-cloudwatchlogs-log-level.html
        print(json.dumps({**document, **more}, allow_nan=False, separators=(",", ":")))


def documents(values: Values, *, at: datetime, dimensions: Mapping[str, str]) -> Iterator[dict[str, object]]:
    """The documents that `emit` writes. One is enough unless a list has more than MOST values."""
    known = {name: str(shown(value)) for name, value in dimensions.items()}
    parts: list[dict[Measure, Number | list[Number]]] = []
    for measure, value in values.items():
        for number, piece in enumerate(_pieces(value)):
            if number == len(parts):
                parts.append({})
            parts[number][measure] = piece
    for part in parts:
        for measures in _pieces([*part]):
            yield _document(measures, part, at=at, dimensions=known)


def _pieces(value: Any) -> Iterator[Any]:
    """A list in pieces of at most MOST items. Any other value is one piece."""
    if not isinstance(value, list):
        yield value
        return
    for start in range(0, len(value), MOST):
        yield value[start : start + MOST]


def _document(
    measures: Sequence[Measure], values: Values, *, at: datetime, dimensions: Mapping[str, str]
) -> dict[str, object]:
    (namespace,) = {measure.namespace for measure in measures}
    directive = {
        "Namespace": namespace,
        "Dimensions": [[*dimensions]],
        "Metrics": [{"Name": measure.name, "Unit": measure.unit} for measure in measures],
    }
    return {
        "_aws": {"Timestamp": int(at.timestamp() * 1000), "CloudWatchMetrics": [directive]},
        **dimensions,
        **{measure.name: values[measure] for measure in measures},
    }
