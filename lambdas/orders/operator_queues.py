"""The queues that operators read, clear and redrive, within the time limit of one request."""

import os
import time
from typing import Any, NamedTuple

import boto3

from common import http, queues
from common.aws import BRIEFLY
from orders.order import ESCALATION_QUEUE, FULFILLMENT_QUEUE

WORK_SECONDS = 8
"""After this time a request stops reading messages. Then one hanging call, and the call that makes messages visible
again, still end before the function's timeout of 25 seconds.
See decision D025."""

HELD_SECONDS = 30
"""The visibility timeout. If the function dies, messages stay hidden this long. It is longer than the function's
timeout, so a request never receives a message twice."""


class Urls(NamedTuple):
    """The environment variables that hold the URLs of a queue and of its dead-letter queue."""

    queue: str
    dead_letters: str


WITH_DEAD_LETTERS = {
    FULFILLMENT_QUEUE: Urls("FULFILLMENT_QUEUE", "FULFILLMENT_DEAD_LETTERS"),
    ESCALATION_QUEUE: Urls("ESCALATION_QUEUE", "ESCALATION_DEAD_LETTERS"),
}
"""The queues that have a dead-letter queue."""

_sqs = boto3.client("sqs", config=BRIEFLY)


def parked() -> queues.Hold:
    """The messages of the parked queue, hidden from other readers until the `with` block ends."""
    return queues.Hold(_sqs, os.environ["PARKED_QUEUE"], **_time())


def parked_count() -> int:
    """The approximate number of messages in the parked queue."""
    return queues.waiting(_sqs, os.environ["PARKED_QUEUE"])


def dead_letters() -> dict[str, int]:
    """The approximate number of dead letters of each queue."""
    return {name: queues.waiting(_sqs, _dead_letters_of(name)) for name in WITH_DEAD_LETTERS}


def redrive(name: str) -> tuple[queues.Moved, int]:
    """Moves the dead letters of a queue back into it.

    Returns the result, and the approximate number of dead letters that there was no time for, or that another reader
    hides. Raises RequestError if `name` is not in WITH_DEAD_LETTERS.
    """
    if name not in WITH_DEAD_LETTERS:
        raise http.RequestError(
            404, "NotFound", f"This queue has no dead-letter queue. Use {' or '.join(WITH_DEAD_LETTERS)}."
        )
    source, target = _dead_letters_of(name), os.environ[WITH_DEAD_LETTERS[name].queue]
    moved = queues.move(_sqs, source=source, target=target, **_time())
    stayed = moved.failed + moved.doubled
    return moved, 0 if moved.is_everything else max(queues.waiting(_sqs, source) - stayed, 0)


def _dead_letters_of(name: str) -> str:
    return os.environ[WITH_DEAD_LETTERS[name].dead_letters]


def _time() -> dict[str, Any]:
    return {"seconds": HELD_SECONDS, "until": time.monotonic() + WORK_SECONDS}
