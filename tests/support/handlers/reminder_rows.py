"""Builds rows of the reminder table."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

from reminders import reminder, schedule_reminder
from reminders.due import Due
from tests.support.handlers.callers import JO

REQUEST = {"message": "Feed the cat 🐈", "preference": "both", "email": "jo@example.com", "phone": "+4915112345678"}
TOPIC = {"message": "Feed the cat", "preference": "topic"}
DAILY = {"every": "1d"}
REPEATED = REQUEST | {"repeat": DAILY}
KEPT = timedelta(days=30)


def ahead(**time: float) -> datetime:
    """The time this long after now, in whole seconds."""
    return datetime.now(UTC).replace(microsecond=0) + timedelta(**time)


def row(
    reminder_id: str = "r-1",
    *,
    owner: str = JO,
    due: datetime | None = None,
    zone: str = "Europe/Paris",
    request: dict[str, Any] | None = None,
    **changes: Any,
) -> dict[str, Any]:
    """The row of a reminder that is due in an hour, or at `due`, with changed attributes."""
    made = reminder.row_of(
        request or REQUEST,
        Due(due or ahead(hours=1), zone),
        reminder_id=reminder_id,
        owner=owner,
        now=datetime.now(UTC),
        kept=KEPT,
    )
    return made | changes


def run_first_state(workflow: Any) -> list[str]:
    """Runs the workflow's first state for each running execution. Returns their outcomes."""
    return [
        schedule_reminder.handler({"Input": json.loads(one["input"]), "ExecutionId": one["executionArn"]}, None)[
            "Outcome"
        ]
        for one in workflow.executions()
        if one["status"] == "RUNNING"
    ]
