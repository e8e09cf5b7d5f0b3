"""The calls of the reminders API."""

import json
import re
import time
import uuid
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote, urlencode

from botocore.exceptions import BotoCoreError

from reminders import limits
from reminders.reminder import SCHEDULED, SENDING
from terminal import ids, times
from terminal.errors import CommandError
from terminal.text import printable
from tools.accounts.pool import NotNowError
from tools.api import Answer, Api
from tools.errors import sentence
from tools.remindme import fields

Reminder = dict[str, Any]
"""The API's answer: `reminderId`, `message`, `channels`, `dueAt`, `dueAtLocal`, `timeZone`, `status` and more."""

UNDER_WAY = {SCHEDULED, SENDING}
PAGE = 100
LONGEST_PAUSE_SECONDS = 30.0
"""The longest pause between two lookups of a reminder, because somebody may cancel it in the meantime."""

SHORTEST_PAUSE_SECONDS = 1.0
_WHOLE = "[a-f0-9]{8}(?:-[a-f0-9]{4}){3}-[a-f0-9]{12}"
FAILURES_IN_A_ROW = 10
ATTEMPTS = 3
"""Attempts to schedule or to change a reminder. Few, because the user waits for the prompt."""


def schedule(api: Api, request: dict[str, Any]) -> Reminder:
    """`POST /reminders`. Raises CommandError if it is refused, or if no answer comes.

    Tries again during an outage. All attempts have the same key, so the API makes only one reminder.
    """
    unsure = "The reminder may have been scheduled: check with `list` before you try again"
    answer = _sent(api, "POST", "/reminders", request, unsure=unsure)
    if answer.status == 403 and "topic" in request["channels"]:
        instead = "leave out --topic" if len(request["channels"]) > 1 else "use --email me or --sms me"
        raise CommandError(f"{_refused(answer).rstrip('.')}: {instead}")
    return _reminder(answer)


def change(api: Api, reminder_id: str, change: dict[str, Any]) -> Reminder:
    """`PATCH /reminders/{reminderId}`. Raises CommandError if it is refused, or if no answer comes.

    Tries again during an outage, like `schedule`.
    """
    unsure = "The reminder may have been changed: check with `show` before you try again"
    return _reminder(_sent(api, "PATCH", _path(reminder_id), change, unsure=unsure), reminder_id)


def _sent(api: Api, method: str, path: str, body: dict[str, Any], *, unsure: str) -> Answer:
    """The answer, perhaps after several attempts. Raises CommandError with the sentence `unsure` if none comes."""
    key = {"Idempotency-Key": str(uuid.uuid4())}
    for left in reversed(range(ATTEMPTS)):
        try:
            answer = api.call(method, path, json.dumps(body), headers=key)
        except BotoCoreError as error:
            if not left:
                raise CommandError(f"{sentence(error)}. {unsure}") from None
        else:
            if not (left and _is_outage(answer)):
                break
        time.sleep(SHORTEST_PAUSE_SECONDS)
    return answer


def every(api: Api) -> Iterator[Reminder]:
    """Yields the caller's own reminders in due order."""
    query: dict[str, Any] = {"limit": PAGE}
    while True:
        page = _taken(api.call("GET", f"/reminders?{urlencode(query)}"))
        yield from page.get("reminders", [])
        if not page.get("next"):
            return
        query["next"] = page["next"]


def one(api: Api, reminder_id: str) -> Reminder:
    return _reminder(api.call("GET", _path(reminder_id)), reminder_id)


def whole_id(api: Api, text: str) -> str:
    """The id that begins with `text`. Raises CommandError unless exactly one of the caller's reminders matches."""
    # Ids are in lower case.
    begins = text.lower()
    if re.fullmatch(_WHOLE, begins):
        return begins
    about = {str(one["reminderId"]): _about(one) for one in every(api)}
    if (found := ids.one_of(begins, about, what="of your reminders", shown=printable)) is None:
        raise CommandError(f"you have no reminder whose id begins with {printable(text)}: `list` shows your reminders")
    return found


def about(reminders: Iterable[Reminder]) -> Iterator[tuple[str, str]]:
    """Yields the id of each reminder, and some words about it."""
    return ((str(reminder["reminderId"]), _about(reminder)) for reminder in reminders)


def _about(reminder: Reminder) -> str:
    return f"{times.local(str(reminder.get('dueAt')))}, {reminder.get('status')}: {reminder.get('message')}"


def cancel(api: Api, reminder_id: str) -> Reminder:
    """`DELETE /reminders/{reminderId}`. Raises CommandError if there is no such reminder, or if it is too late."""
    return _reminder(api.call("DELETE", _path(reminder_id)), reminder_id)


def watched(api: Api, reminder_id: str, *, pause: Callable[[float], None] = time.sleep) -> Iterator[Reminder]:
    """Yields the reminder again and again, until it is done or, if it repeats, until its first occurrence is over.

    The pauses get shorter as the due time comes closer. Raises CommandError if the API refuses, or if FAILURES_IN_A_ROW
    attempts failed.
    """
    occurrence, failures = None, 0
    while True:
        try:
            answer = api.call("GET", _path(reminder_id))
            problem = answer.problem if _is_outage(answer) else ""
        except BotoCoreError as error:
            problem = sentence(error)
        except NotNowError as error:
            problem = str(error)
        failures = failures + 1 if problem else 0
        if failures == FAILURES_IN_A_ROW:
            raise CommandError(f"{problem}. This does not affect the reminder: look it up later with `show`")
        if problem:
            pause(SHORTEST_PAUSE_SECONDS)
            continue
        reminder = _reminder(answer, reminder_id)
        yield reminder
        occurrence = reminder.get("occurrence") if occurrence is None else occurrence
        if reminder.get("status") not in UNDER_WAY or reminder.get("occurrence") != occurrence:
            return
        halfway = seconds_left(reminder, now=datetime.now(UTC)) / 2
        pause(min(LONGEST_PAUSE_SECONDS, max(SHORTEST_PAUSE_SECONDS, halfway)))


def seconds_left(reminder: Reminder, *, now: datetime) -> float:
    """The seconds until the reminder is due; 0 if it is overdue, or if the answer has no valid due time."""
    try:
        due = datetime.fromisoformat(reminder["dueAt"])
        return max(0.0, (due - now).total_seconds())
    except (KeyError, TypeError, ValueError):
        return 0.0


def _path(reminder_id: str) -> str:
    return f"/reminders/{quote(reminder_id, safe='', errors='surrogatepass')}"


def _reminder(answer: Answer, reminder_id: str = "") -> Reminder:
    if answer.status == 404 and reminder_id:
        raise CommandError(f"you have no reminder {printable(reminder_id)}: `list` shows your reminders")
    if "reminderId" not in (body := _taken(answer)):
        raise CommandError("the API's answer is not a reminder: deploy this version of the stack first")
    return body


def _is_outage(answer: Answer) -> bool:
    """Whether the same request may soon succeed. A person who has reached their own limit waits longer."""
    return answer.status >= 500 or (answer.status == 429 and answer.code not in limits.CODES)


def _taken(answer: Answer) -> dict[str, Any]:
    if not 200 <= answer.status < 300:
        raise CommandError(_refused(answer))
    return answer.body


def _refused(answer: Answer) -> str:
    return f"the API answered {answer.status}: {answer.problem_naming(fields.OPTIONS)}"
