"""Reminders whose workflow fails at every attempt. The row says so, with the reason."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.cloud.apps import Apps
from tests.support.cloud.faults import ALWAYS, Faulty, States, changed, deployed_faulty
from tests.support.names import unique
from tests.support.waiting import eventually

pytestmark = pytest.mark.usefixtures("skipped_waits", "balanced")

NOBODY = "nobody-deployed-this"
NO_FUNCTION, NO_TABLE, NO_WORKFLOW = (
    {"FunctionName": NOBODY},
    {"TableName": NOBODY},
    {"StateMachineArn": f"arn:aws:states:us-east-1:000000000000:stateMachine:{NOBODY}"},
)
NO_TOPIC = {"TopicArn": f"arn:aws:sns:us-east-1:000000000000:{NOBODY}"}
TWICE = {"every": "1d", "times": 2}


def row_of(apps: Apps, reminder_id: str) -> dict[str, Any]:
    key = {"ReminderId": {"S": reminder_id}}
    table = apps.cloud.engine.client("dynamodb")
    return {
        name: next(iter(value.values()))
        for name, value in table.get_item(TableName=apps.places.reminder_table, Key=key).get("Item", {}).items()
    }


def reminder_of(**more: Any) -> dict[str, Any]:
    return {"message": unique("Feed the cat, "), "waitSeconds": 1, "preference": "topic", **more}


@pytest.mark.parametrize(
    ("state", "fault", "asked", "reason", "messages"),
    [
        ("Check the reminder", NO_FUNCTION, {}, "the reminder could not be checked", 0),
        ("Claim the reminder", NO_TABLE, {}, "the reminder could not be claimed", 0),
        ("Publish to the topic", NO_TOPIC, {}, "the message to the topic was not sent", 0),
        ("Wait on", NO_WORKFLOW, {"waitSeconds": 31_536_000}, "the wait could not go on", 0),
        ("Find the next occurrence", NO_FUNCTION, {"repeat": TWICE}, "the next occurrence was not scheduled", 1),
        ("Start the next occurrence", NO_WORKFLOW, {"repeat": TWICE}, "the next occurrence was not scheduled", 1),
    ],
)
def test_a_reminder_that_cannot_go_on_fails_with_a_reason(
    apps: Apps, state: str, fault: dict[str, str], asked: dict[str, Any], reason: str, messages: int
) -> None:
    reminder = reminder_of(**asked)

    with changed(apps, lambda states: states[state]["Arguments"].update(fault), workflow=apps.places.reminder_workflow):
        status, answer = apps.post_reminder(reminder)
        assert status == 202
        row = eventually(lambda: row_of(apps, answer["reminderId"]), until=lambda row: row["Status"] == "FAILED")

    assert row["Reason"].partition(": ")[0] == reason
    sent = [one for one in apps.cloud.topic_messages() if one["Body"] == reminder["message"]]
    assert len(sent) == messages
    execution = apps.finished(
        apps.places.reminder_workflow.replace(":stateMachine:", ":execution:") + f":{row['ReminderId']}"
    )
    assert (execution["status"], execution["error"]) == ("FAILED", "ReminderNotSentError")


@pytest.fixture(scope="module")
def faulty_function(apps: Apps) -> Iterator[str]:
    with deployed_faulty(apps, "faulty-reminders") as name:
        yield name


@pytest.mark.parametrize("fault", ["raise", "reply lost"])
@pytest.mark.parametrize("state", ["Claim the reminder", "Record the result"])
def test_a_write_that_fails_and_then_succeeds_makes_one_reminder(
    apps: Apps, faulty_function: str, tmp_path: Path, state: str, fault: str
) -> None:
    faulty, reminder = Faulty(faulty_function, tmp_path / "attempts"), reminder_of()

    def fails_twice(states: States) -> None:
        faulty.calls(states[state], failures=2, fault=fault)

    with changed(apps, fails_twice, workflow=apps.places.reminder_workflow):
        _, answer = apps.post_reminder(reminder)
        row = eventually(lambda: row_of(apps, answer["reminderId"]), until=lambda row: row["Status"] == "SENT")
        apps.finished(row["ExecutionId"])

    assert faulty.attempts == 3
    sent = [one for one in apps.cloud.topic_messages() if one["Body"] == reminder["message"]]
    assert len(sent) == 1


@pytest.mark.parametrize(
    ("state", "status"),
    [("Claim the reminder", "FAILED"), ("Record the result", "SENDING"), ("Record the failure", "SCHEDULED")],
)
def test_a_write_that_fails_at_every_attempt_fails_the_execution(
    apps: Apps, faulty_function: str, tmp_path: Path, state: str, status: str
) -> None:
    faulty, reminder = Faulty(faulty_function, tmp_path / "attempts"), reminder_of()

    def fails_always(states: States) -> None:
        faulty.calls(states[state], failures=ALWAYS)
        if state == "Record the failure":
            states["Check the reminder"]["Arguments"].update(NO_FUNCTION)

    with changed(apps, fails_always, workflow=apps.places.reminder_workflow):
        _, answer = apps.post_reminder(reminder)
        execution = apps.finished(
            apps.places.reminder_workflow.replace(":stateMachine:", ":execution:") + f":{answer['reminderId']}"
        )

    assert (execution["status"], row_of(apps, answer["reminderId"])["Status"]) == ("FAILED", status)
    # The first attempt and eight retries.
    assert faulty.attempts == 9


def test_a_reminder_started_by_hand_that_cannot_be_checked_has_no_row(apps: Apps) -> None:
    with changed(
        apps,
        lambda states: states["Check the reminder"]["Arguments"].update(NO_FUNCTION),
        workflow=apps.places.reminder_workflow,
    ):
        execution = apps.finished(apps.start(apps.places.reminder_workflow, reminder_of()))

    assert (execution["status"], execution["error"]) == ("FAILED", "ReminderNotSentError")
    assert row_of(apps, execution["name"]) == {}
