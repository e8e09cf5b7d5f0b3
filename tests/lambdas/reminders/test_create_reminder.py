import json
from datetime import UTC, datetime, timedelta

import pytest

from reminders.create_reminder import handler
from tests.lambdas.api import post, refused_field, status_and_body

BOTH = {
    "message": "Feed the cat 🐈",
    "preference": "both",
    "waitSeconds": "60",
    "email": "jo@example.com",
    "phone": "+4915112345678",
}
TOPIC = {"message": "Feed the cat", "preference": "topic"}


def in_days(days: float) -> str:
    return (datetime.now(UTC) + timedelta(days=days)).strftime("%Y-%m-%dT%H:%M:%S")


@pytest.mark.parametrize(
    "request_",
    [
        BOTH,
        {name: BOTH[name] for name in ("message", "waitSeconds", "email")} | {"preference": "email"},
        {name: BOTH[name] for name in ("message", "waitSeconds", "phone")} | {"preference": "sms"},
        BOTH | {"preference": "topic"},
        BOTH | {"email": "o'brien+cats@xn--exmple-cua.co.uk"},
        BOTH | {"email": "x" * 250 + "@b.c"},
        TOPIC | {"waitSeconds": 0},
        TOPIC | {"waitSeconds": 31_536_000},
        TOPIC | {"waitSeconds": "1", "message": "<b>{% $states.input %}</b>\r\n"},
        TOPIC | {"waitSeconds": 1, "timeZone": "Europe/Paris", "subject": "Größe 🐈", "repeat": {"every": "1d"}},
    ],
)
def test_a_reminder_starts_a_workflow_with_the_request_as_it_came(request_, reminder_workflow):
    reply = handler(post(request_), None)

    status, body = status_and_body(reply)
    assert (status, body["status"]) == (202, "SCHEDULED")
    (execution,) = reminder_workflow.executions()
    assert execution["name"] == body["reminderId"]
    assert json.loads(execution["input"]) == request_


def test_a_wait_is_due_that_much_later(reminder_workflow):
    before = datetime.now(UTC)
    _, body = status_and_body(handler(post(TOPIC | {"waitSeconds": 3600}), None))
    after = datetime.now(UTC) + timedelta(seconds=1)

    due = datetime.strptime(body["dueAt"], "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
    assert before <= due - timedelta(seconds=3600) <= after


@pytest.mark.parametrize(("suffix", "days"), [("Z", 1), ("z", 1), ("+00:00", 1), (".0Z", 364)])
def test_a_time_reaches_the_workflow_in_the_form_that_its_wait_takes(suffix, days, reminder_workflow):
    timestamp = in_days(days)

    _, body = status_and_body(handler(post(TOPIC | {"timestamp": timestamp + suffix}), None))

    assert body["dueAt"] == f"{timestamp}Z"
    (execution,) = reminder_workflow.executions()
    assert json.loads(execution["input"]) == TOPIC | {"timestamp": f"{timestamp}Z"}


def test_a_time_with_an_offset_is_due_in_utc(reminder_workflow):
    local = in_days(10)

    _, body = status_and_body(handler(post(TOPIC | {"timestamp": f"{local}+05:30"}), None))

    utc = datetime.fromisoformat(local) - timedelta(hours=5, minutes=30)
    assert body["dueAt"] == utc.strftime("%Y-%m-%dT%H:%M:%SZ")


def test_a_local_time_reaches_the_workflow_in_utc(reminder_workflow):
    request = TOPIC | {"timestamp": in_days(10), "timeZone": "Asia/Kolkata", "fold": 0}

    _, body = status_and_body(handler(post(request), None))

    utc = datetime.fromisoformat(request["timestamp"]) - timedelta(hours=5, minutes=30)
    assert body["dueAt"] == utc.strftime("%Y-%m-%dT%H:%M:%SZ")
    (execution,) = reminder_workflow.executions()
    assert json.loads(execution["input"]) == TOPIC | {"timestamp": body["dueAt"], "timeZone": "Asia/Kolkata"}


def test_each_reminder_has_an_id_of_its_own(reminder_workflow):
    ids = {status_and_body(handler(post(BOTH), None))[1]["reminderId"] for _ in range(3)}

    assert ids == {execution["name"] for execution in reminder_workflow.executions()}
    assert len(ids) == 3


MISFITS = {
    "message": [None, "", 7, "x" * 1401, ["x"]],
    "preference": [None, "", "fax", "Email", ["email"]],
    "waitSeconds": [None, True, -1, 31_536_001, "31536001", 1.5, 60.0, [], {}]
    + ["", "-1", "1e3", "60\n", " 60", "6 0", "６０", "²", "9" * 9],
    "timestamp": [None, 7, "2" * 41],
    "timeZone": [None, 7, "", "paris", "localtime", "../etc/passwd", "x" * 65],
    "fold": [None, True, 0, 1.0, 2, "1"],
    "subject": [None, 7, "", "x" * 101, "a\r\nBcc: jo@example.com", "a\n", "\0", "\x7f", "\x85", "\u2028"],
    "repeat": [None, "1d", []],
    "email": [None, 7, "", "jo", "jo@", "@example.com", "jo@example", "jo@@example.com", "x" * 251 + "@b.c"]
    + [f"jo{odd}@example.com" for odd in (" ", ",", ";", "\r\nBcc: a", "\0", "\x7f", "ö")]
    + ["a@b.c,d@e.f", "Jo <jo@example.com>", '"j o"@example.com', "jo@example.com\n", "\tjo@example.com"]
    + ["jo@exa\0mple.com", "jo@exämple.com", "jo@example.", "jo@.com"],
    "phone": [None, 4915112345678, "", "4915112345678", "004915112345678", "+0915112345678", "+491511", "+" + "1" * 16]
    + ["tel:+4915112345678", "+49 151 12345678", "+4915112345678;ext=1", "+4915112345678\n", "+４９15112345678"],
    "bcc": ["jo@example.com"],
}


@pytest.mark.parametrize(
    ("field", "value"),
    [
        pytest.param(field, value, id=f"{field}-{str(value)[:30]!a}")
        for field, values in MISFITS.items()
        for value in values
    ],
)
def test_a_request_that_cannot_be_kept_is_refused_at_the_door(field, value, reminder_workflow):
    reply = handler(post(BOTH | {field: value}), None)

    assert refused_field(reply) == field
    assert reminder_workflow.executions() == []


@pytest.mark.parametrize(
    ("field", "request_"),
    [
        ("waitSeconds", TOPIC),
        ("waitSeconds", TOPIC | {"waitSeconds": 60, "timestamp": "2099-01-01T00:00:00Z"}),
        ("timestamp", TOPIC | {"timestamp": in_days(-1) + "Z"}),
        ("timestamp", TOPIC | {"timestamp": in_days(366) + "Z"}),
        ("timeZone", TOPIC | {"timestamp": in_days(1)}),
        ("timestamp", TOPIC | {"timestamp": in_days(1) + "Z\n"}),
        ("repeat.every", TOPIC | {"waitSeconds": 1, "repeat": {"until": in_days(2) + "Z"}}),
        ("repeat.every", TOPIC | {"waitSeconds": 1, "repeat": {"every": "1m"}}),
        ("repeat.often", TOPIC | {"waitSeconds": 1, "repeat": {"every": "1d", "often": True}}),
        ("repeat.times", TOPIC | {"waitSeconds": 1, "repeat": {"every": "1d", "times": 1001}}),
        ("repeat.until", TOPIC | {"waitSeconds": 1, "repeat": {"every": "1d", "until": in_days(-1) + "Z"}}),
        ("email", {"message": "x", "preference": "email", "waitSeconds": 1, "phone": "+4915112345678"}),
        ("phone", {"message": "x", "preference": "sms", "waitSeconds": 1, "email": "jo@example.com"}),
        ("phone", {"message": "x", "preference": "both", "waitSeconds": 1, "email": "jo@example.com"}),
        ("message, preference", {"waitSeconds": 1}),
    ],
)
def test_an_incomplete_or_contradictory_request_is_refused_at_the_door(field, request_, reminder_workflow):
    assert refused_field(handler(post(request_), None)) == field
    assert reminder_workflow.executions() == []


def test_an_address_is_not_repeated_in_a_refusal():
    reply = handler(post(BOTH | {"email": "jo at example.com", "phone": "0151 12345678"}), None)

    assert "example.com" not in reply["body"] and "12345678" not in reply["body"]


def test_a_failing_workflow_service_asks_to_try_again():
    reply = handler(post(BOTH), None)

    assert status_and_body(reply)[0] == 503
    assert reply["headers"]["Retry-After"] == "1"
