"""What is asked for, checked: the same for whoever asks, the API or the workflow."""

import json
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from aws_lambda_powertools.utilities.validation import SchemaValidationError, validate

from reminders import repeat, sms, when
from reminders.rules import check_addresses

SCHEMA = json.loads(Path(__file__).with_name("reminder.schema.json").read_text())

OURS = {"reminderId", "after", "waitedUntil"}
"""The fields that the API, or an earlier execution, adds to a request when it starts the workflow."""


def given_to_the_workflow(given: object) -> dict[str, Any] | None:
    """The request in an execution's input, without OURS; None if the input is not a valid reminder.

    Without a preference, a reminder that somebody started by hand goes to the topic, as it always did.
    """
    if not isinstance(given, dict):
        return None
    by_hand = {} if "reminderId" in given else {"preference": "topic"}
    asked = {**by_hand, **{name: given[name] for name in given.keys() - (OURS if "reminderId" in given else set())}}
    try:
        validate(event=asked, schema=SCHEMA)
    except SchemaValidationError:
        return None
    return asked


def checked(asked: Mapping[str, Any], *, now: datetime) -> when.Due:
    """When the reminder is due. Raises InvalidReminderError for one that fits the schema and yet cannot be kept."""
    check_addresses(asked)
    match asked["preference"]:
        case "sms" | "both":
            sms.check(asked["message"])
        case "topic":
            sms.check_characters(asked["message"])
    due = when.due_at(asked, now=now)
    if "repeat" in asked:
        repeat.check(asked["repeat"], due, zone=when.zone_of(asked))
    return due
