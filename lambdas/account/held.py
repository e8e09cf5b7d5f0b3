"""Messages about a person in the queues that hold them for operators.

No application reads these queues, and SQS moves no message out of them after a number of receives. So it does no harm
to read them here, apart from hiding them from operators for a moment.
"""

import os
import time
from collections.abc import Callable, Iterator, Set
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import boto3

from account.stores import ESCALATED_DEAD, PARKED, REMINDERS_DEAD
from common.aws import BRIEFLY
from common.queues import Hold, Message, object_in, waiting

QUEUES = {
    PARKED: "PARKED_QUEUE",
    ESCALATED_DEAD: "ESCALATION_DEAD_LETTERS",
    REMINDERS_DEAD: "REMINDER_DEAD_LETTERS",
}
"""The queues, each with the environment variable that has its URL."""

HELD_SECONDS = 30
"""How long the messages stay hidden if the function dies. It is longer than the function's timeout."""

_sqs = boto3.client("sqs", config=BRIEFLY)


@dataclass
class Found:
    """Messages about a person, by queue, and the queues in which some may be left."""

    bodies: dict[str, list[Any]] = field(default_factory=dict)
    unsearched: set[str] = field(default_factory=set)


def messages(ids: Callable[[str], Set[str]], *, seconds: float, remove: bool) -> Found:
    """Finds the messages about a person, and removes them if `remove` is true. Takes about `seconds`.

    `ids` returns the ids of the orders or reminders that a queue is about. It is called only for a queue that has
    messages.
    """
    found, until = Found(), time.monotonic() + seconds

    def search(queue: str) -> None:
        url = os.environ[QUEUES[queue]]
        if not waiting(_sqs, url) or not (known := ids(queue)):
            return
        with Hold(_sqs, url, seconds=HELD_SECONDS, until=until) as hold:
            own = list(_own(hold, known))
            found.bodies[queue] = [object_in(message) for message in own]
            kept = hold.delete_all(own) if remove else 0
            if kept or not hold.is_everything:
                found.unsearched.add(queue)

    # All at once, because the last answer of each queue takes a second.
    with ThreadPoolExecutor(len(QUEUES)) as workers:
        # `list` raises the errors of the calls.
        list(workers.map(search, QUEUES))
    return found


def _own(hold: Hold, ids: Set[str]) -> Iterator[Message]:
    for batch in hold.batches():
        yield from (message for message in batch if _ids_in(object_in(message)) & ids)


def _ids_in(body: dict[str, Any]) -> set[str]:
    """The ids of the order or the reminder that a message is about. A message by hand may contain anything."""
    reminder = body.get("Reminder")
    values = (body.get("OrderId"), reminder.get("reminderId") if isinstance(reminder, dict) else None)
    return {value for value in values if isinstance(value, str)}
