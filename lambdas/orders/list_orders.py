"""`GET /orders`."""

from common import codes, http, paging
from common.caller import caller_of, operator_of
from orders import table
from orders.order import LISTED, shown

PAGE = 20


@http.api
def handler(event: http.Event) -> http.Reply:
    """Answers with a page of the caller's orders, the last received first, and the `next` of the following page.

    With `status`, operators get all orders with that status, the last changed first. Only the statuses of LISTED can be
    listed. Pages may be shorter than `limit`, because an order that is gone or has another status by now is left out.
    """
    caller, query = caller_of(event), paging.query_of(event)
    if "status" in query:
        operator_of(event)
    status, limit, after = _status(query), paging.limit_in(query, default=PAGE), paging.place_in(query)
    if status:
        rows, last = table.of_status(status, limit=limit, after=after)
    else:
        rows, last = table.of_owner(caller.id, limit=limit, after=after)
    return http.reply(200, {"orders": [shown(row) for row in rows], "next": paging.token(last)})


def _status(query: paging.Query) -> str | None:
    status = query.get("status")
    if status is not None and status not in LISTED:
        raise paging.refused("status", codes.UNKNOWN_VALUE(allowed=LISTED))
    return status
