"""What a dashboard consists of, and its body in CloudWatch's form. Pure, without CDK.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/CloudWatch-Dashboard-Body-Structure.html
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from stacks.metric import Metric

COLUMNS = 24
"""The width of every dashboard."""

PERIOD_SECONDS = 60
ALARMS_HEIGHT, TITLE_HEIGHT, HEIGHT = 3, 1, 6


@dataclass(frozen=True)
class Line:
    """A line of a graph: a metric, or an expression of metric math that uses the ids in the graph's `uses`."""

    label: str
    of: Metric | str


@dataclass(frozen=True, kw_only=True)
class Graph:
    title: str
    lines: Sequence[Line]
    unit: str = ""
    """Stands beside the axis."""
    stacked: bool = False
    uses: Mapping[str, Metric] = field(default_factory=dict)
    """Metrics that are not shown, by the ids that expressions use."""

    def body(self, resources: Mapping[str, str]) -> dict[str, Any]:
        hidden = [_metric(metric, resources, id=id, visible=False) for id, metric in self.uses.items()]
        axis = {"min": 0, "showUnits": False, **({"label": self.unit} if self.unit else {})}
        properties = {
            "title": self.title,
            "view": "timeSeries",
            "stacked": self.stacked,
            "region": resources["Region"],
            "period": PERIOD_SECONDS,
            "metrics": [*(_line(line, resources) for line in self.lines), *hidden],
            "yAxis": {"left": axis},
        }
        return {"type": "metric", "properties": properties}


@dataclass(frozen=True, kw_only=True)
class Table:
    """The result of a query of Logs Insights. `groups` are keys of log groups."""

    title: str
    groups: Sequence[str]
    query: str

    def body(self, resources: Mapping[str, str]) -> dict[str, Any]:
        sources = " | ".join(f"SOURCE '{resources[group]}'" for group in self.groups)
        properties = {
            "title": self.title,
            "view": "table",
            "region": resources["Region"],
            "query": f"{sources} | {self.query}",
        }
        return {"type": "log", "properties": properties}


@dataclass(frozen=True)
class Row:
    """Widgets side by side, below their common title."""

    title: str
    widgets: Sequence[Graph | Table]


@dataclass(frozen=True, kw_only=True)
class Choice:
    """A variable: somebody who looks at the dashboard chooses the value of a dimension, for all lines that have it."""

    dimension: str
    label: str
    values: Sequence[str]
    """Keys of resources. The first one is chosen at first."""

    def body(self, resources: Mapping[str, str]) -> dict[str, Any]:
        return {
            "type": "property",
            "id": self.dimension,
            "property": self.dimension,
            "inputType": "select",
            "label": self.label,
            "visible": True,
            "defaultValue": resources[self.values[0]],
            "values": [{"label": key, "value": resources[key]} for key in self.values],
        }


def body(
    rows: Iterable[Row], *, alarms: Sequence[str], resources: Mapping[str, str], choices: Iterable[Choice] = ()
) -> dict[str, Any]:
    """The body of a dashboard: the states of `alarms` (their ARNs), and then the rows.

    `resources` has the generated names, by the keys that metrics and tables use, and the `Region`.
    """
    states = {"type": "alarm", "properties": {"title": "Alarms", "alarms": [*alarms]}}
    widgets = [_placed(states, x=0, y=0, width=COLUMNS, height=ALARMS_HEIGHT)]
    top = ALARMS_HEIGHT
    for row in rows:
        widgets += _of_row(row, resources, top=top)
        top += TITLE_HEIGHT + HEIGHT
    return {"periodOverride": "inherit", "variables": [one.body(resources) for one in choices], "widgets": widgets}


def _of_row(row: Row, resources: Mapping[str, str], *, top: int) -> Iterator[dict[str, Any]]:
    title = {"type": "text", "properties": {"markdown": f"## {row.title}", "background": "transparent"}}
    yield _placed(title, x=0, y=top, width=COLUMNS, height=TITLE_HEIGHT)
    width = COLUMNS // len(row.widgets)
    for number, widget in enumerate(row.widgets):
        place = {"x": number * width, "y": top + TITLE_HEIGHT, "width": width, "height": HEIGHT}
        yield _placed(widget.body(resources), **place)


def _placed(widget: dict[str, Any], *, x: int, y: int, width: int, height: int) -> dict[str, Any]:
    return {
        "type": widget["type"],
        "x": x,
        "y": y,
        "width": width,
        "height": height,
        "properties": widget["properties"],
    }


def _line(line: Line, resources: Mapping[str, str]) -> list[Any]:
    if isinstance(line.of, str):
        return [{"expression": line.of, "label": line.label}]
    return _metric(line.of, resources, label=line.label)


def _metric(metric: Metric, resources: Mapping[str, str], **options: Any) -> list[Any]:
    found = metric.properties(resources)
    dimensions = [text for one in found.get("Dimensions", ()) for text in (one["Name"], one["Value"])]
    return [found["Namespace"], found["MetricName"], *dimensions, {"stat": metric.statistic, **options}]
