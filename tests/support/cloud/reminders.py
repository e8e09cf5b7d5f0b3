"""Reads a reminder's deliveries, row and executions."""

import json
from typing import Any

from tests.support.cloud.apps import Apps
from tests.support.waiting import eventually

OVER = {"SENT", "PARTLY_SENT", "CANCELLED", "FAILED"}


def delivered(apps: Apps, message: str) -> set[str]:
    """The deliveries of a message: `mail to ADDRESS`, `text to NUMBER` or `topic`."""
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


def row_of(apps: Apps, reminder_id: str) -> dict[str, Any]:
    """The row of a reminder, with each value as text; empty if there is no row."""
    key = {"ReminderId": {"S": reminder_id}}
    answer = apps.cloud.engine.client("dynamodb").get_item(TableName=apps.places.reminder_table, Key=key)
    return {name: next(iter(value.values())) for name, value in answer.get("Item", {}).items()}


def settled(apps: Apps, reminder_id: str, *, occurrence: int = 1) -> dict[str, Any]:
    """Waits until this occurrence of a reminder has ended. Returns the row."""
    return eventually(
        lambda: row_of(apps, reminder_id),
        until=lambda row: row and row["Status"] in OVER and int(row["Occurrence"]) == occurrence,
    )


def executions(apps: Apps, reminder_id: str) -> list[dict[str, Any]]:
    """All executions of a reminder, oldest first. `events` has the history of each; ended ones have an `output`."""
    states = apps.cloud.engine.client("stepfunctions")
    pages = states.get_paginator("list_executions").paginate(stateMachineArn=apps.places.reminder_workflow)
    found = [
        states.describe_execution(executionArn=one["executionArn"])
        | {"events": states.get_execution_history(executionArn=one["executionArn"], maxResults=1000)["events"]}
        for page in pages
        for one in page["executions"]
        if one["name"].startswith(reminder_id)
    ]
    return sorted(found, key=lambda one: one["startDate"])


def first_execution(apps: Apps, reminder_id: str) -> str:
    """The ARN of a reminder's first execution."""
    return f"{apps.places.reminder_workflow.replace(':stateMachine:', ':execution:')}:{reminder_id}"


def waited_until(execution: dict[str, Any]) -> str:
    """The time until which the Wait state of an execution of the API waits."""
    return str(json.loads(execution["input"])["waitUntil"])


def times_published(apps: Apps, message: str) -> int:
    return sum(published["Body"] == message for published in apps.cloud.topic_messages())
