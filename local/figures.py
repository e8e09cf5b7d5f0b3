"""The figures of the dashboards that are deployed, from the metrics of the engine's CloudWatch.

The widgets and the names of the metrics come from the dashboards' own bodies, so every reader shows the same rows.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from local import deploy
from local.engine import Engine

OUTPUT = "DashboardUrl"
"""The end of the stack outputs that lead to the dashboards: `OrdersDashboardUrl`."""

SUMS = ("Sum", "SampleCount")
MOST_QUERIES = 500
"""The most queries of one call of GetMetricData."""


@dataclass(frozen=True)
class Line:
    label: str
    statistic: str
    """Empty for an expression."""
    values: Mapping[int, float]
    """By the time in seconds at which their minute begins."""

    @property
    def figure(self) -> float | None:
        """The sum of what is counted, or else the last value. None if there is none."""
        if self.statistic in SUMS:
            return sum(self.values.values())
        return self.values[max(self.values)] if self.values else None


@dataclass(frozen=True)
class Graph:
    title: str
    unit: str
    stacked: bool
    lines: Sequence[Line]


@dataclass(frozen=True)
class Row:
    title: str
    graphs: Sequence[Graph]


@dataclass(frozen=True)
class Dashboard:
    name: str
    """`orders`, `reminders` or `operators`."""
    alarms: Mapping[str, str]
    """The state of each alarm, by its name."""
    rows: Sequence[Row]


def names(engine: Engine) -> dict[str, str]:
    """The generated name of each dashboard, by `orders`, `reminders` and `operators`."""
    return {
        output.removesuffix(OUTPUT).lower(): url.rpartition("/")[2]
        for outputs in deploy.outputs(engine).values()
        for output, url in outputs.items()
        if output.endswith(OUTPUT)
    }


def body(engine: Engine, name: str) -> dict[str, Any]:
    """The body of the dashboard with this generated name."""
    found: dict[str, Any] = json.loads(engine.client("cloudwatch").get_dashboard(DashboardName=name)["DashboardBody"])
    return found


def read(engine: Engine, name: str, widgets: Mapping[str, Any], *, minutes: int) -> Dashboard:
    """The figures of the last minutes, the current one included. `widgets` is the body of the dashboard `name`."""
    now = engine.now()
    window = {"StartTime": now - timedelta(minutes=minutes), "EndTime": now + timedelta(minutes=1)}
    placed = [(number, widget["properties"]) for number, widget in enumerate(widgets["widgets"])]
    asked = [
        query for number, properties in placed if "metrics" in properties for query in _queries(number, properties)
    ]
    values = _values(engine, asked, window)
    rows: list[tuple[str, list[Graph]]] = []
    for number, properties in placed:
        if "markdown" in properties:
            rows.append((properties["markdown"].lstrip("# "), []))
        elif "metrics" in properties:
            rows[-1][1].append(_graph(number, properties, values))
    alarms = [arn.rpartition(":")[2] for arn in widgets["widgets"][0]["properties"]["alarms"]]
    return Dashboard(
        name=name,
        alarms=_states(engine, alarms),
        rows=[Row(title, graphs) for title, graphs in rows if graphs],
    )


def _queries(number: int, properties: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """The queries of a graph. Its ids get the graph's number, because they are unique only within it."""
    own = {metric[-1]["id"] for metric in properties["metrics"] if "id" in metric[-1]}
    for position, metric in enumerate(properties["metrics"]):
        *parts, options = metric
        query: dict[str, Any] = {"Id": _id(number, options.get("id", position))}
        if parts:
            namespace, name, *dimensions = parts
            pairs = zip(dimensions[::2], dimensions[1::2], strict=True)
            named = [{"Name": key, "Value": value} for key, value in pairs]
            stat = {"Namespace": namespace, "MetricName": name, "Dimensions": named}
            yield {**query, "MetricStat": {"Metric": stat, "Period": properties["period"], "Stat": options["stat"]}}
        else:
            expression = re.sub(
                r"[a-z]\w*", lambda id: _id(number, id[0]) if id[0] in own else id[0], options["expression"]
            )
            yield {**query, "Expression": expression}


def _id(number: int, id: str | int) -> str:
    return f"w{number}_{id}"


def _graph(number: int, properties: Mapping[str, Any], values: Mapping[str, Mapping[int, float]]) -> Graph:
    lines = [
        Line(metric[-1]["label"], metric[-1].get("stat", ""), values[_id(number, metric[-1].get("id", position))])
        for position, metric in enumerate(properties["metrics"])
        if metric[-1].get("visible", True)
    ]
    unit = properties["yAxis"]["left"].get("label", "")
    return Graph(properties["title"], unit, properties["stacked"], lines)


def _values(engine: Engine, queries: Sequence[Any], window: Mapping[str, Any]) -> dict[str, dict[int, float]]:
    cloudwatch = engine.client("cloudwatch")
    found = {}
    for start in range(0, len(queries), MOST_QUERIES):
        answer = cloudwatch.get_metric_data(MetricDataQueries=queries[start : start + MOST_QUERIES], **window)
        for result in answer["MetricDataResults"]:
            times = [int(at.timestamp()) for at in result["Timestamps"]]
            found[result["Id"]] = dict(zip(times, result["Values"], strict=True))
    return found


def _states(engine: Engine, names: Sequence[str]) -> dict[str, str]:
    states = {}
    # Without the types, CloudWatch leaves out composite alarms.
    pages = engine.client("cloudwatch").get_paginator("describe_alarms")
    for page in pages.paginate(AlarmTypes=["MetricAlarm", "CompositeAlarm"]):
        for alarm in (*page["MetricAlarms"], *page["CompositeAlarms"]):
            states[alarm["AlarmName"]] = alarm["StateValue"]
    return {name: states.get(name, "INSUFFICIENT_DATA") for name in names}
