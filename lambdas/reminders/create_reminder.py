"""`POST /reminders`."""

import json
import os
import uuid
from datetime import UTC, datetime
from pathlib import Path

import boto3

from common import http
from common.aws import BRIEFLY
from reminders import repeat
from reminders.rules import InvalidReminderError, check_addresses
from reminders.when import due_at, utc_text, zone_of

SCHEMA = json.loads(Path(__file__).with_name("reminder.schema.json").read_text())

_states = boto3.client("stepfunctions", config=BRIEFLY)


@http.api
def handler(event: http.Event) -> http.Reply:
    """Starts the workflow that waits and then sends. What could not be sent when it is due is refused now, with 400."""
    request = http.json_body(event, schema=SCHEMA)
    try:
        check_addresses(request)
        due = due_at(request, now=datetime.now(UTC))
        if "repeat" in request:
            repeat.check(request["repeat"], due, zone=zone_of(request))
    except InvalidReminderError as error:
        detail = {"field": error.field, "problem": str(error)}
        raise http.RequestError(400, "InvalidRequest", "The reminder cannot be kept.", [detail]) from None
    if "timestamp" in request:
        request["timestamp"] = utc_text(due.instant)
        request.pop("fold", None)

    reminder_id = str(uuid.uuid4())
    _states.start_execution(
        stateMachineArn=os.environ["REMINDER_WORKFLOW"],
        name=reminder_id,
        input=json.dumps(request, ensure_ascii=False),
    )
    return http.reply(202, {"reminderId": reminder_id, "dueAt": utc_text(due.instant), "status": "SCHEDULED"})
