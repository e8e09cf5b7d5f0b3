"""Lost reminders: which ones a sweep finds, and whether it sends them, fails them or goes on with them."""

import logging
from datetime import timedelta

import pytest

from common.times import timestamp
from reminders import executions, settings, table
from reminders.due import utc_text
from reminders.table import find
from sweep import settle_lost_reminders as sweep
from sweep.settle_lost_reminders import (
    DAMAGED,
    MAY_HAVE_ARRIVED,
    NO_MORE,
    NOT_KNOWN,
    OVERDUE,
    TOO_LATE,
    NotSettledError,
    handler,
)
from tests.support.handlers.aws import client_of
from tests.support.handlers.faults import fault
from tests.support.handlers.reminder_rows import DAILY, REPEATED, REQUEST, TOPIC, ahead, named_by_their_rows

WAITING = {"Waiting": True}
WITH_CHANNELS = {name: value for name, value in REQUEST.items() if name != "preference"} | {
    "channels": ["email", "sms"]
}
STATES = client_of(executions, "stepfunctions")
pytestmark = pytest.mark.usefixtures("reminder_table", "reminder_workflow")


def test_a_reminder_without_a_running_execution_is_started_again(write, started, reminder_workflow):
    kept = write()

    assert handler({}, None) == {"Lost": 1, "Complete": True}

    (given,) = started()
    assert given.items() >= {**WITH_CHANNELS, "reminderId": "r-1", "waitUntil": kept["DueAt"]}.items()
    found = find("r-1")
    assert found == {**kept, **{name: found[name] for name in ("ExecutionId", "After", "UpdatedAt")}}
    assert found["After"] == kept["ExecutionId"]
    assert named_by_their_rows(reminder_workflow) == [True]
    # Now the reminder has a running execution.
    assert handler({}, None)["Lost"] == 0


def test_a_start_that_boto3_repeats_counts_once(write, started, reminder_workflow, monkeypatch):
    """The answer to the first attempt is lost, and its execution ends before the second attempt."""
    write()
    once = client_of(executions, "stepfunctions").start_execution

    def twice(**given):
        once(**given)
        reminder_workflow.stop()
        return once(**given)

    monkeypatch.setattr(client_of(executions, "stepfunctions"), "start_execution", twice)

    assert handler({}, None)["Lost"] == 1
    assert len(started()) == 1


@pytest.mark.parametrize("asked", [{"waitSeconds": "86400"}, {"timestamp": "2027-01-27 09:00", "timeZone": "UTC"}])
def test_a_reminder_that_is_started_again_waits_only_for_the_rest(asked, write, started):
    kept = write(ago=timedelta(seconds=-20), given={**REQUEST, **asked, "reminderId": "r-1"})

    handler(WAITING, None)

    (given,) = started()
    assert given["waitUntil"] == kept["DueAt"]
    assert given.get("waitSeconds", 20) <= 20


@pytest.mark.parametrize(
    "given",
    [
        {"message": "Feed the cat", "waitSeconds": 1},
        {"message": "Feed the cat", "timestamp": "2026-11-20T09:00:00Z"},
        {"message": "Feed the cat", "preference": "topic", "waitSeconds": "1"},
        {"message": "Feed the cat", "channels": ["topic"], "reminderId": "r-1", "waitUntil": "2026-11-20T09:00:00Z"},
    ],
)
def test_a_reminder_started_by_hand_is_started_again_with_its_input(given, write, started):
    write(given=given, request=TOPIC, Owner="workflow")

    handler({}, None)

    (again,) = started()
    assert again.items() >= {"message": "Feed the cat", "channels": ["topic"], "reminderId": "r-1"}.items()


@pytest.mark.parametrize("late", [timedelta(hours=24, minutes=1), timedelta(days=20)])
def test_a_reminder_that_is_later_than_the_stage_allows_fails(late, write, started, caplog):
    write(ago=late)

    assert handler({}, None)["Lost"] == 1

    assert [(one.levelname, one.failed) for one in caplog.records if hasattr(one, "failed")] == [("ERROR", 1)]

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

    (given,) = started()
    assert given == {
        "message": TOPIC["message"],
        "channels": ["topic"],
        "repeat": DAILY,
        "reminderId": "r-1",
        "waitUntil": find("r-1")["DueAt"],
    }


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

    assert handler(event, None) == {"Lost": 0, "Complete": True}
    assert (find("r-1"), started()) == (kept, [])


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


@pytest.fixture
def delivered(write, monkeypatch):
    """Writes a row whose execution has ended, so that its message may be in a queue."""
    found = executions.found
    monkeypatch.setattr(executions, "found", lambda arn: (one := found(arn)) and {**one, "status": "SUCCEEDED"})
    return write


@pytest.mark.parametrize(
    ("channels", "lengths", "ago", "lost"),
    [
        (["topic"], {}, OVERDUE["SCHEDULED"] + timedelta(minutes=1), 1),
        (["topic"], {"topic": 1}, timedelta(minutes=59), 0),
        (["topic"], {"topic": 1}, timedelta(minutes=61), 1),
        # A queue that works off one message in 0.5 seconds, ten times as slow as it should be.
        (["topic"], {"topic": 1440}, timedelta(minutes=119), 0),
        (["topic"], {"topic": 1440}, timedelta(minutes=121), 1),
        (["topic"], {"email": 10_000}, OVERDUE["SCHEDULED"] + timedelta(minutes=1), 1),
        (["email", "topic"], {"email": 1}, timedelta(minutes=59), 0),
        # The slower one of two queues counts.
        (["email", "topic"], {"email": 1, "topic": 1440}, timedelta(minutes=119), 0),
    ],
)
def test_a_reminder_that_may_wait_in_a_queue_is_not_lost_yet(
    channels, lengths, ago, lost, delivered, started, empty_queues, monkeypatch
):
    empty_queues.update(lengths)
    monkeypatch.setenv("TOPIC_PAUSE", "0.5")
    request = {"message": "x", "channels": channels, "email": "jo@example.com"}
    delivered(ago=ago, request=request)

    assert handler({}, None)["Lost"] == lost
    assert len(started()) == lost


@pytest.mark.parametrize("status", ["SCHEDULED", "SENDING"])
def test_a_reminder_that_was_just_tried_is_not_lost(status, delivered, started):
    """A service that fails gets the message again and again, and each attempt changes the row."""
    kept = delivered(Status=status, ago=timedelta(hours=5), UpdatedAt=utc_text(ahead(minutes=-5)))

    assert handler({}, None)["Lost"] == 0
    assert (find("r-1"), started()) == (kept, [])


def test_the_execution_before_an_execution_that_never_started_has_the_addresses(write, started):
    kept = write()
    handler({}, None)
    never = {
        "ExecutionId": f"{kept['ExecutionId']}-never",
        "After": kept["ExecutionId"],
        "UpdatedAt": kept["UpdatedAt"],
    }
    write(ended=None, **never)

    assert handler({}, None)["Lost"] == 1
    assert len(started()) == 2
    assert started()[-1].items() >= WITH_CHANNELS.items()
    assert (find("r-1")["Status"], find("r-1")["After"]) == ("SCHEDULED", kept["ExecutionId"])


def test_leases_and_results_of_a_lost_occurrence_are_removed(write):
    left = {"EmailLease": "2026-11-21T09:00:00.000Z", "SmsResult": ""}
    write(Status="SENDING", **left)

    handler({}, None)

    assert not left.keys() & find("r-1").keys()


@pytest.mark.parametrize(
    ("status", "ago", "reason", "occurrence"),
    [
        ("SENDING", timedelta(hours=1), MAY_HAVE_ARRIVED, 2),
        ("SENDING", timedelta(days=3, hours=1), MAY_HAVE_ARRIVED, 5),
        ("SCHEDULED", timedelta(days=1, hours=1), TOO_LATE, 3),
    ],
)
def test_a_lost_repeated_reminder_continues_with_its_next_occurrence(
    status, ago, reason, occurrence, write, started, reminder_workflow
):
    kept = write(request=REPEATED, ago=ago, Status=status)

    assert handler({}, None)["Lost"] == 1

    found = find("r-1")
    assert (found["Status"], found["Reason"], found["Occurrence"]) == ("SCHEDULED", reason, occurrence)
    assert found["DueAt"] > utc_text(ahead())
    (given,) = started()
    assert (given["waitUntil"], given["email"], found["After"]) == (
        found["DueAt"],
        REPEATED["email"],
        kept["ExecutionId"],
    )
    assert named_by_their_rows(reminder_workflow) == [True]
    assert handler({}, None)["Lost"] == 0


@pytest.mark.parametrize("repeat", [{"every": "1d", "times": 1}, {"every": "1d", "until": utc_text(ahead(hours=1))}])
def test_the_last_occurrence_has_no_successor(repeat, write, started):
    write(request=REQUEST | {"repeat": repeat}, Status="SENDING")

    handler({}, None)

    assert (find("r-1")["Status"], find("r-1")["Reason"], started()) == ("FAILED", MAY_HAVE_ARRIVED, [])


def test_a_reminder_that_was_stopped_while_it_was_sent_does_not_go_on(write, started):
    write(request=REPEATED, Status="SENDING", Stopped=True)

    handler({}, None)

    assert (find("r-1")["Status"], started()) == ("FAILED", [])


def test_a_repeated_reminder_that_cannot_go_on_has_that_reason(write, started):
    write(request=REPEATED, ended=None, Status="SENDING")

    handler({}, None)

    assert (find("r-1")["Status"], find("r-1")["Reason"]) == ("FAILED", MAY_HAVE_ARRIVED + NO_MORE)


@pytest.mark.parametrize(
    ("status", "reason"),
    [
        ("SENT", ""),
        ("PARTLY_SENT", "the text was not sent: SNS.OptedOutException"),
        ("FAILED", "the e-mail was not sent: MessageRejected"),
        ("FAILED", "the delivery was not started: States.Timeout"),
    ],
)
@pytest.mark.parametrize(
    ("event", "ago"),
    [({}, timedelta(hours=1)), ({}, timedelta(hours=24, minutes=40)), (WAITING, timedelta(seconds=1))],
)
def test_a_repeated_reminder_without_a_scheduled_next_occurrence_goes_on(status, reason, event, ago, write, started):
    write(request=REPEATED, ago=ago, Status=status, Reason=reason)

    assert handler(event, None)["Lost"] == 1

    found = find("r-1")
    assert (found["Status"], found["Reason"]) == ("SCHEDULED", "")
    assert found["DueAt"] > utc_text(ahead())
    assert len(started()) == 1
    assert handler({}, None)["Lost"] == 0


@pytest.mark.parametrize(
    "changes",
    [
        {"Stopped": True},
        {"request": REQUEST},
        {"request": REQUEST | {"repeat": {"every": "1d", "times": 1}}},
        {"ended": "RUNNING"},
        {"ended": None},
        {"ago": OVERDUE["SENDING"] - timedelta(minutes=1)},
    ],
    ids=["cancelled", "not repeated", "the last", "still running", "no addresses", "a moment ago"],
)
@pytest.mark.parametrize("status", ["SENT", "FAILED"])
def test_a_reminder_that_has_ended_is_not_changed(status, changes, write, started):
    kept = write(**{"request": REPEATED, "Status": status, **changes})

    assert handler({}, None)["Lost"] == 0
    assert (find("r-1"), started()) == (kept, [])


@pytest.mark.parametrize("now", ["SENDING", "SENT", "CANCELLED", "FAILED", None])
def test_a_reminder_is_not_changed_if_only_the_index_shows_it_as_waiting(
    now, write, started, reminder_table, monkeypatch
):
    """DynamoDB's indexes lag behind the table. None is a reminder that was deleted."""
    kept = write(ago=timedelta(days=2), Status=now, Reason="as it was") if now else None
    seen = (kept or write()) | {"Status": "SCHEDULED"}
    if now is None:
        reminder_table.delete_item(Key={"ReminderId": "r-1"})
    monkeypatch.setattr(
        sweep.table, "all_with_status", lambda status, due: iter([seen] if status == "SCHEDULED" else [])
    )

    assert handler({}, None)["Lost"] == 0
    assert (find("r-1"), started()) == (kept, [])


def test_a_sweep_asks_for_the_length_of_each_queue_once(write, empty_queues, monkeypatch):
    """However many reminders are overdue."""
    client, asked = client_of(sweep, "sqs"), []
    once = client.get_queue_attributes

    def get_queue_attributes(QueueUrl, AttributeNames):  # noqa: N803
        asked.append(QueueUrl)
        return once(QueueUrl=QueueUrl, AttributeNames=AttributeNames)

    monkeypatch.setattr(client, "get_queue_attributes", get_queue_attributes)
    for name in ("r-1", "r-2", "r-3"):
        write(name, Status="SENDING")

    assert handler({}, None)["Lost"] == 3
    assert sorted(asked) == sorted(settings.queues()[name] for name in ("email", "sms"))


@pytest.mark.parametrize(
    "name",
    [
        "ApproximateNumberOfMessages",
        "ApproximateNumberOfMessagesNotVisible",
        "ApproximateNumberOfMessagesDelayed",
    ],
)
def test_a_message_in_any_state_is_in_its_queue(name, write, monkeypatch):
    def get_queue_attributes(QueueUrl, AttributeNames):  # noqa: N803
        return {"Attributes": {one: "1" if one == name else "0" for one in AttributeNames}}

    monkeypatch.setattr(client_of(sweep, "sqs"), "get_queue_attributes", get_queue_attributes)
    write(Status="SENDING", ago=timedelta(minutes=59))

    assert handler({}, None)["Lost"] == 0


def test_the_log_counts_the_settled_reminders(write, caplog):
    """The alarm ReminderLost counts them."""
    for name in ("r-1", "r-2"):
        write(name)

    handler({}, None)

    assert [(one.levelname, one.lost) for one in caplog.records if hasattr(one, "lost")] == [("WARNING", 2)]


def test_a_repeated_reminder_that_failed_is_not_logged_as_failed_again(write, reminder_table, caplog, capsys):
    kept = write(request=TOPIC | {"repeat": DAILY}, Status="FAILED", Reason="no mail", ago=timedelta(hours=1))
    del kept["TimeZone"]
    reminder_table.put_item(Item=kept)

    assert handler({}, None)["Lost"] == 1

    assert (find("r-1")["Status"], find("r-1")["Reason"]) == ("FAILED", DAMAGED)
    assert "RemindersFailed" not in capsys.readouterr().out
    assert not [one for one in caplog.records if hasattr(one, "failed")]


def test_a_lost_reminder_that_was_stopped_meanwhile_is_neither_counted_nor_logged(write, caplog, capsys, monkeypatch):
    """Another call changes the row between the read and the write of the sweep."""
    kept = write(ago=timedelta(days=2))
    settle = table.settle

    def late(row, changes):
        assert table.cancel("r-1", owner=kept["Owner"], now="later")
        return settle(row, changes)

    monkeypatch.setattr(table, "settle", late)

    assert handler({}, None)["Lost"] == 0
    assert find("r-1")["Status"] == "CANCELLED"
    assert "RemindersFailed" not in capsys.readouterr().out
    assert caplog.records == []


def test_a_run_that_could_not_settle_a_reminder_says_so_after_it_has_tried_the_others(write, started, caplog):
    write(), write("r-2")

    with fault(client_of(table, "dynamodb"), "GetItem", "refused"):
        with pytest.raises(NotSettledError, match="^1 failures, and 1 reminders settled$"):
            handler({}, None)

    assert len(started()) == 1
    assert [one.getMessage().partition(":")[0] for one in caplog.records if one.levelname == "ERROR"] == [
        "reminder r-1 was not settled"
    ]


def test_many_waiting_reminders_are_not_looked_up_one_by_one(write, monkeypatch):
    for number in range(3):
        write(f"r-{number}", ended="RUNNING", ago=timedelta(days=-1))
    monkeypatch.setattr(sweep.table, "find", lambda reminder_id: pytest.fail("read one by one"))

    assert handler(WAITING, None) == {"Lost": 0, "Complete": True}


def test_a_sweep_of_overdue_reminders_does_not_list_all_executions(write, monkeypatch):
    write()
    monkeypatch.setattr(sweep.executions.states, "get_paginator", lambda _: pytest.fail("listed"))

    assert handler({}, None)["Lost"] == 1


def test_reminders_that_are_over_and_do_not_repeat_are_not_looked_up(write, monkeypatch):
    for status in ("SENT", "PARTLY_SENT", "FAILED"):
        write(status, Status=status)
    monkeypatch.setattr(sweep.table, "find", lambda reminder_id: pytest.fail("read one by one"))

    assert handler({}, None) == {"Lost": 0, "Complete": True}


@pytest.mark.parametrize("claimed", [{}, {"ClaimedAt": "2026-11-21T04:00:00.000000Z"}], ids=["waits", "claimed"])
@pytest.mark.parametrize("request_", [TOPIC, TOPIC | {"repeat": DAILY}], ids=["once", "repeated"])
def test_a_lost_occurrence_fails_once_and_is_due_once(claimed, request_, write, capsys, caplog):
    """A claimed one counted as due when it was claimed."""
    write(request=request_, Status="SENDING", ago=timedelta(hours=2), **claimed)

    handler({}, None)

    printed = capsys.readouterr().out
    assert printed.count('"RemindersFailed":1') + printed.count('"RemindersFailed": 1') == 1
    assert ("RemindersDue" in printed) == (not claimed)
    assert [one.failed for one in caplog.records if hasattr(one, "failed")] == [1]


def test_a_started_reminder_is_logged(write, capsys):
    write()

    handler({}, None)

    assert '"lost reminder started again"' in capsys.readouterr().out


def test_a_write_that_boto3_repeats_starts_the_reminder(write, started, monkeypatch):
    """The answer to the first attempt was lost, so the condition of the second one does not hold."""
    write()
    settle = table.settle
    monkeypatch.setattr(table, "settle", lambda *given: [settle(*given) for _ in range(2)][1])

    assert handler({}, None)["Lost"] == 1
    assert len(started()) == 1


@pytest.mark.parametrize("missing", ["Message", "FirstDueAt", "TimeZone", "Occurrence", "Preference"])
def test_a_damaged_row_is_settled_too(missing, write, reminder_table):
    kept = write(ended=None, request=TOPIC | {"repeat": DAILY}, ago=timedelta(days=3))
    del kept[missing]
    reminder_table.put_item(Item=kept)

    assert handler({}, None)["Lost"] == 1
    assert (find("r-1")["Status"], find("r-1")["Reason"]) in (("FAILED", DAMAGED), ("SCHEDULED", TOO_LATE))


@pytest.mark.parametrize("missing", ["FirstDueAt", "TimeZone", "Occurrence"])
def test_a_damaged_row_is_settled_once(missing, write, reminder_table):
    kept = write(request=TOPIC | {"repeat": DAILY}, Status="SENT", ago=timedelta(hours=1))
    del kept[missing]
    reminder_table.put_item(Item=kept)

    assert [handler({}, None)["Lost"] for _ in range(3)] == [1, 0, 0]
    assert (find("r-1")["Status"], find("r-1")["Reason"]) == ("FAILED", DAMAGED)


def test_a_sweep_without_lost_reminders_logs_nothing(write, caplog):
    write(ended="RUNNING")

    with caplog.at_level(logging.INFO):
        handler({}, None)

    assert caplog.records == []


def test_all_pages_are_read(write, started, monkeypatch):
    for number in range(5):
        write(f"r-{number}")
    query = client_of(table, "dynamodb").query
    monkeypatch.setattr(client_of(table, "dynamodb"), "query", lambda **one: query(**one, Limit=2))

    assert handler({}, None)["Lost"] == 5
    assert len(started()) == 5


def test_the_log_hides_an_address_in_an_executions_name(write, caplog):
    write("ada@example.com", ended=None)

    with fault(STATES, "DescribeExecution", "refused"), pytest.raises(NotSettledError):
        handler({}, None)

    assert "reminder a…@example.com was not settled: ThrottlingException" in caplog.text
    assert "ada@" not in caplog.text
