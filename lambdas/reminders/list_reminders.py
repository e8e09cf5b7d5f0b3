"""`GET /reminders`."""

import base64
import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime

from boto3.dynamodb.conditions import ConditionBase, Key

from common import http
from common.caller import caller_of, operator_of
from reminders import reminder, table, when

MOST = 100


@http.api
def handler(event: http.Event) -> http.Reply:
    """A page of reminders, and where the `next` begins: the caller's own in due order, else as the query says.

    `when` is `upcoming`, those that are due from now on, or `past`, the others, last first. `status` is for operators:
    everybody's of that status, last first. `limit` is 1 to 100, else 100.
    """
    caller, query = caller_of(event), event.get("queryStringParameters") or {}
    due, last_first = _due(query.get("when"))
    page = {"limit": _limit(query), "after": _place(query.get("next")), "due": due, "last_first": last_first}
    if "status" in query:
        operator_of(event)
        rows, last = table.with_status(_status(query["status"]), **{**page, "last_first": True})
    else:
        rows, last = table.of_owner(caller.id, **page)
    return http.reply(200, {"reminders": [reminder.shown(row) for row in rows], "next": _token(last)})


def _due(when_: str | None) -> tuple[ConditionBase | None, bool]:
    """The condition on DueAt, and whether the last comes first."""
    now = when.utc_text(datetime.now(UTC))
    match when_:
        case None:
            return None, False
        case "upcoming":
            return Key("DueAt").gte(now), False
        case "past":
            return Key("DueAt").lt(now), True
    raise _refused("when", "must be upcoming or past")


def _status(text: str) -> str:
    if text not in reminder.STATUSES:
        raise _refused("status", f"must be one of {', '.join(reminder.STATUSES)}")
    return text


def _limit(query: Mapping[str, str]) -> int:
    text = query.get("limit", str(MOST))
    if not re.fullmatch("[1-9][0-9]{0,2}", text) or int(text) > MOST:
        raise _refused("limit", f"must be a number from 1 to {MOST}")
    return int(text)


def _token(place: tuple[str, str] | None) -> str | None:
    return base64.urlsafe_b64encode(json.dumps(place).encode()).decode() if place else None


def _place(token: str | None) -> tuple[str, str] | None:
    if token is None:
        return None
    try:
        due_at, reminder_id = json.loads(base64.urlsafe_b64decode(token))
        when.instant(due_at)
        length = len(reminder_id.encode())
    except (ValueError, TypeError, AttributeError, RecursionError):
        length = 0
    if not 0 < length <= table.LONGEST_ID * 4:
        raise _refused("next", "is not what an answer said")
    return due_at, reminder_id


def _refused(field: str, problem: str) -> http.RequestError:
    return http.RequestError(400, "InvalidRequest", "The query does not fit.", [{"field": field, "problem": problem}])
