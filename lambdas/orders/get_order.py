"""`GET /orders/{OrderId}`."""

import os
from collections.abc import Mapping
from datetime import UTC, datetime

from common import http
from common.caller import caller_of
from common.logs import Value
from common.metrics import emit
from orders import cache, cache_entry, measures, rules, table
from orders.order import may_see

COUNTED = {"HIT": measures.CACHE_HITS, "MISS": measures.CACHE_MISSES, "BYPASS": measures.CACHE_BYPASSES}

cache.connect()


@http.api
def handler(event: http.Event) -> http.Reply:
    """Answers with the order from the cache, or from the table. The header `X-Cache` is HIT, MISS or BYPASS.

    Another person's order gives the same 404 as an unknown order.
    """
    caller, order_id = caller_of(event), event["pathParameters"]["OrderId"]
    order = None
    if rules.is_order_id(order_id):
        order, state = cache.lookup(order_id, lambda: cache_entry.of_row(table.find(order_id)))
        about: Mapping[str, Value] = {}
        if order and state == "MISS":
            about = {"message": "order cached", "OrderId": order_id, "RequestId": http.request_id(event)}
        emit({COUNTED[state]: 1}, stage=os.environ["STAGE"], at=datetime.now(UTC), about=about)
    if order is None or not may_see(caller, order):
        raise http.RequestError(404, "NotFound", "There is no such order.")
    return http.reply(200, cache_entry.without_owner(order), headers={"X-Cache": state})
