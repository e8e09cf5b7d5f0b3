"""Reads metrics in CloudWatch's embedded metric format from lines of a log. Pure.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

MOST = 100
"""The most metrics of a directive, and the most values of a metric."""

MOST_DIMENSIONS = 30


class NoDocumentError(ValueError):
    """The line claims to be a document of metrics, but breaks a rule of the format. CloudWatch ignores it."""


@dataclass(frozen=True)
class Measured:
    """Values of one metric with one set of dimensions."""

    namespace: str
    name: str
    unit: str
    dimensions: dict[str, str]
    values: tuple[float, ...]
    at: float


def measured(line: str) -> Iterator[Measured]:
    """The metrics of a line. A line that is not a document of metrics has none. Raises NoDocumentError."""
    if not line.startswith("{") or '"_aws"' not in line:
        return
    try:
        document = json.loads(line)
    except ValueError:
        return
    metadata = document.get("_aws")
    if not isinstance(metadata, dict) or "CloudWatchMetrics" not in metadata:
        return
    at: Any = metadata.get("Timestamp")
    if not _is_number(at):
        raise NoDocumentError("Timestamp")
    for directive in metadata["CloudWatchMetrics"]:
        yield from _of_directive(directive, document, at / 1000)


def _of_directive(directive: dict[str, Any], document: dict[str, Any], at: float) -> Iterator[Measured]:
    namespace, metrics = directive.get("Namespace"), directive.get("Metrics") or []
    if not namespace or len(metrics) > MOST:
        raise NoDocumentError("Namespace or Metrics")
    for names in directive.get("Dimensions") or [[]]:
        if len(names) > MOST_DIMENSIONS or not all(isinstance(document.get(name), str) for name in names):
            raise NoDocumentError("Dimensions")
        dimensions = {name: document[name] for name in names}
        for metric in metrics:
            value: Any = document.get(metric["Name"])
            values: list[Any] = value if isinstance(value, list) else [value]
            if value is None:
                continue
            if len(values) > MOST or not all(map(_is_number, values)):
                raise NoDocumentError(metric["Name"])
            yield Measured(namespace, metric["Name"], metric.get("Unit", "None"), dimensions, tuple(values), at)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
