"""Lists in pages. `?limit=` is the size of a page; `?next=` is the value of `next` in the page before."""

import base64
import json
import re
from collections.abc import Mapping
from typing import TypeAlias

from common import codes
from common.codes import Problem
from common.events import Event, RequestError
from common.jsontext import read, whole_number

MOST = 100

Query: TypeAlias = Mapping[str, str]
Place: TypeAlias = tuple[str, str]
"""The end of a page: the sort time of its last row, and that row's id."""

_TIME = r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,9})?Z"
_LONGEST_ID_BYTES = 512
"""Less than DynamoDB's limit for a key."""


def query_of(event: Event) -> Query:
    return event.get("queryStringParameters") or {}


def limit_in(query: Query, *, default: int) -> int:
    """Returns the largest number of rows in a page. Raises RequestError if it is not 1 to MOST."""
    limit = whole_number(query.get("limit", str(default)))
    if limit is None or not 1 <= limit <= MOST:
        raise refused("limit", codes.NOT_WHOLE_NUMBER(smallest=1, largest=MOST))
    return limit


def place_in(query: Query) -> Place | None:
    """Returns the place after which the page begins, or None for the first page.

    Raises RequestError if `token` cannot have written the value of `next`.
    """
    if "next" not in query:
        return None
    try:
        time, id = read(base64.urlsafe_b64decode(query["next"]).decode())
        understood = re.fullmatch(_TIME, time) and 0 < len(id.encode()) <= _LONGEST_ID_BYTES
    except (ValueError, TypeError, AttributeError):
        understood = False
    if not understood:
        raise refused("next", codes.NOT_A_NEXT())
    return time, id


def token(place: Place | None) -> str | None:
    """Returns the value of `next` for a page that ended at `place`. None after the last page."""
    return base64.urlsafe_b64encode(json.dumps(place).encode()).decode() if place else None


def refused(field: str, problem: Problem) -> RequestError:
    """Returns the error that refuses a field of the query."""
    return RequestError(400, "InvalidRequest", "The query is invalid.", [problem.of(field)])
