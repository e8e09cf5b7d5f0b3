"""Messages about a person in the queues that hold them for operators.

No application reads these queues, and SQS moves no message out of them after a number of receives. So it does no harm
to read them here, apart from hiding them from operators for a moment.
"""

import os
import time
from collections.abc import Callable, Mapping, Set
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import boto3

from account import rows
from account.stores import ESCALATED_DEAD, FULFILLMENT_DEAD, PARKED, REMINDERS_DEAD, REMOVED
from common.aws import BRIEFLY
from common.queues import Hold, Message, object_in, waiting

QUEUES = {
    PARKED: "PARKED_QUEUE",
    ESCALATED_DEAD: "ESCALATION_DEAD_LETTERS",
    REMINDERS_DEAD: "REMINDER_DEAD_LETTERS",
    FULFILLMENT_DEAD: "FULFILLMENT_DEAD_LETTERS",
}
"""The queues, each with the environment variable that has its URL. A deletion empties those in REMOVED."""

_ORDERS, _REMINDERS = (rows.orders_page, rows.orders_named), (rows.reminders_page, rows.reminders_named)
_ROWS = {PARKED: _ORDERS, ESCALATED_DEAD: _ORDERS, REMINDERS_DEAD: _REMINDERS, FULFILLMENT_DEAD: _ORDERS}
"""How the rows are read that each queue is about: a page of a person, and those with some ids."""

HELD_SECONDS = 30
"""How long the messages stay hidden if the function dies. It is longer than the function's timeout."""

_sqs = boto3.client("sqs", config=BRIEFLY)


@dataclass
class Found:
    """Messages about a person, by queue, and the queues in which some may be left."""

    bodies: dict[str, list[Any]] = field(default_factory=dict)
    unsearched: set[str] = field(default_factory=set)


def messages(owner: str, *, seconds: float, remove: bool) -> Found:
    """Finds the messages about a person. If `remove` is true, searches the queues in REMOVED, and removes the messages.

    Takes about `seconds`.

    It reads the rows that the messages name, and not all rows of the person, because there may be very many.
    """
    found, until = Found(), time.monotonic() + seconds

    def search(queue: str) -> None:
        url, (page, named) = os.environ[QUEUES[queue]], _ROWS[queue]
        # A person without rows has no messages. So operators keep seeing other people's messages.
        if not waiting(_sqs, url) or not any(page(owner, after=None)):
            return
        with Hold(_sqs, url, seconds=HELD_SECONDS, until=until) as hold:
            own = [message for batch in hold.batches() for message in _own(batch, owner, named)]
            found.bodies[queue] = [object_in(message) for message in own]
            kept = hold.delete_all(own) if remove else 0
            if kept or not hold.is_everything:
                found.unsearched.add(queue)

    # All at once, because the last answer of each queue takes a second, or three if another reader hides messages.
    searched = [queue for queue in QUEUES if queue in REMOVED or not remove]
    with ThreadPoolExecutor(len(searched)) as workers:
        # `list` raises the errors of the calls.
        list(workers.map(search, searched))
    return found


def _own(batch: list[Message], owner: str, named: Callable[[Set[str]], Mapping[str, rows.Row]]) -> list[Message]:
    """The messages that name a row of the owner."""
    ids = [_ids_in(object_in(message)) for message in batch]
    own = {id for id, row in named(set().union(*ids)).items() if row.get("Owner") == owner}
    return [message for message, its in zip(batch, ids, strict=True) if its & own]


def _ids_in(body: dict[str, Any]) -> set[str]:
    """The ids of the order or the reminder that a message is about. A message by hand may contain anything."""
    reminder = body.get("Reminder")
    values = (body.get("OrderId"), reminder.get("reminderId") if isinstance(reminder, dict) else None)
    return {value for value in values if isinstance(value, str)}
