"""`GET /reminders`."""

from datetime import UTC, datetime

from boto3.dynamodb.conditions import ConditionBase, Key

from common import codes, http, paging
from common.caller import caller_of, operator_of
from reminders import table
from reminders.due import utc_text
from reminders.reminder import STATUSES, shown


@http.api
def handler(event: http.Event) -> http.Reply:
    """Returns a page of the caller's reminders, first due first, and the `next` of the following page.

    - `when=upcoming`: only reminders that are due from now on.
    - `when=past`: only the others, last due first.
    - `status`: all users' reminders with this status, last due first. Only operators may use it.
    - `limit`: 1 to 100; the default is 100.
    """
    caller, query = caller_of(event), paging.query_of(event)
    due, last_first = _due(query.get("when"))
    limit, after = paging.limit_in(query, default=paging.MOST), paging.place_in(query)
    page = {"limit": limit, "after": after, "due": due, "last_first": last_first}
    if "status" in query:
        operator_of(event)
        rows, last = table.with_status(_status(query["status"]), **{**page, "last_first": True})
    else:
        rows, last = table.of_owner(caller.id, **page)
    return http.reply(200, {"reminders": [shown(row) for row in rows], "next": paging.token(last)})


def _due(when: str | None) -> tuple[ConditionBase | None, bool]:
    """Returns the condition on DueAt, and whether the list begins with the last one due."""
    now = utc_text(datetime.now(UTC))
    match when:
        case None:
            return None, False
        case "upcoming":
            return Key("DueAt").gte(now), False
        case "past":
            return Key("DueAt").lt(now), True
    raise paging.refused("when", codes.UNKNOWN_VALUE(allowed=["upcoming", "past"]))


def _status(text: str) -> str:
    if text not in STATUSES:
        raise paging.refused("status", codes.UNKNOWN_VALUE(allowed=STATUSES))
    return text
