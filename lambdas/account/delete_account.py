"""`DELETE /account`."""

import time
from datetime import UTC, datetime
from typing import Any

# First, because clients that are made before it would not report their calls. Other modules make them.
from common import calls  # noqa: F401

# isort: split
from account import elsewhere, held, person, rows, settings, stores
from account.stores import USERS
from common import http
from common.caller import caller_of, require_recent_sign_in
from common.logs import event as log_event
from common.times import timestamp

WORK_SECONDS = 8
"""After this time a call starts on no further row. Then it answers within the 20 seconds that the page waits."""
SEARCH_SECONDS = 4
"""The part of this time in which it searches the queues."""


@http.api
def handler(event: http.Event) -> http.Reply:
    """Deletes the caller's account, or, for operators, another person's account. Answers with a receipt.

    If its `complete` is false, the caller sends the request again, at once or, if something `waits`, in a minute. A
    call that ends early loses nothing: the next one goes on. The user is deleted last, so that they can sign in again
    until then.

    See decision D185.
    """
    caller, now = caller_of(event), datetime.now(UTC)
    found = person.person_in(event)
    require_recent_sign_in(event, now=now)
    if found.is_operator and found.id != caller.id:
        raise http.RequestError(
            409, "Conflict", "This is an operator's account. An administrator must remove them from the group first."
        )
    erasing = rows.Erasing(found.id, until=time.monotonic() + WORK_SECONDS, searched_since=now)
    # First, so that no other device gets a new token and adds something.
    person.sign_out(found)
    # Before the rows, because they have the ids to search for.
    messages = held.messages(found.id, seconds=SEARCH_SECONDS, remove=True)
    erasing.removed.update({queue: len(bodies) for queue, bodies in messages.bodies.items()})
    complete = erasing.run()
    if complete:
        erasing.removed[USERS] += person.delete(found)
        by = "owner" if found.id == caller.id else caller.id
        log_event("account deleted", Account=found.id, By=by, RequestId=http.request_id(event))
    return http.reply(200, _receipt(found, erasing, messages, complete=complete, now=now))


def _receipt(
    found: person.Person, erasing: rows.Erasing, messages: held.Found, *, complete: bool, now: datetime
) -> dict[str, Any]:
    return {
        "format": stores.FORMAT,
        "id": found.id,
        "at": timestamp(now),
        "complete": complete,
        "removed": stores.counted(stores.REMOVED, erasing.removed),
        "waits": stores.counted(stores.WAITS, erasing.waits),
        "stays": [
            *elsewhere.of_receipt(settings.of_the_stage()),
            *map(stores.unsearched, sorted(messages.unsearched)),
        ],
    }
