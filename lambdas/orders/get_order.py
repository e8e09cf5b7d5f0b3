"""`GET /orders/{OrderId}`."""

from common import http
from orders import cache, entry, rules, table

cache.connect()


@http.api
def handler(event: http.Event) -> http.Reply:
    """The order from the cache, else from the table; `X-Cache` says which, BYPASS where the cache had no part in it."""
    order_id = event["pathParameters"]["OrderId"]
    order = None
    if rules.is_order_id(order_id):
        order, state = cache.lookup(order_id, lambda: entry.of_row(table.find(order_id)))
    if order is None:
        raise http.RequestError(404, "NotFound", "There is no such order.")
    return http.reply(200, order, headers={"X-Cache": state})
