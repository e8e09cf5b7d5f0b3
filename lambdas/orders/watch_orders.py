"""`WatchOrders`: says what became of orders, and makes ParkLostOrders look at those that do not get an outcome soon.

See decisions D139 and D197.
"""

import os
from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from common import calls
from common.logs import event as log_event
from common.metrics import Measure, Number, emit
from orders import changes, looks, measures
from orders.changes import Received, Settled
from orders.order import ESCALATED, FULFILLMENT_QUEUED, PARKED, RECEIVED

COUNTED = {
    FULFILLMENT_QUEUED: measures.FULFILLED,
    ESCALATED: measures.ESCALATED,
    PARKED: measures.PARKED,
}


@calls.recorded
def handler(event: Mapping[str, Any], context: object) -> dict[str, int]:
    """Reads records of the table's stream. Returns the number of orders to look at again, as `{"Open": 2}`.

    An order is open if it is RECEIVED in the last of its records. Most orders get their outcome within a second, and so
    within the same batch of records. Raises the errors of `looks.at_orders`. Lambda then sends the same records again.

    Writes a line for each outcome, and the metrics of the batch.
    """
    opened: dict[str, object] = {}
    for record in event["Records"]:
        change = record["dynamodb"]
        order_id = change["Keys"]["OrderId"]["S"]
        row = change.get("NewImage", {})
        if row.get("Status", {}).get("S") == RECEIVED:
            opened[order_id] = row.get("UpdatedAt", {}).get("S")
        else:
            opened.pop(order_id, None)
    now = datetime.now(UTC)
    looks.at_orders(opened, now=now)
    # Last, because Lambda sends the same records again after an error, and they would count twice.
    _tell([found for record in event["Records"] if (found := changes.of_record(record))], now=now)
    return {"Open": len(opened)}


def _tell(found: Iterable[Received | Settled], *, now: datetime) -> None:
    received = [one for one in found if isinstance(one, Received)]
    settled = [one for one in found if isinstance(one, Settled)]
    for start in received:
        if start.by_hand:
            log_event("order received", OrderId=start.order_id)
    for outcome in settled:
        _log(outcome)
    _count(received, settled, now=now)


def _log(order: Settled) -> None:
    ids = {"OrderId": order.order_id, "RequestId": order.request_id}
    if order.outcome == PARKED:
        log_event("order parked", **ids, Queue=order.queue, Seconds=order.seconds)
    else:
        reasons = order.reasons or None
        log_event("order settled", **ids, Outcome=order.outcome, Reasons=reasons, Seconds=order.seconds)


def _count(received: list[Received], settled: list[Settled], *, now: datetime) -> None:
    """Writes the metrics of a batch with the time of its last change. A document for each minute would cost more."""
    stage = os.environ["STAGE"]
    changed: list[Received | Settled] = [*received, *settled]
    at = max((min(one.at, now) for one in changed if one.at), default=now)
    seconds = [one.seconds for one in settled if one.seconds is not None]
    values: dict[Measure, Number | list[Number]] = {}
    if received:
        values[measures.RECEIVED] = len(received)
    for outcome, number in Counter(one.outcome for one in settled).items():
        values[COUNTED[outcome]] = number
    if settled:
        values[measures.SECONDS_TO_OUTCOME] = [*seconds]
        values[measures.SETTLED_LATE] = sum(one > measures.LATE_AFTER_SECONDS for one in seconds)
    emit(values, stage=stage, at=at)
    for reason, number in Counter(reason for one in settled for reason in one.reasons).items():
        emit({measures.ESCALATED_FOR: number}, stage=stage, at=at, dimensions={measures.REASON: reason})
