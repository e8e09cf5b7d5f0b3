"""Messages that make ParkLostOrders look at an order again, when it may be lost."""

import json
import math
import os
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3

from common.aws import BRIEFLY

OVERDUE = timedelta(minutes=10)
"""More than twice the TimeoutSeconds of the workflow, 290."""

BATCH = 10
"""The most messages that SQS accepts in one call."""

LONGEST_DELAY = 900
"""SQS delays a message by at most 15 minutes:
https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-delay-queues.html"""

_queue = boto3.client("sqs", config=BRIEFLY)


class LooksNotSentError(Exception):
    """SQS did not accept some messages. The message says how many."""


def seconds_left(updated_at: object, *, now: datetime) -> int:
    """Seconds until an order that changed at `updated_at` is overdue. 0 if it is overdue, or if the time is damaged."""
    try:
        changed = datetime.fromisoformat(updated_at) if isinstance(updated_at, str) else datetime.min
        left = (changed.replace(tzinfo=UTC) + OVERDUE - now).total_seconds()
    except (ValueError, OverflowError):
        return 0
    return min(max(math.ceil(left), 0), LONGEST_DELAY)


def at_orders(orders: Mapping[str, object], *, now: datetime) -> None:
    """Sends a message for each order, which arrives when the order is overdue. `orders` maps OrderId to UpdatedAt.

    Raises LooksNotSentError if SQS did not accept a message, or the errors of boto3. Safe to repeat.
    """
    _send(
        [
            {"MessageBody": json.dumps({"OrderId": order_id}), "DelaySeconds": seconds_left(updated_at, now=now)}
            for order_id, updated_at in orders.items()
        ]
    )


def at_rows(*, after: str | None) -> None:
    """Sends a message to look at the rows of the table that follow the row `after`. Raises the same errors."""
    _send([{"MessageBody": json.dumps({"After": after})}])


def _send(messages: Sequence[Mapping[str, Any]]) -> None:
    batches = (messages[start : start + BATCH] for start in range(0, len(messages), BATCH))
    failed = sum(len(_refused(batch)) for batch in batches)
    if failed:
        raise LooksNotSentError(f"SQS did not accept {failed} messages")


def _refused(batch: Sequence[Mapping[str, Any]]) -> list[Any]:
    entries = [{"Id": str(place), **message} for place, message in enumerate(batch)]
    answer = _queue.send_message_batch(QueueUrl=os.environ["ORDERS_TO_CHECK"], Entries=entries)
    return list(answer.get("Failed", []))
