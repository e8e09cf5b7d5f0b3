"""Which queues have dead letters, and moving them back."""

import json
from collections.abc import Iterator, Sequence
from typing import Any

from common import queues
from stacks.names import ORDERS
from terminal.errors import CommandError
from tools.deployment import Deployment
from tools.text import printable


def move(deployment: Deployment, names: Sequence[str]) -> Iterator[dict[str, Any]]:
    """Moves the dead letters of the queues with these names, or of all queues if there are none; a row for each queue.

    Raises CommandError if a queue is unknown; then nothing has been moved.
    """
    known = queues_of(deployment)
    if unknown := sorted(set(names) - known.keys()):
        there = ", ".join(sorted(known)) or "none"
        raise CommandError(f"no queue {printable(', '.join(unknown))}; those with dead letters: {there}")
    for name in dict.fromkeys(names or known):
        target, source = known[name]
        moved = queues.move(deployment.client("sqs"), source=source, target=target)
        doubled = f"{moved.doubled} of the moved could not be deleted and would be moved again" * bool(moved.doubled)
        yield {
            "what": name,
            "moved": moved.moved,
            "failed": moved.failed,
            "complete": moved.complete,
            "note": ", ".join(filter(None, [doubled, *sorted(moved.codes)])),
        }


def queues_of(deployment: Deployment) -> dict[str, tuple[str, str]]:
    """The URLs of each queue among the outputs that has a dead-letter queue, and of that, by the queue's name."""
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
