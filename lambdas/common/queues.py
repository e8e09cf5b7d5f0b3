"""Messages looked at, taken out and moved, so that none is lost: at worst one is there twice.

Every function is given an SQS client, `sqs`, and the URLs of queues.
"""

import math
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, TypeAlias, TypeVar

from botocore.exceptions import BotoCoreError, ClientError

from common.aws import error_name
from common.jsontext import NotJsonError, read_leniently
from common.logs import logger_of

logger = logger_of(__name__)

Message: TypeAlias = dict[str, Any]
T = TypeVar("T")

BATCH = 10
"""Most messages that SQS takes or gives in one call."""

WAIT_SECONDS = 1
"""With a wait SQS asks all of its servers; without, an answer may be empty where the queue is not."""

HELD_SECONDS = 120
"""How long a message that was received stays out of sight, should whoever holds it not come to an end."""


class Hold:
    """Messages of one queue, out of everybody else's sight. In the end, whatever happens, they are visible again.

    `until`, as time.monotonic tells it, is when to stop looking for more. `seconds` is how long messages stay out of
    sight where the end does not come: longer than looking takes, lest one is met twice.
    """

    def __init__(self, sqs: Any, url: str, *, seconds: int = HELD_SECONDS, until: float = math.inf) -> None:
        self._sqs = sqs
        self._url = url
        self._seconds = seconds
        self._until = until
        self._handles: dict[str, str] = {}
        self.is_everything = False
        """Whether the queue had no more to give."""

    def __enter__(self) -> "Hold":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        handles = list(self._handles)
        for start in range(0, len(handles), BATCH):
            entries = [
                {"Id": str(place), "ReceiptHandle": handle, "VisibilityTimeout": 0}
                for place, handle in enumerate(handles[start : start + BATCH])
            ]
            try:
                # If SQS does not release a message, its time is over, or somebody has deleted it.
                self._sqs.change_message_visibility_batch(QueueUrl=self._url, Entries=entries)
            except (ClientError, BotoCoreError) as failure:
                # The results so far stay valid. The messages become visible again by themselves.
                logger.warning("messages stay out of sight for %d seconds: %s", self._seconds, error_name(failure))
                return

    def batches(self) -> Iterator[list[Message]]:
        """The messages of the queue, each once, up to ten at a time."""
        seen: set[str] = set()
        while time.monotonic() < self._until:
            batch = self._sqs.receive_message(
                QueueUrl=self._url,
                MaxNumberOfMessages=BATCH,
                VisibilityTimeout=self._seconds,
                WaitTimeSeconds=WAIT_SECONDS,
                MessageAttributeNames=["All"],
                MessageSystemAttributeNames=["All"],
            ).get("Messages", [])
            for message in batch:
                self._handles[message["ReceiptHandle"]] = message["MessageId"]
            new = [message for message in batch if message["MessageId"] not in seen]
            if not new:
                self.is_everything = True
                return
            seen |= {message["MessageId"] for message in new}
            yield new

    def delete(self, messages: Sequence[Message]) -> dict[int, str]:
        """Takes at most ten of the messages out of the queue; the code of each that would not go, by its place."""
        deleted, refused = _in_batch(
            lambda entries: self._sqs.delete_message_batch(QueueUrl=self._url, Entries=entries),
            [{"ReceiptHandle": message["ReceiptHandle"]} for message in messages],
        )
        for place in deleted:
            del self._handles[messages[place]["ReceiptHandle"]]
        return refused

    def delete_all(self, messages: Sequence[Message]) -> int:
        """Deletes any number of messages from the queue; returns how many SQS did not delete."""
        return sum(len(self.delete(messages[start : start + BATCH])) for start in range(0, len(messages), BATCH))


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

    is_everything: bool = False
    """Whether no time ran out before the queue had no more to give."""

    @property
    def complete(self) -> bool:
        return not self.failed and not self.doubled


def move(sqs: Any, *, source: str, target: str, seconds: int = HELD_SECONDS, until: float = math.inf) -> Moved:
    """Moves the messages of the queue `source` to `target`, with their bodies and attributes.

    Each is sent first and then deleted. What failed stays, and so does what comes back in the meantime because it
    could again not be processed. `seconds` and `until` are those of Hold.
    """
    result = Moved()
    sent: set[str] = set()
    with Hold(sqs, source, seconds=seconds, until=until) as hold:
        for batch in hold.batches():
            messages = [message for message in batch if message["MessageId"] not in sent]
            accepted, refused = _in_batch(
                lambda entries: sqs.send_message_batch(QueueUrl=target, Entries=entries),
                [_copy(message) for message in messages],
            )
            sent |= {entry["MessageId"] for entry in accepted.values()}
            kept = hold.delete([messages[place] for place in accepted])
            result.moved += len(accepted)
            result.failed += len(refused)
            result.doubled += len(kept)
            result.codes |= {*refused.values(), *kept.values()}
        result.is_everything = hold.is_everything
    return result


def peek(sqs: Any, url: str) -> list[Message]:
    """The messages of a queue, which are then back in it."""
    with Hold(sqs, url) as hold:
        return [message for batch in hold.batches() for message in batch]


def remove(sqs: Any, url: str, choose: Callable[[list[Message]], list[Message]]) -> tuple[int, int]:
    """Deletes the queue's messages that `choose` returns, and leaves the others.

    Returns how many SQS deleted, and how many it did not.
    """
    with Hold(sqs, url) as hold:
        chosen = choose([message for batch in hold.batches() for message in batch])
        kept = hold.delete_all(chosen)
        return len(chosen) - kept, kept


def waiting(sqs: Any, url: str) -> int:
    """About how many messages a queue has, those that somebody holds among them. SQS knows it no better."""
    names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
    attributes = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=names)["Attributes"]
    return sum(int(attributes[name]) for name in names)


def object_in(message: Message) -> dict[str, Any]:
    """The JSON object that a message is; an empty one where it is something else."""
    try:
        body = read_leniently(message["Body"])
    except NotJsonError:
        body = None
    return body if isinstance(body, dict) else {}


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
        # SQS sends this code with a prefix, `AWS.SimpleQueueService.`.
        if code.rpartition(".")[2] == "BatchRequestTooLong" and len(entries) > 1:
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
