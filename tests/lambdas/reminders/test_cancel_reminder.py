import logging

import pytest
from botocore.exceptions import ReadTimeoutError

from reminders import cancel_reminder, executions, table
from reminders.cancel_reminder import handler
from tests.support.handlers.aws import client_of, states
from tests.support.handlers.callers import FLO, JO, OLGA, of
from tests.support.handlers.events import status_and_body
from tests.support.handlers.reminder_rows import row

LONG_AGO = "2020-01-01T00:00:00Z"


def cancel(caller, reminder_id):
    return status_and_body(handler(of(caller, reminder_id), None))


@pytest.fixture
def kept(reminder_table):
    """Returns the row of the reminder r-1."""
    return lambda: reminder_table.get_item(Key={"ReminderId": "r-1"})["Item"]


@pytest.fixture
def waiting(reminder_table, reminder_workflow):
    """Jo owns r-1, and an execution waits for it."""
    execution = states.start_execution(stateMachineArn=reminder_workflow.arn, name="r-1")["executionArn"]
    reminder_table.put_item(Item=row(UpdatedAt=LONG_AGO, ExecutionId=execution))
    return reminder_workflow


def test_a_cancelled_reminder_is_shown_and_its_execution_stopped(waiting, kept):
    status, body = cancel(JO, "r-1")

    assert (status, body["reminderId"], body["status"]) == (200, "r-1", "CANCELLED")
    assert body["updatedAt"] > LONG_AGO and body["email"] == "j…@example.com"
    assert (kept()["Status"], kept()["UpdatedAt"]) == ("CANCELLED", body["updatedAt"])
    assert [one["status"] for one in waiting.executions()] == ["ABORTED"]


def test_a_reminder_whose_execution_has_not_started_is_cancelled(reminder_table, reminder_workflow, kept):
    reminder_table.put_item(Item=row())

    assert cancel(JO, "r-1")[0] == 200
    assert kept()["Status"] == "CANCELLED"


@pytest.mark.parametrize("caller", [FLO, OLGA])
def test_cancelling_another_persons_reminder_is_answered_like_an_unknown_reminder(caller, waiting, kept):
    before = kept()

    anothers, none = cancel(caller, "r-1"), cancel(caller, "r-2")
    assert anothers == none
    assert (none[0], none[1]["error"]["code"]) == (404, "NotFound")
    assert kept() == before
    assert [one["status"] for one in waiting.executions()] == ["RUNNING"]


@pytest.mark.parametrize("status", ["SENDING", "SENT", "PARTLY_SENT", "CANCELLED", "FAILED"])
def test_only_a_scheduled_reminder_is_cancelled(status, waiting, reminder_table, kept):
    reminder_table.put_item(Item=kept() | {"Status": status})
    before = kept()

    answered, body = cancel(JO, "r-1")
    assert (answered, body["error"]["code"]) == (409, "Conflict")
    assert "repetitions" not in body["error"]["message"]
    assert kept() == before
    assert [one["status"] for one in waiting.executions()] == ["RUNNING"]


def test_the_owner_of_a_repeated_reminder_learns_how_to_stop_its_repetitions(waiting, reminder_table, kept):
    """Its next occurrence may be scheduled a moment later."""
    reminder_table.put_item(Item=kept() | {"Status": "SENT", "Repeat": '{"every": "1d"}'})

    answered, body = cancel(JO, "r-1")

    assert answered == 409
    assert body["error"]["message"] == (
        "The reminder was sent, is being sent, has failed, or was cancelled before."
        " To stop its repetitions, try again in a moment."
    )


def test_a_second_cancel_is_refused(waiting):
    assert [cancel(JO, "r-1")[0] for _ in range(2)] == [200, 409]


def test_a_cancel_succeeds_if_boto3_repeats_its_write(waiting, kept, monkeypatch):
    """The answer to the first attempt is lost, and the second attempt finds the reminder cancelled."""
    once = table.cancel
    monkeypatch.setattr(table, "cancel", lambda *given, **named: [once(*given, **named) for _ in range(2)][1])

    status, body = cancel(JO, "r-1")

    assert (status, body["status"], kept()["Status"]) == (200, "CANCELLED", "CANCELLED")
    assert [one["status"] for one in waiting.executions()] == ["ABORTED"]


def test_a_send_that_begins_before_the_cancel_writes_wins(waiting, reminder_table, kept, monkeypatch):
    """The workflow claims the row after the function has read it and before the function cancels it."""

    def own_row(event):
        found = kept()
        reminder_table.put_item(Item=found | {"Status": "SENDING"})
        return found

    monkeypatch.setattr(cancel_reminder, "own_row", own_row)

    assert cancel(JO, "r-1")[0] == 409
    assert kept()["Status"] == "SENDING"
    assert [one["status"] for one in waiting.executions()] == ["RUNNING"]


@pytest.mark.parametrize("lost", [False, True], ids=["refused", "not answered"])
def test_a_reminder_is_cancelled_even_if_its_execution_cannot_be_stopped(
    lost, reminder_table, kept, monkeypatch, caplog
):
    execution = "arn:aws:states:us-east-1:123456789012:execution:reminders:gone"
    reminder_table.put_item(Item=row(ExecutionId=execution))

    def is_not_answered(**_):
        raise ReadTimeoutError(endpoint_url="https://states.example.com")

    if lost:
        monkeypatch.setattr(client_of(executions, "stepfunctions"), "stop_execution", is_not_answered)

    with caplog.at_level(logging.INFO):
        status, body = cancel(JO, "r-1")

    assert (status, body["status"], kept()["Status"]) == (200, "CANCELLED", "CANCELLED")
    assert "an execution was not stopped" in caplog.text


def test_an_anonymous_caller_cancels_nothing(waiting, kept):
    status, body = status_and_body(handler({"pathParameters": {"reminderId": "r-1"}}, None))

    assert (status, body["error"]["code"]) == (401, "NotSignedIn")
    assert kept()["Status"] == "SCHEDULED"


def test_a_failing_table_gives_503_with_retry_after():
    assert cancel(JO, "r-1")[0] == 503


def test_cancelling_a_repeated_reminder_while_it_is_sent_stops_it(waiting, reminder_table, kept):
    sending = {"Status": "SENDING", "Repeat": '{"every": "1d"}'}
    reminder_table.put_item(Item=kept() | sending)

    status, body = cancel(JO, "r-1")

    assert (status, body["status"], kept()["Stopped"]) == (200, "SENDING", True)
    assert [one["status"] for one in waiting.executions()] == ["RUNNING"], (
        "an execution that is sending must not be stopped"
    )
    changes = {"Occurrence": 2, "DueAt": "2027-01-28T08:00:00Z"}
    assert table.finish_and_repeat(kept(), changes, execution="arn:next") is None
