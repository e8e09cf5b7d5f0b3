"""Moves dead letters back into their queues."""

import json
from collections.abc import Iterator, Sequence
from typing import Any

from common import queues
from stacks.names import ORDERS
from terminal.errors import CommandError
from terminal.text import printable
from tools.deployment import Deployment
from tools.orders.shown import HIDDEN


def move(deployment: Deployment, names: Sequence[str]) -> Iterator[dict[str, Any]]:
    """Moves the dead letters of the queues in `names`, or of all queues if it is empty. Yields a row for each queue.

    Raises CommandError if a queue is unknown. In this case nothing is moved.
    """
    known = queues_of(deployment)
    if unknown := sorted(set(names) - known.keys()):
        there = ", ".join(sorted(known)) or "none"
        raise CommandError(
            f"unknown queue {printable(', '.join(unknown))}: the queues that may have dead letters are {there}"
        )
    for name in dict.fromkeys(names or known):
        target, source = known[name]
        moved = queues.move(deployment.client("sqs"), source=source, target=target)
        doubled = f"{moved.doubled} were copied but not deleted, so moving again would duplicate them"
        notes = [*([doubled] if moved.doubled else []), *sorted(moved.codes)]
        yield {
            "what": name,
            "moved": moved.moved,
            "failed": moved.failed,
            "complete": moved.complete,
            "note": ", ".join([*notes, *([] if moved.is_everything else [HIDDEN])]),
        }


def queues_of(deployment: Deployment) -> dict[str, tuple[str, str]]:
    """The queues in the stack's outputs that have a dead-letter queue. Maps a queue's name to its URL and to the URL of
    its dead-letter queue."""
    sqs = deployment.client("sqs")
    found = {}
    for output, url in deployment.outputs(ORDERS).items():
        if not output.endswith("QueueUrl"):
            continue
        attributes = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["RedrivePolicy"]).get("Attributes", {})
        if "RedrivePolicy" in attributes:
            arn = json.loads(attributes["RedrivePolicy"])["deadLetterTargetArn"]
            dead_letters = sqs.get_queue_url(QueueName=arn.rpartition(":")[2])["QueueUrl"]
            found[output.removesuffix("Url")] = (url, dead_letters)
    return found
