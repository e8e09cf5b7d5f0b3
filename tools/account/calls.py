"""The calls of the account API."""

import re
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

from botocore.exceptions import BotoCoreError

from terminal.errors import CommandError
from tools.api import Answer, Api
from tools.errors import sentence

SHORT_PAUSE_SECONDS, LONG_PAUSE_SECONDS = 1, 20
"""The pauses before the next call: after a failure or a full call, and while something has to be waited for."""
FAILURES_IN_A_ROW = 5
LISTS = ("orders", "reminders", "messages")
_ID = "[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"

Say = Callable[[str], None]


def query_of(who: str) -> dict[str, str]:
    """The query that names a person: `me`, an e-mail address, or the id of an account."""
    if who == "me":
        return {}
    return {"id": who} if re.fullmatch(_ID, who) else {"email": who}


def copy_of(api: Api, who: str) -> dict[str, Any]:
    """The whole copy of a person's data, joined from its parts. Raises CommandError if it is refused."""
    joined: dict[str, Any] = {}
    query = query_of(who)
    while True:
        part = _body(_insistently(api, "GET", query))
        if joined:
            joined |= {name: joined[name] + part[name] for name in LISTS}
            joined["elsewhere"] = part["elsewhere"]
        else:
            joined = dict(part)
        if part["next"] is None:
            joined.pop("next")
            return joined
        query = {**query_of(who), "next": part["next"]}


def delete(api: Api, who: str, *, say: Say) -> dict[str, Any]:
    """Deletes an account, with as many calls as it takes. Returns the receipt of all calls. Raises CommandError.

    `say` gets what the command waits for.
    """
    removed: dict[str, dict[str, Any]] = {}
    stays: list[dict[str, Any]] = []
    while True:
        receipt = _body(_insistently(api, "DELETE", query_of(who)))
        for one in receipt["removed"]:
            count = removed.get(one["store"], {"count": 0})["count"]
            removed[one["store"]] = {**one, "count": count + one["count"]}
        # The last call cannot know which queue an earlier call did not search to its end.
        stays += [one for one in receipt["stays"] if one not in stays]
        if receipt["complete"]:
            return {**receipt, "removed": list(removed.values()), "stays": stays}
        for one in receipt["waits"]:
            say(f"waiting: {one['count']} {one['what']}")
        time.sleep(LONG_PAUSE_SECONDS if receipt["waits"] else SHORT_PAUSE_SECONDS)


def _insistently(api: Api, method: str, query: dict[str, str]) -> Answer:
    """Sends the request again after an outage. Both calls can be repeated."""
    path = f"/account?{urlencode(query)}" if query else "/account"
    for left in reversed(range(FAILURES_IN_A_ROW)):
        try:
            answer = api.call(method, path)
        except BotoCoreError as error:
            if not left:
                raise CommandError(f"{sentence(error)}. Run the command again: it continues where it stopped") from None
        else:
            if answer.status not in (429, 500, 502, 503, 504) or not left:
                return answer
        time.sleep(SHORT_PAUSE_SECONDS)
    raise AssertionError("the last attempt returns or raises")


def _body(answer: Answer) -> dict[str, Any]:
    if answer.status == 403 and "SignInAgain" in answer.problem:
        raise CommandError("you signed in more than 15 minutes ago: run the command again to continue where it stopped")
    if answer.status != 200:
        raise CommandError(answer.problem)
    return answer.body
