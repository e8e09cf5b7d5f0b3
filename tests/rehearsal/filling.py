"""Fills both apps with everything that an upgrade must not lose."""

import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import redis

from local.users import OPERATOR
from tests.support import queues
from tests.support.cloud import balance
from tests.support.cloud.apps import Apps, new_order
from tests.support.cloud.orders import put_received
from tests.support.cloud.reminders import row_of
from tests.support.names import unique
from tests.support.waiting import eventually

LATER = {"waitSeconds": 3600}
DAILY = {"repeat": {"every": "1d"}}
IN_A_MONTH = "in a month"
FORMS: Mapping[str, Mapping[str, Any]] = {
    "e-mail": {"channels": ["email"], **LATER},
    "text": {"channels": ["sms"], **LATER},
    "both": {"preference": "both", **LATER},
    "topic": {"channels": ["topic"], **LATER},
    "at a time": {"channels": ["email"], "subject": "Plants", "timestamp": IN_A_MONTH, "timeZone": "Europe/Paris"},
    "repeated": {"channels": ["email"], **LATER, **DAILY},
    "repeated by both": {"channels": ["email", "sms"], **LATER, **DAILY},
    "due meanwhile": {"channels": ["email"], "waitSeconds": 5},
}
"""The requests of the reminders that wait during the move."""

IN_QUEUES = {"e-mail": ["email"], "text": ["sms"], "topic": ["topic"]}
"""The channels of the due reminders whose messages wait in a queue during the move."""


@dataclass
class Waiting:
    """A reminder that was set before the move."""

    form: str
    id: str
    message: str
    channels: frozenset[str]
    payload: Mapping[str, Any]
    """The input of its execution."""

    @property
    def repeats(self) -> bool:
        return "repeat" in self.payload


@dataclass
class Filled:
    """What was there before the move."""

    person: Apps
    operator: Apps
    refresh_token: str = ""
    orders: dict[str, dict[str, Any]] = field(default_factory=dict)
    """An order in each status, as the API shows it."""
    unfinished: str = ""
    """The id of an order that has no outcome: its execution died. A message about it waits for `ParkLostOrders`."""
    reminders: list[Waiting] = field(default_factory=list)
    due: list[Waiting] = field(default_factory=list)
    """The reminders whose messages wait in a queue."""
    to_change: Waiting | None = None
    to_cancel: Waiting | None = None
    dead: dict[str, list[str]] = field(default_factory=dict)
    """The bodies of the dead letters of each queue."""
    parked: str = ""
    """The `ParkingId` of a message in the parked queue."""

    @property
    def apps(self) -> Apps:
        return self.person


def fill(apps: Apps) -> Filled:
    """Fills the apps with data of a new person. The functions that read queues pause until `switch_readers`."""
    person = apps.as_new_person()
    filled = Filled(person, Apps(apps.cloud, apps.places, user=apps.cloud.users()[OPERATOR]))
    filled.refresh_token = _refresh_token(person)
    switch_readers(apps, on=False)
    _orders(filled)
    for form, request in FORMS.items():
        filled.reminders.append(_set(filled, form, request))
    filled.reminders.append(_started_by_hand(filled))
    filled.to_change, filled.to_cancel = (_set(filled, form, FORMS["e-mail"]) for form in ("to change", "to cancel"))
    for form, channels in IN_QUEUES.items():
        filled.due.append(_set(filled, form, {"channels": channels, "waitSeconds": 1}))
    _wait_in_queues(filled)
    _dead_letters(filled)
    return filled


def switch_readers(apps: Apps, *, on: bool) -> None:
    """Lets Lambda read the queues of reminders and of lost orders, or stops it. Then messages stay in the queues."""
    functions, sqs = (apps.cloud.engine.client(service) for service in ("lambda", "sqs"))
    for url in (*apps.places.reminder_queues.values(), lost_orders(apps)):
        attributes = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]
        found = functions.list_event_source_mappings(EventSourceArn=attributes["QueueArn"])["EventSourceMappings"]
        for mapping in found:
            functions.update_event_source_mapping(UUID=mapping["UUID"], Enabled=on)


def lost_orders(apps: Apps) -> str:
    """The URL of the queue with the orders that `ParkLostOrders` has to look at."""
    urls = apps.cloud.engine.client("sqs").get_paginator("list_queues").paginate().search("QueueUrls")
    [found] = [url for url in urls if "OrdersToCheck" in url and "DeadLetters" not in url]
    return str(found)


def _orders(filled: Filled) -> None:
    apps = filled.person
    ids = {
        "FULFILLMENT_QUEUED": _placed(apps),
        "ESCALATED": _placed(apps, Price="-1"),
        "ESCALATED, to correct": _placed(apps, Price="-2"),
        "ESCALATED, to close": _placed(apps, Price="-3"),
        "CLOSED": _placed(apps, Price="-4"),
    }
    apps.shown(ids["CLOSED"], "ESCALATED")
    closed, answer, _ = filled.operator.call("POST", f"/orders/{ids['CLOSED']}/close", {"note": "Called"})
    assert closed == 200, answer
    ids["PARKED"] = _lost(apps)
    look = [{"body": json.dumps({"OrderId": ids["PARKED"]})}]
    balance.invoke(apps.cloud, apps.places.order_workflow, "ParkLostOrders", {"Records": look})
    filled.unfinished = _lost(apps)
    message = json.dumps({"OrderId": filled.unfinished})
    apps.cloud.engine.client("sqs").send_message(QueueUrl=lost_orders(apps), MessageBody=message)
    for status, id in ids.items():
        filled.orders[status] = filled.operator.shown(id, status.partition(",")[0])
    _keep_cached(apps, ids["FULFILLMENT_QUEUED"])
    filled.parked = _parked(apps)


def _placed(apps: Apps, **changes: str) -> str:
    order = new_order() | changes
    status, answer = apps.post_order(order)
    assert status == 202, answer
    return order["OrderId"]


def _lost(apps: Apps) -> str:
    """The id of an order whose execution died half an hour ago."""
    order = new_order()
    put_received(apps, order, at=datetime.now(UTC) - timedelta(minutes=30))
    return order["OrderId"]


def _keep_cached(apps: Apps, order_id: str) -> None:
    """Lets the cached entry of an order live on, however long the move takes."""
    eventually(lambda: apps.get_order(order_id)[2], until=lambda cache: cache == "HIT")
    with redis.Redis.from_url(apps.places.redis_url) as cache:
        assert cache.persist(f"order:{order_id}")


def _parked(apps: Apps) -> str:
    """Starts the workflow with invalid input. Returns the `ParkingId` of the message in the parked queue."""
    execution = apps.start(apps.places.order_workflow, {"OrderId": unique("T-"), "Name": "Zoë"})
    [message] = eventually(lambda: apps.parked(execution))
    return str(message["ParkingId"])


def _set(filled: Filled, form: str, request: Mapping[str, Any]) -> Waiting:
    message = unique(f"Feed the cat {form} ")
    if request.get("timestamp") == IN_A_MONTH:
        request = {**request, "timestamp": f"{datetime.now(UTC) + timedelta(days=30):%Y-%m-%d 09:00}"}
    # Only operators may send reminders to the topic.
    apps = filled.operator if "topic" in request.get("channels", ()) else filled.person
    status, answer = apps.post_reminder({"message": message, **request})
    assert status == 202, answer
    return _waiting(filled, form, answer["reminderId"], message)


def _started_by_hand(filled: Filled) -> Waiting:
    message, apps = unique("Feed the cat by hand "), filled.person
    request = {"waitSeconds": 3600, "preference": "email", "message": message, "email": apps.user.email}
    execution = apps.start(apps.places.reminder_workflow, request, name=str(uuid.uuid4()))
    return _waiting(filled, "by hand", execution.rpartition(":")[2], message)


def _waiting(filled: Filled, form: str, id: str, message: str) -> Waiting:
    row = eventually(lambda: row_of(filled.person, id))
    states = filled.person.cloud.engine.client("stepfunctions")
    payload = json.loads(states.describe_execution(executionArn=row["ExecutionId"])["input"])
    channels = payload.get("channels") or [payload["preference"]]
    return Waiting(form, id, message, frozenset(channels), payload)


def _wait_in_queues(filled: Filled) -> None:
    """Waits until each due reminder has its message in a queue."""
    for one in filled.due:
        [channel] = one.channels
        eventually(partial(_messages, filled.apps, channel, one.id))


def _messages(apps: Apps, channel: str, reminder_id: str) -> list[str]:
    found = apps.cloud.engine.queued(apps.places.reminder_queues[channel])
    return [message["Body"] for message in found if reminder_id in message["Body"]]


def _dead_letters(filled: Filled) -> None:
    """Moves a message of each queue to its dead letters, as five failed attempts do."""
    apps, sqs = filled.apps, filled.apps.cloud.engine.client("sqs")
    for name in ("OrderFulfillmentQueue", "EscalationQueue"):
        url = apps.places.queues[name]
        filled.dead[name] = [move_message(sqs, url, queues.dead_letters_of(sqs, url))]
    url = apps.places.reminder_queues["email"]
    filled.dead["EmailQueue"] = [move_message(sqs, url, queues.dead_letters_of(sqs, url))]


def move_message(sqs: Any, source: str, target: str) -> str:
    """Moves the first message from one queue to another. Returns its body."""
    [message] = eventually(lambda: sqs.receive_message(QueueUrl=source, MaxNumberOfMessages=1).get("Messages"))
    sqs.send_message(QueueUrl=target, MessageBody=message["Body"])
    sqs.delete_message(QueueUrl=source, ReceiptHandle=message["ReceiptHandle"])
    return str(message["Body"])


def _refresh_token(apps: Apps) -> str:
    answer = apps.cloud.engine.client("cognito-idp").initiate_auth(
        ClientId=apps.places.web_client,
        AuthFlow="USER_PASSWORD_AUTH",
        AuthParameters={"USERNAME": apps.user.email, "PASSWORD": apps.user.password},
    )
    return str(answer["AuthenticationResult"]["RefreshToken"])
