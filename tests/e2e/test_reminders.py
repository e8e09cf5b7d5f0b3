"""Reminders through the real templates, in each form that the originals took, and by HTTP."""

import json
import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.e2e.conftest import Apps, eventually

pytestmark = pytest.mark.usefixtures("skipped_waits")

EMAIL, PHONE = "ada@example.com", "+15555550100"


@pytest.fixture
def message() -> str:
    return f"Feed the cat, {uuid.uuid4().hex[:12]}"


def delivered(apps: Apps, message: str) -> set[str]:
    engine = apps.cloud.engine
    mails = {
        f"mail to {to}"
        for mail in engine.mails()
        if mail["BodyText"].startswith(f"{message}\n\n-- \n")
        for to in mail["To"]
    }
    texts = {f"text to {text['PhoneNumber']}" for text in engine.texts() if text["Message"] == message}
    topic = {"topic" for published in apps.cloud.topic_messages() if published["Body"] == message}
    return mails | texts | topic


FORMS: list[tuple[dict[str, Any], set[str]]] = [
    ({"waitSeconds": 2, "preference": "email", "email": EMAIL}, {f"mail to {EMAIL}"}),
    ({"waitSeconds": "120", "preference": "sms", "phone": PHONE}, {f"text to {PHONE}"}),
    (
        {"waitSeconds": 31_536_000, "preference": "both", "email": EMAIL, "phone": PHONE},
        {f"mail to {EMAIL}", f"text to {PHONE}"},
    ),
    ({"waitSeconds": 0, "preference": "topic"}, {"topic"}),
    ({"timestamp": "in a month", "preference": "email", "email": EMAIL}, {f"mail to {EMAIL}"}),
    ({"timestamp": "in a month", "preference": "topic"}, {"topic"}),
]


def in_a_month(form: dict[str, Any]) -> dict[str, Any]:
    """Tests are collected before they run: a time is only named where it is needed."""
    due = (datetime.now(UTC) + timedelta(days=30)).strftime("%Y-%m-%dT%H:%M:%SZ")
    return {name: due if value == "in a month" else value for name, value in form.items()}


@pytest.mark.parametrize(("form", "expected"), FORMS)
def test_each_form_of_reminder_is_accepted_and_delivered(
    apps: Apps, message: str, form: dict[str, Any], expected: set[str]
) -> None:
    status, answer = apps.post_reminder({"message": message, **in_a_month(form)})

    assert (status, answer["status"]) == (202, "SCHEDULED")
    assert eventually(lambda: found if (found := delivered(apps, message)) >= expected else None) == expected


@pytest.mark.parametrize(("form", "expected"), [*FORMS, ({"timestamp": "in a month"}, {"topic"})])
def test_each_form_is_delivered_when_the_workflow_is_started_by_hand(
    apps: Apps, message: str, form: dict[str, Any], expected: set[str]
) -> None:
    execution = apps.finished(apps.start(apps.places.reminder_workflow, {"message": message, **in_a_month(form)}))

    assert json.loads(execution["output"]) == {"Outcome": "SENT"}
    assert delivered(apps, message) == expected


@pytest.mark.parametrize(
    "form", [{}, {"waitSeconds": 1, "timestamp": "in a month"}, {"waitSeconds": 1, "preference": "fax"}]
)
def test_what_no_reminder_looks_like_ends_in_a_named_failure(apps: Apps, message: str, form: dict[str, Any]) -> None:
    execution = apps.finished(apps.start(apps.places.reminder_workflow, {"message": message, **in_a_month(form)}))

    assert (execution["status"], execution["error"]) == ("FAILED", "InvalidReminderError")
    assert delivered(apps, message) == set()


def test_a_reminder_that_could_not_be_kept_is_refused_at_the_door(apps: Apps, message: str) -> None:
    status, answer = apps.post_reminder({"message": message, "waitSeconds": 1, "preference": "email"})

    assert (status, answer["error"]["details"]) == (
        400,
        [{"field": "email", "problem": "is needed for the preference email"}],
    )


def test_the_parameter_notifyme_holds_the_topic(apps: Apps) -> None:
    parameter = apps.cloud.engine.client("ssm").get_parameter(Name="notifyme")["Parameter"]

    assert parameter["Value"] == apps.places.topic


def test_a_reminder_waits_as_long_as_it_was_asked_to(apps: Apps, message: str) -> None:
    """With waits kept: the execution stands in its Wait state, and nothing is sent."""
    apps.cloud.engine.skip_waits(False)

    execution = apps.start(
        apps.places.reminder_workflow, {"message": message, "waitSeconds": 3600, "preference": "topic"}
    )

    states = apps.cloud.engine.client("stepfunctions")

    def waiting() -> bool:
        events = states.get_execution_history(executionArn=execution)["events"]
        return any(event.get("stateEnteredEventDetails", {}).get("name") == "Timer" for event in events)

    assert eventually(waiting)
    assert states.describe_execution(executionArn=execution)["status"] == "RUNNING"
    assert delivered(apps, message) == set()
    states.stop_execution(executionArn=execution)
