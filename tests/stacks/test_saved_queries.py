"""The saved queries ask for fields and events that the logs really have."""

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from local.settings import PROJECT
from stacks import rest_api
from stacks.saved_queries import OF_ORDERS, OF_REMINDERS, Query

LAMBDAS = PROJECT / "lambdas"

OF_INSIGHTS = {"@timestamp", "@log", "@message"}
OF_LAMBDA = {"level", "message", "errorType", "errorMessage", "requestId"}
"""https://docs.aws.amazon.com/lambda/latest/dg/monitoring-cloudwatchlogs-log-level.html"""
OF_STEP_FUNCTIONS = {"type", "details.error"}
"""https://docs.aws.amazon.com/step-functions/latest/dg/cw-logs.html"""

WORDS = {
    *("fields", "filter", "sort", "desc", "limit", "stats", "by", "as", "or", "and", "in", "like"),
    *("coalesce", "ispresent", "count"),
}
"""The words of the language that the queries use."""

APPS = {"Orders": OF_ORDERS, "Reminders": OF_REMINDERS}
QUERIES = [(app, name, query) for app, of in APPS.items() for name, query in of.items()]
NAMES = [f"{app}: {name}" for app, name, _ in QUERIES]
LINES_OF = {"event", "log_event", "note"}
"""The functions that write the line of an event: its name first, and then its fields."""


def without_texts(query: str) -> str:
    """A query without quoted texts and regular expressions."""
    return re.sub(r'"[^"]*"|/[^/\n]*/', "", query)


def fields_of(query: str) -> set[str]:
    """The fields that a query reads, without the names that the query itself gives with `as`."""
    text = without_texts(query)
    own = set(re.findall(r"\bas (\w+)", text))
    names = {name.rstrip(".") for name in re.findall(r"@?[A-Za-z][\w.]*", text)}
    return {name for name in names if name not in WORDS | own}


def messages_in(query: str) -> set[str]:
    """The events that a query asks for."""
    asked = re.findall(r"message (?:=|in) (\[[^]]*\]|\"[^\"]*\")", query)
    return {text for one in asked for text in re.findall('"([^"]*)"', one)}


def calls() -> Iterator[ast.Call]:
    for file in sorted(LAMBDAS.rglob("*.py")):
        yield from (node for node in ast.walk(_tree(file)) if isinstance(node, ast.Call))


@cache
def _tree(file: Path) -> ast.Module:
    return ast.parse(file.read_text())


def written() -> tuple[set[str], set[str]]:
    """The events in the functions' code, and the fields of their lines."""
    events, fields = set(), set()
    for call in calls():
        name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
        if name in LINES_OF:
            events |= {
                arg.value for arg in call.args[:1] if isinstance(arg, ast.Constant) and isinstance(arg.value, str)
            }
            fields |= {keyword.arg for keyword in call.keywords if keyword.arg}
    return events, fields | {"OrderId", "ReminderId", "ExecutionId", "RequestId"}


@pytest.mark.parametrize(("app", "name", "query"), QUERIES, ids=NAMES)
def test_a_query_reads_fields_that_lines_have(app: str, name: str, query: Query) -> None:
    known = written()[1] | set(rest_api.LOGGED) | OF_INSIGHTS | OF_LAMBDA | OF_STEP_FUNCTIONS

    assert fields_of(query.text) - known == set()


@pytest.mark.parametrize(("app", "name", "query"), QUERIES, ids=NAMES)
def test_a_query_asks_for_events_that_functions_write(app: str, name: str, query: Query) -> None:
    assert messages_in(query.text) - written()[0] == set()


def test_the_check_finds_fields_and_events() -> None:
    query = 'fields @timestamp, coalesce(Code, errorType) as reason\n| filter message in ["a b", "c"] or x.y like /z|q/'

    assert fields_of(query) == {"@timestamp", "Code", "errorType", "message", "x.y"}
    assert messages_in(query) == {"a b", "c"}


def test_every_app_has_its_queries_in_a_folder_of_the_stage(deployment):
    found = {
        query["Name"]: (path.partition("/")[0], query["QueryString"])
        for path, query in deployment.properties("AWS::Logs::QueryDefinition").items()
    }

    wanted = {f"{deployment.stage.name}/{app}/{name}": (app, query.text) for app, name, query in QUERIES}
    assert {name: found[name] for name in wanted} == wanted


def test_a_query_reads_the_log_groups_that_it_is_about(deployment):
    groups = {path for path in deployment.resources("AWS::Logs::LogGroup")}
    for path, query in deployment.properties("AWS::Logs::QueryDefinition").items():
        stack = path.partition("/")[0]
        name = query["Name"].rpartition("/")[2]
        of = APPS[stack][name].of
        read = {deployment.named(stack, one) for one in query["LogGroupNames"]}

        of_stack = {group for group in groups if group.startswith(f"{stack}/")}
        assert read == {group for group in of_stack if of in group.rpartition("/")[2]} != set(), path
        assert len(read) <= 50, "StartQuery accepts no more"


def test_a_query_about_one_thing_has_a_place_for_its_id() -> None:
    assert 'like "ORDER_ID"' in OF_ORDERS["one order"].text
    assert 'like "REMINDER_ID"' in OF_REMINDERS["one reminder"].text


def test_the_runbook_names_only_queries_that_are_saved() -> None:
    named = set(re.findall(r"query \*\*`([^`]+)`\*\*", (PROJECT / "docs" / "runbook.md").read_text()))

    assert len(named) > 3
    assert named <= {name for _, name, _ in QUERIES}
