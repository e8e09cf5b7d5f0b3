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
    """A page of reminders, and where the `next` begins: the caller's own in due order, else as the query says.

    `when` is `upcoming`, those that are due from now on, or `past`, the others, last first. `status` is for operators:
    everybody's of that status, last first. `limit` is 1 to 100, else 100.
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
    """The condition on DueAt, and whether the last comes first."""
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
