"""Reminders whose workflow fails at every attempt. The row says so, with the reason."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.cloud.apps import Apps
from tests.support.cloud.faults import ALWAYS, Faulty, States, changed, deployed_faulty, unread
from tests.support.names import unique
from tests.support.waiting import eventually

pytestmark = pytest.mark.usefixtures("skipped_waits", "balanced")

NOBODY = "nobody-deployed-this"
NO_FUNCTION = {"FunctionName": NOBODY}
NO_WORKFLOW = {"StateMachineArn": f"arn:aws:states:us-east-1:000000000000:stateMachine:{NOBODY}"}


def row_of(apps: Apps, reminder_id: str) -> dict[str, Any]:
    key = {"ReminderId": {"S": reminder_id}}
    table = apps.cloud.engine.client("dynamodb")
    return {
        name: next(iter(value.values()))
        for name, value in table.get_item(TableName=apps.places.reminder_table, Key=key).get("Item", {}).items()
    }


def reminder_of(**more: Any) -> dict[str, Any]:
    return {"message": unique("Feed the cat, "), "waitSeconds": 1, "preference": "topic", **more}


def test_a_reminder_whose_delivery_cannot_start_fails_with_a_reason(apps: Apps) -> None:
    reminder = reminder_of()

    with changed(
        apps,
        lambda states: states["Deliver"]["Arguments"].update(NO_WORKFLOW),
        workflow=apps.places.reminder_workflow,
    ):
        status, answer = apps.post_reminder(reminder)
        assert status == 202
        row = eventually(lambda: row_of(apps, answer["reminderId"]), until=lambda row: row["Status"] == "FAILED")

    assert row["Reason"].partition(": ")[0] == "the delivery was not started"
    assert not [one for one in apps.cloud.topic_messages() if one["Body"] == reminder["message"]]
    execution = apps.finished(row["ExecutionId"])
    assert (execution["status"], execution["error"]) == ("FAILED", "ReminderNotSentError")


@pytest.fixture(scope="module")
def faulty_function(apps: Apps) -> Iterator[str]:
    with deployed_faulty(apps, "faulty-reminders") as name:
        yield name


@pytest.mark.parametrize("fault", ["raise", "reply lost"])
def test_a_call_that_fails_and_then_succeeds_makes_one_delivery(
    apps: Apps, faulty_function: str, tmp_path: Path, fault: str
) -> None:
    """If a reply is lost, the workflow puts a copy of the message into the queue. The copy finds no claim."""
    faulty, reminder = Faulty(faulty_function, tmp_path / "attempts"), reminder_of()

    def fails_twice(states: States) -> None:
        faulty.calls(states["Publish to the topic"], failures=2, fault=fault)

    with changed(apps, fails_twice, workflow=apps.places.reminder_delivery):
        # A copy that arrives while the first message is being sent waits for two minutes, until its lease has ended.
        with unread(apps, "TopicQueue"):
            _, answer = apps.post_reminder(reminder)
            eventually(lambda: faulty.attempts, until=lambda attempts: attempts >= 3)
        eventually(lambda: row_of(apps, answer["reminderId"]), until=lambda row: row["Status"] == "SENT")

    assert faulty.attempts == 3
    assert sum(one["Body"] == reminder["message"] for one in apps.cloud.topic_messages()) == 1


def test_a_failure_that_cannot_be_written_leaves_the_reminder_scheduled(
    apps: Apps, faulty_function: str, tmp_path: Path
) -> None:
    faulty, reminder = Faulty(faulty_function, tmp_path / "attempts"), reminder_of()

    def fails_always(states: States) -> None:
        faulty.calls(states["Record the failure"], failures=ALWAYS)
        states["Deliver"]["Arguments"].update(NO_WORKFLOW)

    with changed(apps, fails_always, workflow=apps.places.reminder_workflow):
        _, answer = apps.post_reminder(reminder)
        execution = apps.finished(row_of(apps, answer["reminderId"])["ExecutionId"])

    assert (execution["status"], row_of(apps, answer["reminderId"])["Status"]) == ("FAILED", "SCHEDULED")
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
