"""The lines that handlers print: events and metrics."""

import json
from typing import Any

import pytest

from common.metrics import Measure


def printed(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    """The lines since the last call."""
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def events(lines: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The lines of events, without their metrics."""
    return [{name: one[name] for name in one.keys() - _of_metrics(one)} for one in lines if "message" in one]


def values(lines: list[dict[str, Any]], measure: Measure) -> list[Any]:
    """The values of a metric that has no further dimension."""
    return [one[measure.name] for one in lines if measure.name in one and _dimensions(one) == ["Stage"]]


def _dimensions(line: dict[str, Any]) -> list[str]:
    ((names,),) = [one["Dimensions"] for one in line["_aws"]["CloudWatchMetrics"]]
    return list(names)


def _of_metrics(line: dict[str, Any]) -> set[str]:
    if "_aws" not in line:
        return set()
    (directive,) = line["_aws"]["CloudWatchMetrics"]
    return {"_aws", *_dimensions(line), *(one["Name"] for one in directive["Metrics"])}
