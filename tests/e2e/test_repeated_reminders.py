"""Repeated reminders that are cancelled. test_clock.py has those that are sent at their times."""

from typing import Any

import pytest

from tests.support.cloud.apps import Apps
from tests.support.cloud.contract import Api
from tests.support.cloud.reminders import (
    executions,
    row_of,
    times_published,
)
from tests.support.waiting import eventually

pytestmark = pytest.mark.usefixtures("skipped_waits", "balanced")


@pytest.mark.usefixtures("real_waits")
def test_cancelling_a_repeated_reminder_cancels_the_rest(apps: Apps, api: Api, message: str) -> None:
    body = {"message": message, "preference": "topic", "waitSeconds": 0, "repeat": {"every": "1d"}}
    _, posted, _ = api.call("POST", "/reminders", body=body)
    reminder_id = posted["reminderId"]

    def started() -> tuple[str, list[str]]:
        """The execution that the row names, and all executions, oldest first."""
        found = executions(apps, reminder_id)
        return row_of(apps, reminder_id)["ExecutionId"], [one["executionArn"] for one in found]

    eventually(started, until=lambda found: len(found[1]) == 2 and found[0] == found[1][1])

    status, cancelled, _ = api.call("DELETE", "/reminders/{reminderId}", reminderId=reminder_id)

    first, second, *more = executions(apps, reminder_id)
    assert not more, [(one["name"], one["status"], one["input"], one["startDate"]) for one in (first, second, *more)]
    assert (status, cancelled["status"], cancelled["occurrence"]) == (200, "CANCELLED", 2)
    assert (first["status"], apps.finished(second["executionArn"])["status"]) == ("SUCCEEDED", "ABORTED")
    assert times_published(apps, message) == 1


def test_an_endlessly_repeated_reminder_can_be_cancelled_at_any_moment(apps: Apps, api: Api, message: str) -> None:
    """Without waits, occurrences follow each other at once, so the cancellation comes at any moment of one."""
    body = {"message": message, "preference": "topic", "waitSeconds": 0, "repeat": {"every": "1d"}}
    _, posted, _ = api.call("POST", "/reminders", body=body)
    reminder_id = posted["reminderId"]
    eventually(lambda: row_of(apps, reminder_id), until=lambda row: int(row["Occurrence"]) > 2)

    def cancelled() -> dict[str, Any] | None:
        status, answer, _ = api.call("DELETE", "/reminders/{reminderId}", reminderId=reminder_id)
        return answer if status == 200 else None

    last = eventually(cancelled)

    eventually(
        lambda: [one["status"] for one in executions(apps, reminder_id)],
        until=lambda statuses: "RUNNING" not in statuses,
    )
    # If the cancellation comes while an occurrence is being sent, that occurrence is the last one.
    status, sent = {"CANCELLED": ("CANCELLED", 0), "SENDING": ("SENT", 1)}[last["status"]]
    eventually(lambda: row_of(apps, reminder_id)["Status"], until=lambda found: found == status)
    assert times_published(apps, message) == last["occurrence"] - 1 + sent
