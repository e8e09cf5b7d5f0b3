import json
from datetime import timedelta

import pytest

from common.times import timestamp
from reminders import settle_lost_reminders as sweep
from reminders.due import utc_text
from reminders.schedule_reminder import handler as check
from reminders.settle_lost_reminders import (
    MAY_HAVE_ARRIVED,
    NOT_KNOWN,
    OVERDUE,
    TOO_LATE,
    handler,
)
from reminders.table import find
from tests.support.handlers.aws import client_of
from tests.support.handlers.reminder_rows import DAILY, REQUEST, TOPIC, ahead, run_first_state

WAITING = {"Waiting": True}
pytestmark = pytest.mark.usefixtures("reminder_table", "reminder_workflow")


def test_a_reminder_without_a_running_execution_is_started_again(write, started, reminder_workflow):
    kept = write()

    assert handler({}, None) == {"Lost": 1, "Complete": True}

    (given,) = started()
    assert given == {**REQUEST, "reminderId": "r-1", "after": kept["ExecutionId"]}
    assert find("r-1") == kept
    assert run_first_state(reminder_workflow) == ["SCHEDULED"]
    assert find("r-1")["ExecutionId"] != kept["ExecutionId"]
    # Now the reminder has a running execution.
    assert handler({}, None)["Lost"] == 0


def test_a_start_that_boto3_repeats_counts_once(write, started, reminder_workflow, monkeypatch):
    """The answer to the first attempt is lost, and its execution ends before the second attempt."""
    write()
    once = client_of(sweep, "stepfunctions").start_execution

    def twice(**given):
        once(**given)
        reminder_workflow.stop()
        return once(**given)

    monkeypatch.setattr(client_of(sweep, "stepfunctions"), "start_execution", twice)

    assert handler({}, None)["Lost"] == 1
    assert len(started()) == 1


@pytest.mark.parametrize("asked", [{"waitSeconds": "86400"}, {"timestamp": "2027-01-27 09:00", "timeZone": "UTC"}])
def test_a_reminder_that_is_started_again_waits_only_for_the_rest(asked, write, reminder_workflow):
    kept = write(ago=timedelta(seconds=-20), given={**REQUEST, **asked, "reminderId": "r-1"})

    handler(WAITING, None)

    (execution,) = [one for one in reminder_workflow.executions() if one["status"] == "RUNNING"]
    answer = check({"Input": json.loads(execution["input"]), "ExecutionId": execution["executionArn"]}, None)
    assert answer["Reminder"]["waitUntil"] == kept["DueAt"]
    assert answer["Reminder"]["waitSeconds"] is None


def test_a_reminder_whose_execution_never_claimed_the_row_is_started_again(write, started, reminder_workflow):
    write(claimed=False)

    handler({}, None)

    assert started() == [{**REQUEST, "reminderId": "r-1"}]
    assert run_first_state(reminder_workflow) == ["SCHEDULED"]


@pytest.mark.parametrize(
    "given",
    [
        {"message": "Feed the cat", "waitSeconds": 1},
        {"message": "Feed the cat", "timestamp": "2026-11-20T09:00:00Z"},
        {"message": "Feed the cat", "preference": "topic", "waitSeconds": "1"},
        {"message": "Feed the cat", "preference": "topic", "reminderId": "r-1", "after": "arn:before"},
    ],
)
def test_a_reminder_started_by_hand_is_started_again_with_its_input(given, write, started):
    write(given=given, request=TOPIC, Owner="workflow")

    handler({}, None)

    assert [{**one, "after": None} for one in started()] == [{**TOPIC, "reminderId": "r-1", "after": None}]


@pytest.mark.parametrize("late", [timedelta(hours=24, minutes=1), timedelta(days=20)])
def test_a_reminder_that_is_later_than_the_stage_allows_fails(late, write, started):
    write(ago=late)

    assert handler({}, None)["Lost"] == 1

    assert (find("r-1")["Status"], find("r-1")["Reason"]) == ("FAILED", TOO_LATE)
    assert started() == []
    assert handler({}, None)["Lost"] == 0


@pytest.mark.parametrize("ago", [OVERDUE["SENDING"] + timedelta(minutes=1), timedelta(days=3)])
def test_a_reminder_that_was_being_sent_is_never_sent_again(ago, write, started):
    write(ago=ago, Status="SENDING")

    assert handler({}, None)["Lost"] == 1

    assert (find("r-1")["Status"], find("r-1")["Reason"]) == ("FAILED", MAY_HAVE_ARRIVED)
    assert started() == []


@pytest.mark.parametrize("event", [{}, WAITING])
def test_a_reminder_that_never_started_fails_if_its_addresses_are_hidden(event, write, started):
    write(ended=None)

    assert handler(event, None)["Lost"] == 1

    assert (find("r-1")["Status"], find("r-1")["Reason"]) == ("FAILED", NOT_KNOWN)
    assert started() == []


def test_a_reminder_that_never_started_is_started_if_it_needs_no_address(write, started):
    write(ended=None, request=TOPIC | {"repeat": DAILY})

    handler({}, None)

    message = {"message": TOPIC["message"], "channels": ["topic"]}
    assert started() == [message | {"repeat": DAILY, "reminderId": "r-1"}]


def test_a_reminder_fails_if_aws_no_longer_knows_its_execution(write, started):
    write(ended=None, ExecutionId="arn:aws:states:us-east-1:123456789012:execution:reminders:forgotten")

    handler({}, None)

    assert (find("r-1")["Status"], find("r-1")["Reason"]) == ("FAILED", NOT_KNOWN)


@pytest.mark.parametrize(
    "given", ["text", [], {"message": "x"}, {**REQUEST, "reminderId": "another"}, {**REQUEST, "email": "a@b"}]
)
def test_an_execution_input_of_another_reminder_is_not_sent(given, write, started):
    write(given=given)

    handler({}, None)

    assert (find("r-1")["Status"], started()) == ("FAILED", [])


@pytest.mark.parametrize("status", ["SCHEDULED", "SENDING"])
@pytest.mark.parametrize("event", [{}, WAITING])
def test_a_reminder_with_a_running_execution_is_not_changed(event, status, write, started):
    kept = write(ended="RUNNING", Status=status)
    early = write("r-2", ended="RUNNING", claimed=False)

    assert handler(event, None) == {"Lost": 0, "Complete": True}
    assert (find("r-1"), find("r-2"), started()) == (kept, early, [])


@pytest.mark.parametrize("status", ["CANCELLED", "SENT", "PARTLY_SENT", "FAILED"])
@pytest.mark.parametrize("event", [{}, WAITING])
def test_a_settled_reminder_is_not_changed(event, status, write, started):
    """CancelReminder stops the execution, so the execution of a cancelled reminder is ABORTED."""
    kept = write(Status=status)

    assert handler(event, None)["Lost"] == 0
    assert (find("r-1"), started()) == (kept, [])


@pytest.mark.parametrize(
    ("status", "ago"),
    [
        ("SCHEDULED", timedelta(days=-30)),
        ("SCHEDULED", OVERDUE["SCHEDULED"] - timedelta(minutes=1)),
        ("SENDING", OVERDUE["SENDING"] - timedelta(minutes=1)),
    ],
)
def test_a_reminder_that_is_not_overdue_is_not_changed(status, ago, write, started):
    kept = write(ago=ago, Status=status)

    assert handler({}, None)["Lost"] == 0
    assert (find("r-1"), started()) == (kept, [])


@pytest.mark.parametrize("ago", [timedelta(days=-300), timedelta(seconds=-1), timedelta(minutes=1)])
def test_a_waiting_reminder_without_an_execution_is_started_again_on_request(ago, write, started):
    write(ago=ago)

    assert handler(WAITING, None) == {"Lost": 1, "Complete": True}
    assert len(started()) == 1


@pytest.mark.parametrize("waiting", [False, None, 1, "true"])
def test_only_true_includes_waiting_reminders(waiting, write, started):
    write(ago=timedelta(days=-1))

    assert handler({"Waiting": waiting}, None)["Lost"] == 0
    assert started() == []


@pytest.mark.parametrize("written", [utc_text, timestamp], ids=["seconds", "milliseconds"])
def test_a_reminder_that_is_just_being_created_is_not_changed(written, write, started):
    kept = write(ended=None, ago=timedelta(days=-1), UpdatedAt=written(ahead(seconds=-5)))

    assert handler(WAITING, None)["Lost"] == 0
    assert (find("r-1"), started()) == (kept, [])
