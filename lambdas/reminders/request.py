"""What is asked for, checked: the same for whoever asks, the API or the workflow."""

import json
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from reminders import repeat, sms, when
from reminders.rules import check_addresses

SCHEMA = json.loads(Path(__file__).with_name("reminder.schema.json").read_text())


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
