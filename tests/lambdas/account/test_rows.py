"""Which rows of a person are erased, and which are waited for."""

import math
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from account import rows
from common.times import timestamp
from orders import table as order_table_module
from reminders import executions, limits
from reminders import table as reminder_table_module
from tests.support.aws_answers import refused
from tests.support.handlers.aws import states
from tests.support.handlers.events import PERSON
from tests.support.handlers.order_rows import ROW
from tests.support.queues import Clock

ADA = PERSON["sub"]
SOMEBODY = "6f1c2d3e-0000-4000-8000-00000000000c"
NOW = datetime(2026, 11, 21, 5, tzinfo=UTC)


def erase() -> tuple[bool, Counter[str], Counter[str]]:
    """Erases ADA's rows. Returns whether none is left, and the numbers of those that were removed and that wait."""
    erasing = rows.Erasing(ADA, until=math.inf, searched_since=NOW)
    return erasing.run(), erasing.removed, erasing.waits


def ago(**time: float) -> str:
    return timestamp(datetime.now(UTC) - timedelta(**time))


@pytest.mark.parametrize(
    ("status", "changed", "is_erased"),
    [
        ("FULFILLMENT_QUEUED", NOW, True),
        ("CLOSED", NOW, True),
        ("RECEIVED", NOW - timedelta(days=1), False),
        ("PARKED", NOW - timedelta(milliseconds=1), True),
        ("PARKED", NOW, False),
        ("ESCALATED", NOW, True),
    ],
)
def test_only_an_order_that_a_message_may_still_follow_is_waited_for(status, changed, is_erased, order_table):
    """The search of the queues may have missed the message of an order that was parked after it began."""
    order_table.put_item(Item={**ROW, "Status": status, "UpdatedAt": timestamp(changed)})

    is_complete, removed, waits = erase()

    assert (is_complete, removed["OrderTable"], waits["OrderTable"]) == (is_erased, is_erased, not is_erased)
    assert ("Owner" in order_table_module.find(ROW["OrderId"])) is not is_erased


def test_nothing_is_erased_after_the_end_of_the_time(order_table, monkeypatch):
    for number in range(3):
        order_table.put_item(Item={**ROW, "OrderId": f"A-{number}"})
    monkeypatch.setattr(rows, "time", Clock(looks=2))
    erasing = rows.Erasing(ADA, until=0, searched_since=NOW)

    assert (erasing.run(), erasing.removed) == (False, {"OrderTable": 2})


@pytest.mark.parametrize("status", ["SCHEDULED", "CANCELLED"])
def test_a_waiting_execution_is_stopped(status, remind, reminder_workflow):
    remind("r-1", status)

    _, removed, _ = erase()

    assert [one["status"] for one in reminder_workflow.executions()] == ["ABORTED"]
    assert removed["ReminderStateMachine"] == (status == "SCHEDULED")


def test_an_earlier_execution_that_still_runs_is_stopped_too(remind, reminder_workflow):
    """Somebody changed the reminder, and nobody could stop the execution before."""
    before = states.start_execution(stateMachineArn=reminder_workflow.arn, name="r-1-before", input="{}")
    remind("r-1", After=before["executionArn"])

    assert erase()[0]

    assert [one["status"] for one in reminder_workflow.executions()] == ["ABORTED", "ABORTED"]


@pytest.mark.parametrize("status", ["SCHEDULED", "CANCELLED"])
def test_an_earlier_execution_that_has_ended_keeps_nothing(status, remind, monkeypatch):
    """A repeated reminder names the execution of its last occurrence, which has ended."""
    ended, stop = "an execution that has ended", executions.states.stop_execution

    def refuse(executionArn: str) -> Any:
        if executionArn == ended:
            raise refused("stepfunctions", "StopExecution", "ValidationException")
        return stop(executionArn=executionArn)

    monkeypatch.setattr(executions.states, "stop_execution", refuse)
    remind("r-1", status, After=ended)

    assert erase()[0]


def test_a_reminder_that_is_just_being_started_is_waited_for(remind, reminder_table):
    """Otherwise its execution would begin after its row is gone, and nobody would find it."""
    remind("r-1", starts=False)

    is_complete, _, waits = erase()

    assert (is_complete, waits) == (False, {"ReminderTable": 1})
    assert "Item" in reminder_table.get_item(Key={"ReminderId": "r-1"})


def test_a_reminder_whose_execution_never_started_is_deleted_later(remind, reminder_table):
    remind("r-1", starts=False, UpdatedAt="2026-01-01T00:00:00.000Z")

    assert erase()[0]
    assert "Item" not in reminder_table.get_item(Key={"ReminderId": "r-1"})


def test_a_reminder_that_changes_meanwhile_is_found_again(remind, reminder_table, reminder_workflow, monkeypatch):
    """SendReminder may schedule the next occurrence between the stop and the delete."""
    remind("r-1")
    stop = executions.stop
    following: list[str] = []

    def stop_and_change(execution: str) -> bool:
        is_stopped = stop(execution)
        if not following:
            started = states.start_execution(stateMachineArn=reminder_workflow.arn, name="r-1-next", input="{}")
            following.append(started["executionArn"])
            reminder_table.update_item(
                Key={"ReminderId": "r-1"},
                UpdateExpression="SET ExecutionId = :next",
                ExpressionAttributeValues={":next": following[0]},
            )
        return is_stopped

    monkeypatch.setattr(executions, "stop", stop_and_change)

    assert erase()[0]
    assert "Item" not in reminder_table.get_item(Key={"ReminderId": "r-1"})
    assert [one["status"] for one in reminder_workflow.executions()] == ["ABORTED", "ABORTED"]


@pytest.mark.parametrize(("minutes", "is_erased"), [(4.5, False), (5.5, True)])
def test_an_execution_is_waited_for_as_long_as_a_function_may_still_start_it(minutes, is_erased, remind):
    remind("r-1", starts=False, UpdatedAt=ago(minutes=minutes))

    assert erase()[0] == is_erased


def test_a_cancelled_reminder_without_an_execution_is_deleted_at_once(remind):
    """Nobody starts its execution any more."""
    remind("r-1", "CANCELLED", starts=False, UpdatedAt=ago(minutes=1))

    assert erase()[:2] == (True, {"ReminderTable": 1})


def test_a_reminder_that_only_the_index_still_has_does_not_keep_the_account(remind, reminder_table, monkeypatch):
    gone = remind("r-1", "SENT", starts=False)
    reminder_table.delete_item(Key={"ReminderId": "r-1"})
    monkeypatch.setattr(rows, "reminders_page", lambda owner, *, after: ([gone], None))
    # A mistake would look for the reminder for ever.
    monkeypatch.setattr(rows, "time", Clock(looks=9))
    erasing = rows.Erasing(ADA, until=0, searched_since=NOW)

    assert (erasing.run(), erasing.removed) == (True, {})


def test_the_counts_of_the_person_are_deleted_with_their_last_row(reminder_table):
    keys = [key.format(owner) for key in (limits.REMINDERS, limits.TEXTS) for owner in (ADA, SOMEBODY)]
    for key in keys:
        reminder_table.put_item(Item={"ReminderId": key, "Number": 1})

    assert erase()[0]

    assert {row["ReminderId"] for row in reminder_table.scan()["Items"]} == {
        key for key in keys if key.endswith(SOMEBODY)
    }


def test_rows_are_found_by_their_ids_and_ids_that_cannot_exist_are_left_out(order_table, remind):
    """A message that somebody sent by hand may name anything."""
    order_table.put_item(Item=ROW)
    longest = "x" * 128
    for reminder_id in ("r", longest):
        remind(reminder_id, starts=False)
    odd = {"", "unknown", "x" * 3000}

    assert rows.orders_named({ROW["OrderId"], *odd}) == {ROW["OrderId"]: ROW}
    assert rows.reminders_named({"r", longest, longest + "x", *odd}).keys() == {"r", longest}


def test_a_person_with_several_pages_of_rows_has_all_of_them(order_table, remind, monkeypatch):
    monkeypatch.setattr(rows, "MOST", 2)
    for number in range(5):
        order_table.put_item(Item={**ROW, "OrderId": f"A-{number}"})
        remind(f"r-{number}", starts=False)

    assert sorted(row["OrderId"] for row in rows.orders_of(ADA)) == [f"A-{number}" for number in range(5)]
    assert sorted(row["ReminderId"] for row in rows.reminders_of(ADA)) == [f"r-{number}" for number in range(5)]


def test_a_row_that_is_gone_does_not_end_the_search_for_what_others_add(remind, reminder_table, monkeypatch):
    """The index lags: it names a deleted reminder after one that was there, and not yet the added one."""
    there, gone = remind("r-1", "SENT", starts=False), remind("r-2", "SENT", starts=False)
    reminder_table.delete_item(Key={"ReminderId": "r-2"})
    late = remind("r-3", "SENT", starts=False)
    rounds = [[there, gone], [late], []]
    monkeypatch.setattr(rows, "reminders_page", lambda owner, *, after: (rounds.pop(0), None))

    is_complete, removed, _ = erase()

    assert (is_complete, removed["ReminderTable"], rounds) == (True, 2, [])


@pytest.mark.parametrize("kind", ["order", "reminder"])
def test_what_another_device_adds_meanwhile_is_erased_too(kind, order_table, remind, monkeypatch):
    """Its token is valid for up to an hour."""
    module = {"order": order_table_module, "reminder": reminder_table_module}[kind]
    erase_row, added = module.erase, []

    def add() -> None:
        if kind == "order":
            order_table.put_item(Item={**ROW, "OrderId": "A-2"})
        else:
            remind("r-2", "SENT", starts=False)

    def erase_and_add(*row: Any, **more: Any) -> bool:
        is_erased = erase_row(*row, **more)
        if not added:
            added.append(add())
        return is_erased

    monkeypatch.setattr(module, "erase", erase_and_add)
    order_table.put_item(Item=ROW)
    remind("r-1", "SENT", starts=False)

    is_complete, removed, _ = erase()

    assert (is_complete, sorted(removed.values())) == (True, [1, 2])


def test_reminders_are_read_in_the_order_in_which_they_are_due(remind):
    for hours in (2, 3, 1):
        remind(f"r-{hours}", starts=False, DueAt=f"2027-01-27T0{hours}:00:00Z")

    assert [row["ReminderId"] for row in rows.reminders_of(ADA)] == ["r-1", "r-2", "r-3"]
