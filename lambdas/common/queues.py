"""Lists, deletes and moves the messages of SQS queues. No message is lost; at worst a message is in a queue twice."""

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
"""SQS accepts and returns at most 10 messages in one call."""

WAIT_SECONDS = 1
"""With a wait, SQS asks all of its servers. Without one, the answer may be empty although the queue is not."""

LOOKS = 3
"""After this many empty answers a reader gives up on messages that another reader hides. An empty answer takes
WAIT_SECONDS. See decision D025."""

HELD_SECONDS = 120
"""How long a received message stays hidden if the process that holds it dies."""


class Hold:
    """Messages of one queue, hidden from other readers until the `with` block ends.

    `until`, a value of time.monotonic, is when to stop receiving. `seconds` is how long the messages stay hidden if the
    process dies. It must be longer than receiving takes; otherwise a message comes twice.
    """

    def __init__(self, sqs: Any, url: str, *, seconds: int = HELD_SECONDS, until: float = math.inf) -> None:
        self._sqs = sqs
        self._url = url
        self._seconds = seconds
        self._until = until
        self._handles: dict[str, str] = {}
        self.is_everything = False
        """True if the queue had no further messages. SQS only estimates how many are hidden: for a minute or more it
        may count deleted ones, and messages that were deleted here conceal as many hidden ones.
        https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_GetQueueAttributes.html"""

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
                # If SQS does not release a message, it is visible again already, or somebody has deleted it.
                self._sqs.change_message_visibility_batch(QueueUrl=self._url, Entries=entries)
            except (ClientError, BotoCoreError) as failure:
                # The results so far stay valid. SQS makes the messages visible again after `seconds`.
                logger.info("messages stay hidden for %d seconds: %s", self._seconds, error_name(failure))
                return

    def batches(self) -> Iterator[list[Message]]:
        """Yields the messages of the queue, each once, up to ten at a time.

        If another reader hides some, looks for them a few times more.
        """
        seen: set[str] = set()
        looks = LOOKS
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
                looks -= 1
                self.is_everything = not self._are_more_hidden_than(len(seen))
                if self.is_everything or not looks:
                    return
                continue
            seen |= {message["MessageId"] for message in new}
            yield new

    def _are_more_hidden_than(self, number: int) -> bool:
        """Whether more messages are hidden than `number`. Also true if there is no time to ask, or no answer."""
        if time.monotonic() >= self._until:
            return True
        try:
            return _number_of(self._sqs, self._url, "ApproximateNumberOfMessagesNotVisible") > number
        except (ClientError, BotoCoreError) as failure:
            # What was found so far stays valid.
            logger.info("the number of hidden messages is unknown: %s", error_name(failure))
            return True

    def delete(self, messages: Sequence[Message]) -> dict[int, str]:
        """Deletes at most ten of the messages. Returns the error code of each that SQS did not delete, by its index."""
        deleted, refused = _in_batch(
            lambda entries: self._sqs.delete_message_batch(QueueUrl=self._url, Entries=entries),
            [{"ReceiptHandle": message["ReceiptHandle"]} for message in messages],
        )
        for place in deleted:
            del self._handles[messages[place]["ReceiptHandle"]]
        return refused

    def delete_all(self, messages: Sequence[Message]) -> int:
        """Deletes any number of messages from the queue. Returns how many SQS did not delete."""
        return sum(len(self.delete(messages[start : start + BATCH])) for start in range(0, len(messages), BATCH))


@dataclass(kw_only=True)
class Moved:
    """The result of moving the messages of one queue."""

    moved: int = 0
    failed: int = 0
    """Messages that stayed where they were."""

    doubled: int = 0
    """Messages among the moved that could not be deleted afterwards. They are in both queues."""

    codes: set[str] = field(default_factory=set)
    """SQS's error codes for the failed and the doubled messages."""

    is_everything: bool = False
    """True if the queue had no further messages. False if the time ran out first, or another reader hid some."""

    @property
    def complete(self) -> bool:
        return not self.failed and not self.doubled


def move(sqs: Any, *, source: str, target: str, seconds: int = HELD_SECONDS, until: float = math.inf) -> Moved:
    """Moves the messages of the queue `source` to `target`, with their bodies and attributes.

    Each message is sent first and then deleted. A message that SQS does not accept stays in `source`. A message that
    comes back meanwhile, because its consumer failed again, is not moved a second time. `seconds` and `until` are
    arguments of Hold.

    See decision D023.
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


def peek(sqs: Any, url: str) -> tuple[list[Message], bool]:
    """Returns the messages of a queue, and leaves them in it. Also returns `is_everything` of Hold."""
    with Hold(sqs, url) as hold:
        messages = [message for batch in hold.batches() for message in batch]
        return messages, hold.is_everything


def remove(sqs: Any, url: str, choose: Callable[[list[Message]], list[Message]]) -> tuple[int, int, bool]:
    """Deletes the queue's messages that `choose` returns, and leaves the others.

    Returns how many SQS deleted, how many it did not, and `is_everything` of Hold.
    """
    with Hold(sqs, url) as hold:
        chosen = choose([message for batch in hold.batches() for message in batch])
        kept = hold.delete_all(chosen)
        return len(chosen) - kept, kept, hold.is_everything


def waiting(sqs: Any, url: str) -> int:
    """Returns the approximate number of messages in a queue, hidden ones included. SQS only provides an estimate."""
    return _number_of(sqs, url, "ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible")


def _number_of(sqs: Any, url: str, *names: str) -> int:
    """The sum of these attributes of a queue."""
    attributes = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=names)["Attributes"]
    return sum(int(attributes[name]) for name in names)


def object_in(message: Message) -> dict[str, Any]:
    """Returns the JSON object in a message's body. Empty if the body is anything but a JSON object."""
    try:
        body = read_leniently(message["Body"])
    except NotJsonError:
        body = None
    return body if isinstance(body, dict) else {}


def _in_batch(
    call: Callable[[list[dict[str, Any]]], dict[str, Any]], entries: Sequence[dict[str, Any]]
) -> tuple[dict[int, dict[str, Any]], dict[int, str]]:
    """Makes a batch call, or several smaller ones if SQS finds the batch too long.

    Returns the result of each entry that succeeded and the error code of each that failed, by its index in `entries`.
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
        # A sender can set only this system attribute.
        copy["MessageSystemAttributes"] = {"AWSTraceHeader": {"DataType": "String", "StringValue": trace}}
    return copy
