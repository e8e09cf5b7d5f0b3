"""Looks at both apps after a move: what was there before must still work. Each check returns its problems."""

import contextlib
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import redis

from tests.rehearsal.failures import failures
from tests.rehearsal.filling import Filled, Waiting, move_message, switch_readers
from tests.support import queues
from tests.support.cloud import balance
from tests.support.cloud.apps import Apps
from tests.support.cloud.reminders import OVER, delivered, row_of
from tests.support.names import unique
from tests.support.waiting import eventually

SHOWN = "orders of each status are shown as before"
CACHED = "entries in the cache are read"
SESSIONS = "people stay signed in"
CORRECTED = "escalated orders can be corrected and closed"
CHANGED = "waiting reminders can be changed and cancelled"
SENT = "waiting reminders are sent"
NOTHING_LOST = "nothing is lost"
MESSAGES = "dead letters are redriven, parked messages are listed"

COMES_AS = {"email": "mail to", "sms": "text to", "topic": "topic"}
MAY_DIFFER = {"UpdatedAt"}
"""The fields of an order that may have another value after a move."""


@dataclass(frozen=True)
class Check:
    """What was checked after a move, and what was wrong."""

    name: str
    counted: str
    problems: list[str] = field(default_factory=list)


def orders_are_shown(filled: Filled) -> Check:
    problems = []
    for status, before in filled.orders.items():
        code, now, cache = filled.operator.get_order(before["OrderId"])
        if code != 200:
            problems.append(f"the order that was {status} is answered with {code}")
            continue
        for name, value in before.items():
            if name not in now:
                problems.append(f"the order that was {status} has no field {name} any more")
            elif now[name] != value and name not in MAY_DIFFER:
                problems.append(f"{name} of the order that was {status} was {value!r} and is {now[name]!r}")
    return Check(SHOWN, f"{len(filled.orders)} orders", problems)


def cached_entries_are_read(filled: Filled) -> Check:
    id = filled.orders["FULFILLMENT_QUEUED"]["OrderId"]
    code, body, found = filled.person.get_order(id)
    problems = [] if (code, found) == (200, "HIT") else [f"the cached entry was not used: {code}, X-Cache {found}"]
    if body != filled.orders["FULFILLMENT_QUEUED"] and not problems:
        problems.append("the cached entry is read in another way than before")
    with redis.Redis.from_url(filled.apps.places.redis_url) as cache:
        cache.expire(f"order:{id}", 300)
    return Check(CACHED, "1 entry", problems)


def sessions_are_valid(filled: Filled) -> Check:
    problems = [
        f"the ID token is answered with {code} by {app}"
        for app, code in (
            ("orders", filled.person.call("GET", "/orders")[0]),
            ("reminders", filled.person.call_reminders("GET", "/reminders")[0]),
        )
        if code != 200
    ]
    cognito = filled.apps.cloud.engine.client("cognito-idp")
    try:
        cognito.initiate_auth(
            ClientId=filled.apps.places.web_client,
            AuthFlow="REFRESH_TOKEN_AUTH",
            AuthParameters={"REFRESH_TOKEN": filled.refresh_token},
        )
    except cognito.exceptions.ClientError as error:
        problems.append(f"the refresh token is refused: {error.response['Error']['Code']}")
    return Check(SESSIONS, "1 ID token, 1 refresh token", problems)


def orders_can_be_corrected_and_closed(filled: Filled) -> Check:
    problems = []
    ids = {name: order["OrderId"] for name, order in filled.orders.items()}
    fixed = {"OrderId": ids["ESCALATED, to correct"], "Name": "Zoë", "ItemName": "Lamp", "Price": "12.50"}
    code, _ = filled.operator.put_order({**fixed, "CC": "4242424242424242"})
    if code not in (200, 202):
        problems.append(f"the correction of an escalated order is answered with {code}")
    else:
        with _noted(problems, "the corrected order does not become FULFILLMENT_QUEUED"):
            filled.operator.shown(fixed["OrderId"], "FULFILLMENT_QUEUED")
    code, *_ = filled.operator.call("POST", f"/orders/{ids['ESCALATED, to close']}/close", {"note": "Called"})
    if code != 200:
        problems.append(f"the close of an escalated order is answered with {code}")
    return Check(CORRECTED, "2 orders", problems)


def messages_are_handled(filled: Filled) -> Check:
    """The dead letters go back into their queues, and the parked message is listed and removed."""
    problems, apps = [], filled.operator
    for name in ("OrderFulfillmentQueue", "EscalationQueue"):
        code, answer, _ = apps.call("POST", f"/dead-letters/{name}/redrive")
        if code != 200 or answer.get("moved", 0) < len(filled.dead[name]):
            problems.append(f"the redrive of {name} is answered with {code}: {json.dumps(answer)}")
        bodies = [one["Body"] for one in apps.cloud.engine.queued(apps.places.queues[name])]
        problems += [
            f"{name} does not have its old dead letter again" for one in filled.dead[name] if one not in bodies
        ]
    sqs, url = apps.cloud.engine.client("sqs"), apps.places.reminder_queues["email"]
    # AWS moves them by StartMessageMoveTask, which the engine does not have.
    move_message(sqs, queues.dead_letters_of(sqs, url), url)
    code, answer, _ = apps.call("GET", "/parked")
    parked = [one["MessageId"] for one in answer.get("items", []) if one["ParkingId"] == filled.parked]
    if code != 200 or not parked:
        problems.append(f"GET /parked does not list the old message: {code}")
    elif (code := apps.call("DELETE", f"/parked/{parked[0]}")[0]) != 200:
        problems.append(f"DELETE /parked/{{MessageId}} of the old message is answered with {code}")
    return Check(MESSAGES, "3 dead letters, 1 parked message", problems)


def reminders_can_be_changed_and_cancelled(filled: Filled) -> Check:
    problems: list[str] = []
    assert filled.to_change and filled.to_cancel
    calls: tuple[tuple[str, Waiting, Any], ...] = (
        ("PATCH", filled.to_change, {"waitSeconds": 3000}),
        ("DELETE", filled.to_cancel, None),
    )
    for method, one, body in calls:
        code, answer, _ = filled.person.call_reminders(method, f"/reminders/{one.id}", body)
        if code != 200:
            problems.append(f"{method} of a waiting reminder is answered with {code}: {answer.get('error')}")
    return Check(CHANGED, "2 reminders", problems)


def reminders_are_sent(filled: Filled, *, since: float) -> Check:
    """All reminders that waited become due now, and the messages that waited in queues are read."""
    assert filled.to_change
    apps, waited = filled.apps, [*filled.reminders, *filled.due, filled.to_change]
    switch_readers(apps, on=True)

    def look() -> tuple[dict[str, str], list[str]]:
        # Again and again, because it also ends the pauses before the retries of a call that fails.
        apps.cloud.engine.end_waits()
        left = {one.form: problem for one in waited if (problem := _not_sent(apps, one))}
        return left, failures(apps, since=since) if left else []

    try:
        left, found = eventually(look, until=lambda seen: not seen[0] or seen[1], every=0.2)
    except AssertionError:
        left, found = look()
    problems = [f"the reminder {form!r} was not sent: {problem}" for form, problem in left.items()]
    if left:
        problems += [*found, *_other_payload(filled, [one for one in waited if one.form in left])]
    return Check(SENT, f"{len(waited)} reminders", problems)


def _not_sent(apps: Apps, one: Waiting) -> str:
    """Why a reminder does not count as sent; empty if it is."""
    row = row_of(apps, one.id)
    if not row:
        return "it has no row"
    if one.repeats:
        over = row["Status"] == "SCHEDULED" and int(row["Occurrence"]) > 1
    else:
        over = row["Status"] == "SENT"
    if not over:
        reason = row.get("Reason", "")
        return f"it is {row['Status']}{f' ({reason})' if reason and row['Status'] in OVER else ''}"
    came = delivered(apps, one.message)
    missing = [channel for channel in one.channels if not any(way.startswith(COMES_AS[channel]) for way in came)]
    return f"nothing came by {' and '.join(missing)}" if missing else ""


def _other_payload(filled: Filled, broken: list[Waiting]) -> Iterator[str]:
    """Which fields of the old payload this version no longer writes."""
    message = unique("What is in a payload ")
    asked = {"message": message, "preference": "both", "waitSeconds": 3600, "subject": "Plants"}
    code, answer = filled.person.post_reminder(asked)
    if code != 202:
        return
    row = row_of(filled.person, answer["reminderId"])
    states = filled.apps.cloud.engine.client("stepfunctions")
    now = json.loads(states.describe_execution(executionArn=row["ExecutionId"])["input"])
    filled.person.call_reminders("DELETE", f"/reminders/{answer['reminderId']}")
    old = {
        name for one in broken for name in one.payload if one.form not in ("by hand", "repeated", "repeated by both")
    }
    if gone := sorted(old - now.keys()):
        new = sorted(now.keys() - old - {"subject"})
        instead = f", but {' and '.join(new)}" if new else ""
        yield f"the payload of a waiting reminder has {' and '.join(gone)}, which this version does not write{instead}"


def nothing_is_lost(filled: Filled, since: balance.Mark) -> Check:
    cloud, places = filled.apps.cloud, filled.apps.places
    problems, terms = list[str](), list[str]()
    # First, because the balance would park the order itself.
    with _noted(problems, "nobody read the message about the order whose execution died"):
        filled.operator.shown(filled.unfinished, "PARKED")
    for what, count in (("orders", balance.orders), ("reminders", balance.reminders)):
        try:
            found = count(cloud, places, since=since)
        except AssertionError as error:
            problems.append(f"the {what} do not balance: {error}")
        else:
            terms.append(f"{what}: {', '.join(f'{number} {term}' for term, number in sorted(found.items()))}")
    return Check(NOTHING_LOST, "; ".join(terms), problems)


@contextlib.contextmanager
def _noted(problems: list[str], problem: str) -> Iterator[None]:
    try:
        yield
    except AssertionError as error:
        problems.append(f"{problem}: {error}")


CHECKS: tuple[Callable[[Filled], Check], ...] = (
    # First, because later checks read the orders and so write the cache.
    cached_entries_are_read,
    orders_are_shown,
    sessions_are_valid,
    orders_can_be_corrected_and_closed,
    messages_are_handled,
    reminders_can_be_changed_and_cancelled,
)
"""What is checked before the reminders are sent."""


NAMES = (CACHED, SHOWN, SESSIONS, CORRECTED, MESSAGES, CHANGED, SENT, NOTHING_LOST)
"""The names of all checks after a move, in their order."""


def checked(filled: Filled, *, mark: balance.Mark, since: float) -> list[Check]:
    """All checks after a move. `mark` was taken before the apps were filled, `since` is when the move began."""
    found = [check(filled) for check in CHECKS]
    found.append(reminders_are_sent(filled, since=since))
    if any(check.problems for check in found):
        # What is broken does not balance, and the balance would wait for it in vain.
        return found
    return [*found, nothing_is_lost(filled, mark)]
