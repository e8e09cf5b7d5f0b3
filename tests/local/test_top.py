"""`laptop top` shows the figures of the dashboards that are deployed."""

import io
import json
from collections.abc import Callable
from subprocess import CompletedProcess
from typing import Any

import pytest
from rich.console import Console

from local import figures, top
from local.__main__ import DASHBOARDS, main
from local.cloud import Cloud
from local.figures import Dashboard, Graph, Line, Row
from tests.support.commands import completed
from tests.support.waiting import eventually

Run = Callable[..., "CompletedProcess[str]"]


@pytest.fixture
def run(cloud: Cloud, capsys: pytest.CaptureFixture[str]) -> Run:
    def command(*arguments: str) -> "CompletedProcess[str]":
        return completed(capsys, main, ["--home", str(cloud.settings.home), *arguments], COLUMNS="80")

    return command


def a_line(label: str = "requests", *, statistic: str = "Sum", **values: float) -> Line:
    """`at_60=1` is the value of the minute that begins at 60."""
    return Line(label, statistic, {int(at.removeprefix("at_")): value for at, value in values.items()})


def a_dashboard(*lines: Line, unit: str = "a minute", alarms: dict[str, str] | None = None) -> Dashboard:
    graph = Graph(title="Requests", unit=unit, stacked=False, lines=lines)
    return Dashboard(name="orders", alarms=alarms or {"parked orders": "OK"}, rows=[Row("Golden", [graph])])


@pytest.mark.parametrize(
    ("line", "figure"),
    [
        (a_line(at_60=1, at_120=2), 3),
        (a_line(), 0),
        (a_line(statistic="SampleCount", at_60=1, at_120=2), 3),
        (a_line(statistic="p99", at_60=9, at_120=2), 2),
        (a_line(statistic="Maximum", at_120=2, at_60=9), 2),
        (a_line(statistic="", at_60=50.5), 50.5),
        (a_line(statistic="p99"), None),
    ],
)
def test_counts_are_added_up_and_of_other_figures_the_last_one_is_shown(line: Line, figure: float | None) -> None:
    assert line.figure == figure


@pytest.mark.parametrize(
    ("value", "text"), [(0, "0"), (3.0, "3"), (1234.5, "1,234"), (12.345, "12.3"), (0.05, "0.05"), (123.4, "123")]
)
def test_numbers_have_the_digits_that_count(value: float, text: str) -> None:
    assert top.number(value) == text


def test_a_graph_with_many_figures_has_several_lines_of_80_columns() -> None:
    lines = [a_line(f"figure number {number}", statistic="p99", at_60=1.5) for number in range(6)]

    shown = top.view(a_dashboard(*lines, unit="ms"), minutes=5, width=80).plain.split("\n")

    assert shown[2] == "Golden"
    assert [line[: top.TITLE_WIDTH].strip() for line in shown[3:]] == ["Requests", "", "", "", "", ""][: len(shown) - 3]
    assert all(len(line) <= 80 for line in shown)
    assert sum(line.count("1.5 ms") for line in shown) == 6


def test_alarms_that_went_off_are_named() -> None:
    found = a_dashboard(alarms={"parked orders": "ALARM", "API slow": "OK", "API silent": "INSUFFICIENT_DATA"})

    assert top.alarms(found).plain == "1 alarm of 3: parked orders"
    assert top.alarms(a_dashboard()).plain == "no alarm of 1"


def figures_of(found: Any, title: str) -> dict[str, Any]:
    [graph] = [graph for row in found["rows"] for graph in row["graphs"] if graph["title"] == title]
    return dict(graph["figures"])


def test_the_figures_count_what_the_demo_does(run: Run) -> None:
    def read() -> Any:
        return json.loads(run("top", "orders", "--json", "--minutes", "1440").stdout)

    before = read()
    assert run("demo").returncode == 0

    def has_more(after: Any) -> bool:
        more = figures_of(after, "Executions")["Succeeded"] - figures_of(before, "Executions")["Succeeded"]
        return bool(more >= 4)

    after = eventually(read, until=has_more)
    assert after["dashboard"] == "orders" and after["minutes"] == 1440
    assert figures_of(after, "Requests")["requests"] >= figures_of(before, "Requests")["requests"] + 4
    assert figures_of(after, "Write units")["table"] > figures_of(before, "Write units")["table"]
    assert figures_of(after, "Latency")["p99"] > 0
    assert set(after["alarms"].values()) <= {"OK", "ALARM"}
    assert "local orders - URGENT" in after["alarms"]


@pytest.mark.parametrize("name", ["operators", "orders", "reminders"])
def test_each_dashboard_fits_into_80_columns(run: Run, name: str) -> None:
    done = run("top", name, "--once")

    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert lines[0].startswith(name) and len(lines) > 10
    assert all(len(line) <= 80 for line in lines if "alarm" not in line)


def test_an_unknown_dashboard_is_refused(run: Run) -> None:
    done = run("top", "everything")

    assert done.returncode == 2
    assert "operators" in done.stderr


def test_the_figures_are_shown_again_until_ctrl_c(cloud: Cloud) -> None:
    written = io.StringIO()
    pauses: list[float] = []

    def pause(seconds: float) -> None:
        pauses.append(seconds)
        if len(pauses) == 2:
            raise KeyboardInterrupt

    console = Console(file=written, force_terminal=True, width=80, height=60)
    with pytest.raises(KeyboardInterrupt):
        top.show(cloud, console, "orders", minutes=5, once=False, as_json=False, pause=pause)

    assert pauses == [top.EVERY_SECONDS] * 2
    assert written.getvalue().count("Time to the outcome") >= 2


def test_every_dashboard_of_the_commands_is_deployed(cloud: Cloud) -> None:
    assert figures.names(cloud.engine).keys() == set(DASHBOARDS)
