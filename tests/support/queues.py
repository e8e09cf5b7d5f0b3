"""Queues in a simulated AWS, a client with replaced calls, and a clock that runs out."""

import json
import math
from typing import Any


class Queue:
    """A queue in a simulated AWS, to send to and read from."""

    def __init__(self, sqs: Any, url: str) -> None:
        self.sqs = sqs
        self.url = url

    def put(self, *bodies: object, **more: Any) -> list[str]:
        """Sends text bodies unchanged and others as JSON; `more` are arguments of SendMessage. Returns the ids."""
        texts = [body if isinstance(body, str) else json.dumps(body) for body in bodies]
        return [self.sqs.send_message(QueueUrl=self.url, MessageBody=text, **more)["MessageId"] for text in texts]

    def messages(self, *, seconds: int = 60) -> list[dict[str, Any]]:
        """Receives all visible messages with their attributes, which hides them for `seconds`."""
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

    def hold(self, *bodies: str) -> list[dict[str, Any]]:
        """Hides the messages with these bodies, as another reader does. Returns them. The others stay visible."""
        found = self.messages()
        for message in found:
            if message["Body"] not in bodies:
                self.sqs.change_message_visibility(
                    QueueUrl=self.url, ReceiptHandle=message["ReceiptHandle"], VisibilityTimeout=0
                )
        return [message for message in found if message["Body"] in bodies]

    def take(self) -> list[str]:
        """Receives all visible messages. Returns their bodies, sorted."""
        return sorted(message["Body"] for message in self.messages())

    def take_json(self) -> list[Any]:
        """Receives all visible messages. Returns their parsed bodies, in the order received."""
        return [json.loads(message["Body"]) for message in self.messages()]


def new_queue(sqs: Any, name: str) -> Queue:
    """Creates an empty queue. Call it where moto answers `sqs`."""
    return Queue(sqs, sqs.create_queue(QueueName=name)["QueueUrl"])


def dead_letters_of(sqs: Any, url: str) -> str:
    """The URL of a queue's dead-letter queue."""
    policy = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["RedrivePolicy"])
    arn = json.loads(policy["Attributes"]["RedrivePolicy"])["deadLetterTargetArn"]
    return str(sqs.get_queue_url(QueueName=arn.rpartition(":")[2])["QueueUrl"])


class Failing:
    """An SQS client with some calls replaced."""

    def __init__(self, sqs: Any, **replaced: Any) -> None:
        self._sqs = sqs
        self._replaced = replaced

    def __getattr__(self, name: str) -> Any:
        return self._replaced.get(name) or getattr(self._sqs, name)


class Clock:
    """A clock that reaches the deadline after `looks` readings."""

    def __init__(self, *, looks: int) -> None:
        self._looks = looks

    def monotonic(self) -> float:
        self._looks -= 1
        return math.inf if self._looks < 0 else 0.0
