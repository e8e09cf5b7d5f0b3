"""`SettleLostReminders`: finds reminders that no running execution will send, and settles them."""

import os
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Set
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, TypeVar

import boto3
from boto3.dynamodb.conditions import ConditionBase, Key
from botocore.exceptions import BotoCoreError, ClientError

from common import calls
from common.aws import BRIEFLY, error_name
from common.logs import logger_of
from common.times import timestamp
from reminders import earlier, executions, journal, mask, measures, settings, table
from reminders.due import from_utc_text, utc_text
from reminders.following import next_of
from reminders.reminder import (
    CLAIMED,
    FAILED,
    OVER,
    SCHEDULED,
    SENDING,
    Row,
    channels_on,
    execution_input,
    failed,
    without_alias,
)

OVERDUE = {SCHEDULED: timedelta(minutes=10), SENDING: timedelta(minutes=30)}
"""How long after its due time and its last change a reminder of each status is overdue, if its queue is empty. It is
longer than the workflow's retries take to put a message into the queue (SCHEDULED), and than a message stays hidden
after an attempt (SENDING)."""

WAITS_IN_A_QUEUE = timedelta(hours=1)
"""The same, if the queue of a channel has messages. One of them may be the reminder's."""

SLOWER = 10
"""If the service throttles, a queue may take this many times as long as its length and its pauses say."""

WORKS_SECONDS = 200
"""After this time a run settles no further reminder. The next run finds those that are left."""

MAY_HAVE_ARRIVED = "the workflow ended while it was sending, so the reminder may have arrived"
TOO_LATE = "the workflow ended before it sent the reminder, and now it is too late"
NOT_KNOWN = "the workflow ended before it sent the reminder, and the addresses are no longer known"
DAMAGED = "the workflow ended before it sent the reminder, and the reminder's row is damaged"
NO_MORE = "; the reminder will not repeat any more"

T = TypeVar("T")

COUNTS = (
    "ApproximateNumberOfMessages",
    "ApproximateNumberOfMessagesNotVisible",
    "ApproximateNumberOfMessagesDelayed",
)

_states = executions.states
_sqs = boto3.client("sqs", config=BRIEFLY)

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
    lengths: dict[str, int] = field(default_factory=dict)
    """The number of messages in the queue of each channel, as far as the run has asked for it."""

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
                self.lost += bool(self.attempt(partial(_settle, found, self), what))

    def patience(self, row: Row) -> timedelta:
        """Returns how long after its due time and its last change the reminder is overdue."""
        queued = {channel: length for channel in channels_on(row) if (length := self._length(channel))}
        if not queued:
            return OVERDUE[row["Status"]]
        slowest = max(length * settings.pauses()[channel] for channel, length in queued.items())
        return max(WAITS_IN_A_QUEUE, SLOWER * timedelta(seconds=slowest))

    def _length(self, channel: str) -> int:
        if channel not in self.lengths:
            answer = _sqs.get_queue_attributes(QueueUrl=settings.queues()[channel], AttributeNames=list(COUNTS))
            self.lengths[channel] = sum(int(answer["Attributes"][name]) for name in COUNTS)
        return self.lengths[channel]


@calls.recorded
def handler(event: Mapping[str, Any], context: object) -> dict[str, Any]:
    """Settles the lost reminders: `{"Lost": how many it settled, "Complete": whether it looked at every reminder}`.

    A reminder is lost if it is SCHEDULED or SENDING, overdue, and has no running execution and no message in a queue.
    A repeated one is also lost if it failed before anything was sent. With `{"Waiting": true}` as `event`, the function
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
        # The alias would leave out executions that somebody started by hand.
        stateMachineArn=without_alias(os.environ["REMINDER_WORKFLOW"]),
        statusFilter="RUNNING",
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


def _settle(found: Row, run: Run) -> bool:
    """Settles the reminder if it is lost. Returns whether it was lost."""
    row = table.find(found["ReminderId"])
    if row is None or row["Status"] != found["Status"]:
        return False
    execution = executions.found(row["ExecutionId"])
    if execution and execution["status"] == "RUNNING":
        return False
    try:
        source = execution or earlier.before(row)
        if row["Status"] in OVER:
            return _go_on_after(row, source, now=run.now)
        may_be_queued = row["Status"] == SENDING or (execution and execution["status"] == "SUCCEEDED")
        if may_be_queued and run.now - _last_seen(row) < run.patience(row):
            return False
        return _send_again_or_fail(row, source, now=run.now)
    except (KeyError, ValueError):
        if row.get("Reason") == DAMAGED:
            # Do not count it again: a sweep finds a repeated reminder until the stage's grace time is over.
            return False
        return _fail(row, DAMAGED, now=run.now)


def _last_seen(row: Row) -> datetime:
    """Returns when the reminder was due, or when an attempt to send it last changed the row, if that was later."""
    return max(from_utc_text(row["DueAt"]), from_utc_text(row["UpdatedAt"]))


def _send_again_or_fail(row: Row, source: Mapping[str, Any] | None, *, now: datetime) -> bool:
    """Starts the reminder again, or fails it. `source` is the execution whose input may hold the addresses."""
    request = earlier.request_in(source, row)
    if row["Status"] == SENDING:
        reason = MAY_HAVE_ARRIVED
    elif now - from_utc_text(row["DueAt"]) > settings.grace():
        reason = TOO_LATE
    elif request:
        return _schedule(row, {"UpdatedAt": timestamp(now)}, request, source, now=now)
    elif now - from_utc_text(row["UpdatedAt"]) < OVERDUE[SCHEDULED]:
        # `CreateReminder` may be about to start the execution.
        return False
    else:
        reason = NOT_KNOWN
    if request and (following := next_of(row, now=now)):
        if is_settled := _schedule(row, {**following, "Reason": reason}, request, source, now=now):
            _note_failure(row, reason, now=now)
        return is_settled
    stops = request is None and "Repeat" in row
    return _fail(row, reason + NO_MORE if stops else reason, now=now)


def _fail(row: Row, reason: str, *, now: datetime) -> bool:
    is_settled = table.settle(row, failed(reason, now=now)) is not None
    if is_settled and row["Status"] not in OVER:
        _note_failure(row, reason, now=now)
    return is_settled


def _note_failure(row: Row, reason: str, *, now: datetime) -> None:
    journal.ended(row, FAILED, reason, now=now)
    if CLAIMED not in row:
        journal.count(measures.DUE)


def _go_on_after(row: Row, source: Mapping[str, Any] | None, *, now: datetime) -> bool:
    """Schedules the next occurrence of a repeated reminder whose execution failed before it sent anything."""
    request, following = earlier.request_in(source, row), next_of(row, now=now)
    if request is None or following is None:
        return False
    return _schedule(row, {**following, "Reason": ""}, request, source, now=now)


def _schedule(
    row: Row, changes: Row, request: Mapping[str, Any], source: Mapping[str, Any] | None, *, now: datetime
) -> bool:
    """Gives the reminder a new execution. Messages and executions of the old one then find that it is not theirs.

    Returns False if somebody, such as another sweep, has changed the row since.
    """
    after = source["executionArn"] if source else row["ExecutionId"]
    execution = {"Status": SCHEDULED, "ExecutionId": executions.another_of(row), "After": after}
    if scheduled := table.settle(row, {**changes, **execution}):
        executions.start(scheduled["ExecutionId"], execution_input(request, scheduled, now=now))
        journal.note("lost reminder started again", scheduled)
    return scheduled is not None
