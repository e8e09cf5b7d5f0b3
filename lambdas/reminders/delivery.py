"""Delivers a reminder by one channel: claims its row, sends it, and records the result.

If the reminder repeats, the same write that ends an occurrence schedules the next one.

See decisions D142 to D145.
"""

from datetime import UTC, datetime

from botocore.exceptions import BotoCoreError, ClientError

from common.logs import logger_of
from common.times import timestamp
from reminders import executions, mask, senders, settings, stop_link, table
from reminders.due import from_utc_text
from reminders.errors import InvalidReminderError
from reminders.following import next_of
from reminders.messages import Message
from reminders.pace import HOLD, Refusal, back_off, fails, refusal_of
from reminders.reminder import (
    BY_RECIPIENT,
    CANCELLED,
    FAILED,
    LEASE,
    LEASE_TIME,
    RESULT,
    SCHEDULED,
    SENDING,
    Row,
    channels_on,
    execution_input,
    outcome,
    results_on,
)

TOO_LATE = "the reminder waited too long in its queue"
DAMAGED = "the next occurrence was not scheduled, because the reminder's row is damaged"

logger = logger_of(__name__)


class PostponedError(Exception):
    """The message must go back into its queue for some seconds.

    `hold` says for how many seconds this instance should send nothing at all by this channel.
    """

    def __init__(self, reason: str, *, seconds: int, hold: float = 0) -> None:
        super().__init__(reason)
        self.seconds = seconds
        self.hold = hold


def deliver(message: Message) -> None:
    """Sends the reminder of a message, once, if it is still to be sent.

    Raises PostponedError if a later attempt is needed, and AWS's errors if the row could not be read or written.
    """
    now = datetime.now(UTC)
    row = table.claim(
        message.reminder_id,
        execution=message.execution,
        channel=message.channel,
        waited_until=message.waited_until,
        now=now,
        lease=LEASE_TIME,
    )
    if row is None:
        _without_claim(message, now=now)
    elif "RefusedAt" in row:
        # The recipient stopped it during an earlier attempt, or after the other channel had sent it.
        table.finish(row, {"Status": CANCELLED, "Reason": BY_RECIPIENT, "UpdatedAt": timestamp(now)})
    elif now - from_utc_text(row["DueAt"]) > settings.grace():
        _record(row, message, TOO_LATE)
    else:
        _send(row, message)


def _send(row: Row, message: Message) -> None:
    # If the row is damaged, this raises KeyError. Its result could not be recorded, so each attempt would send again.
    channels_on(row)
    try:
        senders.send(message.channel, message.reminder, _stop_url(row))
    except (InvalidReminderError, ClientError, BotoCoreError) as error:
        _not_sent(row, message, error)
    else:
        _record(row, message, "")


def _stop_url(row: Row) -> str:
    """Returns the address where the recipient can stop the reminder. Empty if an earlier version wrote the row."""
    if "StopKey" not in row:
        return ""
    token = stop_link.token_of(row["ReminderId"], row["StopKey"], due=from_utc_text(row["DueAt"]))
    return f"{settings.stop_url()}/{token}"


def _not_sent(row: Row, message: Message, error: Exception) -> None:
    """Fails the channel, or releases the reminder for a later attempt and raises PostponedError."""
    final = isinstance(error, InvalidReminderError)
    refusal = Refusal.FINAL if final else refusal_of(error)
    reason = senders.reason_of(message.channel, error)
    # The row has only the name of the error. The log also has the service's own words.
    logger.warning("%s: %s: %s", _shown(message), reason, senders.said(error))
    if fails(refusal, message.receives):
        _record(row, message, reason)
        return
    # If the service failed or did not answer, it may have sent the reminder.
    is_unsent = refusal is not Refusal.TEMPORARY
    table.release(row, message.channel, now=datetime.now(UTC), is_unsent=is_unsent)
    raise PostponedError(reason, seconds=back_off(refusal, message.receives), hold=HOLD.get(refusal, 0))


def _without_claim(message: Message, *, now: datetime) -> None:
    """Does what is left to do for a message that could not claim its row.

    Usually there is nothing: the reminder was cancelled, has another execution, or this is a copy of a message.
    """
    row = table.find(message.reminder_id)
    if row is None:
        return
    if row["ExecutionId"] != message.execution:
        if row["Status"] == SCHEDULED and row.get("After") == message.execution:
            # An earlier attempt has scheduled the next execution, and perhaps ended before it started it.
            _start(row, message, now=now)
    elif row["Status"] == SCHEDULED and row["DueAt"] > message.waited_until:
        _wait_on(row, message, now=now)
    elif row["Status"] == SENDING:
        _after_an_attempt(row, message, now=now)


def _after_an_attempt(row: Row, message: Message, *, now: datetime) -> None:
    if (results := results_on(row)) is not None:
        # An earlier attempt has recorded the last result, and ended before it wrote the status.
        _finish(row, message, results)
    elif RESULT.format(message.channel.capitalize()) not in row:
        lease = row.get(LEASE.format(message.channel.capitalize()))
        left = (from_utc_text(lease) - now).total_seconds() if lease else 0
        raise PostponedError("another attempt is sending it", seconds=max(0, int(left)) + 1)


def _record(row: Row, message: Message, reason: str) -> None:
    """Records the result of this channel. The last channel of a reminder also ends the occurrence."""
    if len(channels_on(row)) == 1:
        _finish(row, message, [reason])
        return
    recorded = table.record(row, message.channel, reason, now=datetime.now(UTC))
    if recorded and (results := results_on(recorded)) is not None:
        _finish(recorded, message, results)


def _finish(row: Row, message: Message, results: list[str]) -> None:
    """Ends the occurrence with these results. If the reminder repeats, schedules the next occurrence instead."""
    now = datetime.now(UTC)
    ended = outcome(results, now=now)
    if ended["Status"] == FAILED:
        # The alarm ReminderFailed counts this field.
        logger.error("%s has failed: %s", _shown(message), ended["Reason"], extra={"failed": 1})
    try:
        following = next_of(row, now=now)
    except (KeyError, ValueError):
        ended = {**ended, "Status": FAILED, "Reason": DAMAGED}
        logger.error("%s: %s", _shown(message), DAMAGED, extra={"failed": 1})
        following = None
    if following:
        changes = {**following, "Reason": ended["Reason"]}
        if scheduled := table.finish_and_repeat(row, changes, execution=executions.another_of(row)):
            _start(scheduled, message, now=now)
            return
    # Somebody has stopped the repetitions, or there are none.
    table.finish(row, ended)


def _wait_on(row: Row, message: Message, *, now: datetime) -> None:
    """Starts another execution for a reminder that is due later than this one's execution could wait."""
    if scheduled := table.start_with(row, {}, execution=executions.another_of(row)):
        _start(scheduled, message, now=now)


def _start(row: Row, message: Message, *, now: datetime) -> None:
    """Starts the execution that the row names. It may exist already, if an earlier attempt has started it."""
    given = execution_input(message.reminder, row, now=now, waited_until=message.waited_until)
    executions.start(row["ExecutionId"], given)


def _shown(message: Message) -> str:
    # The id of a reminder that was started by hand is its execution's name, which may contain an address.
    return f"reminder {mask.text(message.reminder_id)}"
