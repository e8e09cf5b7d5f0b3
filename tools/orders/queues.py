"""Messages looked at, taken out and moved, so that none is lost: at worst one is there twice."""

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, TypeVar

from botocore.exceptions import ClientError

from tools.deployment import Deployment

Message = dict[str, Any]
T = TypeVar("T")

BATCH = 10
"""Most messages that SQS takes or gives in one call."""

WAIT_SECONDS = 1
"""With a wait SQS asks all of its servers; without, an answer may be empty where the queue is not."""

HELD_SECONDS = 120
"""How long a message that was received stays out of sight, should this program not come to its end."""


@dataclass(kw_only=True)
class Moved:
    """What came of the messages of one dead-letter queue."""

    moved: int = 0
    failed: int = 0
    """Left where they were."""

    doubled: int = 0
    """Of those moved, the ones that could not be deleted afterwards: they are in both queues."""

    codes: set[str] = field(default_factory=set)
    """SQS's reasons for the last two."""

    @property
    def complete(self) -> bool:
        return not self.failed and not self.doubled


def with_dead_letters(deployment: Deployment) -> dict[str, tuple[str, str]]:
    """The URLs of each queue among the outputs that has a dead-letter queue, and of that, by the queue's name."""
    sqs = deployment.client("sqs")
    found = {}
    for output, url in deployment.outputs.items():
        if not output.endswith("QueueUrl"):
            continue
        attributes = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["RedrivePolicy"]).get("Attributes", {})
        if "RedrivePolicy" in attributes:
            arn = json.loads(attributes["RedrivePolicy"])["deadLetterTargetArn"]
            dead_letters = sqs.get_queue_url(QueueName=arn.rpartition(":")[2])["QueueUrl"]
            found[output.removesuffix("Url")] = (url, dead_letters)
    return found


def move(sqs: Any, *, source: str, target: str) -> Moved:
    """Moves the messages of the queue `source` to `target`, with their bodies and attributes.

    Each is sent first and then deleted. What failed stays, and so does what comes back in the meantime because it
    could again not be processed.
    """
    result = Moved()
    sent: set[str] = set()
    with _held(sqs, source) as held:
        for batch in _received(sqs, source, held):
            messages = [message for message in batch if message["MessageId"] not in sent]
            accepted, refused = _in_batch(
                lambda entries: sqs.send_message_batch(QueueUrl=target, Entries=entries),
                [_copy(message) for message in messages],
            )
            sent |= {entry["MessageId"] for entry in accepted.values()}
            gone, kept = _delete(sqs, source, [messages[place] for place in accepted])
            for handle in gone:
                del held[handle]
            result.moved += len(accepted)
            result.failed += len(refused)
            result.doubled += len(kept)
            result.codes |= {*refused.values(), *kept.values()}
    return result


def peek(sqs: Any, url: str) -> list[Message]:
    """The messages of a queue, which are then back in it."""
    with _held(sqs, url) as held:
        return [message for batch in _received(sqs, url, held) for message in batch]


def remove(sqs: Any, url: str, matches: Callable[[Message], bool]) -> tuple[int, int]:
    """Deletes the messages that match, and leaves the others. Returns how many are gone, and how many would not go."""
    with _held(sqs, url) as held:
        matching = [message for batch in _received(sqs, url, held) for message in batch if matches(message)]
        gone = kept = 0
        for start in range(0, len(matching), BATCH):
            deleted, refused = _delete(sqs, url, matching[start : start + BATCH])
            for handle in deleted:
                del held[handle]
            gone, kept = gone + len(deleted), kept + len(refused)
        return gone, kept


@contextmanager
def _held(sqs: Any, url: str) -> Iterator[dict[str, str]]:
    """Receipt handles of what was received and is still in the queue. In the end, whatever happens, it is visible."""
    held: dict[str, str] = {}
    try:
        yield held
    finally:
        handles = list(held)
        for start in range(0, len(handles), BATCH):
            entries = [
                {"Id": str(place), "ReceiptHandle": handle, "VisibilityTimeout": 0}
                for place, handle in enumerate(handles[start : start + BATCH])
            ]
            # One that is not released, because its time is over or it was deleted elsewhere, is visible or gone.
            sqs.change_message_visibility_batch(QueueUrl=url, Entries=entries)


def _received(sqs: Any, url: str, held: dict[str, str]) -> Iterator[list[Message]]:
    """The messages of a queue, each once, up to ten at a time, added to what is `held`."""
    seen: set[str] = set()
    while True:
        batch = sqs.receive_message(
            QueueUrl=url,
            MaxNumberOfMessages=BATCH,
            VisibilityTimeout=HELD_SECONDS,
            WaitTimeSeconds=WAIT_SECONDS,
            MessageAttributeNames=["All"],
            MessageSystemAttributeNames=["All"],
        ).get("Messages", [])
        for message in batch:
            held[message["ReceiptHandle"]] = message["MessageId"]
        new = [message for message in batch if message["MessageId"] not in seen]
        if not new:
            return
        seen |= {message["MessageId"] for message in new}
        yield new


def _delete(sqs: Any, url: str, messages: Sequence[Message]) -> tuple[list[str], dict[int, str]]:
    """The receipt handles of those deleted, and the code of each that was not, by its place."""
    deleted, refused = _in_batch(
        lambda entries: sqs.delete_message_batch(QueueUrl=url, Entries=entries),
        [{"ReceiptHandle": message["ReceiptHandle"]} for message in messages],
    )
    return [messages[place]["ReceiptHandle"] for place in deleted], refused


def _in_batch(
    call: Callable[[list[dict[str, Any]]], dict[str, Any]], entries: Sequence[dict[str, Any]]
) -> tuple[dict[int, dict[str, Any]], dict[int, str]]:
    """The result of each entry that succeeded and the code of each that failed, by its place in `entries`.

    Where they are too much for one call, in several.
    """
    if not entries:
        return {}, {}
    try:
        answer = call([{"Id": str(place), **entry} for place, entry in enumerate(entries)])
    except ClientError as error:
        code = str(error.response["Error"]["Code"])
        if code == "BatchRequestTooLong" and len(entries) > 1:
            half = len(entries) // 2
            (accepted, refused), (later, also) = _in_batch(call, entries[:half]), _in_batch(call, entries[half:])
            return accepted | _shifted(later, half), refused | _shifted(also, half)
        return {}, dict.fromkeys(range(len(entries)), code)
    accepted = {int(entry["Id"]): entry for entry in answer.get("Successful", [])}
    return accepted, {int(entry["Id"]): str(entry["Code"]) for entry in answer.get("Failed", [])}


def _shifted(by_place: dict[int, T], places: int) -> dict[int, T]:
    return {place + places: value for place, value in by_place.items()}


def _copy(message: Message) -> dict[str, Any]:
    copy = {"MessageBody": message["Body"]}
    if "MessageAttributes" in message:
        copy["MessageAttributes"] = message["MessageAttributes"]
    if trace := message.get("Attributes", {}).get("AWSTraceHeader"):
        # The one system attribute that a sender can set.
        copy["MessageSystemAttributes"] = {"AWSTraceHeader": {"DataType": "String", "StringValue": trace}}
    return copy
