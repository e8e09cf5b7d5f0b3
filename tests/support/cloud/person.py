"""Plants a person in every store of a laptop cloud, and finds them there again."""

import itertools
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from tests.support import queues
from tests.support.cloud.apps import Apps
from tests.support.cloud.faults import changed
from tests.support.cloud.reminders import settled
from tests.support.cloud.written import Piece, files, logs, without_logs
from tests.support.names import unique
from tests.support.waiting import eventually

NO_FUNCTION = {"FunctionName": "nobody-deployed-this"}
NO_WORKFLOW = {"StateMachineArn": "arn:aws:states:us-east-1:000000000000:stateMachine:nobody-deployed-this"}


@dataclass
class Planted:
    """A person with orders and reminders in every status, and messages in every queue that keeps some."""

    apps: Apps
    """Called by the person."""

    sub: str
    phone: str
    since: datetime
    """When the person signed up. Older logs, files and records of streams have nothing of the person."""
    name: str = field(default_factory=lambda: unique("Zoë "))
    message: str = field(default_factory=lambda: unique("Feed the cat, "))
    orders: dict[str, str] = field(default_factory=dict)
    """The id of the order that has each status."""
    reminders: dict[str, str] = field(default_factory=dict)
    """The id of the reminder that has each status."""

    @property
    def marks(self) -> dict[str, str]:
        """What is searched for, by what it tells about the person."""
        return {
            "name": self.name.split()[-1],
            "text": self.message.split()[-1],
            "address": self.apps.user.email,
            "number": self.phone,
            "account": self.sub,
            **{f"order {status}": id for status, id in self.orders.items()},
            **{f"reminder {status}": id for status, id in self.reminders.items()},
        }

    def traces(self) -> Iterator[tuple[str, str]]:
        """The store and the mark of each trace of the person, in everything that the cloud has written.

        AWS keeps no history of the Express workflows, so their executions are left out.
        """
        cloud = self.apps.cloud
        stores = (
            logs(cloud, since=self.since),
            without_logs(cloud, since=self.since, executions=False),
            files(cloud.settings.home, since=self.since),
            self._executions(),
            self._users(),
        )
        for place, written in itertools.chain(*stores):
            text = written if isinstance(written, str) else written.decode("utf-8", errors="replace")
            for what, mark in self.marks.items():
                if mark in text:
                    yield _store(place), what

    def _executions(self) -> Iterator[Piece]:
        """The inputs of the executions of the reminder workflow. A history has nothing else of the person."""
        states = self.apps.cloud.engine.executions()
        pages = states.get_paginator("list_executions").paginate(stateMachineArn=self.apps.places.reminder_workflow)
        for one in (one for page in pages for one in page["executions"]):
            text = states.describe_execution(executionArn=one["executionArn"])["input"]
            yield ("waiting execution" if one["status"] == "RUNNING" else "ended execution"), text

    def _users(self) -> Iterator[Piece]:
        users = self.apps.cloud.engine.client("cognito-idp").get_paginator("list_users")
        for page in users.paginate(UserPoolId=self.apps.places.user_pool):
            yield from (("user pool", json.dumps(user, default=str)) for user in page["Users"])

    def order(self, status: str, *, first: str = "", **fields: str) -> None:
        """Places an order that will have `status`, and waits until it has it, or until it has the status `first`."""
        order = {"OrderId": unique("E-"), "Name": self.name, "ItemName": "Lamp", "Price": "12.50"} | fields
        assert self.apps.post_order({"CC": "4242424242424242", **order})[0] == 202
        self.orders[status] = order["OrderId"]
        self.apps.shown(order["OrderId"], first or status)

    def remind(self, status: str, **fields: Any) -> None:
        """Sets a reminder, and waits until it has this status."""
        asked = {"message": self.message, "preference": "both", "waitSeconds": 3600, **fields}
        answered, body = self.apps.post_reminder(asked)
        assert answered == 202, body
        self.reminders[status] = body["reminderId"]
        if status not in ("SCHEDULED", "CANCELLED"):
            settled(self.apps, body["reminderId"])


def _store(place: str) -> str:
    """The store of a place: its construct id if it is a table or a queue."""
    kind, _, name = place.partition(" ")
    if kind in ("table", "queue"):
        return re.sub("[0-9A-F]{8}-[0-9A-F]{13}$", "", name).rpartition("-")[2]
    return "stream" if kind == "stream" else place


def planted(apps: Apps) -> Planted:
    """A new person who has used everything."""
    since, person = datetime.now(UTC), apps.as_new_person()
    record = apps.cloud.engine.client("cognito-idp").admin_get_user(
        UserPoolId=apps.places.user_pool, Username=person.user.email
    )
    attributes = {one["Name"]: one["Value"] for one in record["UserAttributes"]}
    found = Planted(person, attributes["sub"], attributes["phone_number"], since)
    _orders(found)
    _reminders(found)
    _dead_letters(found)
    return found


def _orders(found: Planted) -> None:
    apps = found.apps
    found.order("FULFILLMENT_QUEUED")
    found.order("ESCALATED", Price="-1")
    found.order("CLOSED", first="ESCALATED", Price="-1")
    closing = f"/orders/{found.orders['CLOSED']}/close"
    assert apps.as_operator().call("POST", closing, {"note": f"Called {found.name}"})[0] == 200
    apps.cloud.engine.skip_waits(True)
    try:
        with changed(apps, lambda states: states["Are details Proper"]["Arguments"].update(NO_FUNCTION)):
            found.order("PARKED")
    finally:
        apps.cloud.engine.skip_waits(False)
    for status, id in found.orders.items():
        apps.shown(id, status)


def _reminders(found: Planted) -> None:
    apps = found.apps
    apps.cloud.engine.skip_waits(True)
    try:
        found.remind("SENT")
        with changed(
            apps,
            lambda states: states["Deliver"]["Arguments"].update(NO_WORKFLOW),
            workflow=apps.places.reminder_workflow,
        ):
            found.remind("FAILED")
    finally:
        apps.cloud.engine.skip_waits(False)
    found.remind("SCHEDULED", repeat={"every": "1d"})
    found.remind("CANCELLED")
    assert apps.call_reminders("DELETE", f"/reminders/{found.reminders['CANCELLED']}")[0] == 200


def _dead_letters(found: Planted) -> None:
    """Puts messages about two orders and a reminder where messages end that nobody could process."""
    sqs, places = found.apps.cloud.engine.client("sqs"), found.apps.places
    order = {"OrderId": found.orders["ESCALATED"], "Name": found.name, "Reasons": ["PRICE_NOT_POSITIVE"]}
    good = {"OrderId": found.orders["FULFILLMENT_QUEUED"], "Name": found.name}
    reminder = {"Reminder": {"reminderId": found.reminders["FAILED"], "message": found.message}, "Channel": "email"}
    for queue, body in (
        (places.fulfillment_queue, good),
        (places.escalation_queue, order),
        (places.reminder_queues["email"], reminder),
    ):
        sqs.send_message(QueueUrl=queues.dead_letters_of(sqs, queue), MessageBody=json.dumps(body))


def erase(apps: Apps, query: str = "") -> tuple[list[dict[str, Any]], dict[str, int]]:
    """Deletes an account, as often as it takes. Returns the receipts, and the sum of what they removed by store."""
    receipts: list[dict[str, Any]] = []

    def call() -> bool:
        status, receipt = apps.call_account("DELETE", query)
        assert status == 200, receipt
        receipts.append(receipt)
        return bool(receipt["complete"])

    eventually(call)
    removed: dict[str, int] = {}
    for receipt in receipts:
        for one in receipt["removed"]:
            removed[one["store"]] = removed.get(one["store"], 0) + one["count"]
    return receipts, removed
