"""Queues of a simulated AWS, and clients of them that fail or run out of time."""

import json
import math
from typing import Any

import boto3


class Queue:
    """A queue of the pretended AWS."""

    def __init__(self, name: str) -> None:
        # The handlers' own region; made here, where moto answers.
        self.sqs = boto3.client("sqs")
        self.url = self.sqs.create_queue(QueueName=name)["QueueUrl"]

    def put(self, *bodies: object) -> list[str]:
        """Sends each as it is, or as JSON; their MessageIds."""
        texts = [body if isinstance(body, str) else json.dumps(body) for body in bodies]
        return [self.sqs.send_message(QueueUrl=self.url, MessageBody=text)["MessageId"] for text in texts]

    def take(self, *, seconds: int = 60) -> list[str]:
        """The bodies of what a consumer would get now, in order; it then has them for `seconds`."""
        found: list[str] = []
        while batch := self.sqs.receive_message(
            QueueUrl=self.url, MaxNumberOfMessages=10, VisibilityTimeout=seconds
        ).get("Messages"):
            found += [message["Body"] for message in batch]
        return sorted(found)


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
