"""The reminders API as its callers see it."""

import json
import re
import time
import uuid
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote, urlencode

from botocore.exceptions import BotoCoreError

from reminders.reminder import SCHEDULED, SENDING
from terminal.errors import CommandError
from tools.accounts.pool import NotNowError
from tools.api import Answer, Api
from tools.errors import sentence
from tools.text import printable

Reminder = dict[str, Any]
"""As the API shows it: `reminderId`, `message`, `channels`, `dueAt`, `dueAtLocal`, `timeZone`, `status` and more."""

UNDER_WAY = {SCHEDULED, SENDING}
PAGE = 100
LONGEST_PAUSE_SECONDS = 30.0
"""Between two looks at a reminder that is far away: it may be cancelled from elsewhere."""

SHORTEST_PAUSE_SECONDS = 1.0
_WHOLE = "[a-f0-9]{8}(?:-[a-f0-9]{4}){3}-[a-f0-9]{12}"
FAILURES_IN_A_ROW = 10
ATTEMPTS = 3
"""Attempts to schedule a reminder, while somebody waits for the prompt."""


def schedule(api: Api, request: dict[str, Any]) -> Reminder:
    """`POST /reminders`. Raises CommandError if it is refused, or if no answer comes.

    During an outage it tries again. All attempts have the same key, so the API makes only one reminder.
    """
    key = {"Idempotency-Key": str(uuid.uuid4())}
    for left in reversed(range(ATTEMPTS)):
        try:
            answer = api.call("POST", "/reminders", json.dumps(request), headers=key)
        except BotoCoreError as error:
            if not left:
                raise CommandError(
                    f"{sentence(error)}; it may have been scheduled: look with `list` before you try again"
                ) from None
        else:
            if not (left and _is_outage(answer)):
                break
        time.sleep(SHORTEST_PAUSE_SECONDS)
    if answer.status == 403 and "topic" in request["channels"]:
        instead = "leave out --topic" if len(request["channels"]) > 1 else "say --email me, or --sms me"
        raise CommandError(f"{_refused(answer).rstrip('.')}; {instead}")
    return _reminder(answer)


def every(api: Api) -> Iterator[Reminder]:
    """The caller's own reminders in due order, page by page."""
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
    """The id that begins with `text`. Raises CommandError unless exactly one of the caller's own reminders has it."""
    # Ids are in small letters.
    begins = text.lower()
    if re.fullmatch(_WHOLE, begins):
        return begins
    found = sorted({str(one["reminderId"]) for one in every(api) if str(one.get("reminderId")).startswith(begins)})
    if not found:
        raise CommandError(f"you have no reminder whose id begins with {printable(text)}: `list` shows your reminders")
    if len(found) > 1:
        raise CommandError(f"{len(found)} of your reminders have ids that begin with {printable(text)}: say more of it")
    return found[0]


def cancel(api: Api, reminder_id: str) -> Reminder:
    """`DELETE /reminders/{reminderId}`. Raises CommandError where there is none, or where it is too late."""
    return _reminder(api.call("DELETE", _path(reminder_id)), reminder_id)


def watched(api: Api, reminder_id: str, *, pause: Callable[[float], None] = time.sleep) -> Iterator[Reminder]:
    """The reminder, looked at more and more often as it comes near; the last one is over, or its first occurrence is.

    Raises CommandError where it cannot be looked at, for an outage only where that lasts.
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
            raise CommandError(f"{problem}; the reminder stays as it is")
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
    """Until it is due; 0 where that has passed, or is not told."""
    try:
        due = datetime.fromisoformat(reminder["dueAt"])
        return max(0.0, (due - now).total_seconds())
    except (KeyError, TypeError, ValueError):
        return 0.0


def _path(reminder_id: str) -> str:
    return f"/reminders/{quote(reminder_id, safe='', errors='surrogatepass')}"


def _reminder(answer: Answer, reminder_id: str = "") -> Reminder:
    if answer.status == 404 and reminder_id:
        raise CommandError(f"you have no reminder {printable(reminder_id)}")
    if "reminderId" not in (body := _taken(answer)):
        raise CommandError("the API's answer is no reminder")
    return body


def _is_outage(answer: Answer) -> bool:
    return answer.status == 429 or answer.status >= 500


def _taken(answer: Answer) -> dict[str, Any]:
    if not 200 <= answer.status < 300:
        raise CommandError(_refused(answer))
    return answer.body


def _refused(answer: Answer) -> str:
    return f"the API answered {answer.status}: {answer.problem}"
