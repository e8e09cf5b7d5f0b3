"""Rows and graphs that several dashboards have."""

from collections.abc import Sequence

from stacks.dashboards.widgets import Choice, Graph, Line, Row
from stacks.metric import Metric, age, messages, of_api, of_function, of_table, of_workflow

LATENCIES = ("p50", "p90", "p99")
ANY_FUNCTION = Metric("AWS/Lambda", "Throttles", "Sum", {})
"""The functions of the whole account. They share one limit."""


def counts(title: str, lines: Sequence[Line], *, stacked: bool = False) -> Graph:
    return Graph(title=title, lines=lines, stacked=stacked, unit="a minute")


def requests(*, workflow: str) -> Row:
    """The golden signals of an API and of what it starts."""
    throttled = (
        Line("functions of the account", ANY_FUNCTION),
        Line("workflow", of_workflow(workflow, "ExecutionThrottled")),
        Line("writes of the table", of_table("WriteThrottleEvents")),
        Line("reads of the table", of_table("ReadThrottleEvents")),
    )
    return Row(
        "Requests",
        (
            counts("Requests", (Line("requests", of_api("Count", "Sum")),)),
            counts("Errors", (Line("4xx", of_api("4XXError", "Sum")), Line("5xx", of_api("5XXError", "Sum")))),
            Graph(title="Latency", unit="ms", lines=[Line(one, of_api("Latency", one)) for one in LATENCIES]),
            counts("Throttled", throttled),
        ),
    )


def executions(title: str, workflow: str) -> Graph:
    names = ("Started", "Succeeded", "Failed", "TimedOut", "Aborted")
    return counts(title, [Line(name, of_workflow(workflow, f"Executions{name}")) for name in names])


def time_of_executions(workflow: str) -> Graph:
    lines = [Line(one, of_workflow(workflow, "ExecutionTime", one)) for one in ("p50", "p99")]
    return Graph(title="Time of an execution", unit="ms", lines=lines)


def billed(workflow: str) -> Graph:
    """What AWS bills for Express executions: their time, and their memory, which AWS gives in MB."""
    uses = {
        "ms": of_workflow(workflow, "ExpressExecutionBilledDuration"),
        "mb": of_workflow(workflow, "ExpressExecutionBilledMemory", "Average"),
    }
    lines = (Line("GB-seconds", "ms / 1000 * mb / 1024"),)
    return Graph(title="Billed for executions", unit="a minute", lines=lines, uses=uses)


def queues(working: Sequence[str], *, dead: Sequence[str]) -> Row:
    return Row(
        "Queues",
        (
            Graph(title="Messages that wait", unit="messages", lines=[Line(one, messages(one)) for one in working]),
            Graph(title="Age of the oldest message", unit="s", lines=[Line(one, age(one)) for one in working]),
            Graph(title="Dead letters", unit="messages", lines=[Line(one, messages(one)) for one in dead]),
        ),
    )


def latency_of_table(*operations: str) -> Graph:
    def of(operation: str) -> Metric:
        dimensions = {"TableName": "Table", "Operation": operation}
        return Metric("AWS/DynamoDB", "SuccessfulRequestLatency", "p99", dimensions)

    return Graph(title="Latency of the table, p99", unit="ms", lines=[Line(one, of(one)) for one in operations])


def units(name: str, *indexes: str) -> Graph:
    """The read or write units of the table and its indexes. `name` is `Write` or `Read`."""
    metric = f"Consumed{name}CapacityUnits"
    lines = [Line("table", of_table(metric)), *(Line(index, of_table(metric, index)) for index in indexes)]
    return counts(f"{name} units", lines, stacked=True)


def log_bytes(*groups: str) -> Graph:
    lines = [Line(one, Metric("AWS/Logs", "IncomingBytes", "Sum", {"LogGroupName": f"{one}Log"})) for one in groups]
    return Graph(title="Bytes of logs", unit="bytes a minute", stacked=True, lines=lines)


def functions(names: Sequence[str]) -> tuple[Choice, Row]:
    """The figures of one function, which somebody chooses."""
    first = names[0]
    choice = Choice(dimension="FunctionName", label="Function", values=names)
    durations = [Line(one, of_function(first, "Duration", one)) for one in ("p50", "p99")]
    calls = [Line(name, of_function(first, name)) for name in ("Invocations", "Errors", "Throttles")]
    row = Row("The chosen function", (counts("Calls", calls), Graph(title="Duration", unit="ms", lines=durations)))
    return choice, row
