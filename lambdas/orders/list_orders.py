"""`GET /orders`."""

from common import codes, http, paging
from common.caller import Caller, caller_of, operator_of
from orders import search_query, table
from orders.order import LISTED, shown

PAGE = 20


@http.api
def handler(event: http.Event) -> http.Reply:
    """Answers with a page of orders, and the `next` of the following page. Each query asks for one of these lists:

    - no `status`, or `owner=me`: the caller's orders that the search finds, the last received first
    - `corrected=true`, for operators: the orders that the caller corrected, the last corrected first
    - `status` without `owner`, for operators: all orders with that status of LISTED, the last changed first

    Pages may be shorter than `limit`. An order that is gone or has another status by now is left out, and a search
    reads only some orders for each page.
    """
    caller, query = caller_of(event), paging.query_of(event)
    if "corrected" in query:
        rows, last = _corrected(event, query)
    elif _asks_for_all(query):
        rows, last = _of_all(event, query)
    else:
        rows, last = _own(caller, query)
    return http.reply(200, {"orders": [shown(row) for row in rows], "next": paging.token(last)})


def _corrected(event: http.Event, query: paging.Query) -> table.Page:
    operator = operator_of(event)
    if query["corrected"] != search_query.TRUE:
        raise paging.refused("corrected", codes.UNKNOWN_VALUE(allowed=[search_query.TRUE]))
    for name in ("owner", "status", *search_query.FILTERS):
        if name in query:
            raise paging.refused(name, codes.EITHER_OF(fields=[name, "corrected"]))
    limit, after = _part(query)
    return table.corrected_by(operator.id, limit=limit, after=after)


def _asks_for_all(query: paging.Query) -> bool:
    if query.get("owner", search_query.ME) != search_query.ME:
        raise paging.refused("owner", codes.UNKNOWN_VALUE(allowed=[search_query.ME]))
    return "status" in query and "owner" not in query


def _of_all(event: http.Event, query: paging.Query) -> table.Page:
    operator_of(event)
    status = query["status"]
    if status not in LISTED:
        raise paging.refused("status", codes.UNKNOWN_VALUE(allowed=LISTED))
    for name in search_query.FILTERS:
        if name in query:
            raise paging.refused(name, codes.ONLY_FOR_OWN())
    limit, after = _part(query)
    return table.of_status(status, limit=limit, after=after)


def _own(caller: Caller, query: paging.Query) -> table.Page:
    found = search_query.search_in(query)
    limit, after = _part(query)
    return table.of_owner(caller.id, limit=limit, after=after, search=found)


def _part(query: paging.Query) -> tuple[int, paging.Place | None]:
    """The size of the page, and the place after which it begins."""
    return paging.limit_in(query, default=PAGE), paging.place_in(query)
