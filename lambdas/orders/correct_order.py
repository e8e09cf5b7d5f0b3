"""`PUT /orders/{OrderId}`: corrects an escalated or parked order, and sends it through the workflow once more."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from common import codes, http
from common.caller import Caller, caller_of
from common.times import timestamp
from orders import submission, table
from orders.order import CLOSED, CORRECTABLE, FULFILLMENT_QUEUE, PARKED, is_escalated, is_waiting, may_see, shown

NOT_CORRECTABLE = "Only an escalated or a parked order can be corrected."
CHANGED = "Somebody else has just changed this order. Look it up before you change it again."
ALREADY_ACCEPTED = (
    "This order is accepted already; only its status is out of date. If you sent it again, it would be fulfilled twice."
)
ALREADY_QUEUED = (
    f"This order is in {FULFILLMENT_QUEUE} already; only its status is out of date. If you sent it again, it would be "
    "fulfilled twice. Remove its parked message, or close the order if it must not be fulfilled."
)


@http.api
def handler(event: http.Event) -> http.Reply:
    """Replaces an escalated or parked order by its correction, and starts the workflow. The owner stays the same.

    The order's owner and operators may correct it. The correction is a whole order with its card number, because the
    card number is not stored.

    - 202: the execution was started
    - 200: the same correction again, with the order's current state; starts the execution again if it has not begun
    - 404: the order is unknown, or another person placed it
    - 409: the order is neither ESCALATED nor PARKED, is in the fulfillment queue already, or has just been changed

    See decisions D015 and D179.
    """
    caller = caller_of(event)
    order = submission.order_in(event)
    found = _found(event, order, caller=caller)
    now = datetime.now(UTC)
    correction = {
        "EarlierOutcome": found["Status"],
        "CorrectedBy": caller.id,
        "CorrectedAt": timestamp(now),
    }
    row = submission.row_of(event, order, now=now) | _kept(found) | correction
    if _may_be_sent(row, found):
        if table.claim_again(row, instead_of=found):
            return submission.start(event, order, row, at=order["OrderId"], instead_of=found)
        # Another request was faster. Or the reply to this request's own write was lost, and boto3 repeated the write.
        found = table.find(order["OrderId"]) or found
    if not _was_sent(row, found):
        raise http.RequestError(409, "Conflict", CHANGED if found["Status"] in CORRECTABLE else NOT_CORRECTABLE)
    if is_waiting(found):
        found = submission.start_again(event, order, found, now=now)
    return http.reply(200, shown(found))


def _found(event: http.Event, order: Mapping[str, str], *, caller: Caller) -> dict[str, Any]:
    """The row of the order to correct.

    Raises RequestError if the path has another id, if the caller sees no such order, or if the order is in the
    fulfillment queue.
    """
    if order["OrderId"] != event["pathParameters"]["OrderId"]:
        raise http.invalid(codes.DIFFERS_FROM_PATH().of("OrderId"))
    found = table.find(order["OrderId"])
    if found is None or not may_see(caller, found):
        raise http.RequestError(404, "NotFound", "There is no such order.")
    if found["Status"] == PARKED and found.get("Queue") == FULFILLMENT_QUEUE:
        raise http.RequestError(409, "Conflict", ALREADY_QUEUED if caller.is_operator else ALREADY_ACCEPTED)
    return found


def _kept(found: Mapping[str, Any]) -> dict[str, Any]:
    """The attributes of a row that a correction keeps."""
    return {name: found[name] for name in ("Owner", "OwnPart", "ReceivedAt") if name in found}


def _may_be_sent(row: Mapping[str, Any], found: Mapping[str, Any]) -> bool:
    """Whether the workflow may process this correction.

    An escalated order must be changed, because the workflow would escalate it again.
    """
    return found["Status"] in CORRECTABLE and not (is_escalated(found) and submission.is_same(row, found))


def _was_sent(row: Mapping[str, Any], found: Mapping[str, Any]) -> bool:
    """Whether the same correction was accepted before."""
    return submission.is_same(row, found) and (found["Status"] not in (PARKED, CLOSED) or is_escalated(found))
