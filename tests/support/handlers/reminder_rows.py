"""Builds rows of the reminder table."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

from reminders import reminder, table
from reminders.due import Due
from tests.support.handlers.aws import ENVIRONMENT
from tests.support.handlers.callers import JO

REQUEST = {"message": "Feed the cat 🐈", "preference": "both", "email": "jo@example.com", "phone": "+4915112345678"}
TOPIC = {"message": "Feed the cat", "preference": "topic"}
DAILY = {"every": "1d"}
REPEATED = REQUEST | {"repeat": DAILY}
KEPT = timedelta(days=30)


def ahead(**time: float) -> datetime:
    """The time this long after now, in whole seconds."""
    return datetime.now(UTC).replace(microsecond=0) + timedelta(**time)


def execution_of(reminder_id: str) -> str:
    """The ARN of a reminder's first execution."""
    workflow = ENVIRONMENT["REMINDER_WORKFLOW"]
    return reminder.execution_arn(workflow, reminder_id)


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
        execution=execution_of(reminder_id),
        owner=owner,
        stop_key="0123456789abcdef" * 2,
        now=datetime.now(UTC),
        kept=KEPT,
    )
    return made | changes


def all_in(reminder_table: Any) -> list[dict[str, Any]]:
    """The rows of reminders. The table also has the counts of people, which have no status."""
    return [row for row in reminder_table.scan()["Items"] if "Status" in row]


def named_by_their_rows(workflow: Any) -> list[bool]:
    """For each running execution, oldest first: whether the row of its reminder is SCHEDULED and names it."""
    running = [one for one in workflow.executions() if one["status"] == "RUNNING"]
    rows = [table.find(json.loads(one["input"])["reminderId"]) or {} for one in running]
    return [
        (found.get("Status"), found.get("ExecutionId")) == ("SCHEDULED", one["executionArn"])
        for one, found in zip(running, rows, strict=True)
    ]
