"""The picture of a dashboard: its widgets where CloudWatch puts them, with figures of the laptop cloud."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from local.figures import Dashboard, Graph
from tools import plots

INCHES_X, INCHES_Y = 0.58, 0.32
"""The size of a cell of the dashboard's grid."""

STATES = {"OK": "#3ca951", "ALARM": "#d1242f", "INSUFFICIENT_DATA": "#9498a0"}
ALARMS_IN_A_LINE = 6
MINUTE = 60


def file_of(name: str) -> Path:
    return plots.IMAGES / f"dashboard-{name}.svg"


def shows(body: Mapping[str, Any]) -> list[Any]:
    """What the picture of a dashboard with this body shows: the titles of its rows, widgets and lines.

    Names that CloudFormation generates are left out, so the body of any stage with the same rows gives the same list.
    """
    return [_shown(widget["properties"]) for widget in body["widgets"]]


def _shown(properties: Mapping[str, Any]) -> Any:
    if "markdown" in properties:
        return properties["markdown"]
    labels = [metric[-1]["label"] for metric in properties.get("metrics", ()) if "label" in metric[-1]]
    return {properties["title"]: labels}


def draw(body: Mapping[str, Any], found: Dashboard, file: Path) -> None:
    """Writes the picture as SVG or PNG. Raises CommandError."""
    widgets = body["widgets"]
    columns = max(one["x"] + one["width"] for one in widgets)
    lines = max(one["y"] + one["height"] for one in widgets)
    drawn = plots.figure(figsize=(columns * INCHES_X, lines * INCHES_Y))
    drawn.set_layout_engine("none")
    graphs = _in_order(found)
    times = {at for row in found.rows for graph in row.graphs for line in graph.lines for at in line.values}
    # All graphs have the same time below them.
    span = (_moment(min(times) - MINUTE), _moment(max(times) + MINUTE)) if times else None
    for widget in widgets:
        properties = widget["properties"]
        place = (
            widget["x"] / columns,
            1 - (widget["y"] + widget["height"]) / lines,
            widget["width"] / columns,
            widget["height"] / lines,
        )
        if widget["type"] == "text":
            _text(drawn, place, properties["markdown"].lstrip("# "))
        elif widget["type"] == "metric":
            _graph(drawn, place, next(graphs), span)
        elif widget["type"] == "alarm":
            _alarms(drawn, place, properties["title"], found.alarms)
        else:
            _table(drawn, place, properties)
    plots.save(drawn, file, shows={"shows": shows(body)})


def _in_order(found: Dashboard) -> Iterator[Graph]:
    for row in found.rows:
        yield from row.graphs


Place = tuple[float, float, float, float]


def _text(drawn: Any, place: Place, text: str) -> None:
    left, bottom, _, height = place
    drawn.text(left + 0.008, bottom + height / 2, text, fontsize=13, weight="bold", va="center")


def _moment(at: int) -> datetime:
    return datetime.fromtimestamp(at, UTC)


def _graph(drawn: Any, place: Place, graph: Graph, span: tuple[datetime, datetime] | None) -> None:
    left, bottom, width, height = place
    axes = drawn.add_axes((left + 0.14 * width, bottom + 0.36 * height, 0.82 * width, 0.46 * height))
    axes.set_title(graph.title, loc="left", fontsize=9, weight="bold")
    times = sorted({at for line in graph.lines for at in line.values})
    moments = [_moment(at) for at in times]
    colours = plots.COLOURS[: len(graph.lines)]
    if graph.stacked and times:
        below = [0.0] * len(times)
        for line, colour in zip(graph.lines, colours, strict=True):
            heights = [line.values.get(at, 0) for at in times]
            wide = timedelta(seconds=0.8 * MINUTE)
            axes.bar(moments, heights, bottom=below, width=wide, color=colour, label=line.label)
            below = [one + more for one, more in zip(below, heights, strict=True)]
    else:
        for line, colour in zip(graph.lines, colours, strict=True):
            points = [(moment, line.values[at]) for at, moment in zip(times, moments, strict=True) if at in line.values]
            xs, ys = zip(*points, strict=True) if points else ((), ())
            axes.plot(xs, ys, marker=".", color=colour, label=line.label)
    # Otherwise a line of zeros would have an axis of tiny fractions.
    axes.set_ylim(bottom=0, top=None if any(value for line in graph.lines for value in line.values.values()) else 1)
    axes.set_ylabel(graph.unit, fontsize=7)
    axes.tick_params(labelsize=7)
    if times and span:
        axes.set_xlim(*span)
        axes.xaxis.set_major_formatter(plots.package("matplotlib.dates").DateFormatter("%H:%M"))
        axes.xaxis.set_major_locator(plots.package("matplotlib.dates").AutoDateLocator(minticks=2, maxticks=4))
    else:
        axes.set_xticks([])
        axes.set_yticks([])
        axes.text(0.5, 0.5, "no values", transform=axes.transAxes, ha="center", va="center", fontsize=8, color="gray")
    columns = 2 if len(graph.lines) > 1 and width < 0.4 else 4
    axes.legend(
        loc="upper left",
        bbox_to_anchor=(-0.12, -0.16),
        ncols=columns,
        fontsize=7,
        frameon=False,
        handlelength=1,
        columnspacing=1,
        labelspacing=0.2,
    )


def _alarms(drawn: Any, place: Place, title: str, states: Mapping[str, str]) -> None:
    left, bottom, width, height = place
    axes = drawn.add_axes((left + 0.008, bottom + 0.05 * height, width - 0.016, 0.75 * height))
    axes.axis("off")
    axes.set_title(f"{title}: {len(states)}", loc="left", fontsize=9, weight="bold")
    lines = -(-len(states) // ALARMS_IN_A_LINE)
    size = (1 / ALARMS_IN_A_LINE, 1 / max(lines, 1))
    rectangle = plots.package("matplotlib.patches").Rectangle
    for number, (name, state) in enumerate(states.items()):
        x, y = number % ALARMS_IN_A_LINE * size[0], 1 - (number // ALARMS_IN_A_LINE + 1) * size[1]
        axes.add_patch(rectangle((x, y), size[0] * 0.97, size[1] * 0.86, color=STATES[state], alpha=0.25))
        axes.text(x + 0.004, y + size[1] * 0.43, _short(name), fontsize=min(7, 26 / lines), va="center")


def _short(name: str) -> str:
    """An alarm's name without the stage."""
    return name.removeprefix("local").lstrip("- ")


def _table(drawn: Any, place: Place, properties: Mapping[str, Any]) -> None:
    left, bottom, width, height = place
    axes = drawn.add_axes((left + 0.01, bottom + 0.1 * height, width - 0.02, 0.72 * height))
    axes.set_title(properties["title"], loc="left", fontsize=9, weight="bold")
    axes.set_xticks([])
    axes.set_yticks([])
    query = properties["query"].rpartition("' | ")[2].replace(" | ", "\n| ")
    axes.text(0.01, 0.92, query, fontsize=7, family="monospace", va="top")
    for side in axes.spines.values():
        side.set_visible(True)


def is_current(file: Path, body: Mapping[str, Any]) -> bool:
    """Whether the picture in `file` shows what the body has."""
    drawn: Mapping[str, Sequence[Any]] | None = plots.shown(file)
    return drawn is not None and drawn["shows"] == shows(body)
