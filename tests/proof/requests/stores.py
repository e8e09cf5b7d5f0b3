"""What all stores of the apps hold, and which of it no accepted request explains."""

import contextlib
import json
from collections import Counter
from collections.abc import Collection, Mapping, Set
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import redis

from reminders.due import from_utc_text
from reminders.reminder import OF_A_PERSON
from reminders.sms import text_of
from tests.support.cloud import balance
from tests.support.cloud.apps import Apps
from tests.support.cloud.records import Row
from tests.support.waiting import eventually

REST_SECONDS = 900
"""An order whose execution took too long on a busy machine is parked after ten minutes."""


@dataclass(frozen=True)
class Seen:
    """The content of the stores at one time."""

    orders: Mapping[str, Row]
    reminders: Mapping[str, Row]
    other_rows: frozenset[str]
    """The keys of the reminder table's other rows."""
    messages: Mapping[str, tuple[str, str]]
    """The queue and the body of each message, by id."""
    deliveries: frozenset[str]
    """What SES and SNS were asked to send, as text."""
    people: frozenset[str]


@dataclass
class Accepted:
    """The ids that accepted requests explain."""

    placed: Counter[str] = field(default_factory=Counter)
    """How often each order was sent through the workflow."""
    closed: set[str] = field(default_factory=set)
    changed: set[str] = field(default_factory=set)
    """Reminders that were set or changed."""


def seen(apps: Apps) -> Seen:
    """Reads all stores. Nothing may be in progress."""
    cloud, places = apps.cloud, apps.places
    mark = balance.mark(cloud, places)
    engine = cloud.engine
    urls = {**places.queues, **{f"{name} queue": url for name, url in places.reminder_queues.items()}}
    pages = (
        engine.client("dynamodb")
        .get_paginator("scan")
        .paginate(TableName=places.reminder_table, ProjectionExpression="ReminderId")
    )
    keys = {item["ReminderId"]["S"] for page in pages for item in page["Items"]}
    users = engine.client("cognito-idp").get_paginator("list_users").paginate(UserPoolId=places.user_pool)
    sent = [*engine.mails(), *engine.texts(), *cloud.topic_messages()]
    return Seen(
        orders=mark.rows,
        reminders=mark.reminders,
        other_rows=frozenset(keys - mark.reminders.keys()),
        messages={one["MessageId"]: (name, one["Body"]) for name, url in urls.items() for one in engine.queued(url)},
        deliveries=frozenset(json.dumps(one, sort_keys=True, ensure_ascii=False, default=str) for one in sent),
        people=frozenset(user["Username"] for page in users for user in page["Users"]),
    )


def executions(apps: Apps) -> set[str]:
    """The names of all executions that the engine still knows, of both workflows."""
    client = apps.cloud.engine.executions()
    workflows = (apps.places.order_workflow, apps.places.reminder_workflow)
    pages = (
        page
        for workflow in workflows
        for page in client.get_paginator("list_executions").paginate(stateMachineArn=workflow)
    )
    return {one["name"] for page in pages for one in page["executions"]}


def at_rest(apps: Apps, accepted: Accepted) -> None:
    """Waits until no accepted order and no accepted reminder that is due is in progress."""

    def busy() -> list[str]:
        # A reminder that is due at once is due at the next full second.
        soon = datetime.now(UTC) + timedelta(seconds=1)
        order_rows = balance.order_rows(apps.cloud, apps.places) if accepted.placed else {}
        reminder_rows = balance.reminder_rows(apps.cloud, apps.places) if accepted.changed else {}
        orders = [id for id in accepted.placed if order_rows.get(id, {}).get("Status") == "RECEIVED"]
        reminders = [reminder_rows[id] for id in accepted.changed if id in reminder_rows]
        return orders + [
            row["ReminderId"]
            for row in reminders
            if row["Status"] == "SENDING" or (row["Status"] == "SCHEDULED" and from_utc_text(row["DueAt"]) <= soon)
        ]

    # Each look reads whole tables.
    eventually(lambda: [busy()], until=lambda found: not found[0], every=1, within=REST_SECONDS)


def traces(before: Seen, after: Seen, accepted: Accepted, *, ours: Collection[str] | None = None) -> list[str]:
    """A line for each thing in a store that no accepted request explains.

    `ours` are the ids of the orders and reminders that somebody may have attacked. The others that existed before may
    go on, because a test shares its cloud with other tests. By default nothing may go on.
    """
    placed, reminders = accepted.placed, accepted.changed
    others = set() if ours is None else (before.orders.keys() | before.reminders.keys()) - set(ours)
    # Reminders of earlier requests, such as the requests of schemathesis.
    others |= {id for id, row in before.reminders.items() if _is_due(row)}
    found = [f"the order {id!r} has a row" for id in after.orders.keys() - before.orders.keys() - placed.keys()]
    changed = {id for id, row in before.orders.items() if after.orders.get(id) != row} - others
    found += [f"the row of the order {id!r} changed" for id in changed - placed.keys() - accepted.closed]
    found += [f"the reminder {id} has a row" for id in after.reminders.keys() - before.reminders.keys() - reminders]
    changed = {id for id, row in before.reminders.items() if after.reminders.get(id) != row} - others
    found += [f"the row of the reminder {id} changed" for id in changed - reminders]
    found += [
        f"a row of the reminder table has the key {key!r}"
        for key in after.other_rows - before.other_rows
        if not key.startswith(OF_A_PERSON)
    ]
    found += _messages_without_a_cause(before, after, placed, others)
    found += _deliveries_without_a_cause(before, after, reminders, others)
    return found + [f"the user {name} is new or gone" for name in before.people ^ after.people]


def _is_due(row: Row) -> bool:
    """Whether a reminder that waited has become due meanwhile, and goes out."""
    return row["Status"] in ("SCHEDULED", "SENDING") and from_utc_text(row["DueAt"]) <= datetime.now(UTC)


def _messages_without_a_cause(before: Seen, after: Seen, placed: Counter[str], others: Set[str]) -> list[str]:
    gone = before.messages.keys() - after.messages.keys()
    found = [f"the message {id} is gone" for id in gone if _subject_of(before.messages[id][1]) not in others]
    sent = Counter[str]()
    for id in after.messages.keys() - before.messages.keys():
        queue, body = after.messages[id]
        subject = _subject_of(body)
        sent[subject] += 1
        if sent[subject] > placed[subject] and subject not in others:
            found.append(f"{queue} has message {sent[subject]} of {subject!r}: {placed[subject]} accepted")
    few = [(id, number) for id, number in placed.items() if sent[id] < number]
    return found + [f"the order {id!r} has {sent[id]} messages, not {number}" for id, number in few]


def _deliveries_without_a_cause(before: Seen, after: Seen, reminders: Set[str], others: Set[str]) -> list[str]:
    explained = [after.reminders[id] for id in reminders if id in after.reminders]
    explained += [row for id, row in before.reminders.items() if id in others]
    messages = {row["Message"] for row in explained}
    messages |= set(map(text_of, messages))
    found = []
    for text in after.deliveries - before.deliveries:
        # A mail has the reminder's id. A text message and a message of the topic have only its words.
        one = json.loads(text)
        words = one.get("Message") or one.get("Body")
        if words not in messages and not any(id in text for id in (*reminders, *others)):
            found.append(f"this was sent: {text[:200]}")
    return found


def cached(apps: Apps) -> set[str]:
    """The keys of the cache."""
    with redis.Redis.from_url(apps.places.redis_url) as client:
        return {key.decode() for key in client.scan_iter(count=1000)}


def cached_without_an_order(apps: Apps, before: Set[str]) -> set[str]:
    """The new keys of the cache whose order has no row. Entries about unknown orders end by themselves."""
    orders = balance.order_rows(apps.cloud, apps.places).keys()

    def others() -> list[set[str]]:
        return [{key for key in cached(apps) - before if key.partition(":")[2] not in orders}]

    with contextlib.suppress(AssertionError):
        return eventually(others, until=lambda found: not found[0])[0]
    return others()[0]


def _subject_of(body: str) -> str:
    """The id of the order or the reminder that a message is about."""
    found = json.loads(body)
    if not isinstance(found, dict):
        return str(found)
    reminder = found.get("Reminder")
    return str(reminder.get("reminderId") if isinstance(reminder, dict) else found.get("OrderId"))
