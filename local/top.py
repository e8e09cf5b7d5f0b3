"""Shows the figures of the dashboards in the terminal."""

import json
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

from rich.console import Console
from rich.live import Live
from rich.text import Text

from local import figures
from local.cloud import Cloud
from local.figures import Dashboard, Graph
from terminal import times
from terminal.text import counted

EVERY_SECONDS = 2
TITLE_WIDTH = 32
GAP = "   "


def show(
    cloud: Cloud,
    console: Console,
    name: str,
    *,
    minutes: int,
    once: bool,
    as_json: bool,
    pause: Callable[[float], None] = time.sleep,
) -> None:
    """Prints a dashboard's figures: once, or in a terminal again and again until Ctrl-C."""
    cloud.require_running()
    generated = figures.names(cloud.engine)[name]
    body = figures.body(cloud.engine, generated)

    def read() -> Dashboard:
        return figures.read(cloud.engine, name, body, minutes=minutes)

    def seen() -> Text:
        return view(read(), minutes=minutes, width=console.width)

    if as_json:
        print(json.dumps(plain(read(), minutes=minutes), indent=2))
    elif once or not console.is_terminal:
        console.print(seen())
    else:
        with Live(seen(), console=console, auto_refresh=False, vertical_overflow="crop", screen=True) as live:
            while True:
                live.update(seen(), refresh=True)
                pause(EVERY_SECONDS)


def plain(found: Dashboard, *, minutes: int) -> dict[str, Any]:
    """The figures as JSON, which other programs can rely on."""
    return {
        "dashboard": found.name,
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "minutes": minutes,
        "alarms": found.alarms,
        "rows": [
            {
                "title": row.title,
                "graphs": [
                    {
                        "title": graph.title,
                        "unit": graph.unit,
                        "figures": {line.label: line.figure for line in graph.lines},
                    }
                    for graph in row.graphs
                ],
            }
            for row in found.rows
        ],
    }


def view(found: Dashboard, *, minutes: int, width: int) -> Text:
    """The figures for a terminal that is `width` columns wide: a line for each graph, or some if it is long."""
    at = times.local(datetime.now(UTC).isoformat(), seconds=True)
    lines = [Text.assemble((found.name, "bold"), f"  {at}, the last {counted(minutes, 'minute')}"), alarms(found)]
    for row in found.rows:
        lines.append(Text(row.title, "bold"))
        for graph in row.graphs:
            title = f"  {graph.title}"
            for packed in _packed([*_figures(graph)], width=width - TITLE_WIDTH):
                lines.append(Text(f"{title:{TITLE_WIDTH}}").append_text(packed))
                title = ""
    return Text("\n").join(lines)


def alarms(found: Dashboard) -> Text:
    ringing = [name for name, state in found.alarms.items() if state == "ALARM"]
    if not ringing:
        return Text(f"no alarm of {len(found.alarms)}", "green")
    return Text(f"{counted(len(ringing), 'alarm')} of {len(found.alarms)}: {', '.join(ringing)}", "red")


def _figures(graph: Graph) -> Iterator[Text]:
    """`p50 12 ms`. A dash stands for a figure that is unknown."""
    unit = f" {graph.unit}" if graph.unit in ("ms", "s", "%") else ""
    for one in graph.lines:
        said = "-" if one.figure is None else f"{number(one.figure)}{unit}"
        yield Text.assemble(f"{one.label} ", (said, "bold"), style="" if one.figure else "dim")


def _packed(texts: Sequence[Text], *, width: int) -> Iterator[Text]:
    """The texts side by side, in lines of at most `width` columns. A longer text has a line of its own."""
    line = Text()
    for text in texts:
        if line and len(line) + len(GAP) + len(text) > width:
            yield line
            line = Text()
        line = line + GAP + text if line else text
    yield line


def number(value: float) -> str:
    """At least the digits before the point, and three digits that count: 1,234, 12.3, 0.05."""
    return f"{value:,.0f}" if value == int(value) or abs(value) >= 100 else f"{value:.3g}"
