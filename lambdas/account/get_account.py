"""`GET /account`."""

import re
from collections.abc import Set
from datetime import UTC, datetime
from typing import Any

from botocore.exceptions import ClientError

# First, because clients that are made before it would not report their calls. Other modules make them.
from common import calls  # noqa: F401

# isort: split
from account import document, elsewhere, held, rows, settings, stores
from account.person import person_in, shown
from common import codes, http, paging
from common.aws import error_name
from common.jsontext import NotJsonError, read_leniently
from common.logs import event as log_event
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
        # After the last order there is no place left, so the reminders begin at their first.
        found[REMINDERS], after = _reminders(person.id, after)
        following = _next(REMINDERS, after)
    unsearched: Set[str] = frozenset()
    if not following:
        held_messages = held.messages(person.id, seconds=SEARCH_SECONDS, remove=False)
        unsearched = held_messages.unsearched
        found["messages"] = [
            document.shown_message(queue, body) for queue, bodies in held_messages.bodies.items() for body in bodies
        ]
        log_event("account exported", Account=person.id, RequestId=http.request_id(event))
    return http.reply(
        200,
        {
            "format": stores.FORMAT,
            "madeAt": timestamp(datetime.now(UTC)),
            "account": shown(person),
            **found,
            "elsewhere": [
                *elsewhere.of_copy(settings.of_the_stage()),
                *map(stores.unsearched, sorted(unsearched)),
            ],
            "next": following,
        },
    )


def _reminders(owner: str, after: Place | None) -> tuple[list[dict[str, Any]], Place | None]:
    """The reminders of a part, and the place where it ends.

    Each reminder that waits needs a call of DescribeExecution. Step Functions allows a few hundred of them at once, and
    after that about ten a second. If it throttles, the part ends here, and the next part continues.
    https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html
    """
    page, end = rows.reminders_page(owner, after=after)
    found: list[dict[str, Any]] = []
    for number, row in enumerate(page):
        try:
            found.append({**document.shown(row), **_request(row)})
        except ClientError as error:
            if not number or error_name(error) != "ThrottlingException":
                raise
            last = page[number - 1]
            return found, (last["DueAt"], last["ReminderId"])
    return found, end


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
