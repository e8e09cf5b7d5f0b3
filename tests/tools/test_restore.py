"""`python -m tools.restore`, on a simulated AWS."""

from typing import Any

import boto3
import pytest

from tests.support import tables
from tests.support.commands import Command, run_inside
from tests.support.orders_stack import REGION
from tools.restore import tables as restoring
from tools.restore.__main__ import main
from tools.restore.compare import Difference, differences

TABLE, COPY = "orders", "orders-restored"
EARLY, LATE = "2026-11-27T08:00:00.000Z", "2026-11-27T09:00:00.000Z"
NOW = 1_795_000_000


def a_row(id: str = "A-1", **changes: Any) -> dict[str, Any]:
    row = {"OrderId": id, "Status": "FULFILLMENT_QUEUED", "UpdatedAt": EARLY, "ExecutionId": "one", **changes}
    return {name: {"N" if isinstance(value, int) else "S": str(value)} for name, value in row.items()}


def kinds(restored: list[dict[str, Any]], now: list[dict[str, Any]]) -> list[tuple[str, str]]:
    found = differences(restored, {row["OrderId"]["S"]: row for row in now}, key="OrderId", time=NOW)
    return [(one.id, one.kind) for one in found]


@pytest.mark.parametrize(
    ("restored", "now", "kind"),
    [
        (a_row(), None, "missing"),
        (a_row(), a_row(Status="ESCALATED"), "changed"),
        (a_row(), {"OrderId": {"S": "A-1"}}, "changed"),
        (a_row(), a_row(Status="CLOSED", UpdatedAt=LATE), "newer"),
        (a_row(Status="RECEIVED"), a_row(UpdatedAt=LATE), "newer"),
        (a_row(Status="RECEIVED"), None, "unsettled"),
        (a_row(Status="SENDING"), a_row(Status="FAILED"), "unsettled"),
        (a_row(ExpiresAt=NOW), None, "expired"),
        (a_row(ExpiresAt=NOW + 1), None, "missing"),
    ],
)
def test_rows_that_differ_have_a_kind(restored: dict[str, Any], now: dict[str, Any] | None, kind: str) -> None:
    assert kinds([restored], [now] if now else []) == [("A-1", kind)]


def test_equal_rows_and_new_rows_do_not_differ() -> None:
    assert kinds([a_row()], [a_row(), a_row("A-2")]) == []


@pytest.fixture
def dynamodb(aws: None) -> Any:
    client = boto3.client("dynamodb", REGION)
    for name in (TABLE, COPY):
        client.create_table(TableName=name, **tables.ORDER_TABLE)
    return client


@pytest.fixture
def command(capsys: pytest.CaptureFixture[str]) -> Command:
    return lambda *arguments: run_inside(capsys, main, ("--from", COPY, "--to", TABLE, *arguments))


def fill(dynamodb: Any, table: str, *rows: dict[str, Any]) -> None:
    for row in rows:
        dynamodb.put_item(TableName=table, Item=row)


def rows_of(dynamodb: Any) -> dict[str, Any]:
    return {row["OrderId"]["S"]: row for row in restoring.rows(dynamodb, TABLE)}


def test_rows_are_put_back_only_with_write(dynamodb: Any, command: Command) -> None:
    damaged = a_row("A-2", Status="ESCALATED")
    fill(dynamodb, COPY, a_row("A-1"), a_row("A-2"), a_row("A-3"), a_row("A-4", Status="RECEIVED"))
    fill(dynamodb, TABLE, damaged, a_row("A-3", Status="CLOSED", UpdatedAt=LATE), a_row("A-5"))

    listed = command("--json")

    assert (listed.status, [(one["id"], one["kind"], one["written"]) for one in listed.json]) == (
        0,
        [("A-1", "missing", None), ("A-2", "changed", None), ("A-3", "newer", None), ("A-4", "unsettled", None)],
    )
    assert rows_of(dynamodb)["A-2"] == damaged

    assert command("--write", "--json").status == 0

    found = rows_of(dynamodb)
    assert (found["A-1"], found["A-2"]) == (a_row("A-1"), a_row("A-2"))
    assert {id: row["Status"]["S"] for id, row in found.items()} | {"A-3": "CLOSED"} == {
        "A-1": "FULFILLMENT_QUEUED",
        "A-2": "FULFILLMENT_QUEUED",
        "A-3": "CLOSED",
        "A-5": "FULFILLMENT_QUEUED",
    }


def test_rows_can_be_chosen(dynamodb: Any, command: Command) -> None:
    fill(dynamodb, COPY, a_row("A-1"), a_row("A-2"), a_row("A-3", Status="RECEIVED"))

    command("--write", "--without", "A-1")
    assert rows_of(dynamodb).keys() == {"A-2"}

    command("--write", "--only", "unsettled")
    assert rows_of(dynamodb).keys() == {"A-2", "A-3"}


def test_a_row_that_somebody_changes_meanwhile_is_left_alone(dynamodb: Any) -> None:
    changed = a_row(Status="CLOSED", UpdatedAt=LATE)
    fill(dynamodb, TABLE, changed)

    for seen in (None, a_row(Status="ESCALATED")):
        difference = Difference("A-1", "changed", a_row(), seen)
        assert not restoring.put_back(dynamodb, TABLE, "OrderId", difference)

    assert rows_of(dynamodb) == {"A-1": changed}


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (("--only", "all"), "unknown kind all: choose from missing, changed"),
        (("--from", TABLE), "name the same table"),
        (("--from", "reminders"), "is not a copy"),
    ],
)
def test_wrong_tables_and_kinds_are_refused(
    dynamodb: Any, command: Command, arguments: tuple[str, ...], problem: str
) -> None:
    dynamodb.create_table(TableName="reminders", **tables.REMINDER_TABLE)

    refused = command(*arguments)

    assert refused.status != 0
    assert problem in refused.err
