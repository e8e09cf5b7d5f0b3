"""The queues that operators work on, within the time of one request."""

import os
import time
from typing import Any, NamedTuple

import boto3

from common import http, queues
from common.aws import BRIEFLY
from orders.order import ESCALATION_QUEUE, FULFILLMENT_QUEUE

WORK_SECONDS = 8
"""After these a request looks for no more messages. So a call that hangs, and one to let go of what is held, end before
the function does (25 seconds)."""

HELD_SECONDS = 30
"""How long a function that dies keeps messages out of sight: longer than any of them lives."""


class Urls(NamedTuple):
    """The environment variables with the URLs of a queue and of its dead letters."""

    queue: str
    dead_letters: str


WITH_DEAD_LETTERS = {
    FULFILLMENT_QUEUE: Urls("FULFILLMENT_QUEUE", "FULFILLMENT_DEAD_LETTERS"),
    ESCALATION_QUEUE: Urls("ESCALATION_QUEUE", "ESCALATION_DEAD_LETTERS"),
}
"""The queues that have dead letters."""

_sqs = boto3.client("sqs", config=BRIEFLY)


def parked() -> queues.Hold:
    """The parked queue, to look into."""
    return queues.Hold(_sqs, os.environ["PARKED_QUEUE"], **_time())


def about_parked() -> int:
    """How many messages the parked queue has, about."""
    return queues.waiting(_sqs, os.environ["PARKED_QUEUE"])


def dead_letters() -> dict[str, int]:
    """How many dead letters each queue has, about."""
    return {name: queues.waiting(_sqs, _dead_letters_of(name)) for name in WITH_DEAD_LETTERS}


def redrive(name: str) -> tuple[queues.Moved, int]:
    """Moves the dead letters of a queue back into it; what came of it, and about how many there was no time for.

    Raises RequestError for the name of none.
    """
    if name not in WITH_DEAD_LETTERS:
        raise http.RequestError(404, "NotFound", "There is no such queue with dead letters.")
    source, target = _dead_letters_of(name), os.environ[WITH_DEAD_LETTERS[name].queue]
    moved = queues.move(_sqs, source=source, target=target, **_time())
    stayed = moved.failed + moved.doubled
    return moved, 0 if moved.is_everything else max(queues.waiting(_sqs, source) - stayed, 0)


def _dead_letters_of(name: str) -> str:
    return os.environ[WITH_DEAD_LETTERS[name].dead_letters]


def _time() -> dict[str, Any]:
    return {"seconds": HELD_SECONDS, "until": time.monotonic() + WORK_SECONDS}
