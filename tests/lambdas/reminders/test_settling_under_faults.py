"""Sweeps for lost reminders together with other sweeps, retries, cancels, damaged rows and failing calls."""

import json
import logging
from contextlib import suppress
from datetime import timedelta

import boto3
import pytest
from botocore.exceptions import BotoCoreError, ClientError

from reminders import executions, table
from reminders.due import utc_text
from reminders.table import find
from sweep import settle_lost_reminders as sweep
from sweep.settle_lost_reminders import (
    OVERDUE,
    NotSettledError,
    handler,
)
from tests.support.handlers.aws import client_of, states
from tests.support.handlers.faults import KINDS, KilledError, fault
from tests.support.handlers.reminder_rows import REPEATED, TOPIC, ahead, all_in, named_by_their_rows
from tests.support.workflows.asl import load, longest_path, longest_stay

pytestmark = pytest.mark.usefixtures("reminder_table", "reminder_workflow")
WAITING = {"Waiting": True}


def all_of(seen):
    """Returns the rows that a sweep has read before another call changes them."""
    return lambda status, due: iter([row for row in seen.values() if row["Status"] == status])


def test_two_sweeps_at_once_send_one_reminder(write, reminder_workflow, monkeypatch):
    """Both sweeps have read the rows before one of them changes a row."""
    write("once")
    write("again", request=REPEATED, Status="SENDING")
    seen = {name: find(name) for name in ("once", "again")}
    with monkeypatch.context() as patch:
        patch.setattr(sweep.table, "find", seen.get)
        patch.setattr(sweep.table, "all_with_status", all_of(seen))
        assert [handler({}, None)["Lost"] for _ in range(2)] == [2, 0]

    assert find("again")["Occurrence"] == 2
    assert named_by_their_rows(reminder_workflow) == [True, True]


def test_a_sweep_and_a_retry_at_once_send_one_reminder(write, reminder_workflow):
    """The first execution starts late, after the sweep has started another one."""
    write(request=TOPIC, ended=None)
    handler({}, None)
    states.start_execution(
        stateMachineArn=reminder_workflow.arn,
        name="r-1",
        input=json.dumps(TOPIC | {"waitSeconds": 1, "reminderId": "r-1"}),
    )

    assert sorted(named_by_their_rows(reminder_workflow)) == [False, True]


def test_a_reminder_that_is_cancelled_during_a_sweep_stays_cancelled(
    write, reminder_table, reminder_workflow, monkeypatch
):
    kept = write()
    seen = {"r-1": kept, "r-2": write("r-2", ago=timedelta(days=2))}
    monkeypatch.setattr(sweep.table, "find", seen.get)
    monkeypatch.setattr(sweep.table, "all_with_status", all_of(seen))
    for name in ("r-1", "r-2"):
        assert table.cancel(name, owner=kept["Owner"], now=utc_text(ahead()))

    handler({}, None)

    assert named_by_their_rows(reminder_workflow) == []
    assert [row["Status"] for row in all_in(reminder_table)] == ["CANCELLED", "CANCELLED"]


def test_the_next_sweep_completes_a_sweep_that_was_killed(write, started):
    write(request=REPEATED, Status="SENDING")
    with fault(STATES, "StartExecution", "killed"), pytest.raises(KilledError):
        handler({}, None)
    assert (find("r-1")["Status"], started()) == ("SCHEDULED", [])

    assert handler(WAITING, None)["Lost"] == 1
    assert len(started()) == 1


def test_a_reminder_that_cannot_be_settled_does_not_block_the_others(write, started, caplog, monkeypatch):
    for name in ("r-1", "r-2", "r-3"):
        write(name)
    client = boto3.client("stepfunctions")
    find_ = sweep.table.find

    def throttled(reminder_id):
        if reminder_id == "r-2":
            client.describe_execution(executionArn="not an ARN")
        return find_(reminder_id)

    monkeypatch.setattr(sweep.table, "find", throttled)
    with caplog.at_level(logging.WARNING), pytest.raises(NotSettledError, match="1 failures, and 2 reminders settled"):
        handler({}, None)

    assert sorted(one["reminderId"] for one in started()) == ["r-1", "r-3"]
    assert [record.lost for record in caplog.records if hasattr(record, "lost")] == [2]


@pytest.mark.parametrize(
    ("client", "operation"),
    [(client_of(table, "dynamodb"), "Query"), (client_of(sweep, "stepfunctions"), "ListExecutions")],
)
def test_a_list_that_fails_does_not_block_the_other_reminders(client, operation, write):
    write("sending", Status="SENDING")

    with fault(client, operation, "refused"), pytest.raises(NotSettledError, match="1 failures, and 1 reminders"):
        handler(WAITING, None)

    assert find("sending")["Status"] == "FAILED"


def test_the_next_sweep_settles_the_reminders_that_one_sweep_had_no_time_for(write, started, monkeypatch):
    for number in range(3):
        write(f"r-{number}")
    with monkeypatch.context() as patch:
        patch.setattr(sweep, "WORKS_SECONDS", -1)
        assert handler({}, None) == {"Lost": 0, "Complete": False}

    assert handler({}, None) == {"Lost": 3, "Complete": True}


def test_the_longest_retries_of_both_workflows_are_over_before_a_reminder_is_overdue():
    waits, delivers = load("reminder.asl.json"), load("reminder_delivery.asl.json")
    stay = longest_stay(waits["States"]["Deliver"]) + longest_path(delivers)

    # Both at their worst, and each attempt of each until its timeout, would take a little longer.
    assert timedelta(seconds=longest_path(delivers)) < timedelta(minutes=5)
    assert timedelta(seconds=stay) < OVERDUE["SENDING"]


TABLE, STATES = client_of(table, "dynamodb"), client_of(executions, "stepfunctions")
LISTS, QUEUES = client_of(sweep, "stepfunctions"), client_of(sweep, "sqs")
CALLS = [
    (TABLE, "Query"),
    (TABLE, "GetItem"),
    (TABLE, "UpdateItem"),
    (LISTS, "ListExecutions"),
    (STATES, "DescribeExecution"),
    (STATES, "StartExecution"),
]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("client", "operation"), CALLS, ids=[operation for _, operation in CALLS])
def test_after_a_fault_in_any_call_the_next_sweep_settles_the_rest(client, operation, kind, write, reminder_workflow):
    write("overdue")
    write("waiting", ago=timedelta(days=-1))
    write("late", ago=timedelta(days=2))
    write("sending", Status="SENDING")
    write("repeated", Status="SENDING", request=REPEATED)
    write("between", Status="SENT", request=REPEATED)
    with fault(client, operation, kind), suppress(KilledError, NotSettledError, ClientError, BotoCoreError):
        handler(WAITING, None)

    handler(WAITING, None)

    ends = {name: find(name)["Status"] for name in ("overdue", "waiting", "late", "sending", "repeated", "between")}
    assert ends == {
        "overdue": "SCHEDULED",
        "waiting": "SCHEDULED",
        "late": "FAILED",
        "sending": "FAILED",
        "repeated": "SCHEDULED",
        "between": "SCHEDULED",
    }
    assert {find(name)["Occurrence"] for name in ("repeated", "between")} == {2}
    # Each reminder that goes on has one running execution, and every other execution sends nothing.
    running = {one["executionArn"] for one in reminder_workflow.executions() if one["status"] == "RUNNING"}
    assert {find(name)["ExecutionId"] for name, status in ends.items() if status == "SCHEDULED"} <= running
    assert handler(WAITING, None)["Lost"] == 0
