"""`GET /reminders`."""

import base64
import json
import re
from collections.abc import Mapping

from common import http
from reminders import reminder, table, when
from reminders.owner import owner_of

MOST = 100


@http.api
def handler(event: http.Event) -> http.Reply:
    """A page of the caller's reminders in due order, and where the `next` begins; `limit` is 1 to 100, else 100."""
    query = event.get("queryStringParameters") or {}
    rows, last = table.of_owner(owner_of(event), limit=_limit(query), after=_place(query.get("next")))
    return http.reply(200, {"reminders": [reminder.shown(row) for row in rows], "next": _token(last)})


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
