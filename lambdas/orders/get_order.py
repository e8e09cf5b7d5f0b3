"""`GET /orders/{OrderId}`."""

from common import http
from orders import cache, table


@http.api
def handler(event: http.Event) -> http.Reply:
    """The order from the cache, else from the table; `X-Cache` says which, BYPASS where the cache did not answer."""
    order_id = event["pathParameters"]["OrderId"]
    order, state = cache.get(order_id)
    if order is None:
        row = table.find(order_id)
        if row is None:
            raise http.RequestError(404, "NotFound", "There is no such order.")
        order = table.shown(row)
        if state == "MISS" and order["Status"] in table.FINAL:
            cache.put(order_id, order)
    return http.reply(200, order, headers={"X-Cache": state})
