"""Checks that each accepted order and reminder has exactly one end. records.py defines this balance.

The terms are counted in the raw tables and queues. Take a `mark`, run something, then call `orders` or `reminders`.
They wait until no execution works on them any more, and run the apps' sweeps if something is lost. Their error lists
every fault.

See decision D122.
"""

import contextlib
import json
import re
from collections import Counter
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from boto3.dynamodb.types import TypeDeserializer

from local.cloud import Cloud, Places
from reminders.reminder import LEASE_TIME
from tests.support.cloud import scans
from tests.support.cloud.records import Answer, Delivery, Message, Orders, Reminders, Row, Terms, order_of
from tests.support.waiting import eventually

_plain = TypeDeserializer().deserialize

ANSWERS: list[Answer] = []
"""The answers that tests got from the APIs, oldest first."""

BY_HAND: set[str] = set()
"""The ARNs of the executions that tests started without the API."""


@dataclass(frozen=True)
class Mark:
    """The content of tables and queues, and the deliveries, before a run."""

    answers: int
    rows: Mapping[str, Row]
    messages: frozenset[str]
    running: frozenset[str]
    reminders: Mapping[str, Row]
    deliveries: Counter[Delivery]


@dataclass
class AllowedCopies:
    """The orders and reminders that may be sent twice, because a test withheld an answer from the sender."""

    orders: set[str] = field(default_factory=set)
    """OrderIds."""
    reminders: set[str] = field(default_factory=set)
    """The words of reminders."""


def mark(cloud: Cloud, places: Places) -> Mark:
    """Takes the state before a run. `orders` and `reminders` count only later changes."""
    return Mark(
        answers=len(ANSWERS),
        rows=order_rows(cloud, places),
        messages=frozenset(one.id for one in messages_in(cloud, places)),
        running=frozenset(running_in(cloud, places.reminder_workflow) | running_in(cloud, places.order_workflow)),
        reminders=reminder_rows(cloud, places),
        deliveries=Counter(_deliveries(cloud)),
    )


def orders(
    cloud: Cloud,
    places: Places,
    *,
    since: Mark,
    copies: Collection[str] = (),
    also: Callable[[], Collection[Message]] = tuple,
    within: float | None = None,
) -> Terms:
    """Waits until the orders that are new or changed since the mark have ended. Returns their terms.

    `copies` has the OrderIds whose message may be in a queue twice, because the test withheld the queue's answer.
    `also` returns messages that count, although they are not in their queue: dead letters, and removed messages.
    Raises AssertionError with each order that is out of balance.
    """

    def found() -> Orders:
        records = order_records(cloud, places, since=since, copies=copies)
        there = {one.id for one in records.messages}
        more = [one for one in also() if one.body.get("OrderId") in records.rows and one.id not in there]
        return replace(records, messages=[*records.messages, *more])

    def sweep() -> None:
        lost = [row for row in found().rows.values() if row["Status"] == "RECEIVED"]
        for row in lost:
            _age_order(cloud, places, row)
        if lost:
            looks = [{"body": json.dumps({"OrderId": row["OrderId"]})} for row in lost]
            invoke(cloud, places.order_workflow, "ParkLostOrders", {"Records": looks})

    return _settled(
        lambda: found().balance(),
        sweep,
        busy=lambda: bool(running_in(cloud, places.order_workflow) - since.running),
        within=within,
    )


def reminders(
    cloud: Cloud,
    places: Places,
    *,
    since: Mark,
    doubtful: Collection[str] = (),
    sweeps: int = 1,
    within: float | None = None,
) -> Terms:
    """Waits until the reminders that are new or changed since the mark have ended. Returns their terms.

    `doubtful` has the words of reminders for which the test withheld an answer of SES or SNS. They may be delivered
    twice, or fail although they were delivered. `sweeps` is how often the sweep may run. It leaves a reminder alone
    while its queue has messages, and it fills the queues itself if it sends lost reminders again.
    Raises AssertionError with each reminder that is out of balance.
    """

    def found() -> Reminders:
        return reminder_records(cloud, places, since=since, doubtful=doubtful)

    def sweep() -> None:
        seen = found()
        for row in seen.rows.values():
            if seen.is_lost(row):
                age_reminder(cloud, places, row)
        invoke(cloud, places.reminder_workflow, "SettleLostReminders", {})

    def busy() -> bool:
        seen = found()
        of_execution = {row.get("ExecutionId"): row for row in seen.rows.values()}
        ids = tuple(seen.rows)

        def works(arn: str) -> bool:
            row = of_execution.get(arn)
            if row is None:
                # An execution that the row does not name any more finds nothing to do when it is due, in a day or so.
                return not arn.rpartition(":")[2].startswith(ids)
            # The execution of a cancelled reminder notices the cancellation when the reminder is due. A reminder that
            # is due at once is due at the next full second.
            return not (seen.waits(row, longer=timedelta(seconds=1)) or row["Status"] == "CANCELLED")

        return bool(_queued(cloud, places)) or any(works(arn) for arn in set(seen.running) - since.running)

    return _settled(lambda: found().balance(), sweep, busy=busy, sweeps=sweeps, within=within)


def order_records(cloud: Cloud, places: Places, *, since: Mark, copies: Collection[str] = ()) -> Orders:
    """The orders that are new or changed since the mark, as they are now."""
    rows, messages = order_rows(cloud, places), messages_in(cloud, places)
    answers = [one for one in ANSWERS[since.answers :] if one.url.startswith(places.orders_api)]
    changed = {id for id, row in rows.items() if since.rows.get(id) != row}
    changed |= {id for one in messages if one.id not in since.messages and (id := one.body.get("OrderId"))}
    changed |= {id for one in answers if one.method != "GET" and (id := order_of(one))}
    return Orders(
        rows={id: row for id, row in rows.items() if id in changed},
        messages=[
            one
            for one in messages
            if one.body.get("OrderId") in changed or (one.id not in since.messages and not one.body.get("OrderId"))
        ],
        answers=[one for one in answers if order_of(one) in changed - since.rows.keys()],
        by_hand=BY_HAND,
        copies=copies,
    )


def reminder_records(cloud: Cloud, places: Places, *, since: Mark, doubtful: Collection[str] = ()) -> Reminders:
    """The reminders that are new or changed since the mark, as they are now."""
    rows = reminder_rows(cloud, places)
    answers = [one for one in ANSWERS[since.answers :] if one.url.startswith(places.reminders_api)]
    changed = {id: row for id, row in rows.items() if since.reminders.get(id) != row}
    words = {row["Message"] for row in changed.values()}
    deliveries = Counter(_deliveries(cloud))
    new = deliveries - since.deliveries
    return Reminders(
        rows=changed,
        deliveries=[one for one in deliveries.elements() if one.text in words or one in new],
        running=running_in(cloud, places.reminder_workflow),
        answers=answers,
        known={row["Message"] for row in rows.values()},
        doubtful=doubtful,
        now=datetime.now(UTC),
    )


def _settled(
    look: Callable[[], tuple[Terms, list[str]]],
    sweep: Callable[[], None],
    *,
    busy: Callable[[], bool],
    sweeps: int = 1,
    within: float | None = None,
) -> Terms:
    """Waits until nothing is running and the terms balance. Returns them. At an imbalance, runs the sweep."""
    left = sweeps

    def balance() -> tuple[Terms, list[str]]:
        nonlocal left
        at_work = busy()
        terms, faults = look()
        if at_work:
            return terms, [*faults, "executions are still running"]
        if faults and left:
            sweep()
            left -= 1
        return terms, faults

    terms, _ = eventually(balance, until=lambda found: not found[1], every=0.1, within=within)
    return terms


_converted: dict[str, tuple[Any, Row]] = {}
"""The rows of the last scans, by key: as DynamoDB writes them, and converted. Most rows do not change again."""


def _rows(cloud: Cloud, table: str, key: str) -> dict[str, Row]:
    """All rows of a table by key, from a consistent read."""
    rows = {}
    for item in scans.rows(cloud, table):
        id = str(item[key]["S"])
        if id not in _converted or _converted[id][0] != item:
            _converted[id] = item, {name: _plain(value) for name, value in item.items()}
        rows[id] = _converted[id][1]
    return rows


def order_rows(cloud: Cloud, places: Places) -> dict[str, Row]:
    """The rows of all orders."""
    return _rows(cloud, places.order_table, "OrderId")


def reminder_rows(cloud: Cloud, places: Places) -> dict[str, Row]:
    """The rows of all reminders. The table also has the counts of people, which have no status."""
    rows = _rows(cloud, places.reminder_table, "ReminderId")
    return {id: row for id, row in rows.items() if "Status" in row}


def messages_in(cloud: Cloud, places: Places) -> list[Message]:
    """The messages of all three queues."""
    return [
        Message(queue, message["MessageId"], _fields_in(message["Body"]))
        for queue, url in places.queues.items()
        for message in cloud.engine.queued(url)
    ]


def _fields_in(body: str) -> dict[str, Any]:
    """The fields of a message. Empty if a test has put something else into the queue."""
    try:
        fields = json.loads(body)
    except ValueError:
        return {}
    return fields if isinstance(fields, dict) else {}


def _deliveries(cloud: Cloud) -> list[Delivery]:
    """Everything that SES and SNS were asked to deliver."""
    mails = [
        Delivery("mail", mail["BodyText"].partition("\n\n-- \n")[0], id_in(mail["BodyText"]))
        for mail in cloud.engine.mails()
        if mail.get("BodyText")
    ]
    texts = [Delivery("text", text["Message"], None) for text in cloud.engine.texts()]
    topic = [Delivery("topic", message["Body"], None) for message in cloud.topic_messages()]
    return mails + texts + topic


def id_in(mail: str) -> str | None:
    found = re.search(r"This is reminder (\S+)\.", mail)
    return found[1] if found else None


def running_in(cloud: Cloud, workflow: str) -> set[str]:
    """The ARNs of a workflow's running executions."""
    pages = cloud.engine.executions().get_paginator("list_executions")
    found = pages.paginate(stateMachineArn=workflow, statusFilter="RUNNING")
    return {one["executionArn"] for page in found for one in page["executions"]}


def _queued(cloud: Cloud, places: Places) -> int:
    """How many messages of reminders wait in the queues, or are with the function that sends."""
    sqs = cloud.engine.client("sqs")
    counts = [f"ApproximateNumberOfMessages{kind}" for kind in ("", "NotVisible", "Delayed")]
    return sum(
        int(count)
        for url in places.reminder_queues.values()
        for count in sqs.get_queue_attributes(QueueUrl=url, AttributeNames=counts)["Attributes"].values()
    )


def end_leases(cloud: Cloud, places: Places, row: Row) -> None:
    """Ends the leases of a reminder's row whose attempt must have ended, so that a later attempt need not wait.

    A lease lasts for two minutes, and an attempt with a fault in one call lasts less than 20 seconds.
    """
    begun = datetime.now(UTC) + LEASE_TIME - timedelta(seconds=20)
    for name, lease in row.items():
        if name.endswith("Lease") and begun > datetime.fromisoformat(lease):
            over = (datetime.now(UTC) - timedelta(seconds=1)).strftime("%Y-%m-%dT%H:%M:%S.000Z")
            _set(cloud, places.reminder_table, {"ReminderId": row["ReminderId"]}, name, lease, {name: over})


def _age_order(cloud: Cloud, places: Places, row: Row) -> None:
    """Makes an order look lost: its row says that it last changed eleven minutes ago."""
    then = (datetime.now(UTC) - timedelta(minutes=11)).strftime("%Y-%m-%dT%H:%M:%S.000Z")
    _set(cloud, places.order_table, {"OrderId": row["OrderId"]}, "Status", row["Status"], {"UpdatedAt": then})


def age_reminder(cloud: Cloud, places: Places, row: Row, *, by: timedelta = timedelta(minutes=31)) -> None:
    """Makes a reminder look lost: its row says that it was due, and last changed, so long ago."""
    then = (datetime.now(UTC) - by).strftime("%Y-%m-%dT%H:%M:%SZ")
    key = {"ReminderId": row["ReminderId"]}
    _set(cloud, places.reminder_table, key, "Status", row["Status"], {"DueAt": then, "UpdatedAt": then})


def _set(cloud: Cloud, table: str, key: dict[str, str], only_if: str, value: str, changes: dict[str, str]) -> None:
    """Changes text attributes of a row if its attribute `only_if` still has this value."""
    dynamodb = cloud.engine.client("dynamodb")
    with contextlib.suppress(dynamodb.exceptions.ConditionalCheckFailedException):
        dynamodb.update_item(
            TableName=table,
            Key={name: {"S": text} for name, text in key.items()},
            UpdateExpression="SET " + ", ".join(f"{name} = :{name}" for name in changes),
            ConditionExpression="#only_if = :only_if",
            ExpressionAttributeNames={"#only_if": only_if},
            ExpressionAttributeValues={
                ":only_if": {"S": value},
                **{f":{name}": {"S": text} for name, text in changes.items()},
            },
        )


def invoke(cloud: Cloud, workflow: str, function: str, event: dict[str, Any]) -> None:
    """Calls a function of the workflow's stack, like a rule of EventBridge."""
    stack = re.split("-(?:OrderFulfillment|Reminder)", workflow.rpartition(":")[2])[0]
    functions = cloud.engine.client("lambda")
    name = functions_of(cloud, stack)[function]
    answer = functions.invoke(FunctionName=name, Payload=json.dumps(event).encode())
    assert "FunctionError" not in answer, answer["Payload"].read()


def functions_of(cloud: Cloud, stack: str) -> dict[str, str]:
    """The names of a stack's functions, by the last of their construct ids."""
    pages = cloud.engine.client("cloudformation").get_paginator("list_stack_resources").paginate(StackName=stack)
    found = [one for page in pages for one in page["StackResourceSummaries"]]
    return {
        construct(one["LogicalResourceId"]): one["PhysicalResourceId"]
        for one in found
        if one["ResourceType"] == "AWS::Lambda::Function"
    }


def construct(logical_id: str) -> str:
    """The last construct id in a function's logical id."""
    return re.sub("^(?:Operators|LostOrders|LostReminders|ReminderFeedback|ReminderSender)", "", logical_id[:-8])
