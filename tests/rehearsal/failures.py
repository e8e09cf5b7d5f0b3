"""Finds what went wrong with reminders since a moment: in their functions and in their workflows."""

import json
from collections.abc import Iterator
from typing import Any

from tests.support.cloud.apps import Apps

OF_REMINDERS = ("SendReminder", "ScheduleReminder", "SettleLostReminders")
"""The functions that a waiting reminder needs."""


def failures(apps: Apps, *, since: float) -> list[str]:
    """A sentence for each error that a function of reminders logged, and for each of their executions that failed."""
    return list(dict.fromkeys([*_logged(apps, since), *_failed(apps, since)]))


def _logged(apps: Apps, since: float) -> Iterator[str]:
    logs = apps.cloud.engine.client("logs")
    groups = apps.cloud.functions()
    for function, group in ((one, groups[one]) for one in groups if one.endswith(OF_REMINDERS)):
        pages = logs.get_paginator("filter_log_events").paginate(logGroupName=group, startTime=int(since * 1000))
        for line in (one["message"] for page in pages for one in page["events"]):
            if said := _error_in(line):
                yield f"{function} logged: {said}"


def _error_in(line: str) -> str:
    """What a line of a log says, if it is an error."""
    try:
        fields: Any = json.loads(line)
    except ValueError:
        return line.strip() if "[ERROR]" in line else ""
    if not isinstance(fields, dict) or fields.get("level") != "ERROR":
        return ""
    said = fields.get("message") or fields.get("errorMessage") or ""
    return f"{said} ({fields['errorType']})" if "errorType" in fields else str(said)


def _failed(apps: Apps, since: float) -> Iterator[str]:
    states = apps.cloud.engine.executions()
    places = apps.places
    for workflow in (places.reminder_workflow, places.reminder_delivery):
        pages = states.get_paginator("list_executions").paginate(stateMachineArn=workflow, statusFilter="FAILED")
        for one in (one for page in pages for one in page["executions"]):
            if one["stopDate"].timestamp() >= since:
                found = states.describe_execution(executionArn=one["executionArn"])
                name = workflow.rpartition(":")[2]
                yield f"an execution of {name} failed: {found.get('error')}: {found.get('cause')}"
