"""Delivers a reminder by one channel: claims its row, sends it, and records the result.

If the reminder repeats, the same write that ends an occurrence schedules the next one.

See decisions D142 to D145.
"""

import logging
from collections.abc import Mapping
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from common.times import timestamp, timestamp_in_full
from reminders import allowance, executions, journal, mail_tag, measures, settings, stop_link, table
from reminders.due import from_utc_text
from reminders.errors import InvalidReminderError
from reminders.following import next_of
from reminders.limits import TEXTS_USED_UP
from reminders.reminder import (
    BY_RECIPIENT,
    CANCELLED,
    CLAIMED,
    FAILED,
    LEASE,
    LEASE_TIME,
    RESULT,
    SCHEDULED,
    SENDING,
    TEXT_ID,
    TEXT_OCCURRENCE,
    Row,
    bounces,
    channels_on,
    execution_input,
    outcome,
    results_on,
)
from sending import senders
from sending.messages import Message
from sending.pace import HOLD, Refusal, back_off, fails, refusal_of

TOO_LATE = "the reminder waited too long in its queue"
BOUNCES = "the e-mail was not sent: an earlier one came back, because the address accepts no mail"
DAMAGED = "the next occurrence was not scheduled, because the reminder's row is damaged"


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
        return
    if row.get(CLAIMED) == timestamp_in_full(now):
        journal.count(measures.DUE)
    if "RefusedAt" in row:
        # The recipient stopped it during an earlier attempt, or after the other channel had sent it.
        if table.finish(row, {"Status": CANCELLED, "Reason": BY_RECIPIENT, "UpdatedAt": timestamp(now)}):
            journal.ended(row, CANCELLED, BY_RECIPIENT, now=now)
    elif now - from_utc_text(row["DueAt"]) > settings.grace():
        _record(row, message, TOO_LATE)
    else:
        _send(row, message)


def _send(row: Row, message: Message) -> None:
    # If the row is damaged, this raises KeyError. Its result could not be recorded, so each attempt would send again.
    channels_on(row)
    if bounces(row, message.channel):
        _record(row, message, BOUNCES)
        return
    if message.channel == "sms":
        try:
            # For each occurrence, because it cannot be known earlier on which day a text is sent.
            allowance.take_text(row, now=datetime.now(UTC))
        except allowance.TextsUsedUpError:
            _record(row, message, TEXTS_USED_UP)
            return
    try:
        sent_id = senders.send(message.channel, message.reminder, _marks(row))
    except (InvalidReminderError, ClientError, BotoCoreError) as error:
        _not_sent(row, message, error)
    else:
        text = {TEXT_ID: sent_id, TEXT_OCCURRENCE: row["Occurrence"]}
        _record(row, message, "", sent=text if message.channel == "sms" else {})


def _marks(row: Row) -> senders.Marks:
    """Returns what a mail says about its reminder. A row that an earlier version wrote has no key and no id."""
    request_id = row.get("RequestId", "")
    if "StopKey" not in row:
        return senders.Marks(request_id=request_id)
    token = stop_link.token_of(row["ReminderId"], row["StopKey"], due=from_utc_text(row["DueAt"]))
    tag = mail_tag.tag_of(row["ReminderId"], row["StopKey"], occurrence=int(row["Occurrence"]))
    return senders.Marks(stop_url=f"{settings.stop_url()}/{token}", request_id=request_id, tag=tag)


def _not_sent(row: Row, message: Message, error: Exception) -> None:
    """Fails the channel, or releases the reminder for a later attempt and raises PostponedError."""
    final = isinstance(error, InvalidReminderError)
    refusal = Refusal.FINAL if final else refusal_of(error)
    reason = senders.reason_of(message.channel, error)
    is_over = fails(refusal, message.receives)
    # A later attempt needs nobody, unless the account may send no more mails today.
    level = logging.WARNING if is_over or refusal is Refusal.SPENT else logging.INFO
    # The row has only the name of the error. The log also has the service's own words.
    journal.note("reminder not sent", row, level=level, Reason=reason, Said=senders.said(error))
    # If the service failed or did not answer, it may have sent the reminder.
    is_unsent = refusal is not Refusal.TEMPORARY
    if is_unsent and message.channel == "sms":
        # Before the lease ends, so that no other attempt counts at the same time.
        allowance.give_text_back(row, now=datetime.now(UTC))
    if is_over:
        _record(row, message, reason)
        return
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
        ends = max(now, from_utc_text(lease)) if lease else now
        raise PostponedError("another attempt is sending it", seconds=(ends - now).seconds + 1)


def _record(row: Row, message: Message, reason: str, *, sent: Mapping[str, Any] = MappingProxyType({})) -> None:
    """Records the result of this channel. The last channel of a reminder also ends the occurrence.

    `sent` are fields that the row gets from the service's answer.
    """
    if len(channels_on(row)) == 1:
        _finish(row, message, [reason], sent=sent)
        return
    recorded = table.record(row, message.channel, reason, now=datetime.now(UTC), sent=sent)
    if recorded and (results := results_on(recorded)) is not None:
        _finish(recorded, message, results)


def _finish(row: Row, message: Message, results: list[str], *, sent: Mapping[str, Any] = MappingProxyType({})) -> None:
    """Ends the occurrence with these results. If the reminder repeats, schedules the next occurrence instead."""
    now = datetime.now(UTC)
    ended = {**outcome(results, now=now), **sent}
    try:
        following = next_of(row, now=now)
    except (KeyError, ValueError):
        ended = {**ended, "Status": FAILED, "Reason": DAMAGED}
        following = None
    if following:
        changes = {**following, **sent, "Reason": ended["Reason"]}
        if scheduled := table.finish_and_repeat(row, changes, execution=executions.another_of(row)):
            journal.ended(row, ended["Status"], ended["Reason"], now=now)
            _start(scheduled, message, now=now)
            return
    # Somebody has stopped the repetitions, or there are none.
    if table.finish(row, ended):
        journal.ended(row, ended["Status"], ended["Reason"], now=now)


def _wait_on(row: Row, message: Message, *, now: datetime) -> None:
    """Starts another execution for a reminder that is due later than this one's execution could wait."""
    if scheduled := table.start_with(row, {}, execution=executions.another_of(row)):
        _start(scheduled, message, now=now)


def _start(row: Row, message: Message, *, now: datetime) -> None:
    """Starts the execution that the row names. It may exist already, if an earlier attempt has started it."""
    given = execution_input(message.reminder, row, now=now, waited_until=message.waited_until)
    executions.start(row["ExecutionId"], given)
