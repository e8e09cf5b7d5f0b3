"""`POST /reminders`."""

import hmac
import json
import uuid
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from common import http
from common.caller import Caller, caller_of
from reminders import (
    allowance,
    executions,
    idempotency,
    journal,
    readiness,
    recipients,
    settings,
    stop_link,
    table,
    validation,
)
from reminders.due import Due
from reminders.errors import InvalidReminderError, Problems
from reminders.reminder import FAILED, SCHEDULED, Row, execution_input, row_of, scheduled


@http.api
def handler(event: http.Event) -> http.Reply:
    """Schedules a reminder.

    - 202: the reminder is scheduled. If the caller has sent the same request with the same `Idempotency-Key` before,
      the first answer is repeated, even if the reminder has been sent or cancelled since.
    - 400: the reminder is invalid, or one of its channels could not send it when it is due.
    - 409: the caller has sent another request with this key. Or the first call ended before it started an execution,
      and the reminder has FAILED since.
    - 429: the caller has reached one of their limits.
    """
    caller, now = caller_of(event), datetime.now(UTC)
    request = http.json_body(event, shape=validation.SHAPE)
    identity = _identity(event, request, caller)
    row = table.find(identity["ReminderId"]) if "RequestDigest" in identity else None
    if row is None:
        request, row = _new(request, identity, caller, now=now, request_id=http.request_id(event))
        allowance.take_reminder(caller.id, row["ReminderId"], waits=True, now=now)
        if _is_scheduled(request, row):
            return _accepted(event, row)
        row = table.find(row["ReminderId"])
    return _repeated(event, row, identity, request, caller)


def _identity(event: http.Event, request: Mapping[str, Any], caller: Caller) -> dict[str, str]:
    """Returns the row's `ReminderId`, and its `RequestDigest` if the request has an `Idempotency-Key`."""
    key = idempotency.key_in(event)
    if key is None:
        return {"ReminderId": str(uuid.uuid4())}
    return {
        "ReminderId": idempotency.reminder_id(caller.id, key),
        "RequestDigest": idempotency.digest(request, key),
    }


def _new(
    request: Mapping[str, Any], identity: Mapping[str, str], caller: Caller, *, now: datetime, request_id: str | None
) -> tuple[dict[str, Any], Row]:
    """Returns the request with its addresses, and the row of a new reminder. Raises RequestError if it is invalid."""
    addressed, due = _checked(request, caller, now=now)
    reminder_id, kept = identity["ReminderId"], settings.kept()
    execution = executions.first_of(reminder_id)
    row = row_of(
        addressed,
        due,
        reminder_id=reminder_id,
        execution=execution,
        owner=caller.id,
        stop_key=stop_link.new_key(),
        now=now,
        kept=kept,
        request_id=request_id,
    )
    return addressed, {**row, **identity, "Claim": str(uuid.uuid4())}


def _is_scheduled(request: Mapping[str, Any], row: Row) -> bool:
    """Writes the row and starts its execution. Returns whether this call did both.

    False means that the row existed: the same request came twice at once, or an answer of AWS was lost.
    """
    try:
        if table.create(row):
            _start(request, row)
            return True
    except (ClientError, BotoCoreError):
        table.withdraw(row)
        # The reminder stays if another call has claimed its row, or if it is being sent.
        if table.find(row["ReminderId"]) is None:
            raise
    return False


def _repeated(
    event: http.Event, row: Row | None, identity: Mapping[str, str], request: Mapping[str, Any], caller: Caller
) -> http.Reply:
    """Repeats the first answer. Starts the execution if the first call did not."""
    if row is None:
        raise http.RequestError(503, "Unavailable", "The reminder was not scheduled. Try again.")
    if row["Owner"] != caller.id or not _is_same(row, identity):
        message = f"This {idempotency.HEADER} belongs to another request. Use a new key."
        raise http.RequestError(409, "Conflict", message)
    if row["Status"] == FAILED and executions.found(row["ExecutionId"]) is None:
        message = f"The reminder was never started and has failed. Send it again with a new {idempotency.HEADER}."
        raise http.RequestError(409, "Conflict", message)
    if row["Status"] == SCHEDULED:
        # With a new claim, the call that wrote the row can no longer delete it.
        claimed = table.claim_again(row, claim=str(uuid.uuid4()))
        if claimed is None:
            # It is being sent or was cancelled, unless the call that wrote the row has deleted it.
            if table.find(row["ReminderId"]) is None:
                return _repeated(event, None, identity, request, caller)
        # If the reminder was changed since, this request is not what it says any more.
        elif "ChangeDigest" not in claimed and executions.found(claimed["ExecutionId"]) is None:
            _start(_addressed(request, caller), claimed)
    return _accepted(event, row)


def _is_same(row: Row, identity: Mapping[str, str]) -> bool:
    """Returns whether the row belongs to the same request. Without a key it does, because the id is random."""
    return hmac.compare_digest(row.get("RequestDigest", ""), identity.get("RequestDigest", ""))


def _checked(request: Mapping[str, Any], caller: Caller, *, now: datetime) -> tuple[dict[str, Any], Due]:
    """Returns the request with its addresses, and its due time. Raises RequestError if the reminder is invalid."""
    problems, addressed = Problems(), dict(request)
    with problems.collected():
        addressed = recipients.addressed(request, caller, listed=settings.listed())
    with problems.collected():
        due = validation.due_of(addressed, now=now)
    try:
        problems.refuse()
        # Check the caller's own address, too: the user pool accepts addresses that SES does not.
        addressed = http.checked(addressed, shape=validation.SHAPE)
        readiness.check(addressed)
    except InvalidReminderError as error:
        raise _refused(error) from None
    return addressed, due


def _addressed(request: Mapping[str, Any], caller: Caller) -> dict[str, Any]:
    """Returns the request with every address that its channels need. Raises RequestError if one is not allowed."""
    try:
        return recipients.addressed(request, caller, listed=settings.listed())
    except InvalidReminderError as error:
        raise _refused(error) from None


def _refused(error: InvalidReminderError) -> http.RequestError:
    return http.RequestError(400, "InvalidRequest", "The reminder is invalid.", error.details)


def _start(request: Mapping[str, Any], row: Row) -> None:
    """Starts the execution that the row names. If its name is used already, starts another one."""
    given = execution_input(request, row, now=datetime.now(UTC))
    if executions.start(row["ExecutionId"], given):
        journal.scheduled(row)
        return
    existing = executions.found(row["ExecutionId"])
    if (
        existing
        and existing["status"] == "RUNNING"
        and json.loads(existing["input"])["waitUntil"] == given["waitUntil"]
    ):
        # Another call has started it, or boto3 has repeated a start whose answer was lost.
        return
    # An earlier call started this execution, and its row was deleted. Its message finds that the row has another one.
    if renamed := table.start_with(row, {}, execution=executions.another_of(row)):
        executions.start(renamed["ExecutionId"], given)
        journal.scheduled(renamed)


def _accepted(event: http.Event, row: Row) -> http.Reply:
    """Returns the answer that the first request got, even if the row is at a later occurrence now."""
    first = {**row, "DueAt": row["FirstDueAt"], "Status": SCHEDULED}
    return http.reply(202, scheduled(first), headers=http.location(event, f"reminders/{row['ReminderId']}"))
