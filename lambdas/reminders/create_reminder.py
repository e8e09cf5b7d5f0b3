"""`POST /reminders`."""

import json
import os
import uuid
from datetime import UTC, datetime

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from common import http
from common.aws import BRIEFLY
from common.caller import caller_of
from reminders import readiness, recipients, reminder, request, settings, table
from reminders.rules import InvalidReminderError

_states = boto3.client("stepfunctions", config=BRIEFLY)


@http.api
def handler(event: http.Event) -> http.Reply:
    """Schedules a reminder: 202. What could not be kept or sent when it is due is refused now, with 400."""
    caller, now = caller_of(event), datetime.now(UTC)
    asked = http.json_body(event, schema=request.SCHEMA)
    try:
        asked = recipients.addressed(asked, caller, listed=settings.listed())
        due = request.checked(asked, now=now)
        readiness.check(asked)
    except InvalidReminderError as error:
        detail = {"field": error.field, "problem": str(error)}
        raise http.RequestError(400, "InvalidRequest", "The reminder cannot be kept.", [detail]) from None
    row = reminder.row_of(asked, due, reminder_id=str(uuid.uuid4()), owner=caller.id, now=now, kept=settings.kept())
    table.create(row)
    try:
        _states.start_execution(
            stateMachineArn=os.environ["REMINDER_WORKFLOW"],
            name=row["ReminderId"],
            input=json.dumps({**asked, "reminderId": row["ReminderId"]}, ensure_ascii=False),
        )
    except (ClientError, BotoCoreError):
        # Where it was started and only the answer was lost, the reminder stands.
        if table.delete(row["ReminderId"]):
            raise
    return http.reply(202, reminder.scheduled(row), headers={"Location": f"reminders/{row['ReminderId']}"})
