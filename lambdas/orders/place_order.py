"""`POST /orders`."""

import random
from datetime import UTC, datetime

from common import http
from common.caller import caller_of
from orders import submission, table
from orders.order import OWN_SHARDS, is_waiting, may_see, own_part, shown


@http.api
def handler(event: http.Event) -> http.Reply:
    """Claims the OrderId in the table and starts the workflow.

    - 202: a new order
    - 200: the same order again, with its current state
    - 409: the OrderId belongs to another order, or to another person's order, which stays unchanged

    See decision D001.
    """
    caller = caller_of(event)
    order = submission.order_in(event)
    now = datetime.now(UTC)
    # Not a secret: the number spreads the rows over the index.
    part = own_part(caller.id, random.randrange(OWN_SHARDS))  # noqa: S311 - no secret
    row = {**submission.row_of(event, order, now=now), "Owner": caller.id, "OwnPart": part}
    if table.claim(row):
        return submission.start(event, order, row, at=f"orders/{order['OrderId']}")
    found = table.find(order["OrderId"])
    if found is None:
        raise submission.withdrawn()
    # The same answer in both cases, so that nobody learns that another person sent the same order.
    if not may_see(caller, found) or not submission.is_same(row, found):
        raise http.RequestError(409, "Conflict", "Another order has this OrderId. Choose a different id.")
    if is_waiting(found):
        found = submission.start_again(event, order, found, now=now)
    return http.reply(200, shown(found))
