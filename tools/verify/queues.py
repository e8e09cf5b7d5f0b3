"""Reads the messages of a run from a queue, and leaves the messages of others where they are."""

import time
from collections.abc import Collection
from typing import Any

from common.jsontext import NotJsonError, read_leniently
from common.queues import Hold
from terminal.text import counted
from tools.verify.findings import FailedError

MOST_RECEIVED = 2
"""SQS moves a message to the dead letters when it is received for the sixth time. So a run stops reading a queue that
has a message of others which was received more often than this, the run's own receives included. A later run finds the
message in the queue before it begins, and does not read the queue at all."""

HELD_SECONDS = 30
PATIENCE_SECONDS = 60


class Reader:
    """Finds and deletes messages whose OrderId has the `mark` of this run."""

    def __init__(self, sqs: Any, queues: Collection[str], *, mark: str, may_read: bool) -> None:
        """`queues` are URLs. Looks whether they are empty, so the run must not have placed an order before."""
        self._sqs, self._mark = sqs, mark
        self._found: dict[str, dict[str, Any]] = {}
        self.unread: dict[str, str] = {}
        """Why the run does not read a queue, by the queue's URL."""
        for queue in queues:
            if not may_read:
                self.unread[queue] = "--leave-queues was given"
            elif others := self._waiting(queue):
                self.unread[queue] = f"{counted(others, 'message')} of others were there before"

    def take(self, queue: str, order_id: str) -> tuple[dict[str, Any] | None, str]:
        """The message about an order, which it deletes; or None, and the reason for not reading this queue.

        Raises FailedError if the queue has no such message.
        """
        deadline = time.monotonic() + PATIENCE_SECONDS
        while order_id not in self._found:
            if queue in self.unread:
                return None, self.unread[queue]
            self._read(queue)
            if order_id not in self._found and time.monotonic() > deadline:
                raise FailedError(
                    f"no message about the order is in the queue after {PATIENCE_SECONDS} seconds. If another "
                    "application reads this queue, verify with --leave-queues"
                )
        return self._found.pop(order_id), ""

    def clear(self, queue: str) -> None:
        """Deletes the messages of this run that nobody has taken yet."""
        if queue not in self.unread:
            self._read(queue)

    def _waiting(self, queue: str) -> int:
        attributes = self._sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["ApproximateNumberOfMessages"])
        return int(attributes["Attributes"]["ApproximateNumberOfMessages"])

    def _read(self, queue: str) -> None:
        """Takes the messages of this run out of the queue, and gives the others back."""
        with Hold(self._sqs, queue, seconds=HELD_SECONDS, until=time.monotonic() + HELD_SECONDS / 2) as hold:
            for batch in hold.batches():
                own = {message["MessageId"]: body for message in batch if (body := self._own(message))}
                hold.delete_all([message for message in batch if message["MessageId"] in own])
                self._found |= {body["OrderId"]: body for body in own.values()}
                others = [int(m["Attributes"]["ApproximateReceiveCount"]) for m in batch if m["MessageId"] not in own]
                if max(others, default=0) > MOST_RECEIVED:
                    self.unread[queue] = "one more look could move other messages to the dead letters"
                    return

    def _own(self, message: dict[str, Any]) -> dict[str, Any] | None:
        try:
            body = read_leniently(message["Body"])
        except NotJsonError:
            return None
        mine = isinstance(body, dict) and f"-{self._mark}-" in str(body.get("OrderId"))
        return dict(body) if mine else None
