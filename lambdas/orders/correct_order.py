"""`PUT /orders/{OrderId}`: an escalated or parked order goes through the workflow once more, corrected."""

from datetime import UTC, datetime

from common import http
from common.caller import operator_of
from orders import submission, table
from orders.order import CLOSED, CORRECTABLE, PARKED, shown


@http.api
def handler(event: http.Event) -> http.Reply:
    """Replaces an order that needs a person by the corrected one, which names its card again: it is stored nowhere.

    It stays the order of who placed it. 202 where it is on its way; 200 with its current state where it already was;
    404 for an unknown order; 409 for one that is not ESCALATED or PARKED, or that somebody else has just changed.
    """
    operator_of(event)
    order = submission.order_in(event)
    if order["OrderId"] != event["pathParameters"]["OrderId"]:
        detail = {"field": "OrderId", "problem": "is not the one in the path"}
        raise http.RequestError(400, "InvalidRequest", "The body does not fit.", [detail])
    found = table.find(order["OrderId"])
    if found is None:
        raise http.RequestError(404, "NotFound", "There is no such order.")
    kept = {name: found[name] for name in ("Owner", "ReceivedAt") if name in found}
    row = submission.row_of(order, now=datetime.now(UTC)) | kept
    # What was parked may be worth another try as it is; what was escalated would be escalated again.
    if found["Status"] not in (PARKED, CLOSED) and submission.is_same(row, found):
        return http.reply(200, shown(found))
    if found["Status"] not in CORRECTABLE:
        raise http.RequestError(409, "Conflict", "Only an escalated or a parked order can be corrected.")
    if not table.claim_again(row, instead_of=found):
        raise http.RequestError(409, "Conflict", "Somebody else has just changed this order.")
    submission.start(order, row, instead_of=found)
    return submission.accepted(order, at=order["OrderId"])
