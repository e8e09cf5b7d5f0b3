"""`SettleLostReminders`: finds reminders that no running execution will send, and settles them."""

import contextlib
import json
import os
import time
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping, Set
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, TypeVar

import boto3
from boto3.dynamodb.conditions import ConditionBase, Key
from botocore.exceptions import BotoCoreError, ClientError

from common.aws import BRIEFLY, error_name
from common.jsontext import NotJsonError, read_leniently
from common.logs import logger_of
from common.shape import ShapeError
from reminders import mask, recurrence, settings, table, validation
from reminders.channels import addresses_of, channels_of
from reminders.due import from_utc_text, utc_text
from reminders.reminder import (
    OVER,
    SCHEDULED,
    SENDING,
    Row,
    due_fields,
    failed,
    first_due,
    first_execution,
    request_on,
    to_go_on,
)

OVERDUE = {SCHEDULED: timedelta(minutes=10), SENDING: timedelta(minutes=30)}
"""How long after `DueAt` a reminder of each status is overdue. It is longer than the workflow's retries take to start
the next execution (SCHEDULED), and to send a reminder and record the result (SENDING)."""

WORKS_SECONDS = 200
"""After this time a run settles no further reminder. The next run finds those that are left."""

MAY_HAVE_ARRIVED = "the workflow ended while it was sending, so the reminder may have arrived"
TOO_LATE = "the workflow ended before it sent the reminder, and now it is too late"
NOT_KNOWN = "the workflow ended before it sent the reminder, and the addresses are no longer known"
DAMAGED = "the workflow ended before it sent the reminder, and the reminder's row is damaged"
NO_MORE = "; the reminder will not repeat any more"

T = TypeVar("T")

_states = boto3.client("stepfunctions", config=BRIEFLY)

logger = logger_of(__name__)


class NotSettledError(Exception):
    """This run could not find or settle some lost reminders. The message has the number of failures."""


@dataclass
class Run:
    """One run of the function, with its results."""

    now: datetime
    until: float
    """The value of time.monotonic after which the run settles no further reminder."""

    lost: int = 0
    failures: int = 0
    complete: bool = True

    def attempt(self, action: Callable[[], T], otherwise: str) -> T | None:
        """Returns the result of `action`, or None if AWS failed. The run then continues with the other reminders."""
        try:
            return action()
        except (ClientError, BotoCoreError) as error:
            self.failures += 1
            logger.error("%s: %s", otherwise, error_name(error))
            return None

    def settle(self, suspects: Iterable[Row], living: Set[str]) -> None:
        """Settles the suspects that are lost. `living` are known running executions; there may be others."""
        for found in suspects:
            if time.monotonic() > self.until:
                self.complete = False
                return
            if found.get("ExecutionId") not in living:
                # The id of a reminder that was started by hand is its execution's name, which may contain an address.
                what = f"reminder {mask.text(found['ReminderId'])} was not settled"
                self.lost += bool(self.attempt(partial(_settle, found, now=self.now), what))


def handler(event: Mapping[str, Any], context: object) -> dict[str, Any]:
    """Settles the lost reminders: `{"Lost": how many it settled, "Complete": whether it looked at every reminder}`.

    A reminder is lost if it is SCHEDULED or SENDING, overdue, and has no running execution. A repeated one is also lost
    if its execution ended before it scheduled the next occurrence. With `{"Waiting": true}` as `event`, the function
    also settles reminders that are SCHEDULED without an execution and not due yet.

    A SCHEDULED reminder gets a new execution, if it is not later than the stage allows and its addresses are known. Any
    other becomes FAILED and says why. A repeated reminder goes on with its next occurrence.
    Raises NotSettledError after trying all reminders if AWS failed, so that Lambda retries and the alarm goes off.

    See decision D040.
    """
    run = Run(now=datetime.now(UTC), until=time.monotonic() + WORKS_SECONDS)
    waiting = event.get("Waiting") is True
    living = (run.attempt(_living, "the executions were not listed") if waiting else None) or frozenset()
    for suspects in _suspects(run.now, waiting=waiting):
        run.attempt(partial(run.settle, suspects, living), "the reminders of a status were not listed")
    if run.lost:
        # The alarm ReminderLost counts this field.
        logger.warning("lost reminders were settled", extra={"lost": run.lost})
    if run.failures:
        raise NotSettledError(f"{run.failures} failures, and {run.lost} reminders settled")
    return {"Lost": run.lost, "Complete": run.complete}


def _living() -> frozenset[str]:
    """Returns the running executions. Listing them is cheaper than describing one for each waiting reminder."""
    pages = _states.get_paginator("list_executions").paginate(
        stateMachineArn=os.environ["REMINDER_WORKFLOW"], statusFilter="RUNNING"
    )
    return frozenset(one["executionArn"] for page in pages for one in page["executions"])


def _suspects(now: datetime, *, waiting: bool) -> Iterator[Iterable[Row]]:
    """Yields, for each status, the rows of reminders that may be lost. The index that they come from may lag."""

    def due_before(status: str) -> ConditionBase:
        return Key("DueAt").lt(utc_text(now - OVERDUE[status]))

    yield table.all_with_status(SCHEDULED, due=None if waiting else due_before(SCHEDULED))
    yield table.all_with_status(SENDING, due=due_before(SENDING))
    # No occurrence is sent after the grace time, so a sweep need not look back further.
    lately = now - settings.grace() - 2 * OVERDUE[SENDING], now if waiting else now - OVERDUE[SENDING]
    for status in OVER:
        rows = table.all_with_status(status, due=Key("DueAt").between(*map(utc_text, lately)))
        yield (row for row in rows if "Repeat" in row)


def _settle(found: Row, *, now: datetime) -> bool:
    """Settles the reminder if it is lost. Returns whether it was lost."""
    row = table.find(found["ReminderId"])
    if row is None or row["Status"] != found["Status"]:
        return False
    execution = _execution_of(row)
    if execution and execution["status"] == "RUNNING":
        return False
    try:
        if row["Status"] in OVER:
            return _go_on_after(row, execution, now=now)
        return _send_again_or_fail(row, execution, now=now)
    except (KeyError, ValueError):
        if row.get("Reason") == DAMAGED:
            # Do not count it again: a sweep finds a repeated reminder until the stage's grace time is over.
            return False
        return table.settle(row, failed(DAMAGED, now=now)) is not None


def _send_again_or_fail(row: Row, execution: Mapping[str, Any] | None, *, now: datetime) -> bool:
    request = _request(row, execution)
    if row["Status"] == SENDING:
        reason = MAY_HAVE_ARRIVED
    elif now - from_utc_text(row["DueAt"]) > settings.grace():
        reason = TOO_LATE
    elif request:
        # Two executions at the same time do no harm, because only one can claim the row.
        _start(request, row)
        return True
    elif now - from_utc_text(row["UpdatedAt"]) < OVERDUE[SCHEDULED]:
        # `CreateReminder` may be about to start the execution.
        return False
    else:
        reason = NOT_KNOWN
    if request and (following := _next_of(row, now=now)):
        return _schedule(row, {**following, "Reason": reason}, request)
    stops = request is None and "Repeat" in row
    return table.settle(row, failed(reason + NO_MORE if stops else reason, now=now)) is not None


def _go_on_after(row: Row, execution: Mapping[str, Any] | None, *, now: datetime) -> bool:
    """Schedules the next occurrence of a repeated reminder whose execution ended before it did so."""
    request, following = _request(row, execution), _next_of(row, now=now)
    return request is not None and following is not None and _schedule(row, {**following, "Reason": ""}, request)


def _schedule(row: Row, following: Row, request: Mapping[str, Any]) -> bool:
    """Schedules the next occurrence. Returns False if somebody, such as another sweep, has changed the row since."""
    if scheduled := table.settle(row, {**following, "Status": SCHEDULED}):
        _start(request, scheduled)
    return scheduled is not None


def _next_of(row: Row, *, now: datetime) -> Row | None:
    """Returns the changes in the row for its next occurrence. None if the reminder does not go on."""
    if "Repeat" not in row or "Stopped" in row:
        return None
    following = recurrence.next_after(first_due(row), json.loads(row["Repeat"]), int(row["Occurrence"]), now=now)
    if following is None:
        return None
    return due_fields(following.instant, number=following.number, now=now, kept=settings.kept())


def _execution_of(row: Row) -> dict[str, Any] | None:
    """Returns Step Functions' description of the execution that the row names, or by default of the first one.

    None if no execution was started, or if it ended more than 90 days ago.
    """
    by_name = first_execution(row, os.environ["REMINDER_WORKFLOW"])
    try:
        found: dict[str, Any] = _states.describe_execution(executionArn=row.get("ExecutionId", by_name))
    except (_states.exceptions.ExecutionDoesNotExist, _states.exceptions.InvalidArn):
        return None
    return found


def _request(row: Row, execution: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """Returns the request for the reminder, addresses included. None if the addresses are no longer known.

    The request comes from the execution's input. The row hides addresses, so it is only enough for channels without
    addresses.
    """
    on_the_row = request_on(row)
    with contextlib.suppress(NotJsonError, ShapeError):
        given = read_leniently(execution.get("input", "{}")) if execution else {}
        request = validation.given_to_the_workflow(given)
        is_its_own = given.get("reminderId", row["ReminderId"]) == row["ReminderId"]
        if is_its_own and {**request, "channels": channels_of(request)}.items() >= on_the_row.items():
            return request
    return None if addresses_of(on_the_row["channels"]) else on_the_row


def _start(request: Mapping[str, Any], row: Row) -> None:
    # The name is random. If it exists already, boto3 has repeated a start whose answer was lost.
    with contextlib.suppress(_states.exceptions.ExecutionAlreadyExists):
        _states.start_execution(
            stateMachineArn=os.environ["REMINDER_WORKFLOW"],
            # The workflow forms the name of a following execution in the same way.
            name=f"{row['ReminderId'][:71]}-{uuid.uuid4().hex[:8]}",
            input=json.dumps(to_go_on(request, row), ensure_ascii=False),
        )
