"""`GET /account`."""

import re
from collections.abc import Set
from datetime import UTC, datetime
from typing import Any

from account import document, held, rows, settings, stores
from account.person import person_in, shown
from common import codes, http, paging
from common.jsontext import NotJsonError, read_leniently
from common.paging import Place
from common.times import timestamp
from reminders import executions
from reminders.reminder import SCHEDULED, SENDING

SEARCH_SECONDS = 4
"""How long a call searches the queues."""

ORDERS, REMINDERS = "orders", "reminders"


@http.api
def handler(event: http.Event) -> http.Reply:
    """Answers with everything that the stage keeps about the caller, or, for operators, about another person.

    A part has at most a hundred orders and a hundred reminders, far less than the 6 MB that Lambda can return. `next`
    leads to the following part. Messages in queues are in the last part.
    """
    person = person_in(event)
    section, after = _place_in(paging.query_of(event))
    found: dict[str, list[Any]] = {ORDERS: [], REMINDERS: [], "messages": []}
    following = None
    if section == ORDERS:
        page, after = rows.orders_page(person.id, after=after)
        found[ORDERS] = [document.shown(row) for row in page]
        following = _next(ORDERS, after)
    if not following:
        page, after = rows.reminders_page(person.id, after=after if section == REMINDERS else None)
        found[REMINDERS] = [{**document.shown(row), **_request(row)} for row in page]
        following = _next(REMINDERS, after)
    unsearched: Set[str] = frozenset()
    if not following:
        held_messages = held.messages(person.id, seconds=SEARCH_SECONDS, remove=False)
        unsearched = held_messages.unsearched
        found["messages"] = [
            document.shown_message(queue, body) for queue, bodies in held_messages.bodies.items() for body in bodies
        ]
    elsewhere = [*stores.elsewhere(settings.of_the_stage()), *map(stores.unsearched, sorted(unsearched))]
    return http.reply(
        200,
        {
            "format": stores.FORMAT,
            "madeAt": timestamp(datetime.now(UTC)),
            "account": shown(person),
            **found,
            "elsewhere": elsewhere,
            "next": following,
        },
    )


def _request(row: rows.Row) -> dict[str, Any]:
    """The request that an execution of the reminder still holds, with its addresses. Empty if none waits."""
    if row["Status"] not in (SCHEDULED, SENDING):
        return {}
    execution = executions.found(row["ExecutionId"])
    if execution is None and "After" in row:
        execution = executions.found(row["After"])
    try:
        return {"Request": read_leniently(execution["input"])} if execution else {}
    except NotJsonError:
        return {}


def _place_in(query: paging.Query) -> tuple[str, Place | None]:
    """Returns the section in which the part begins, and the place in it. Raises RequestError for an unknown `next`."""
    if "next" not in query:
        return ORDERS, None
    found = re.fullmatch(f"({ORDERS}|{REMINDERS})[.](.+)", query["next"])
    if not found:
        raise paging.refused("next", codes.NOT_A_NEXT())
    return found[1], paging.place_in({"next": found[2]})


def _next(section: str, after: Place | None) -> str | None:
    return f"{section}.{paging.token(after)}" if after else None
