"""`POST /reminders` with the header `Idempotency-Key`, and the rows that a failing call leaves."""

import hashlib
import hmac
import json
from datetime import datetime, timedelta

import pytest

from reminders import create_reminder, executions, idempotency, table
from reminders.create_reminder import handler
from reminders.due import from_utc_text, utc_text
from sweep.settle_lost_reminders import handler as sweep
from tests.support.handlers.aws import client_of
from tests.support.handlers.callers import FLO, JO, OLGA, by
from tests.support.handlers.events import post, refused_field, status_and_body
from tests.support.handlers.faults import KINDS, KilledError, fault
from tests.support.handlers.reminder_rows import ahead, all_in, named_by_their_rows

pytestmark = pytest.mark.usefixtures("account")

REQUEST = {"message": "Feed the cat", "preference": "email", "waitSeconds": 60}
KEY = "0f6f3f3b-aaaa-4bbb-8ccc-1234567890ab"
TABLE, STATES = client_of(table, "dynamodb"), client_of(executions, "stepfunctions")


def create(request=REQUEST, *, key=KEY, caller=JO, name="Idempotency-Key"):
    event = by(caller, post(request))
    if key is not None:
        event["headers"] = {**event["headers"], name: key}
    return handler(event, None)


def answer(reply):
    return reply["statusCode"], reply["body"], reply["headers"].get("Location")


@pytest.fixture
def rows(reminder_table):
    return lambda: all_in(reminder_table)


def test_a_repeated_request_gets_the_first_answer(rows, reminder_workflow):
    first = create()

    assert answer(create(name="idempotency-key")) == answer(first)
    assert first["statusCode"] == 202
    assert (len(rows()), len(reminder_workflow.executions())) == (1, 1)


def test_a_request_whose_seconds_have_a_point_can_be_repeated(rows, reminder_workflow):
    request = REQUEST | {"waitSeconds": 60.0}

    first = create(request)

    assert answer(create(request)) == answer(first)
    assert (first["statusCode"], len(rows())) == (202, 1), first


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"Status": "SENDING"},
        {"Status": "SENT"},
        {"Status": "CANCELLED"},
        {"Status": "FAILED", "Reason": "x"},
        {"DueAt": "2027-12-31T00:00:00Z", "Occurrence": 3},
    ],
)
def test_the_first_answer_is_repeated_for_a_reminder_of_any_status(changes, rows, reminder_table, reminder_workflow):
    first = create()
    (row,) = rows()
    reminder_table.put_item(Item=row | changes)

    assert answer(create()) == answer(first)
    assert rows() == [row | changes | {"Claim": rows()[0]["Claim"]}]
    assert len(reminder_workflow.executions()) == 1


def test_a_reminder_that_failed_before_it_was_started_is_not_answered_as_scheduled(
    rows, reminder_table, reminder_workflow
):
    with fault(STATES, "StartExecution", "killed"), pytest.raises(KilledError):
        create()
    (row,) = rows()
    late = utc_text(from_utc_text(row["DueAt"]) - timedelta(hours=1))
    reminder_table.put_item(Item=row | {"DueAt": late, "FirstDueAt": late, "UpdatedAt": late})
    sweep({}, None)
    assert rows()[0]["Status"] == "FAILED"

    status, body = status_and_body(create())

    assert (status, body["error"]["code"]) == (409, "Conflict")
    assert body["error"]["message"] == (
        "The reminder was never started and has failed. Send it again with a new Idempotency-Key."
    )
    assert status_and_body(create(key="another"))[0] == 202
    assert len(reminder_workflow.executions()) == 1


def test_a_repeated_request_gets_the_first_answer_after_its_time_has_passed(rows, reminder_table, reminder_workflow):
    request = {"message": "x", "preference": "email", "timestamp": utc_text(ahead(hours=1))}
    first = create(request)
    (row,) = rows()
    past = utc_text(ahead(hours=-1))
    reminder_table.put_item(Item=row | {"DueAt": past, "FirstDueAt": past, "Status": "SENT"})

    with pytest.MonkeyPatch.context() as later:
        later.setattr(create_reminder.validation, "due_of", lambda *_, **__: pytest.fail("the time was checked again"))
        repeated = create(request)

    status, body = status_and_body(repeated)
    assert (status, body["status"], body["dueAt"]) == (202, "SCHEDULED", past)
    assert repeated["headers"]["Location"] == first["headers"]["Location"]


@pytest.mark.parametrize(
    "change",
    [
        {"message": "Feed the dog"},
        {"waitSeconds": 61},
        {"email": "desk@example.com"},
        {"subject": "x"},
        {"repeat": {"every": "1d"}},
        {"timeZone": "Europe/Paris"},
    ],
)
def test_another_request_with_the_same_key_is_refused_and_changes_nothing(change, rows, reminder_workflow):
    create()
    before = rows()

    status, body = status_and_body(create(REQUEST | change))

    assert (status, body["error"]["code"], body["error"]["details"]) == (409, "Conflict", [])
    assert (rows(), len(reminder_workflow.executions())) == (before, 1)


def test_the_order_of_fields_does_not_matter(rows, reminder_workflow):
    first = create()

    assert answer(create(dict(reversed(REQUEST.items())))) == answer(first)
    assert len(rows()) == 1


def test_the_same_key_of_two_callers_makes_two_reminders(rows, reminder_workflow):
    request = REQUEST | {"email": "desk@example.com"}

    replies = [create(request, caller=caller) for caller in (JO, FLO, OLGA)]

    assert [reply["statusCode"] for reply in replies] == [202, 202, 202]
    assert {row["Owner"] for row in rows()} == {JO, FLO, OLGA}
    assert len(reminder_workflow.executions()) == 3


def test_without_a_key_each_request_makes_a_separate_reminder(rows, reminder_workflow):
    assert create(key=None)["statusCode"] == create(key=None)["statusCode"] == 202

    assert len(rows()) == 2
    assert not [row for row in rows() if "RequestDigest" in row]


@pytest.mark.parametrize("key", ["!", "~" * 128, "a,b", '"quoted"', "'", "{}"])
def test_a_key_is_any_visible_ascii(key, rows, reminder_workflow):
    assert answer(create(key=key)) == answer(create(key=key))
    assert len(rows()) == 1


@pytest.mark.parametrize("key", ["", " ", "a b", "x" * 129, "é", "\x7f", "a\n", "\x00", "ａ"])
def test_an_invalid_key_is_refused(key, rows, reminder_workflow):
    assert refused_field(create(key=key)) == "Idempotency-Key"
    assert (rows(), reminder_workflow.executions()) == ([], [])


def test_two_keys_are_refused(rows, reminder_workflow):
    event = by(JO, post(REQUEST))
    event["multiValueHeaders"] = {"Content-Type": ["application/json"], "Idempotency-Key": ["a", "b"]}

    assert refused_field(handler(event, None)) == "Idempotency-Key"
    assert rows() == []


def test_the_row_reveals_neither_the_request_nor_the_key(rows, reminder_workflow):
    create(REQUEST | {"email": "jo@example.com"})

    (row,) = rows()
    assert KEY not in str(row) and "jo@example.com" not in str(row)
    # Somebody who guesses the request still needs the key.
    assert row["RequestDigest"] != idempotency.digest(REQUEST | {"email": "jo@example.com"}, "another")
    assert len({idempotency.digest(REQUEST, key) for key in "abc"}) == 3


def test_a_repeated_request_starts_a_reminder_that_was_not_started(rows, reminder_workflow):
    with fault(STATES, "StartExecution", "killed"), pytest.raises(KilledError):
        create()
    assert (len(rows()), reminder_workflow.executions()) == (1, [])

    status, body = status_and_body(create())

    assert (status, body["dueAt"]) == (202, rows()[0]["DueAt"])
    assert named_by_their_rows(reminder_workflow) == [True]


def test_a_late_repeated_request_waits_only_for_the_rest(rows, reminder_table, reminder_workflow):
    with fault(STATES, "StartExecution", "killed"), pytest.raises(KilledError):
        create(REQUEST | {"waitSeconds": 3600})
    (row,) = rows()
    soon = utc_text(from_utc_text(row["DueAt"]) - timedelta(minutes=59))
    reminder_table.put_item(Item=row | {"DueAt": soon, "FirstDueAt": soon})

    assert status_and_body(create(REQUEST | {"waitSeconds": 3600}))[1]["dueAt"] == soon
    (execution,) = reminder_workflow.executions()
    assert 55 <= json.loads(execution["input"])["waitSeconds"] <= 61


@pytest.mark.parametrize("ended", [False, True])
def test_an_execution_whose_row_was_deleted_does_not_block_the_next(ended, rows, reminder_workflow, monkeypatch):
    """The execution started after its row was deleted, and before the row was written again. Its name is now taken."""
    with fault(STATES, "StartExecution", "late"):
        assert create(REQUEST | {"waitSeconds": 3600})["statusCode"] == 503
        assert rows() == []
    if ended:
        reminder_workflow.stop()
    monkeypatch.setattr(create_reminder, "datetime", Later)

    assert create(REQUEST | {"waitSeconds": 3600})["statusCode"] == 202
    assert named_by_their_rows(reminder_workflow) == ([True] if ended else [False, True])


class Later(datetime):
    """A clock that is a minute ahead."""

    @classmethod
    def now(cls, tz=None):
        return datetime.now(tz) + timedelta(minutes=1)


def test_a_repeated_request_before_the_first_execution_begins_starts_no_other(rows, reminder_workflow):
    """The owner's address has just changed."""
    create()
    event = by(JO, post(REQUEST)) | {"headers": {"Content-Type": "application/json", "Idempotency-Key": KEY}}
    event["requestContext"]["authorizer"]["claims"]["email"] = "jo.new@example.com"

    assert handler(event, None)["statusCode"] == 202

    assert len(reminder_workflow.executions()) == 1
    assert named_by_their_rows(reminder_workflow) == [True]


@pytest.mark.parametrize(("meanwhile", "status"), [("SENDING", 202), ("CANCELLED", 202), (None, 503)])
def test_a_repeated_request_is_refused_for_now_only_if_the_reminder_has_gone(
    meanwhile, status, rows, reminder_table, reminder_workflow, monkeypatch
):
    """The reminder is sent, cancelled or withdrawn between the read and the write of the second request."""
    create()
    (row,) = rows()
    claim_again = table.claim_again

    def late(*given, **named):
        if meanwhile:
            reminder_table.put_item(Item=row | {"Status": meanwhile})
        else:
            reminder_table.delete_item(Key={"ReminderId": row["ReminderId"]})
        return claim_again(*given, **named)

    monkeypatch.setattr(table, "claim_again", late)

    assert create()["statusCode"] == status

    assert [one["Status"] for one in rows()] == ([meanwhile] if meanwhile else [])
    assert len(reminder_workflow.executions()) == 1


@pytest.mark.parametrize("key", [KEY, None])
def test_a_write_that_botocore_repeats_makes_one_reminder(key, rows, reminder_workflow, monkeypatch):
    write = table.create
    monkeypatch.setattr(table, "create", lambda row: write(row) and write(row))

    assert create(key=key)["statusCode"] == 202

    assert named_by_their_rows(reminder_workflow) == [True]
    assert len(rows()) == 1


CALLS = [(TABLE, "GetItem"), (TABLE, "PutItem"), (STATES, "StartExecution")]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("client", "operation"), CALLS, ids=[operation for _, operation in CALLS])
def test_retrying_until_success_makes_one_reminder(client, operation, kind, rows, reminder_workflow):
    with fault(client, operation, kind):
        try:
            status = create()["statusCode"]
        except KilledError:
            status = None
    assert status in (202, 503, None)

    assert create()["statusCode"] == 202

    (row,) = rows()
    assert row["Status"] == "SCHEDULED"
    # There may be other executions. Their messages find that the row names this one.
    assert named_by_their_rows(reminder_workflow).count(True) == 1


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("client", "operation"), CALLS[1:], ids=[operation for _, operation in CALLS[1:]])
def test_a_failed_request_without_a_key_leaves_no_row_that_waits_for_ever(
    client, operation, kind, rows, reminder_table, reminder_workflow
):
    with fault(client, operation, kind):
        try:
            status = create(key=None)["statusCode"]
        except KilledError:
            status = None
    started = named_by_their_rows(reminder_workflow)
    for row in rows():
        long_ago = utc_text(ahead(hours=-1))
        reminder_table.put_item(Item=row | {"DueAt": long_ago, "UpdatedAt": long_ago})

    sweep({}, None)

    found = [row["Status"] for row in rows()]
    if True in started:
        assert found == ["SCHEDULED"] and status in (202, None)
    else:
        assert found in ([], ["FAILED"]) and status in (503, None)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("client", "operation"), CALLS, ids=[operation for _, operation in CALLS])
def test_the_same_request_twice_at_once_makes_one_reminder(client, operation, kind, rows, reminder_workflow):
    """The second request runs completely during one call of the first."""
    statuses = []

    def second():
        statuses.append(create()["statusCode"])

    with fault(client, operation, kind, beside=second):
        try:
            statuses.append(create()["statusCode"])
        except KilledError:
            pass

    # A caller who got 202 has the reminder. All others send the request again.
    if 202 not in statuses:
        assert create()["statusCode"] == 202
    (row,) = rows()
    assert row["Status"] == "SCHEDULED"
    assert named_by_their_rows(reminder_workflow).count(True) == 1


@pytest.mark.parametrize("again", [{"channels": ["email", "sms"]}, {"channels": ["sms", "email"]}])
def test_channels_and_preference_make_the_same_request(again, rows, reminder_workflow):
    first = create({"message": "x", "waitSeconds": 60, "preference": "both"})

    assert answer(create({"message": "x", "waitSeconds": 60, **again})) == answer(first)
    assert (len(rows()), len(reminder_workflow.executions())) == (1, 1)


def test_other_channels_make_another_request(rows, reminder_workflow):
    create({"message": "x", "waitSeconds": 60, "channels": ["email"]})

    assert create({"message": "x", "waitSeconds": 60, "channels": ["email", "sms"]})["statusCode"] == 409


def test_a_digest_matches_the_digests_of_earlier_versions():
    """Rows of earlier versions contain these digests."""
    body = b'{"message": "Feed the cat", "preference": "email", "waitSeconds": 60}'
    before = hmac.new(KEY.encode(), body, hashlib.sha256).hexdigest()

    assert idempotency.digest(REQUEST, KEY) == before
    assert idempotency.digest({**REQUEST, "channels": ["email"]}, KEY) == before
