"""`PATCH /reminders/{reminderId}`: edits, snoozes and "send now", also beside other calls and under faults."""

import json
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.exceptions import BotoCoreError, ClientError

from common import codes
from reminders import (
    cancel_reminder,
    create_reminder,
    executions,
    readiness,
    table,
    update_reminder,
)
from reminders.due import from_utc_text, utc_text
from reminders.following import next_of
from reminders.reminder import LEASE_TIME
from sweep import settle_lost_reminders
from tests.support.handlers.aws import client_of, states
from tests.support.handlers.callers import FLO, JO, OLGA, by, of
from tests.support.handlers.events import REQUEST_ID, post, status_and_body
from tests.support.handlers.faults import KINDS, KilledError, fault
from tests.support.handlers.reminder_rows import ahead, all_in

pytestmark = pytest.mark.usefixtures("account", "reminder_table")

OWN = {"email": "jo@example.com"}
LISTED = "desk@example.com"
HOURLY = {"every": "1h"}


@pytest.fixture
def new(reminder_workflow) -> Callable[..., str]:
    """Schedules a reminder of Jo by e-mail, due in an hour, and returns its id."""

    def create(caller=JO, **changes: Any) -> str:
        request = {"message": "Feed the cat", "preference": "email", "waitSeconds": 3600, **changes}
        status, body = status_and_body(create_reminder.handler(by(caller, post(request)), None))
        assert status == 202, body
        return str(body["reminderId"])

    return create


def change(reminder_id: str, caller: str = JO, *, key: str | None = None, **body: Any) -> tuple[int, Any]:
    event = {**post(body), **of(caller, reminder_id)}
    if key:
        event["headers"]["Idempotency-Key"] = key
    return status_and_body(update_reminder.handler(event, None))


def end(reminder_id: str, status: str = "SENT", **more: Any) -> None:
    """Sends the reminder: its execution succeeds."""
    claimed = claim(reminder_id)
    assert claimed and table.finish(claimed, {"Status": status, "UpdatedAt": utc_text(ahead()), **more})


def claim(reminder_id: str, execution: str = "") -> Any:
    """Claims the reminder as SendReminder does for the message of its execution, or of another one."""
    row = table.find(reminder_id)
    return table.claim(
        reminder_id,
        execution=execution or row["ExecutionId"],
        channel="email",
        waited_until=row["DueAt"],
        now=datetime.now(UTC),
        lease=LEASE_TIME,
    )


def running() -> list[Any]:
    """The inputs of the running executions."""
    arn = executions.first_of("x").replace(":execution:", ":stateMachine:").rpartition(":")[0]
    listed = states.list_executions(stateMachineArn=arn, statusFilter="RUNNING")["executions"]
    return [json.loads(states.describe_execution(executionArn=one["executionArn"])["input"]) for one in listed]


def own_input(reminder_id: str) -> Any:
    """The input of the execution that the row names. It must run."""
    found = executions.found(table.find(reminder_id)["ExecutionId"])
    assert found and found["status"] == "RUNNING"
    return json.loads(found["input"])


def test_an_edit_changes_the_row_and_starts_another_execution(new):
    reminder_id = new()
    before = table.find(reminder_id)

    status, body = change(
        reminder_id,
        message="Feed the dog",
        subject="Dog",
        email=LISTED,
        timestamp=(due := utc_text(ahead(days=2))),
        repeat={"every": "1d", "times": 3},
    )

    assert status == 200
    assert (body["status"], body["dueAt"], body["email"]) == ("SCHEDULED", due, "d…@example.com")
    assert (body["occurrence"], body["repeat"], body["subject"]) == (1, {"every": "1d", "times": 3}, "Dog")
    assert own_input(reminder_id) == {
        "requestId": REQUEST_ID,
        "message": "Feed the dog",
        "subject": "Dog",
        "email": LISTED,
        "channels": ["email"],
        "repeat": {"every": "1d", "times": 3},
        "reminderId": reminder_id,
        "waitUntil": due,
    }
    assert len(running()) == 1
    assert claim(reminder_id, before["ExecutionId"]) is None, "the message of the earlier execution must send nothing"
    assert table.find(reminder_id)["FirstDueAt"] == due


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({"message": "New"}, {"message": "New"}),
        ({"subject": None}, {"subject": None}),
        ({"repeat": None}, {"repeat": None}),
        ({"preference": "sms"}, {"channels": ["sms"], "phone": "+4915112345678", "email": None}),
        ({"channels": ["email", "sms"]}, {"channels": ["email", "sms"], "phone": "+4915112345678"}),
        ({"waitSeconds": 60}, {}),
    ],
)
def test_what_an_edit_does_not_name_stays(body, expected, new):
    reminder_id = new(subject="Cat", repeat=HOURLY)
    before = own_input(reminder_id)

    assert change(reminder_id, **body)[0] == 200

    after = own_input(reminder_id)
    times = {"waitUntil", "waitSeconds"}
    wanted = {**before, **expected}
    assert {name: value for name, value in after.items() if name not in times} == {
        name: value for name, value in wanted.items() if name not in times and value is not None
    }
    row = table.find(reminder_id)
    assert ("Email" in row, "Phone" in row, "Repeat" in row) == ("email" in after, "phone" in after, "repeat" in after)
    assert row.get("Subject") == after.get("subject")


@pytest.mark.parametrize("status", ["SENT", "PARTLY_SENT", "FAILED"])
@pytest.mark.parametrize("body", [{"waitSeconds": 600}, {"sendNow": True}])
def test_a_reminder_that_is_over_is_sent_again(status, body, new):
    reminder_id = new(email=LISTED)
    end(reminder_id, status, Reason="because")

    answered, shown = change(reminder_id, **body)

    assert (answered, shown["status"], "reason" in shown) == (200, "SCHEDULED", False)
    given = own_input(reminder_id)
    assert (given["email"], "waitSeconds" in given) == (LISTED, False)
    assert given["waitUntil"] == shown["dueAt"]
    seconds = (from_utc_text(shown["dueAt"]) - datetime.now(UTC)).total_seconds()
    assert seconds <= 0 if "sendNow" in body else 590 < seconds <= 601
    # Again, before it is sent: it still comes once.
    assert change(reminder_id, waitSeconds=1200)[0] == 200
    assert len([one for one in running() if one["waitUntil"] == table.find(reminder_id)["DueAt"]]) == 1
    assert claim(reminder_id)


@pytest.mark.parametrize("by_seconds", [-1800, 600, 2 * 86_400])
def test_a_new_time_moves_only_one_occurrence(by_seconds, new):
    """The later ones are where the rule has them. Those that the new time passes are left out."""
    reminder_id = new(repeat={"every": "1d"}, timeZone="Europe/Paris")
    first = from_utc_text(table.find(reminder_id)["DueAt"])
    moved = first + timedelta(seconds=by_seconds)

    assert change(reminder_id, timestamp=utc_text(moved), timeZone="Asia/Tokyo")[0] == 200

    row = table.find(reminder_id)
    assert (row["DueAt"], row["FirstDueAt"]) == (utc_text(moved), utc_text(first))
    assert (row["TimeZone"], row["Occurrence"]) == ("Europe/Paris", 1)
    following = next_of(row, now=moved)
    assert following and following["Occurrence"] == (4 if by_seconds > 86_400 else 2)
    assert from_utc_text(following["DueAt"]) - first == timedelta(days=int(following["Occurrence"]) - 1)


def test_a_new_rule_is_counted_from_the_new_time(new):
    reminder_id = new(repeat={"every": "1d", "times": 2})
    row = table.find(reminder_id)
    table.settle(row, {"Occurrence": 2, "Stopped": True})

    assert change(reminder_id, repeat={"every": "1w"}, timeZone="Europe/Paris")[0] == 200

    row = table.find(reminder_id)
    assert (row["Occurrence"], row["FirstDueAt"], row["TimeZone"]) == (1, row["DueAt"], "Europe/Paris")
    assert next_of(row, now=datetime.now(UTC))


@pytest.mark.parametrize(
    ("body", "status"),
    [({"waitSeconds": 600}, 409), ({"email": LISTED}, 200), ({"channels": ["sms"]}, 200)],
)
def test_a_reminder_whose_mails_come_back_needs_another_address_or_channel(body, status, new):
    reminder_id = new()
    report = json.dumps({"kind": "BOUNCED", "at": "2026-11-21T04:00:02.000Z", "occurrence": 1})
    table.refuse(table.find(reminder_id), {"EmailFeedback": report})

    assert change(reminder_id, **body)[0] == status

    assert ("EmailFeedback" in table.find(reminder_id)) == (status == 409)


@pytest.mark.parametrize(
    ("body", "detail"),
    [
        ({}, codes.EMPTY().of("(body)")),
        ({"message": ""}, codes.EMPTY().of("message")),
        ({"message": "4111 1111 1111 1111"}, codes.LOOKS_LIKE_CARD().of("message")),
        ({"subject": "4111 1111"}, codes.MAKES_CARD_WITH(fields=["message"]).of("subject")),
        ({"timestamp": "2020-01-27T08:00:00Z"}, codes.HAS_PASSED().of("timestamp")),
        ({"timestamp": "2126-01-27T08:00:00Z"}, codes.TOO_FAR_AHEAD(days=365).of("timestamp")),
        ({"timestamp": "2027-01-27 09:00"}, codes.NEEDS_TIME_ZONE(fields=["timestamp"]).of("timeZone")),
        ({"timeZone": "Mars/Phobos", "waitSeconds": 1}, codes.UNKNOWN_TIME_ZONE().of("timeZone")),
        ({"timeZone": "UTC"}, codes.EXACTLY_ONE_OF(fields=["waitSeconds", "timestamp"]).of("waitSeconds")),
        ({"sendNow": False}, codes.UNKNOWN_VALUE(allowed=["true"]).of("sendNow")),
        (
            {"channels": ["sms"], "preference": "sms"},
            codes.EITHER_OF(fields=["preference", "channels"]).of("preference"),
        ),
        ({"sendNow": True, "waitSeconds": 1}, codes.AT_MOST_ONE_OF(fields=["sendNow", "waitSeconds"]).of("(body)")),
        ({"repeat": {"every": "1m"}}, codes.INTERVAL_TOO_SHORT(count=5, unit="m").of("repeat.every")),
        ({"repeat": {"every": "1d", "until": "2020-01-01T00:00:00Z"}}, codes.BEFORE_FIRST().of("repeat.until")),
        ({"email": "stranger@example.com"}, codes.NOT_YOUR_ADDRESS().of("email")),
        ({"channels": ["sms"], "message": "x" * 1500}, codes.TOO_LONG(longest=1400).of("message")),
        ({"owner": "me"}, codes.UNKNOWN_FIELD().of("owner")),
    ],
)
def test_an_invalid_change_is_refused_like_an_invalid_reminder(body, detail, new):
    reminder_id = new(message="1111 1111")
    before = table.find(reminder_id)

    status, answer = change(reminder_id, **body)

    assert (status, answer["error"]["details"]) == (400, [detail])
    assert table.find(reminder_id) == before and len(running()) == 1


def test_a_channel_that_is_not_ready_is_refused(new, account):
    reminder_id = new()
    account.verified = set()
    readiness.kept_answers.clear()

    assert change(reminder_id, sendNow=True)[1]["error"]["details"] == [codes.SENDER_NOT_VERIFIED().of("channels")]


def test_only_an_operator_may_use_the_topic(new):
    assert change(new(), channels=["topic"])[0] == 403
    assert change(new(OLGA), OLGA, channels=["topic"])[1]["channels"] == ["topic"]


def test_an_address_that_is_not_the_callers_any_more_gets_nothing(new):
    """Jo has another address since, and snoozes the reminder to the earlier one."""
    reminder_id = new()
    event = {**post({"waitSeconds": 60}), **of(JO, reminder_id)}
    event["requestContext"]["authorizer"]["claims"]["email"] = "jo@new.example.com"

    status, body = status_and_body(update_reminder.handler(event, None))

    assert (status, body["error"]["details"]) == (400, [codes.NOT_YOUR_ADDRESS().of("email")])


@pytest.mark.parametrize("caller", [FLO, OLGA])
def test_another_persons_reminder_is_answered_like_an_unknown_one(caller, new):
    reminder_id = new()
    before = table.find(reminder_id)

    anothers, unknown = change(reminder_id, caller, sendNow=True), change("r-2", caller, sendNow=True)

    assert anothers == unknown and unknown[0] == 404
    assert table.find(reminder_id) == before


@pytest.mark.parametrize(
    ("changes", "body", "message"),
    [
        ({"Status": "SENDING"}, {"message": "New"}, "The reminder is being sent, or was cancelled before."),
        ({"Status": "SENDING"}, {"sendNow": True}, "The reminder is being sent, or was cancelled before."),
        ({"Status": "CANCELLED"}, {"waitSeconds": 60}, "The reminder is being sent, or was cancelled before."),
        (
            {"Status": "SENT"},
            {"message": "New", "waitSeconds": 60},
            "The reminder was sent or has failed. It takes only a new time or sendNow.",
        ),
        (
            {"Status": "FAILED"},
            {"repeat": None, "waitSeconds": 60},
            "The reminder was sent or has failed. It takes only a new time or sendNow.",
        ),
        (
            {"Status": "SENT", "RefusedAt": "2026-11-21T04:00:00.000Z"},
            {"sendNow": True},
            "The recipient of the reminder has stopped it. Set a new reminder.",
        ),
    ],
)
def test_a_change_that_comes_too_late_is_refused(changes, body, message, new, reminder_table):
    reminder_id = new()
    before = table.find(reminder_id) | changes
    reminder_table.put_item(Item=before)

    answered, answer = change(reminder_id, **body)

    assert (answered, answer["error"]["code"], answer["error"]["message"]) == (409, "Conflict", message)
    assert table.find(reminder_id) == before


def test_a_reminder_with_forgotten_addresses_is_never_sent_to_another_one(new, reminder_table):
    """Jo set it for the desk. Step Functions forgets an execution 90 days after its end."""
    reminder_id = new(email=LISTED)
    reminder_table.put_item(Item=table.find(reminder_id) | {"ExecutionId": executions.first_of("forgotten")})

    status, body = change(reminder_id, waitSeconds=60)
    assert status == 409
    assert body["error"]["message"] == "The addresses of the reminder are no longer known. Set a new reminder."
    assert change(reminder_id, waitSeconds=60, email=LISTED)[0] == 200
    assert own_input(reminder_id)["email"] == LISTED


def others(reminder_id: str) -> dict[str, Callable[[], Any]]:
    """What may come between the read and the write of a change."""
    return {
        "send": lambda: claim(reminder_id),
        "cancel": lambda: cancel_reminder.handler(of(JO, reminder_id), None),
        "change": lambda: change(reminder_id, message="The other"),
    }


@pytest.mark.parametrize("beside", ["send", "cancel", "change"])
def test_a_change_loses_to_what_comes_between_its_read_and_its_write(beside, new, monkeypatch):
    reminder_id = new()
    other, once = others(reminder_id)[beside], table.change

    def late(row: Any, *given: Any, **named: Any) -> Any:
        monkeypatch.setattr(table, "change", once)
        other()
        return once(row, *given, **named)

    monkeypatch.setattr(table, "change", late)

    status, body = change(reminder_id, message="New", waitSeconds=0)

    assert (status, body["error"]["code"]) == (409, "Conflict")
    row = table.find(reminder_id)
    assert (row["Status"], row["Message"]) == {
        "send": ("SENDING", "Feed the cat"),
        "cancel": ("CANCELLED", "Feed the cat"),
        "change": ("SCHEDULED", "The other"),
    }[beside]
    assert not [one for one in running() if one["message"] == "New"], "an execution with the refused change runs"


@pytest.mark.parametrize("beside", ["send", "cancel", "change"])
def test_a_change_wins_over_what_comes_after_its_write(beside, new, monkeypatch):
    """The others come before the new execution has started."""
    reminder_id = new()
    first, other, once = table.find(reminder_id)["ExecutionId"], others(reminder_id)[beside], executions.start
    starts: list[str] = []

    def start(execution: str, given: Any) -> bool:
        starts.append(execution)
        if len(starts) == 2:
            # The first start keeps the request.
            assert claim(reminder_id, first) is None, "the earlier message sends the changed reminder"
            monkeypatch.setattr(executions, "start", once)
            if beside != "send":
                other()
        return once(execution, given)

    monkeypatch.setattr(executions, "start", start)

    assert change(reminder_id, message="New", waitSeconds=0)[0] == 200
    row = table.find(reminder_id)
    assert (row["Status"], row["Message"]) == {
        "send": ("SCHEDULED", "New"),
        "cancel": ("CANCELLED", "New"),
        "change": ("SCHEDULED", "The other"),
    }[beside]
    assert bool(claim(reminder_id)) == (beside != "cancel")


def test_a_write_that_boto3_repeats_counts_once(new, monkeypatch):
    reminder_id = new()
    once = table.change
    monkeypatch.setattr(table, "change", lambda *given, **named: [once(*given, **named) for _ in range(2)][1])

    assert change(reminder_id, message="New")[0] == 200
    assert own_input(reminder_id)["message"] == "New"


TABLE, STATES = client_of(table, "dynamodb"), client_of(executions, "stepfunctions")
BODIES: list[dict[str, Any]] = [{"message": "New", "email": LISTED}, {"waitSeconds": 60}]


@pytest.mark.parametrize("body", BODIES, ids=["edit", "snooze"])
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("client", "operation"),
    [(TABLE, "UpdateItem"), (STATES, "StartExecution")],
    ids=["write", "start"],
)
@pytest.mark.parametrize("again", ["repeated", "swept"])
def test_after_a_fault_the_reminder_is_the_old_or_the_new_one_and_waits(client, operation, kind, body, again, new):
    """A second request with the same key completes the change. Without one, the sweep does, or the old one stays."""
    reminder_id = new()
    if operation == "StartExecution" and "message" in body:
        # Only the second start is after the row's write.
        once, starts = executions.start, []

        def start(*given: Any) -> bool:
            starts.append(given)
            if len(starts) == 1:
                return once(*given)
            with fault(client, operation, kind):
                return once(*given)

        with pytest.MonkeyPatch.context() as patch, suppress(KilledError):
            patch.setattr(executions, "start", start)
            change(reminder_id, key="a", **body)
    else:
        with fault(client, operation, kind), suppress(KilledError):
            change(reminder_id, key="a", **body)

    if again == "repeated":
        assert change(reminder_id, key="a", **body)[0] == 200
        assert own_input(reminder_id)["waitUntil"] == table.find(reminder_id)["DueAt"], "it waits without a sweep, too"
    with suppress(settle_lost_reminders.NotSettledError, ClientError, BotoCoreError):
        settle_lost_reminders.handler({"Waiting": True}, None)

    row, given = table.find(reminder_id), own_input(reminder_id)
    assert row["Status"] == "SCHEDULED"
    new_one = (given["message"], given["email"], row["Message"]) == ("New", LISTED, "New")
    old_one = (given["message"], given["email"], row["Message"]) == ("Feed the cat", OWN["email"], "Feed the cat")
    assert new_one or old_one
    if again == "repeated" and "message" in body:
        assert new_one
    assert given["waitUntil"] == row["DueAt"]
    assert settle_lost_reminders.handler({"Waiting": True}, None)["Lost"] == 0


@pytest.mark.parametrize("body", [{"message": "New"}, {"email": LISTED, "waitSeconds": 60}])
def test_the_request_of_a_change_is_kept_in_an_execution_that_waits_for_nothing_earlier(body, new):
    """It is stopped at once. If it is not, its message comes when the changed reminder is due."""
    reminder_id = new()

    assert change(reminder_id, **body)[0] == 200

    row = table.find(reminder_id)
    kept = executions.found(row["After"])
    assert kept and kept["status"] == "ABORTED"
    given = json.loads(kept["input"])
    assert (given["waitUntil"], given["message"]) == (row["DueAt"], row["Message"])
    assert given["email"] == body.get("email", OWN["email"])


def test_a_new_time_alone_starts_one_execution(new, reminder_workflow):
    """The earlier execution still has the addresses."""
    reminder_id = new()
    first = table.find(reminder_id)["ExecutionId"]

    assert change(reminder_id, waitSeconds=60)[0] == 200

    row = table.find(reminder_id)
    assert row["After"] == first
    assert {(one["executionArn"], one["status"]) for one in reminder_workflow.executions()} == {
        (first, "ABORTED"),
        (row["ExecutionId"], "RUNNING"),
    }


def test_a_reminder_whose_input_is_not_readable_takes_new_addresses(new, reminder_table):
    """Such as an input that an earlier version wrote."""
    reminder_id = new()
    reminder_table.put_item(Item=table.find(reminder_id) | {"Message": "Not in the input"})

    assert change(reminder_id, message="New")[0] == 409
    assert change(reminder_id, message="New", email=LISTED)[0] == 200

    assert own_input(reminder_id)["email"] == LISTED
    assert json.loads(executions.found(table.find(reminder_id)["After"])["input"])["email"] == LISTED


def test_a_sent_reminder_takes_a_local_time_that_happens_twice(new):
    reminder_id = new()
    end(reminder_id)

    status, body = change(reminder_id, timestamp="2027-10-31 02:30", timeZone="Europe/Paris", fold=1)

    assert (status, body["dueAt"]) == (200, "2027-10-31T01:30:00Z")


def test_a_repeated_request_with_the_same_key_sends_once(new):
    reminder_id = new()

    assert change(reminder_id, key="a", sendNow=True)[0] == 200
    end(reminder_id)

    assert change(reminder_id, key="a", sendNow=True)[1]["status"] == "SENT"
    assert change(reminder_id, key="b", sendNow=True)[1]["status"] == "SCHEDULED"


def test_a_repeated_post_does_not_undo_a_change(new, monkeypatch):
    """The change has written its row and then ended. Now the first request comes again."""
    body = {"message": "Feed the cat", "preference": "email", "waitSeconds": 3600}
    event = by(JO, post(body))
    event["headers"]["Idempotency-Key"] = "post"
    reminder_id = status_and_body(create_reminder.handler(event, None))[1]["reminderId"]
    starts = iter([True, False])
    once = executions.start

    def start(*given: Any) -> bool:
        if next(starts):
            return once(*given)
        raise KilledError

    with monkeypatch.context() as patch, suppress(KilledError):
        patch.setattr(executions, "start", start)
        change(reminder_id, message="New")

    assert create_reminder.handler(event, None)["statusCode"] == 202
    settle_lost_reminders.handler({"Waiting": True}, None)

    assert own_input(reminder_id)["message"] == "New"


def test_no_address_is_logged_or_written(new, reminder_table, caplog):
    reminder_id = new()

    change(reminder_id, email=LISTED)

    assert LISTED not in json.dumps(all_in(reminder_table), default=str) + caplog.text
