import json
from datetime import UTC, datetime, timedelta
from urllib.parse import urljoin

import pytest

from common.caller import OPERATORS
from reminders import executions
from reminders.channels import channels_of
from reminders.create_reminder import handler
from tests.support.handlers.aws import client_of
from tests.support.handlers.callers import FLO, JO, OLGA, by
from tests.support.handlers.events import API, REQUEST_ID, post, refused_field, signed_in, status_and_body
from tests.support.handlers.faults import fault
from tests.support.handlers.reminder_rows import all_in, execution_of

pytestmark = pytest.mark.usefixtures("account", "reminder_table")

BOTH = {
    "message": "Feed the cat 🐈",
    "preference": "both",
    "waitSeconds": "60",
    "email": "jo@example.com",
    "phone": "+4915112345678",
}
TOPIC = {"message": "Feed the cat", "preference": "topic"}


def create(request, caller=JO):
    return handler(by(caller, post(request)), None)


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
def test_a_reminder_starts_a_workflow_with_the_request_and_the_time_to_wait(request_, reminder_workflow):
    own = {"email": request_.get("email", ""), "cognito:groups": OPERATORS}
    reply = handler(signed_in(post(request_), phone_number=BOTH["phone"], **own), None)

    status, body = status_and_body(reply)
    assert (status, body["status"]) == (202, "SCHEDULED")
    (execution,) = reminder_workflow.executions()
    assert execution["name"] == body["reminderId"]
    kept = {name: request_[name] for name in request_.keys() & {"message", "subject", "repeat"}}
    addresses = {name: request_[name] for name in request_.keys() & {"email", "phone"}}
    given = json.loads(execution["input"])
    assert given.pop("waitUntil") <= body["dueAt"]
    assert given.pop("waitSeconds") <= int(request_["waitSeconds"])
    ids = {"reminderId": body["reminderId"], "requestId": REQUEST_ID}
    assert given == {**kept, **addresses, "channels": channels_of(request_), **ids}
    location = urljoin(f"{API}/reminders", reply["headers"]["Location"])
    assert location == f"{API}/reminders/{body['reminderId']}"


def test_a_wait_is_due_after_its_seconds(reminder_workflow):
    before = datetime.now(UTC)
    _, body = status_and_body(create(TOPIC | {"waitSeconds": 3600}, OLGA))
    after = datetime.now(UTC) + timedelta(seconds=1)

    due = datetime.strptime(body["dueAt"], "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
    assert before <= due - timedelta(seconds=3600) <= after


@pytest.mark.parametrize(("suffix", "days"), [("Z", 1), ("z", 1), ("+00:00", 1), (".0Z", 364)])
def test_a_time_is_answered_in_one_utc_format(suffix, days, reminder_workflow):
    timestamp = in_days(days)

    _, body = status_and_body(create(TOPIC | {"timestamp": timestamp + suffix}, OLGA))

    assert (body["dueAt"], body["dueAtLocal"], body["timeZone"]) == (f"{timestamp}Z", f"{timestamp}+00:00", "UTC")


@pytest.mark.parametrize("when", [{}, {"fold": 0}])
def test_a_local_time_is_answered_in_utc_and_in_its_zone(when, reminder_workflow):
    local = in_days(10)

    reply = create(TOPIC | {"timestamp": local.replace("T", " "), "timeZone": "Asia/Kolkata"} | when, OLGA)

    utc = datetime.fromisoformat(local) - timedelta(hours=5, minutes=30)
    _, body = status_and_body(reply)
    assert (body["dueAt"], body["dueAtLocal"]) == (utc.strftime("%Y-%m-%dT%H:%M:%SZ"), f"{local}+05:30")
    assert (body["timeZone"], body["status"], body["channels"]) == ("Asia/Kolkata", "SCHEDULED", ["topic"])


def test_each_reminder_has_a_unique_id(reminder_workflow):
    ids = {status_and_body(create(BOTH))[1]["reminderId"] for _ in range(3)}

    assert ids == {execution["name"] for execution in reminder_workflow.executions()}
    assert len(ids) == 3


MISFITS = {
    "message": [None, "", 7, "x" * 1401, ["x"]],
    "preference": [None, "", "fax", "Email", ["email"]],
    "channels": [None, "", "email", [], ["fax"], ["email", "email"], ["email", "both"], [None], [["email"]], [{}], {}],
    "waitSeconds": [None, True, -1, 31_536_001, "31536001", 1.5, "60.0", 1e300, [], {}]
    + ["", "-1", "1e3", "60\n", " 60", "6 0", "６０", "²", "9" * 9],
    "timestamp": [None, 7, "2" * 65],
    "timeZone": [None, 7, "", "paris", "localtime", "../etc/passwd", "x" * 65],
    "fold": [None, True, 0, 0.5, 2, "1"],
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
def test_an_invalid_request_is_refused(field, value, reminder_workflow):
    reply = create(BOTH | {field: value})

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
        ("message", {"preference": "topic", "waitSeconds": 1}),
        ("channels", {"message": "x", "waitSeconds": 1}),
        ("preference", {"message": "x", "waitSeconds": 1, "preference": "email", "channels": ["email", "topic"]}),
        ("preference", {"message": "x", "waitSeconds": 1, "preference": "email", "channels": ["email"]}),
        ("preference", {"message": "x", "waitSeconds": 1, "preference": "both", "channels": ["email"]}),
        ("preference", {"message": "x", "waitSeconds": 1, "preference": "both", "channels": ["sms", "email"]}),
    ],
)
def test_an_incomplete_or_contradictory_request_is_refused(field, request_, reminder_workflow):
    assert refused_field(create(request_, OLGA)) == field
    assert reminder_workflow.executions() == []


@pytest.mark.parametrize("preference", ["email", "sms", "both"])
def test_a_missing_address_defaults_to_the_callers_own(preference, reminder_workflow):
    request = {"message": "x", "preference": preference, "waitSeconds": 1}

    assert status_and_body(create(request))[0] == 202

    (execution,) = reminder_workflow.executions()
    needed = {"email": ["email"], "sms": ["phone"], "both": ["email", "phone"]}[preference]
    own = {name: BOTH[name] for name in needed}
    assert json.loads(execution["input"]) | own == json.loads(execution["input"])
    assert json.loads(execution["input"]).keys() & {"email", "phone"} == set(needed)


@pytest.mark.parametrize(
    ("addresses", "preference"),
    [
        ({"email": "JO@Example.com"}, "email"),
        ({"email": "desk@example.com"}, "email"),
        ({"email": "DESK@EXAMPLE.COM", "phone": "+15555550199"}, "both"),
        ({"phone": "+4915112345678"}, "sms"),
        ({"phone": "+15555550199"}, "sms"),
        # The channel does not use this address, so it may be any address.
        ({"phone": "+15555550123"}, "email"),
    ],
)
def test_a_reminder_may_go_to_the_callers_own_or_listed_addresses(addresses, preference, reminder_workflow):
    request = {"message": "x", "preference": preference, "waitSeconds": 1, **addresses}

    assert status_and_body(create(request))[0] == 202


@pytest.mark.parametrize(
    ("field", "address"),
    [
        ("email", "flo@example.com"),
        ("email", "jo@example.com.example.net"),
        ("email", "xdesk@example.com"),
        ("phone", "+15555550123"),
        ("phone", "+49151123456789"),
    ],
)
@pytest.mark.parametrize("caller", [JO, OLGA])
def test_a_strangers_address_is_refused(field, address, caller, reminder_table, reminder_workflow):
    request = {"message": "x", "preference": "both", "waitSeconds": 1, field: address}

    reply = create(request, caller)

    assert refused_field(reply) == field
    assert address not in reply["body"]
    assert (all_in(reminder_table), reminder_workflow.executions()) == ([], [])


@pytest.mark.parametrize(
    ("field", "preference", "unverified"),
    [
        ("email", "email", "email_verified"),
        ("phone", "sms", "phone_number_verified"),
        ("phone", "both", "phone_number_verified"),
    ],
)
@pytest.mark.parametrize("named", [True, False])
def test_an_unverified_address_is_not_the_callers_own(field, preference, unverified, named, reminder_workflow):
    own = {"email": BOTH["email"], "phone": BOTH["phone"]} if named else {}
    event = post({"message": "x", "preference": preference, "waitSeconds": 1, **own})

    reply = handler(signed_in(event, email=BOTH["email"], phone_number=BOTH["phone"], **{unverified: "false"}), None)

    assert refused_field(reply) == field
    assert reminder_workflow.executions() == []


@pytest.mark.parametrize(
    ("request_", "channels", "preference"),
    [
        ({"channels": ["email"]}, ["email"], "email"),
        ({"channels": ["sms", "email"]}, ["email", "sms"], "both"),
        ({"preference": "both"}, ["email", "sms"], "both"),
        ({"channels": ["topic"]}, ["topic"], "topic"),
        # No preference means these channels, so it leaves out the topic.
        ({"channels": ["topic", "email"]}, ["email", "topic"], "email"),
        ({"channels": ["topic", "sms"]}, ["sms", "topic"], "sms"),
        ({"channels": ["topic", "sms", "email"]}, ["email", "sms", "topic"], "both"),
    ],
)
def test_a_reminder_is_sent_by_the_named_channels(request_, channels, preference, reminder_table, reminder_workflow):
    status, body = status_and_body(create({"message": "x", "waitSeconds": 1, **request_}, OLGA))

    (row,), (execution,) = all_in(reminder_table), reminder_workflow.executions()
    assert (status, body["channels"]) == (202, channels)
    assert (row["Channels"], row["Preference"]) == (channels, preference)
    assert json.loads(execution["input"])["channels"] == channels


@pytest.mark.parametrize("caller", [JO, FLO])
@pytest.mark.parametrize("topic", [TOPIC, {"message": "x", "channels": ["email", "topic"]}])
def test_the_topic_is_for_operators(topic, caller, reminder_workflow):
    status, body = status_and_body(create(topic | {"waitSeconds": 1}, caller))

    assert (status, body["error"]["code"]) == (403, "Forbidden")
    assert reminder_workflow.executions() == []


def test_a_reminder_is_recorded_with_its_owner_and_hidden_addresses(reminder_table, reminder_workflow):
    repeat = {"every": "1d", "times": 3}
    request = BOTH | {"timestamp": in_days(10) + "Z", "timeZone": "Europe/Paris", "repeat": repeat}
    del request["waitSeconds"]
    before = datetime.now(UTC).replace(microsecond=0)

    _, body = status_and_body(create(request))

    (row,) = all_in(reminder_table)
    assert row.pop("Claim") and row.pop("StopKey")
    created, updated = row.pop("CreatedAt"), row.pop("UpdatedAt")
    assert created == updated and before <= datetime.fromisoformat(created) <= datetime.now(UTC)
    assert json.loads(row.pop("Repeat")) == repeat
    assert row == {
        "ReminderId": body["reminderId"],
        "RequestId": REQUEST_ID,
        "ExecutionId": execution_of(body["reminderId"]),
        "Owner": JO,
        "Message": BOTH["message"],
        "Channels": ["email", "sms"],
        "Preference": "both",
        "Email": "j…@example.com",
        "Phone": "+49…5678",
        "FirstDueAt": request["timestamp"],
        "DueAt": request["timestamp"],
        "Occurrence": 1,
        "TimeZone": "Europe/Paris",
        "Status": "SCHEDULED",
        "ExpiresAt": (datetime.fromisoformat(request["timestamp"]) + timedelta(days=30)).timestamp(),
    }


def test_an_unsendable_reminder_is_refused_before_anything_is_recorded(account, reminder_table, reminder_workflow):
    account.answers["CheckIfPhoneNumberIsOptedOut"] = {"isOptedOut": True}

    reply = create(BOTH)

    assert refused_field(reply) == "phone"
    assert "has opted out" in reply["body"] and "12345678" not in reply["body"]
    assert (all_in(reminder_table), reminder_workflow.executions()) == ([], [])


def test_a_repeated_request_gets_the_first_answer_even_if_a_new_one_would_be_refused(reminder_workflow):
    event = post(TOPIC | {"waitSeconds": 60})
    event["headers"] = {**event["headers"], "Idempotency-Key": "k-1"}
    first = handler(signed_in(event, **{"cognito:groups": OPERATORS}), None)

    # The caller is an operator no longer.
    repeated = handler(signed_in(event), None)

    assert status_and_body(create(TOPIC | {"waitSeconds": 60}))[0] == 403
    assert first["statusCode"] == 202
    assert (repeated["statusCode"], repeated["body"]) == (202, first["body"])


@pytest.mark.parametrize("context", [{}, {"requestContext": None}, {"requestContext": {"authorizer": {"claims": {}}}}])
def test_an_anonymous_caller_sets_no_reminder(context, reminder_table, reminder_workflow):
    status, body = status_and_body(handler(post(BOTH) | context, None))

    assert (status, body["error"]["code"]) == (401, "NotSignedIn")
    assert (all_in(reminder_table), reminder_workflow.executions()) == ([], [])


def test_one_refusal_names_every_invalid_field(reminder_workflow):
    strangers = {"email": "flo@example.net", "phone": "+15555550123"}

    status, body = status_and_body(
        create({"message": "🐈" * 700, "preference": "both", "timestamp": "2019-01-27T09:00:00Z", **strangers})
    )

    assert (status, body["error"]["code"]) == (400, "InvalidRequest")
    assert [detail["field"] for detail in body["error"]["details"]] == ["email", "phone", "message", "timestamp"]
    assert reminder_workflow.executions() == []


def test_an_address_is_not_repeated_in_a_refusal():
    reply = create(BOTH | {"email": "jo at example.net", "phone": "0151 12345678"})

    assert "example.net" not in reply["body"] and "12345678" not in reply["body"]


def test_a_reminder_is_withdrawn_if_its_workflow_does_not_start(reminder_table):
    reply = create(BOTH)

    assert status_and_body(reply)[0] == 503
    assert reply["headers"]["Retry-After"] == "1"
    assert all_in(reminder_table) == []


def test_a_start_whose_answer_is_lost_succeeds(reminder_table, reminder_workflow):
    """The reminder is due at once, and its message is already being sent."""

    def send():
        (row,) = all_in(reminder_table)
        reminder_table.put_item(Item=row | {"Status": "SENDING"})

    with fault(client_of(executions, "stepfunctions"), "StartExecution", "lost", beside=send):
        status, _ = status_and_body(create(TOPIC | {"waitSeconds": 0}, OLGA))

    (row,) = all_in(reminder_table)
    assert (status, row["Status"]) == (202, "SENDING")


def test_a_row_names_its_execution_before_the_execution_starts(reminder_table, reminder_workflow):
    """Otherwise the message of a reminder that is due at once could find that it is not its own."""
    seen = []

    def look():
        seen.extend(all_in(reminder_table))

    with fault(client_of(executions, "stepfunctions"), "StartExecution", "lost", beside=look):
        create(TOPIC | {"waitSeconds": 0}, OLGA)

    (execution,), (row,) = reminder_workflow.executions(), seen
    assert row["ExecutionId"] == execution["executionArn"]


def test_nothing_is_started_if_the_table_fails(reminder_table, reminder_workflow):
    reminder_table.delete()

    assert status_and_body(create(BOTH))[0] == 503
    assert reminder_workflow.executions() == []


@pytest.mark.parametrize(
    ("field", "preference", "own"),
    [
        ("email", "email", {"email": "ada@exämple.com"}),
        ("email", "email", {"email": "a@b"}),
        ("email", "both", {"email": "a b@example.com"}),
        ("email", "email", {"email": "x" * 250 + "@b.cd"}),
        ("phone", "sms", {"phone_number": "0151 12345678"}),
        ("phone", "both", {"phone_number": "+1"}),
    ],
)
def test_the_callers_own_address_is_checked_like_one_in_the_request(
    field, preference, own, reminder_table, reminder_workflow
):
    """The user pool accepts addresses that SES and SNS refuse. An administrator can also enter them."""
    event = post({"message": "x", "preference": preference, "waitSeconds": 1})

    reply = handler(signed_in(event, **own), None)

    assert refused_field(reply) == field
    assert (all_in(reminder_table), reminder_workflow.executions()) == ([], [])
    (value,) = own.values()
    named = handler(signed_in(post({**json.loads(event["body"]), field: value}), **own), None)
    assert reply["body"] == named["body"]


@pytest.mark.parametrize(
    "card", ["4242424242424242", "4242     4242 4242 4242", "⁴²⁴²⁴²⁴²⁴²⁴²⁴²⁴²", "pay with 3782-822463-10005 today"]
)
@pytest.mark.parametrize("field", ["message", "subject"])
def test_a_card_number_in_a_text_is_refused(field, card, reminder_workflow, reminder_table):
    reply = create(BOTH | {field: card})

    assert refused_field(reply) == field
    assert card not in reply["body"]
    assert not reminder_workflow.executions() and not all_in(reminder_table)


@pytest.mark.parametrize(
    ("subject", "message"), [("4242", "424242424242"), ("4242 4242", "4242-4242"), ("424242424242", "4242")]
)
def test_a_card_number_split_between_subject_and_message_is_refused(subject, message, reminder_table):
    for texts in ({"subject": subject, "message": message}, {"subject": message, "message": subject}):
        assert refused_field(create(BOTH | texts)) == "subject"
    assert not all_in(reminder_table)


@pytest.mark.parametrize("own", ["4242424242424242@example.com", "jo.4242-4242-4242-4242@example.com"])
def test_a_card_number_in_an_address_is_refused(own, reminder_table):
    asked = {name: BOTH[name] for name in ("message", "waitSeconds")} | {"preference": "email"}

    assert refused_field(handler(signed_in(post(asked), email=own), None)) == "email"
    assert refused_field(handler(signed_in(post(asked | {"email": own}), email=own), None)) == "email"
    assert not all_in(reminder_table)


@pytest.mark.parametrize(
    "message", ["Zoom 812 3456 7890, passcode 123456", "IBAN DE89 3704 0044 0532 0130 00", "2026-11-25 10:00 - 12:00"]
)
def test_other_numbers_are_accepted(message, reminder_workflow):
    assert create(BOTH | {"message": message, "subject": message})["statusCode"] == 202
