"""Reminders on a laptop cloud: every form that the original programs accepted, set by HTTP or started by hand."""

import json
import uuid
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, TypeAlias

import pytest

from common import codes
from local.users import EMAILS, OPERATOR, PHONES
from tests.support.cloud.apps import Apps
from tests.support.cloud.contract import Api
from tests.support.cloud.faults import changed
from tests.support.cloud.reminders import delivered, first_execution, row_of, settled
from tests.support.handlers.reports import mail_event
from tests.support.names import unique
from tests.support.waiting import eventually

Call: TypeAlias = Callable[..., Any]
"""Api.call as one person."""

pytestmark = pytest.mark.usefixtures("skipped_waits", "balanced")

EMAIL, PHONE = EMAILS[OPERATOR], PHONES[OPERATOR]
RACES = 40


@pytest.fixture
def people(apps: Apps, api: Api) -> tuple[Call, Call]:
    """Two new people without the role operator and without reminders."""
    ada, bob = (partial(api.call, token=apps.as_new_person().token) for _ in range(2))
    return ada, bob


FORMS: list[tuple[dict[str, Any], set[str]]] = [
    ({"waitSeconds": 2, "preference": "email", "email": EMAIL}, {f"mail to {EMAIL}"}),
    ({"waitSeconds": "120", "preference": "sms", "phone": PHONE}, {f"text to {PHONE}"}),
    (
        {"waitSeconds": 2, "preference": "both", "email": EMAIL, "phone": PHONE},
        {f"mail to {EMAIL}", f"text to {PHONE}"},
    ),
    ({"waitSeconds": 0, "preference": "topic"}, {"topic"}),
    ({"waitSeconds": 2, "channels": ["sms"], "phone": PHONE}, {f"text to {PHONE}"}),
    ({"waitSeconds": 2, "channels": ["topic", "email"], "email": EMAIL}, {f"mail to {EMAIL}", "topic"}),
    (
        {"waitSeconds": 2, "channels": ["email", "sms", "topic"], "email": EMAIL, "phone": PHONE},
        {f"mail to {EMAIL}", f"text to {PHONE}", "topic"},
    ),
    ({"timestamp": "in a month", "preference": "email", "email": EMAIL}, {f"mail to {EMAIL}"}),
    ({"timestamp": "in a month", "preference": "topic"}, {"topic"}),
]


def in_a_month(form: dict[str, Any]) -> dict[str, Any]:
    """Replaces "in a month" by a time. The tests may be collected long before they run, so FORMS cannot have it."""
    due = (datetime.now(UTC) + timedelta(days=30)).strftime("%Y-%m-%dT%H:%M:%SZ")
    return {name: due if value == "in a month" else value for name, value in form.items()}


@pytest.mark.parametrize(("form", "expected"), FORMS)
def test_each_form_of_reminder_is_accepted_and_delivered(
    apps: Apps, message: str, form: dict[str, Any], expected: set[str]
) -> None:
    status, answer = apps.post_reminder({"message": message, **in_a_month(form)})

    assert (status, answer["status"]) == (202, "SCHEDULED")
    assert eventually(lambda: delivered(apps, message), until=expected.issubset) == expected


@pytest.mark.parametrize(("form", "expected"), [*FORMS, ({"timestamp": "in a month"}, {"topic"})])
def test_each_form_of_reminder_is_delivered_if_started_by_hand(
    apps: Apps, message: str, form: dict[str, Any], expected: set[str]
) -> None:
    execution = apps.finished(apps.start(apps.places.reminder_workflow, {"message": message, **in_a_month(form)}))

    assert execution["status"] == "SUCCEEDED"
    assert settled(apps, execution["name"])["Status"] == "SENT"
    assert delivered(apps, message) == expected


@pytest.mark.parametrize(
    "form",
    [
        {},
        {"waitSeconds": 1, "timestamp": "in a month"},
        {"waitSeconds": 1, "preference": "fax"},
        {"waitSeconds": 1, "preference": "email"},
        {"waitSeconds": 1, "preference": "sms", "phone": "555"},
        {"waitSeconds": 31_536_001},
        {"timestamp": "2020-01-27T08:00:00Z"},
        {"timestamp": "tomorrow"},
        {"timestamp": "2027-01-27 09:00:00"},
        {"waitSeconds": 1, "repeat": {"every": "1s"}},
    ],
)
def test_an_invalid_reminder_started_by_hand_fails_with_its_error(
    apps: Apps, message: str, form: dict[str, Any]
) -> None:
    execution = apps.finished(apps.start(apps.places.reminder_workflow, {"message": message, **in_a_month(form)}))

    assert (execution["status"], execution["error"]) == ("FAILED", "InvalidReminderError")
    assert row_of(apps, execution["name"]) == {}
    assert delivered(apps, message) == set()


def test_the_api_refuses_a_reminder_to_a_stranger(apps: Apps, message: str) -> None:
    stranger = {"preference": "email", "email": "stranger@example.com"}
    status, answer = apps.post_reminder({"message": message, "waitSeconds": 1, **stranger})

    assert (status, answer["error"]["details"]) == (400, [codes.NOT_YOUR_ADDRESS().of("email")])


def test_the_parameter_notifyme_holds_the_topic(apps: Apps) -> None:
    parameter = apps.cloud.engine.client("ssm").get_parameter(Name="notifyme")["Parameter"]

    assert parameter["Value"] == apps.places.topic


@pytest.mark.usefixtures("real_waits")
def test_a_reminder_is_not_sent_before_it_is_due(apps: Apps, message: str) -> None:
    execution = apps.start(
        apps.places.reminder_workflow, {"message": message, "waitSeconds": 3600, "preference": "topic"}
    )

    states = apps.cloud.engine.client("stepfunctions")

    def entered() -> list[str]:
        events = states.get_execution_history(executionArn=execution)["events"]
        return [event.get("stateEnteredEventDetails", {}).get("name") for event in events]

    eventually(entered, until=lambda names: "Timer" in names)
    assert states.describe_execution(executionArn=execution)["status"] == "RUNNING"
    assert delivered(apps, message) == set()
    states.stop_execution(executionArn=execution)


@pytest.mark.usefixtures("real_waits")
def test_a_list_of_reminders_is_in_due_order_and_has_pages(people: tuple[Call, Call], message: str) -> None:
    ada, _ = people
    request = {"message": message, "preference": "both", "timeZone": "Europe/Paris"}
    posted = [ada("POST", "/reminders", body={**request, "waitSeconds": seconds})[1] for seconds in (9000, 3000, 6000)]

    _, first, _ = ada("GET", "/reminders", query={"limit": "2"})
    _, second, _ = ada("GET", "/reminders", query={"limit": "2", "next": first["next"]})
    _, whole, _ = ada("GET", "/reminders")
    wrong, _, _ = ada("GET", "/reminders", query={"limit": "0"})

    listed = first["reminders"] + second["reminders"]
    assert [one["reminderId"] for one in listed] == [posted[i]["reminderId"] for i in (1, 2, 0)]
    assert (whole["reminders"], whole["next"], wrong) == (listed, None, 400)
    assert {(one["email"][1:], one["phone"][:3]) for one in listed} == {("…@example.com", "+1…")}
    assert listed[0].items() >= {**posted[1], "message": message, "occurrence": 1}.items()
    for one in listed:
        assert ada("DELETE", "/reminders/{reminderId}", reminderId=one["reminderId"])[0] == 200


@pytest.mark.usefixtures("real_waits")
def test_a_cancelled_reminder_is_never_sent_and_stays_cancelled(
    apps: Apps, people: tuple[Call, Call], message: str
) -> None:
    ada, _ = people
    _, posted, _ = ada("POST", "/reminders", body={"message": message, "preference": "sms", "waitSeconds": 3600})
    reminder_id = posted["reminderId"]
    execution = eventually(lambda: row_of(apps, reminder_id).get("ExecutionId"))

    status, cancelled, _ = ada("DELETE", "/reminders/{reminderId}", reminderId=reminder_id)
    again, _, _ = ada("DELETE", "/reminders/{reminderId}", reminderId=reminder_id)
    _, shown, _ = ada("GET", "/reminders/{reminderId}", reminderId=reminder_id)

    assert (status, again, cancelled["status"], shown) == (200, 409, "CANCELLED", cancelled)
    assert apps.finished(execution)["status"] == "ABORTED"
    assert delivered(apps, message) == set()


@pytest.mark.usefixtures("real_waits")
def test_another_persons_reminder_is_neither_seen_nor_changed(
    apps: Apps, people: tuple[Call, Call], message: str
) -> None:
    ada, bob = people
    _, posted, _ = ada("POST", "/reminders", body={"message": message, "preference": "sms", "waitSeconds": 3600})
    reminder_id = posted["reminderId"]

    answers = [
        bob(method, "/reminders/{reminderId}", reminderId=one, body=body)[:2]
        for method, body in (("GET", None), ("PATCH", {"sendNow": True}), ("DELETE", None))
        for one in (reminder_id, str(uuid.uuid4()))
    ]
    _, listed, _ = bob("GET", "/reminders")

    assert {(status, answer["error"]["code"]) for status, answer in answers} == {(404, "NotFound")}
    assert len({answer["error"]["message"] for _, answer in answers}) == 1, (
        "the message differs if another person has the reminder"
    )
    assert listed["reminders"] == []
    assert row_of(apps, reminder_id)["Status"] == "SCHEDULED"
    assert ada("DELETE", "/reminders/{reminderId}", reminderId=reminder_id)[0] == 200


def test_a_sent_reminder_cannot_be_cancelled(apps: Apps, people: tuple[Call, Call], message: str) -> None:
    ada, _ = people
    _, posted, _ = ada("POST", "/reminders", body={"message": message, "preference": "sms", "waitSeconds": 60})
    settled(apps, posted["reminderId"])

    status, answer, _ = ada("DELETE", "/reminders/{reminderId}", reminderId=posted["reminderId"])

    assert (status, answer["error"]["code"]) == (409, "Conflict")
    assert row_of(apps, posted["reminderId"])["Status"] == "SENT"


@pytest.mark.usefixtures("real_waits")
def test_a_reminder_that_is_cancelled_while_it_is_due_is_either_cancelled_or_sent(
    apps: Apps, api: Api, capsys: pytest.CaptureFixture[str]
) -> None:
    """A quarter of the reminders are cancelled a second before they are due.

    The others are due at once, and are cancelled when they are accepted, when their execution has started, or when they
    are being sent.
    """
    messages = [unique("Race, ") for _ in range(RACES)]

    def race(i: int) -> tuple[str, int]:
        body = {"message": messages[i], "preference": "topic", "waitSeconds": int(i % 4 == 0)}
        status, answer, _ = api.call("POST", "/reminders", body=body)
        assert status == 202, answer
        reminder_id = answer["reminderId"]
        if i % 4 == 2:
            eventually(lambda: row_of(apps, reminder_id), until=lambda row: "ExecutionId" in row)
        elif i % 4 == 3:
            eventually(lambda: row_of(apps, reminder_id), until=lambda row: row["Status"] != "SCHEDULED")
        return reminder_id, api.call("DELETE", "/reminders/{reminderId}", reminderId=reminder_id)[0]

    with ThreadPoolExecutor(8) as pool:
        races = list(pool.map(race, range(RACES)))
    ends = [(status, settled(apps, reminder_id)["Status"]) for reminder_id, status in races]
    for reminder_id, _ in races:
        apps.finished(first_execution(apps, reminder_id))
    sent = Counter(published["Body"] for published in apps.cloud.topic_messages())

    counts = Counter((*end, sent[message]) for end, message in zip(ends, messages, strict=True))
    with capsys.disabled():
        print(f"\n{RACES} reminders cancelled while due (answer, status, deliveries): {dict(counts)}")
    assert counts.keys() == {(200, "CANCELLED", 0), (409, "SENT", 1)}


def without_number(states: dict[str, Any]) -> None:
    """Makes the workflow hand on a text without a number, because the API and the function refuse invalid numbers."""
    names = ("reminderId", "waitUntil", "message", "channels")
    reminder = {name: f"{{% $states.input.Reminder.{name} %}}" for name in names}
    for machine, name in ((states, "SMSOnly"), (states["EmailandSMS"]["ItemProcessor"]["States"], "ParallelSMS")):
        machine[name]["Arguments"]["MessageBody"] = {
            "ExecutionId": "{% $states.input.ExecutionId %}",
            "Channel": "sms",
            "Reminder": reminder,
        }


@pytest.mark.parametrize(
    ("preference", "expected", "ended"), [("both", {f"mail to {EMAIL}"}, "PARTLY_SENT"), ("sms", set(), "FAILED")]
)
def test_a_text_that_sns_refuses_is_reported_and_the_mail_is_still_sent(
    apps: Apps, api: Api, message: str, preference: str, expected: set[str], ended: str
) -> None:
    body = {"message": message, "preference": preference, "email": EMAIL, "phone": PHONE, "waitSeconds": 60}

    with changed(apps, without_number, workflow=apps.places.reminder_delivery):
        _, posted, _ = api.call("POST", "/reminders", body=body)
        settled(apps, posted["reminderId"])
    _, shown, _ = api.call("GET", "/reminders/{reminderId}", reminderId=posted["reminderId"])

    assert (shown["status"], shown["reason"]) == (ended, "the text was not sent: InvalidReminderError")
    assert delivered(apps, message) == expected


@pytest.fixture
def unverified_sender(apps: Apps) -> Iterator[None]:
    identities, ses = apps.cloud.engine.client("sesv2"), apps.cloud.engine.client("ses")
    identities.delete_email_identity(EmailIdentity=apps.places.sender)
    ses.delete_identity(Identity=apps.places.sender)
    yield
    identities.create_email_identity(EmailIdentity=apps.places.sender)
    ses.verify_email_identity(EmailAddress=apps.places.sender)


@pytest.mark.usefixtures("unverified_sender")
@pytest.mark.parametrize(("preference", "status"), [("email", "FAILED"), ("both", "PARTLY_SENT")])
def test_a_mail_that_ses_refuses_is_reported_and_the_text_is_still_sent(
    apps: Apps, message: str, preference: str, status: str
) -> None:
    given = {"message": message, "preference": preference, "email": EMAIL, "phone": PHONE, "waitSeconds": 60}

    execution = apps.finished(apps.start(apps.places.reminder_workflow, given))

    row = settled(apps, execution["name"])
    assert (row["Status"], row["Reason"]) == (status, "the e-mail was not sent: MessageRejected")
    assert delivered(apps, message) == ({f"text to {PHONE}"} if preference == "both" else set())


def test_a_mail_has_its_subject_and_its_message_is_escaped(apps: Apps, api: Api, message: str) -> None:
    body = {
        "message": f"{message} <b>&</b>\nLi'l Zoë 🐈",
        "subject": "The <cat> & I",
        "preference": "email",
        "email": EMAIL,
        "waitSeconds": 60,
    }

    _, posted, _ = api.call("POST", "/reminders", body=body)
    settled(apps, posted["reminderId"])

    [mail] = [one for one in apps.cloud.engine.mails() if message in one["BodyText"]]
    assert (mail["Subject"], mail["To"]) == (body["subject"], [EMAIL])
    assert mail["BodyText"].startswith(f"{body['message']}\n\n-- \n")
    assert f"{message} &lt;b&gt;&amp;&lt;/b&gt;<br>\nLi&#x27;l Zoë 🐈</p>" in mail["BodyHtml"]
    assert posted["reminderId"] in mail["BodyText"] and "<b>" not in mail["BodyHtml"]


def test_one_id_goes_from_the_answers_header_to_the_mails_header(apps: Apps, message: str) -> None:
    status, answer, headers = apps.call_reminders(
        "POST", "/reminders", {"message": message, "preference": "email", "email": EMAIL, "waitSeconds": 0}
    )
    assert status == 202
    request_id, reminder_id = headers["X-Request-Id"], answer["reminderId"]

    (mail,) = eventually(
        lambda: [one for one in apps.cloud.engine.mails() if one["BodyText"].startswith(f"{message}\n")], until=bool
    )

    found = {header["Name"]: header["Value"] for header in mail["Headers"]}
    assert found["X-Request-Id"] == request_id
    assert row_of(apps, reminder_id)["RequestId"] == request_id
    execution = apps.cloud.engine.client("stepfunctions").describe_execution(
        executionArn=first_execution(apps, reminder_id)
    )
    assert json.loads(execution["input"])["requestId"] == request_id
    ((tag, value),) = ((one["Name"], one["Value"]) for one in mail["Tags"])
    assert tag == "reminder" and mail["ConfigurationSetName"]

    # Only SES can put this event onto a bus, so the test calls the function as the rule would.
    event = mail_event("Complaint", value)
    entry = {"Source": "aws.ses", "DetailType": event["detail-type"], "Detail": json.dumps(event["detail"])}
    (refusal,) = apps.cloud.engine.client("events").put_events(Entries=[entry])["Entries"]
    assert refusal["ErrorCode"] == "NotAuthorizedForSourceException"
    settled(apps, reminder_id)
    functions = apps.cloud.engine.client("lambda")
    pages = functions.get_paginator("list_functions").paginate()
    names = [one["FunctionName"] for page in pages for one in page["Functions"]]
    (name,) = (one for one in names if "RecordFeedback" in one)
    assert functions.invoke(FunctionName=name, Payload=json.dumps(event))["StatusCode"] == 200

    def kind() -> Any:
        shown = apps.call_reminders("GET", f"/reminders/{reminder_id}")[1]
        return shown.get("feedback", {}).get("email", {}).get("kind")

    assert eventually(kind, until=bool) == "COMPLAINED"
