"""What all stores of the apps hold, and which of it no accepted request explains."""

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

import redis

from reminders.reminder import OF_A_PERSON
from reminders.sms import text_of
from tests.support.cloud import balance
from tests.support.cloud.apps import Apps
from tests.support.cloud.records import Row
from tests.support.waiting import eventually


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


def at_rest(apps: Apps) -> None:
    """Waits until no order and no due reminder is in progress."""
    cloud, places = apps.cloud, apps.places

    def busy() -> list[str]:
        orders = balance.mark(cloud, places)
        return [id for id, row in orders.rows.items() if row["Status"] == "RECEIVED"] + [
            id for id, row in orders.reminders.items() if row["Status"] == "SENDING"
        ]

    eventually(lambda: [busy()], until=lambda found: not found[0], every=0.3)


def traces(before: Seen, after: Seen, accepted: Accepted) -> list[str]:
    """A line for each thing in a store that no accepted request explains."""
    placed, reminders = accepted.placed, accepted.changed
    found = [f"the order {id!r} has a row" for id in after.orders.keys() - before.orders.keys() - placed.keys()]
    changed = {id for id, row in before.orders.items() if after.orders.get(id) != row}
    found += [f"the row of the order {id!r} changed" for id in changed - placed.keys() - accepted.closed]
    found += [f"the reminder {id} has a row" for id in after.reminders.keys() - before.reminders.keys() - reminders]
    changed = {id for id, row in before.reminders.items() if after.reminders.get(id) != row}
    found += [f"the row of the reminder {id} changed" for id in changed - reminders]
    found += [
        f"a row of the reminder table has the key {key!r}"
        for key in after.other_rows - before.other_rows
        if not key.startswith(OF_A_PERSON)
    ]
    found += [f"the message {id} is gone" for id in before.messages.keys() - after.messages.keys()]
    sent = Counter[str]()
    for id in after.messages.keys() - before.messages.keys():
        queue, body = after.messages[id]
        order_id = _order_in(body)
        sent[order_id] += 1
        if sent[order_id] > placed[order_id]:
            found.append(f"{queue} has message {sent[order_id]} of {order_id!r}: {placed[order_id]} accepted")
    found += [
        f"the order {id!r} has {sent[id]} messages, not {number}" for id, number in placed.items() if sent[id] < number
    ]
    messages = {after.reminders[id]["Message"] for id in reminders if id in after.reminders}
    for text in after.deliveries - before.deliveries:
        # A mail has the reminder's id. A text message and a message of the topic have only its words.
        one = json.loads(text)
        words = one.get("Message") or one.get("Body")
        if not any(id in text for id in reminders) and words not in messages | set(map(text_of, messages)):
            found.append(f"this was sent: {text[:200]}")
    found += [f"the user {name} is new or gone" for name in before.people ^ after.people]
    return found


def cached(apps: Apps) -> set[str]:
    """The cached keys without an order that has a row. Entries about unknown orders end by themselves."""
    orders = balance.mark(apps.cloud, apps.places).rows.keys()
    with redis.Redis.from_url(apps.places.redis_url) as client:

        def others() -> list[set[str]]:
            keys = {key.decode() for key in client.scan_iter(count=1000)}
            return [{key for key in keys if key.partition(":")[2] not in orders}]

        try:
            return eventually(others, until=lambda found: not found[0], within=20)[0]
        except AssertionError:
            return others()[0]


def _order_in(body: str) -> str:
    found = json.loads(body)
    return str(found.get("OrderId") if isinstance(found, dict) else found)
