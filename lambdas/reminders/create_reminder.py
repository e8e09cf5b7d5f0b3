"""`POST /reminders`."""

import contextlib
import hmac
import json
import os
import uuid
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from common import http
from common.aws import BRIEFLY
from common.caller import Caller, caller_of
from reminders import idempotency, readiness, recipients, reminder, settings, table, validation
from reminders.due import Due
from reminders.errors import InvalidReminderError, Problems
from reminders.reminder import FAILED, SCHEDULED, Row

_states = boto3.client("stepfunctions", config=BRIEFLY)


@http.api
def handler(event: http.Event) -> http.Reply:
    """Schedules a reminder: 202. Refuses one that could not be kept or sent when it is due: 400.

    If the caller has used the request's `Idempotency-Key` before, the request gets the first answer again, even if the
    reminder has been sent or cancelled since; 409 if the request differs from the first one, or if the first call ended
    before it started an execution and the reminder has FAILED since.
    """
    caller, now = caller_of(event), datetime.now(UTC)
    body = http.json_body(event, shape=validation.SHAPE)
    identity = _identity(event, body, caller)
    if "RequestDigest" in identity and (found := table.find(identity["ReminderId"])):
        return _repeated(event, found, identity, body, caller)
    asked, due = _checked(body, caller, now=now)
    row = reminder.row_of(
        asked, due, reminder_id=identity["ReminderId"], owner=caller.id, now=now, kept=settings.kept()
    )
    row |= {**identity, "Claim": str(uuid.uuid4())}
    if _scheduled(asked, row):
        return _accepted(event, row)
    return _repeated(event, table.find(row["ReminderId"]), identity, body, caller)


def _identity(event: http.Event, body: Mapping[str, Any], caller: Caller) -> dict[str, str]:
    """The reminder's `ReminderId`, and its `RequestDigest` if the request has a key."""
    key = idempotency.key_in(event)
    if key is None:
        return {"ReminderId": str(uuid.uuid4())}
    return {
        "ReminderId": idempotency.reminder_id(caller.id, key),
        "RequestDigest": idempotency.digest(body, key),
    }


def _scheduled(asked: Mapping[str, Any], row: Row) -> bool:
    """Whether this call has written the row and started its execution.

    False if the row exists already: the same request came twice at the same time, or only an answer of AWS was lost.
    """
    try:
        if table.create(row):
            _start(asked, row)
            return True
    except (ClientError, BotoCoreError):
        # If an execution or another call has claimed the row, the reminder stays.
        if table.take_back(row) or table.find(row["ReminderId"]) is None:
            raise
    return False


def _repeated(
    event: http.Event, found: Row | None, identity: Mapping[str, str], body: Mapping[str, Any], caller: Caller
) -> http.Reply:
    """The first answer again. Starts the execution if it has not begun yet."""
    if found is None:
        raise http.RequestError(503, "Unavailable", "The reminder was not scheduled. Try again.")
    if found["Owner"] != caller.id or not _is_same(found, identity):
        raise http.RequestError(409, "Conflict", f"Another request had this {idempotency.HEADER}. Choose a new one.")
    if found["Status"] == FAILED and "ExecutionId" not in found:
        message = f"This reminder was never started, and has failed since. Send it with a new {idempotency.HEADER}."
        raise http.RequestError(409, "Conflict", message)
    if found["Status"] == SCHEDULED and "ExecutionId" not in found:
        asked = _addressed(body, caller)
        # After this, the call that wrote the row cannot take it back.
        if table.claim_again(found["ReminderId"], claim=str(uuid.uuid4())):
            _start(asked, found)
        elif table.find(found["ReminderId"]) is None:
            return _repeated(event, None, identity, body, caller)
    return _accepted(event, found)


def _is_same(found: Row, identity: Mapping[str, str]) -> bool:
    """Whether the row is of the same request. Without a key, no other request can have its id."""
    return hmac.compare_digest(found.get("RequestDigest", ""), identity.get("RequestDigest", ""))


def _checked(body: Mapping[str, Any], caller: Caller, *, now: datetime) -> tuple[dict[str, Any], Due]:
    """The request with its addresses, and when it is due. Raises RequestError."""
    problems, asked = Problems(), dict(body)
    with problems.collected():
        asked = recipients.addressed(body, caller, listed=settings.listed())
    with problems.collected():
        due = validation.due_of(asked, now=now)
    try:
        problems.refuse()
        # The user pool accepts addresses that SES does not.
        asked = http.checked(asked, shape=validation.SHAPE)
        readiness.check(asked)
    except InvalidReminderError as error:
        raise _refused(error) from None
    return asked, due


def _addressed(body: Mapping[str, Any], caller: Caller) -> dict[str, Any]:
    """The request with every address that the reminder goes to. Raises RequestError."""
    try:
        return recipients.addressed(body, caller, listed=settings.listed())
    except InvalidReminderError as error:
        raise _refused(error) from None


def _refused(error: InvalidReminderError) -> http.RequestError:
    return http.RequestError(400, "InvalidRequest", "The reminder is invalid.", error.details)


def _start(asked: Mapping[str, Any], row: Row) -> None:
    """Starts the execution that takes up the row. Only one of several executions can take it up."""
    given = {
        "stateMachineArn": os.environ["REMINDER_WORKFLOW"],
        "input": json.dumps({**asked, "reminderId": row["ReminderId"]}, ensure_ascii=False),
    }
    try:
        _states.start_execution(**given, name=row["ReminderId"])
    except _states.exceptions.ExecutionAlreadyExists:
        # An earlier call started it. If that was before the row was written again, the execution ended without the row.
        first = _states.describe_execution(executionArn=reminder.first_execution(row, given["stateMachineArn"]))
        if first["status"] != "RUNNING":
            # The name is random. If it is taken, boto3 has repeated a start whose answer was lost.
            with contextlib.suppress(_states.exceptions.ExecutionAlreadyExists):
                _states.start_execution(**given, name=f"{row['ReminderId']}-{uuid.uuid4().hex[:8]}")


def _accepted(event: http.Event, row: Row) -> http.Reply:
    """The answer that the first request got, even if the row is at a later occurrence now."""
    first = {**row, "DueAt": row["FirstDueAt"], "Status": SCHEDULED}
    return http.reply(202, reminder.scheduled(first), headers=http.location(event, f"reminders/{row['ReminderId']}"))
