"""The filters in the query of a list of one's own orders. Pure."""

import json
import re
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from common import codes, paging
from common.cards import looks_like_card
from common.events import RequestError
from common.shape import Shape, ShapeError
from orders import rules
from orders.order import STATUSES
from orders.search import Search, folded

ME = "me"
"""The only value of `owner`."""

TRUE = "true"
"""The only value of `corrected`."""

FILTERS = ("text", "from", "to")
"""The filters that only a list of one's own orders has."""

TEXT: Mapping[str, Any] = json.loads(Path(__file__).with_name("order.schema.json").read_text())["properties"]["Name"]
"""The schema of `text`: no order contains a text that is not a valid name."""
_SHAPE = Shape({"properties": {"text": TEXT}}, forms={"text": codes.NOT_ONE_LINE()}, texts={"text"})

_DAY = "[0-9]{4}-[0-9]{2}-[0-9]{2}"
_TIME = rf"{_DAY}T[0-9]{{2}}:[0-9]{{2}}(:[0-9]{{2}}(\.[0-9]{{1,9}})?)?Z"
_NOT_A_TIME = codes.NOT_A_TIME.saying("must be a date such as 2027-01-27, or a UTC time such as 2027-01-27T09:00:00Z")


def search_in(query: paging.Query) -> Search:
    """The search that a query asks for. Raises RequestError if a filter is invalid."""
    status, text = query.get("status"), query.get("text")
    if status is not None and status not in STATUSES:
        raise paging.refused("status", codes.UNKNOWN_VALUE(allowed=STATUSES))
    first, last = _time_in(query, "from", rest="T00:00:00.000Z"), _time_in(query, "to", rest="T23:59:59.999Z")
    if first and last and first > last:
        raise paging.refused("to", codes.BEFORE_FROM())
    return Search(status=status, text=None if text is None else folded(_checked(text)), first=first, last=last)


def _checked(text: str) -> str:
    try:
        _SHAPE.fitted({"text": text})
    except ShapeError as error:
        raise RequestError(400, "InvalidRequest", "The query is invalid.", error.details) from None
    if not rules.is_order_id(text) and looks_like_card(text):
        raise paging.refused("text", codes.LOOKS_LIKE_CARD())
    return text


def _time_in(query: paging.Query, name: str, *, rest: str) -> str | None:
    """A time in the form of `ReceivedAt`. `rest` completes a date."""
    text = query.get(name)
    if text is None:
        return None
    if not re.fullmatch(f"{_DAY}|{_TIME}", text):
        raise paging.refused(name, _NOT_A_TIME())
    try:
        time = datetime.fromisoformat(text if "T" in text else text + rest)
    except ValueError:
        raise paging.refused(name, codes.NO_SUCH_TIME()) from None
    # Not `timestamp`: it writes a year before 1000 without zeros, so texts would be in the wrong order.
    return time.isoformat(timespec="milliseconds").replace("+00:00", "Z")
