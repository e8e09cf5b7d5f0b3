"""`PATCH /reminders/{reminderId}`."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from common import http
from common.caller import Caller, caller_of
from reminders import (
    allowance,
    earlier,
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
from reminders.change import TIMES, content_of, due_after, request_after, row_after
from reminders.channels import addresses_of, channels_of
from reminders.due import Due
from reminders.errors import InvalidReminderError, Problems
from reminders.owner import own_row
from reminders.reminder import FEEDBACK, OVER, SCHEDULED, Row, bounces, execution_input, request_on, shown


@http.api
def handler(event: http.Event) -> http.Reply:
    """Changes a reminder, moves it to another time, or sends it now.

    - 200: the reminder is changed. Or the caller's last change had the same `Idempotency-Key` and the same body, so
      nothing is changed again.
    - 400: the change is invalid, or one of the channels could not send the reminder when it is due.
    - 404: the reminder is unknown, or another person set it.
    - 409: the reminder is being sent or was cancelled, or it is over and the change is more than a new time. Or the
      addresses are no longer known, or another change came first.
    - 429: the caller has reached one of their limits.

    The row decides: `SendReminder`, `CancelReminder` and this function must change it first, and only one succeeds.

    See decision D182.
    """
    caller, now = caller_of(event), datetime.now(UTC)
    change = http.json_body(event, shape=validation.CHANGE)
    key = idempotency.key_in(event)
    digest = idempotency.digest_of_change(change, key) if key else ""
    row = own_row(event)
    if digest and row.get("ChangeDigest") == digest:
        return http.reply(200, shown(_started(row)))
    _check_status(row, change)
    changed = _changed(row, change, caller, digest, now=now)
    journal.note("reminder changed", changed, request_id=http.request_id(event), Fields=", ".join(sorted(change)))
    return http.reply(200, shown(changed))


def _check_status(row: Row, change: Mapping[str, Any]) -> None:
    """Raises RequestError if a reminder with the row's status does not take this change."""
    if "RefusedAt" in row:
        raise _conflict("The recipient of the reminder has stopped it. Set a new reminder.")
    if row["Status"] in OVER:
        if change.keys() - TIMES:
            raise _conflict("The reminder was sent or has failed. It takes only a new time or sendNow.")
    elif row["Status"] != SCHEDULED:
        raise _conflict("The reminder is being sent, or was cancelled before.")


def _changed(row: Row, change: Mapping[str, Any], caller: Caller, digest: str, *, now: datetime) -> Row:
    """Changes the row and starts its new execution. Returns the row. Raises RequestError, and changes nothing."""
    execution = executions.found(row["ExecutionId"])
    source = execution or earlier.before(row)
    known = earlier.request_in(source, row)
    request, due = _checked(change, row, known, caller, now=now)
    following = executions.another_of(row)
    allowance.take_reminder(caller.id, following, waits=row["Status"] in OVER, now=now)
    changes, gone = row_after(change, row, request, due, now=now, kept=settings.kept())
    if source and known and content_of(known) == content_of(request):
        after = source["executionArn"]
    else:
        after = _kept({**row, **changes}, request, now=now)
    changes["ChangeDigest"] = digest
    if known is None or known.get("email") != request.get("email"):
        # The links in earlier mails belong to the earlier recipient.
        changes["StopKey"] = stop_link.new_key()
        gone.append(FEEDBACK.format("Email"))
    elif "email" in channels_of(request) and bounces(row, "email"):
        raise _conflict(
            "Mails to this address come back. Give the reminder another address or channel, or set a new reminder."
        )
    changed = table.change(row, changes, execution=following, after=after, without=gone)
    if changed is None:
        raise _conflict("The reminder is being sent, or was changed a moment ago. Look at it, then try again.")
    executions.start(changed["ExecutionId"], execution_input(request, changed, now=now))
    if execution and execution["status"] == "RUNNING":
        executions.stop_if_possible(execution["executionArn"])
    return changed


def _kept(row: Row, request: Mapping[str, Any], *, now: datetime) -> str:
    """Keeps the request in the input of an execution that is stopped at once, and returns its ARN.

    If this call ends between its write and the start of the new execution, the sweep finds the addresses there. The
    row never names this execution as its own, so it sends nothing.
    """
    execution = executions.another_of(row)
    executions.start(execution, execution_input(request, row, now=now))
    executions.stop_if_possible(execution)
    return execution


def _checked(
    change: Mapping[str, Any], row: Row, known: Mapping[str, Any] | None, caller: Caller, *, now: datetime
) -> tuple[dict[str, Any], Due]:
    """Returns the request after the change, addresses included, and its due time. Raises RequestError if it is invalid.

    `known` is the request before the change, or None if its addresses are no longer known.
    """
    request = request_after(change, known or request_on(row))
    unknown = [name for name in addresses_of(channels_of(request)) if name not in request and name.capitalize() in row]
    if unknown:
        raise _conflict("The addresses of the reminder are no longer known. Set a new reminder.")
    problems = Problems()
    with problems.collected():
        request = recipients.addressed(request, caller, listed=settings.listed())
    with problems.collected():
        validation.check_message(request)
    with problems.collected():
        due = due_after(change, row, now=now)
    try:
        problems.refuse()
        request = http.checked(request, shape=validation.SHAPE)
        readiness.check(request)
    except InvalidReminderError as error:
        raise http.RequestError(400, "InvalidRequest", "The change is invalid.", error.details) from None
    return request, due


def _started(row: Row) -> Row:
    """Starts the row's execution if the call that changed the row did not. Returns the row."""
    if row["Status"] == SCHEDULED and executions.found(row["ExecutionId"]) is None:
        request = earlier.request_in(earlier.before(row), row)
        if request:
            executions.start(row["ExecutionId"], execution_input(request, row, now=datetime.now(UTC)))
    return row


def _conflict(message: str) -> http.RequestError:
    return http.RequestError(409, "Conflict", message)
