"""Queues of a simulated AWS, and clients of them that fail or run out of time."""

import json
import math
from typing import Any


class Queue:
    """A queue of a simulated AWS: sends to it and reads from it."""

    def __init__(self, sqs: Any, url: str) -> None:
        self.sqs = sqs
        self.url = url

    def put(self, *bodies: object, **more: Any) -> list[str]:
        """Sends texts as they are, and the rest as JSON, with `more` arguments of SendMessage. Returns the ids."""
        texts = [body if isinstance(body, str) else json.dumps(body) for body in bodies]
        return [self.sqs.send_message(QueueUrl=self.url, MessageBody=text, **more)["MessageId"] for text in texts]

    def messages(self, *, seconds: int = 60) -> list[dict[str, Any]]:
        """All visible messages with their attributes. They are then hidden for `seconds`, as from any consumer."""
        found: list[dict[str, Any]] = []
        while batch := self.sqs.receive_message(
            QueueUrl=self.url,
            MaxNumberOfMessages=10,
            VisibilityTimeout=seconds,
            MessageAttributeNames=["All"],
            MessageSystemAttributeNames=["All"],
        ).get("Messages"):
            found += batch
        return found

    def take(self) -> list[str]:
        """The bodies of these messages, sorted."""
        return sorted(message["Body"] for message in self.messages())

    def take_json(self) -> list[Any]:
        """The same bodies, in the order in which they come, read as JSON."""
        return [json.loads(message["Body"]) for message in self.messages()]


def new_queue(sqs: Any, name: str) -> Queue:
    """An empty queue, made where moto answers `sqs`."""
    return Queue(sqs, sqs.create_queue(QueueName=name)["QueueUrl"])


def dead_letters_of(sqs: Any, url: str) -> str:
    """The URL of a queue's dead-letter queue."""
    policy = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["RedrivePolicy"])
    arn = json.loads(policy["Attributes"]["RedrivePolicy"])["deadLetterTargetArn"]
    return str(sqs.get_queue_url(QueueName=arn.rpartition(":")[2])["QueueUrl"])


class Failing:
    """An SQS client on which some calls go another way."""

    def __init__(self, sqs: Any, **replaced: Any) -> None:
        self._sqs = sqs
        self._replaced = replaced

    def __getattr__(self, name: str) -> Any:
        return self._replaced.get(name) or getattr(self._sqs, name)


class Clock:
    """A clock on which there is time for so many looks into a queue."""

    def __init__(self, *, looks: int) -> None:
        self._looks = looks

    def monotonic(self) -> float:
        self._looks -= 1
        return math.inf if self._looks < 0 else 0.0
