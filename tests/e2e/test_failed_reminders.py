"""Reminders whose workflow meets a failure that lasts: the row says so, and why."""

import uuid
from typing import Any

import pytest

from tests.e2e.conftest import Apps, eventually
from tests.e2e.faults import changed

pytestmark = pytest.mark.usefixtures("skipped_waits", "balanced")

NOBODY = "nobody-deployed-this"
NO_FUNCTION, NO_TABLE, NO_WORKFLOW = (
    {"FunctionName": NOBODY},
    {"TableName": NOBODY},
    {"StateMachineArn": f"arn:aws:states:us-east-1:000000000000:stateMachine:{NOBODY}"},
)
TWICE = {"every": "1d", "times": 2}


def row_of(apps: Apps, reminder_id: str) -> dict[str, Any]:
    key = {"ReminderId": {"S": reminder_id}}
    table = apps.cloud.engine.client("dynamodb")
    return {
        name: next(iter(value.values()))
        for name, value in table.get_item(TableName=apps.places.reminder_table, Key=key).get("Item", {}).items()
    }


def reminder_of(**more: Any) -> dict[str, Any]:
    return {"message": f"Feed the cat, {uuid.uuid4().hex[:12]}", "waitSeconds": 1, "preference": "topic", **more}


@pytest.mark.parametrize(
    ("state", "fault", "asked", "reason", "messages"),
    [
        ("Check the reminder", NO_FUNCTION, {}, "the reminder could not be checked", 0),
        ("Claim the reminder", NO_TABLE, {}, "the reminder could not be claimed", 0),
        ("Wait on", NO_WORKFLOW, {"waitSeconds": 31_536_000}, "the wait could not go on", 0),
        ("Find the next occurrence", NO_FUNCTION, {"repeat": TWICE}, "the next occurrence was not scheduled", 1),
        ("Start the next occurrence", NO_WORKFLOW, {"repeat": TWICE}, "the next occurrence was not scheduled", 1),
    ],
)
def test_a_reminder_that_goes_no_further_has_failed_and_says_why(
    apps: Apps, state: str, fault: dict[str, str], asked: dict[str, Any], reason: str, messages: int
) -> None:
    reminder = reminder_of(**asked)

    with changed(apps, lambda states: states[state]["Arguments"].update(fault), workflow=apps.places.reminder_workflow):
        status, answer = apps.post_reminder(reminder)
        assert status == 202
        row = eventually(lambda: found if (found := row_of(apps, answer["reminderId"]))["Status"] == "FAILED" else None)

    assert row["Reason"].partition(": ")[0] == reason
    sent = [one for one in apps.cloud.topic_messages() if one["Body"] == reminder["message"]]
    assert len(sent) == messages
    execution = apps.finished(
        apps.places.reminder_workflow.replace(":stateMachine:", ":execution:") + f":{row['ReminderId']}"
    )
    assert (execution["status"], execution["error"]) == ("FAILED", "ReminderNotSentError")


def test_started_by_hand_what_cannot_be_checked_has_no_row_and_fails_by_name(apps: Apps) -> None:
    with changed(
        apps,
        lambda states: states["Check the reminder"]["Arguments"].update(NO_FUNCTION),
        workflow=apps.places.reminder_workflow,
    ):
        execution = apps.finished(apps.start(apps.places.reminder_workflow, reminder_of()))

    assert (execution["status"], execution["error"]) == ("FAILED", "ReminderNotSentError")
    assert row_of(apps, execution["name"]) == {}
