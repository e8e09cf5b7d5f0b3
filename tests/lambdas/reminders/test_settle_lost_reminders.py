import json
import logging
from contextlib import suppress
from datetime import timedelta

import boto3
import pytest
from botocore.exceptions import BotoCoreError, ClientError

from common.times import timestamp
from reminders import settle_lost_reminders as sweep
from reminders import table
from reminders.due import utc_text
from reminders.schedule_reminder import handler as check
from reminders.settle_lost_reminders import (
    DAMAGED,
    MAY_HAVE_ARRIVED,
    NO_MORE,
    NOT_KNOWN,
    OVERDUE,
    TOO_LATE,
    NotSettledError,
    handler,
)
from reminders.table import find
from tests.support.handlers.aws import client_of, states
from tests.support.handlers.faults import KINDS, KilledError, fault
from tests.support.handlers.reminder_rows import ASKED, ahead, row, workflow_takes_up
from tests.support.workflows.asl import load, longest_stay

WAITING = {"Waiting": True}
DAILY = {"every": "1d"}
TOPIC = {"message": "Feed the cat", "preference": "topic"}

pytestmark = pytest.mark.usefixtures("reminder_table", "reminder_workflow")


@pytest.fixture
def write(reminder_table, reminder_workflow):
    """Writes a row that was due that long ago, starts its execution, and ends the execution as `ended` says."""

    def write_(reminder_id="r-1", *, ago=None, ended="ABORTED", given=None, asked=ASKED, taken_up=True, **changes):
        due = ahead() - (ago if ago is not None else OVERDUE["SENDING"] * 2)
        made = row(reminder_id, due=due, zone="UTC", asked=asked) | {
            "CreatedAt": utc_text(due),
            "UpdatedAt": utc_text(due),
        }
        if ended:
            given = given if given is not None else {**asked, "waitSeconds": 60, "reminderId": reminder_id}
            arn = states.start_execution(
                stateMachineArn=reminder_workflow.arn, name=reminder_id, input=json.dumps(given)
            )["executionArn"]
            if ended != "RUNNING":
                states.stop_execution(executionArn=arn)
            if taken_up:
                made["ExecutionId"] = arn
        reminder_table.put_item(Item=made | changes)
        return made | changes

    return write_


@pytest.fixture
def started(reminder_workflow):
    """The inputs of the executions that the sweeps have started."""
    return lambda: [
        json.loads(one["input"])
        for one in reminder_workflow.executions()
        if one["name"].rpartition("-")[0] and len(one["name"].rpartition("-")[2]) == 8
    ]


def test_a_reminder_without_a_living_execution_is_started_again(write, started, reminder_workflow):
    kept = write()

    assert handler({}, None) == {"Lost": 1, "Complete": True}

    (given,) = started()
    assert given == {**ASKED, "reminderId": "r-1", "after": kept["ExecutionId"]}
    assert find("r-1") == kept
    assert workflow_takes_up(reminder_workflow) == ["SCHEDULED"]
    assert find("r-1")["ExecutionId"] != kept["ExecutionId"]
    # Now it has a living execution.
    assert handler({}, None)["Lost"] == 0


def test_a_start_that_boto3_repeats_is_one_start(write, started, reminder_workflow, monkeypatch):
    """The answer to the first attempt was lost, and its execution is over before the second."""
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
    kept = write(ago=timedelta(seconds=-20), given={**ASKED, **asked, "reminderId": "r-1"})

    handler(WAITING, None)

    (execution,) = [one for one in reminder_workflow.executions() if one["status"] == "RUNNING"]
    answer = check({"Input": json.loads(execution["input"]), "ExecutionId": execution["executionArn"]}, None)
    assert answer["Reminder"]["waitUntil"] == kept["DueAt"]
    assert answer["Reminder"]["waitSeconds"] is None


def test_an_execution_that_never_took_its_row_up_is_followed_by_one_that_does(write, started, reminder_workflow):
    write(taken_up=False)

    handler({}, None)

    assert started() == [{**ASKED, "reminderId": "r-1"}]
    assert workflow_takes_up(reminder_workflow) == ["SCHEDULED"]


@pytest.mark.parametrize(
    "given",
    [
        {"message": "Feed the cat", "waitSeconds": 1},
        {"message": "Feed the cat", "timestamp": "2026-11-20T09:00:00Z"},
        {"message": "Feed the cat", "preference": "topic", "waitSeconds": "1"},
        {"message": "Feed the cat", "preference": "topic", "reminderId": "r-1", "after": "arn:before"},
    ],
)
def test_what_was_started_by_hand_is_started_again_as_what_it_was(given, write, started):
    write(given=given, asked=TOPIC, Owner="workflow")

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
def test_what_was_being_sent_is_never_sent_again(ago, write, started):
    write(ago=ago, Status="SENDING")

    assert handler({}, None)["Lost"] == 1

    assert (find("r-1")["Status"], find("r-1")["Reason"]) == ("FAILED", MAY_HAVE_ARRIVED)
    assert started() == []


@pytest.mark.parametrize("event", [{}, WAITING])
def test_what_never_started_and_hides_its_addresses_has_failed(event, write, started):
    write(ended=None)

    assert handler(event, None)["Lost"] == 1

    assert (find("r-1")["Status"], find("r-1")["Reason"]) == ("FAILED", NOT_KNOWN)
    assert started() == []


def test_what_never_started_and_needs_no_address_is_started(write, started):
    write(ended=None, asked=TOPIC | {"repeat": DAILY})

    handler({}, None)

    assert started() == [TOPIC | {"repeat": DAILY, "reminderId": "r-1"}]


def test_an_execution_that_aws_has_forgotten_leaves_a_reminder_that_has_failed(write, started):
    write(ended=None, ExecutionId="arn:aws:states:us-east-1:123456789012:execution:reminders:forgotten")

    handler({}, None)

    assert (find("r-1")["Status"], find("r-1")["Reason"]) == ("FAILED", NOT_KNOWN)


@pytest.mark.parametrize(
    "given", ["text", [], {"message": "x"}, {**ASKED, "reminderId": "another"}, {**ASKED, "email": "a@b"}]
)
def test_an_input_that_is_not_this_reminder_is_not_sent(given, write, started):
    write(given=given)

    handler({}, None)

    assert (find("r-1")["Status"], started()) == ("FAILED", [])


@pytest.mark.parametrize("status", ["SCHEDULED", "SENDING"])
@pytest.mark.parametrize("event", [{}, WAITING])
def test_what_has_a_living_execution_is_left_alone(event, status, write, started):
    kept = write(ended="RUNNING", Status=status)
    early = write("r-2", ended="RUNNING", taken_up=False)

    assert handler(event, None) == {"Lost": 0, "Complete": True}
    assert (find("r-1"), find("r-2"), started()) == (kept, early, [])


@pytest.mark.parametrize("status", ["CANCELLED", "SENT", "PARTLY_SENT", "FAILED"])
@pytest.mark.parametrize("event", [{}, WAITING])
def test_a_settled_reminder_is_left_alone(event, status, write, started):
    """CancelReminder stops the execution: ABORTED is how a cancelled one ends."""
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
def test_a_reminder_that_is_not_overdue_is_left_alone(status, ago, write, started):
    kept = write(ago=ago, Status=status)

    assert handler({}, None)["Lost"] == 0
    assert (find("r-1"), started()) == (kept, [])


@pytest.mark.parametrize("ago", [timedelta(days=-300), timedelta(seconds=-1), timedelta(minutes=1)])
def test_what_waits_without_an_execution_is_started_again_when_somebody_asks(ago, write, started):
    write(ago=ago)

    assert handler(WAITING, None) == {"Lost": 1, "Complete": True}
    assert len(started()) == 1


@pytest.mark.parametrize("waiting", [False, None, 1, "true"])
def test_only_true_asks_for_what_waits(waiting, write, started):
    write(ago=timedelta(days=-1))

    assert handler({"Waiting": waiting}, None)["Lost"] == 0
    assert started() == []


@pytest.mark.parametrize("written", [utc_text, timestamp], ids=["seconds", "milliseconds"])
def test_a_reminder_that_is_just_being_created_is_left_alone(written, write, started):
    kept = write(ended=None, ago=timedelta(days=-1), UpdatedAt=written(ahead(seconds=-5)))

    assert handler(WAITING, None)["Lost"] == 0
    assert (find("r-1"), started()) == (kept, [])


REPEATED = ASKED | {"repeat": DAILY}


@pytest.mark.parametrize(
    ("status", "ago", "reason", "occurrence"),
    [
        ("SENDING", timedelta(hours=1), MAY_HAVE_ARRIVED, 2),
        ("SENDING", timedelta(days=3, hours=1), MAY_HAVE_ARRIVED, 5),
        ("SCHEDULED", timedelta(days=1, hours=1), TOO_LATE, 3),
    ],
)
def test_a_repeated_reminder_goes_on_with_its_next_occurrence(
    status, ago, reason, occurrence, write, started, reminder_workflow
):
    kept = write(asked=REPEATED, ago=ago, Status=status)

    assert handler({}, None)["Lost"] == 1

    found = find("r-1")
    assert (found["Status"], found["Reason"], found["Occurrence"]) == ("SCHEDULED", reason, occurrence)
    assert found["DueAt"] > utc_text(ahead())
    assert started() == [{**REPEATED, "reminderId": "r-1", "after": kept["ExecutionId"]}]
    assert workflow_takes_up(reminder_workflow) == ["SCHEDULED"]
    assert handler({}, None)["Lost"] == 0


@pytest.mark.parametrize("repeat", [{"every": "1d", "times": 1}, {"every": "1d", "until": utc_text(ahead(hours=1))}])
def test_the_last_occurrence_has_no_successor(repeat, write, started):
    write(asked=ASKED | {"repeat": repeat}, Status="SENDING")

    handler({}, None)

    assert (find("r-1")["Status"], find("r-1")["Reason"], started()) == ("FAILED", MAY_HAVE_ARRIVED, [])


def test_what_was_cancelled_while_it_was_sent_does_not_go_on(write, started):
    write(asked=REPEATED, Status="SENDING", Stopped=True)

    handler({}, None)

    assert (find("r-1")["Status"], started()) == ("FAILED", [])


def test_a_repeated_reminder_that_cannot_go_on_says_so(write, started):
    write(asked=REPEATED, ended=None, Status="SENDING")

    handler({}, None)

    assert (find("r-1")["Status"], find("r-1")["Reason"]) == ("FAILED", MAY_HAVE_ARRIVED + NO_MORE)


@pytest.mark.parametrize(
    ("status", "reason"),
    [
        ("SENT", ""),
        ("PARTLY_SENT", "the text was not sent: SNS.OptedOutException"),
        ("FAILED", "the e-mail was not sent: MessageRejected"),
        ("FAILED", "the next occurrence was not scheduled: States.Timeout"),
        ("FAILED", "the reminder could not be claimed: States.Timeout"),
    ],
)
@pytest.mark.parametrize(
    ("event", "ago"),
    [({}, timedelta(hours=1)), ({}, timedelta(hours=24, minutes=40)), (WAITING, timedelta(seconds=1))],
)
def test_a_repeated_reminder_whose_next_occurrence_nobody_scheduled_goes_on(status, reason, event, ago, write, started):
    write(asked=REPEATED, ago=ago, Status=status, Reason=reason)

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
        {"asked": ASKED},
        {"asked": ASKED | {"repeat": {"every": "1d", "times": 1}}},
        {"ended": "RUNNING"},
        {"ended": None},
        {"ago": OVERDUE["SENDING"] - timedelta(minutes=1)},
    ],
    ids=["cancelled", "not repeated", "the last", "still running", "no addresses", "a moment ago"],
)
@pytest.mark.parametrize("status", ["SENT", "FAILED"])
def test_a_reminder_that_is_over_and_does_not_go_on_is_left_alone(status, changes, write, started):
    kept = write(**{"asked": REPEATED, "Status": status, **changes})

    assert handler({}, None)["Lost"] == 0
    assert (find("r-1"), started()) == (kept, [])


def all_of(seen):
    """The rows as a sweep saw them before something else changed them."""
    return lambda status, due: iter([row for row in seen.values() if row["Status"] == status])


def test_two_sweeps_at_once_make_one_reminder(write, reminder_workflow, monkeypatch):
    """Both have read the rows before either changed one."""
    write("once")
    write("again", asked=REPEATED, Status="SENDING")
    seen = {name: find(name) for name in ("once", "again")}
    with monkeypatch.context() as patch:
        patch.setattr(sweep.table, "find", seen.get)
        patch.setattr(sweep.table, "all_with_status", all_of(seen))
        assert [handler({}, None)["Lost"] for _ in range(2)] == [2, 1]

    assert find("again")["Occurrence"] == 2
    assert sorted(workflow_takes_up(reminder_workflow)) == ["SCHEDULED", "SCHEDULED", "TAKEN"]


def test_a_sweep_beside_a_retry_makes_one_reminder(write, reminder_workflow):
    """The first execution is started late, while the sweep already follows it with another one."""
    write(asked=TOPIC, ended=None)
    handler({}, None)
    states.start_execution(
        stateMachineArn=reminder_workflow.arn,
        name="r-1",
        input=json.dumps(TOPIC | {"waitSeconds": 1, "reminderId": "r-1"}),
    )

    assert sorted(workflow_takes_up(reminder_workflow)) == ["SCHEDULED", "TAKEN"]


@pytest.mark.parametrize("status", ["SENT", "CANCELLED", "FAILED"])
def test_a_reminder_that_the_index_still_takes_for_waiting_is_left_alone(status, write, started, monkeypatch):
    """DynamoDB's indexes lag behind the table."""
    kept = write(ago=timedelta(days=2), Status=status, Reason="as it was")
    monkeypatch.setattr(sweep.table, "all_with_status", all_of({"r-1": kept | {"Status": "SCHEDULED"}}))

    assert handler({}, None)["Lost"] == 0
    assert (find("r-1"), started()) == (kept, [])


def test_many_waiting_reminders_are_not_asked_for_one_by_one(write, monkeypatch):
    for number in range(3):
        write(f"r-{number}", ended="RUNNING", ago=timedelta(days=-1))
    monkeypatch.setattr(sweep.table, "find", lambda reminder_id: pytest.fail("read one by one"))

    assert handler(WAITING, None) == {"Lost": 0, "Complete": True}


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

    assert workflow_takes_up(reminder_workflow) == ["TAKEN"]
    assert [row["Status"] for row in reminder_table.scan()["Items"]] == ["CANCELLED", "CANCELLED"]


def test_a_sweep_that_was_killed_before_it_started_the_next_occurrence_is_made_up_for(write, started):
    write(asked=REPEATED, Status="SENDING")
    with fault(STATES, "StartExecution", "killed"), pytest.raises(KilledError):
        handler({}, None)
    assert (find("r-1")["Status"], started()) == ("SCHEDULED", [])

    assert handler(WAITING, None)["Lost"] == 1
    assert len(started()) == 1


def test_one_that_cannot_be_settled_does_not_keep_the_others_waiting(write, started, caplog, monkeypatch):
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
def test_a_list_that_fails_does_not_keep_the_other_reminders_waiting(client, operation, write):
    write("sending", Status="SENDING")

    with fault(client, operation, "refused"), pytest.raises(NotSettledError, match="1 failures, and 1 reminders"):
        handler(WAITING, None)

    assert find("sending")["Status"] == "FAILED"


@pytest.mark.parametrize("missing", ["Message", "FirstDueAt", "TimeZone", "Occurrence", "Preference"])
def test_a_damaged_row_is_settled_too(missing, write, reminder_table):
    kept = write(ended=None, asked=TOPIC | {"repeat": DAILY}, ago=timedelta(days=3))
    del kept[missing]
    reminder_table.put_item(Item=kept)

    assert handler({}, None)["Lost"] == 1
    assert (find("r-1")["Status"], find("r-1")["Reason"]) in (("FAILED", DAMAGED), ("SCHEDULED", TOO_LATE))


@pytest.mark.parametrize("missing", ["FirstDueAt", "TimeZone", "Occurrence"])
def test_a_damaged_row_is_settled_once(missing, write, reminder_table):
    kept = write(asked=TOPIC | {"repeat": DAILY}, Status="SENT", ago=timedelta(hours=1))
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


def test_what_one_run_has_no_time_for_is_left_to_the_next(write, started, monkeypatch):
    for number in range(3):
        write(f"r-{number}")
    with monkeypatch.context() as patch:
        patch.setattr(sweep, "WORKS_SECONDS", -1)
        assert handler({}, None) == {"Lost": 0, "Complete": False}

    assert handler({}, None) == {"Lost": 3, "Complete": True}


def test_the_longest_retries_of_the_workflow_are_over_before_a_reminder_is_overdue():
    states_ = load("reminder.asl.json")["States"]
    stay = {name: timedelta(seconds=longest_stay(state)) for name, state in states_.items()}

    assert stay["Check the reminder"] < OVERDUE["SCHEDULED"]
    sending = max(stay[name] for name in ("EmailOnly", "SMSOnly", "EmailandSMS", "Publish to the topic"))
    claimed = stay["Check the reminder"] + stay["Claim the reminder"]
    assert claimed + sending + stay["Record the result"] < OVERDUE["SENDING"]


TABLE, STATES = client_of(table, "dynamodb"), client_of(sweep, "stepfunctions")
CALLS = [
    (TABLE, "Query"),
    (TABLE, "GetItem"),
    (TABLE, "UpdateItem"),
    (STATES, "ListExecutions"),
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
    write("repeated", Status="SENDING", asked=REPEATED)
    write("between", Status="SENT", asked=REPEATED)
    with fault(client, operation, kind), suppress(KilledError, NotSettledError, ClientError, BotoCoreError):
        handler(WAITING, None)
    outcomes = workflow_takes_up(reminder_workflow)

    handler(WAITING, None)

    outcomes += workflow_takes_up(reminder_workflow)
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


def test_the_log_hides_an_address_that_somebody_named_an_execution_after(write, caplog):
    write("ada@example.com", ended=None)

    with fault(STATES, "DescribeExecution", "refused"), pytest.raises(NotSettledError):
        handler({}, None)

    assert "reminder a…@example.com was not settled: ThrottlingException" in caplog.text
    assert "ada@" not in caplog.text
