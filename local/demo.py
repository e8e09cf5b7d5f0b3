"""The demo: it sends four orders and three reminders through the deployed apps, and compares the results."""

import json
import time
import uuid
from abc import ABC, abstractmethod
from collections.abc import Iterable
from datetime import timedelta
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.live import Live
from rich.table import Table
from rich.text import Text

from local import users
from local.cloud import Cloud, Places
from local.engine import send
from local.errors import LocalError
from terminal import tables

SAMPLES = Path(__file__).with_name("sample-orders.json")
GIVE_UP_SECONDS = 60
POLL_SECONDS = 0.2

QUEUE_OF_THE_CONSUMER = "OrderFulfillmentQueue"

ENDED = {"SENT", "PARTLY_SENT", "FAILED", "CANCELLED"}
"""The statuses in which a reminder that does not repeat ends."""

EMAIL, PHONE = users.EMAILS[users.PERSON], users.PHONES[users.PERSON]


class Step(ABC):
    """An order or a reminder that the demo sends and follows to its end."""

    role = users.PERSON
    """The role of the user who sends it."""

    def __init__(self, cloud: Cloud, places: Places, *, what: str, expected: str) -> None:
        self.cloud = cloud
        self.places = places
        self.what = what
        self.expected = expected
        self.answer = ""
        self.state = ""
        self.ended = ""
        self.why = ""

    @abstractmethod
    def send(self) -> None:
        """Sends it and sets `answer`."""

    @abstractmethod
    def follow(self) -> None:
        """Sets `state` to the state that the execution entered last. Sets `ended` when the execution is over."""

    def post(self, url: str, body: dict[str, Any]) -> dict[str, Any]:
        response = send("POST", url, body=body, token=self.cloud.sign_in(self.role))
        if response.status_code >= 400:
            raise LocalError(
                f"the API rejected the {self.what} with status {response.status_code}: {refusal_of(response.text)} "
                "`laptop logs` shows the engine's log"
            )
        answer = json.loads(response.text)
        self.answer = f"{response.status_code} {answer.get('Status') or answer.get('status')}"
        return dict(answer)

    def is_over(self, workflow: str, execution: str) -> bool:
        """Sets `state`, and returns whether the execution is over."""
        arn = self.cloud.engine.execution(workflow, execution)
        if arn is None:
            return False
        states = self.cloud.engine.executions()
        # The status comes first, so that the history of a finished execution is complete.
        over = bool(states.describe_execution(executionArn=arn)["status"] != "RUNNING")
        events = states.get_execution_history(executionArn=arn, reverseOrder=True)["events"]
        names = (event["stateEnteredEventDetails"]["name"] for event in events if "stateEnteredEventDetails" in event)
        self.state = next(names, "")
        return over


def refusal_of(answer: str) -> str:
    """Returns the error message in an API's response, or the whole response if it has another form."""
    try:
        return str(json.loads(answer)["error"]["message"])
    except (ValueError, LookupError, TypeError):
        return answer


class OrderStep(Step):
    def __init__(
        self, cloud: Cloud, places: Places, *, run: str, order: dict[str, str], expect: dict[str, str]
    ) -> None:
        # You may have corrected or closed the orders of an earlier demo, so each demo has new ones.
        order = {**order, "OrderId": f"demo-{run}-{order['OrderId']}"}
        what = f"order {order['OrderId']}: price {order['Price']}, card of {len(order['CC'])} digits"
        shipped = places.shipment_table and expect["queue"] == QUEUE_OF_THE_CONSUMER
        where = "ShipmentTable" if shipped else expect["queue"]
        super().__init__(cloud, places, what=what, expected=f"{expect['Status']} in {where}")
        self.order = order

    def send(self) -> None:
        self.post(f"{self.places.orders_api}/orders", self.order)

    def follow(self) -> None:
        key = {"OrderId": {"S": self.order["OrderId"]}}
        row = self.cloud.engine.client("dynamodb").get_item(TableName=self.places.order_table, Key=key)["Item"]
        if self.is_over(self.places.order_workflow, row["ExecutionName"]["S"]) and row["Status"]["S"] != "RECEIVED":
            where = self.queues()
            if self.places.shipment_table:
                where = [name for name in where if name != QUEUE_OF_THE_CONSUMER] + self._shipments()
                if not where:
                    return  # The consumer has the message, or will get it.
            self.ended = f"{row['Status']['S']} in {' and '.join(where) or 'no queue'}"
            self.why = ", ".join(reason["S"] for reason in row["Reasons"]["L"])

    def queues(self) -> list[str]:
        """The name of the queue for each message about this order. A second message adds a second name."""
        return [
            name
            for name, url in self.places.queues.items()
            for message in self.cloud.engine.queued(url)
            if is_about(message["Body"], self.order["OrderId"])
        ]

    def _shipments(self) -> list[str]:
        scan = self.cloud.engine.client("dynamodb").get_paginator("scan")
        pages = scan.paginate(
            TableName=self.places.shipment_table,
            FilterExpression="OrderId = :id",
            ExpressionAttributeValues={":id": {"S": self.order["OrderId"]}},
        )
        return ["ShipmentTable" for page in pages for _ in page["Items"]]


def is_about(body: str, order_id: str) -> bool:
    """Whether a message is about this order. Somebody may have put it there by hand, so it may have any form."""
    try:
        message = json.loads(body)
    except ValueError:
        return False
    return isinstance(message, dict) and message.get("OrderId") == order_id


class ReminderStep(Step):
    def __init__(self, cloud: Cloud, places: Places, form: str, request: dict[str, Any], *, expected: str) -> None:
        super().__init__(cloud, places, what=f"reminder {form}", expected=expected)
        # Only operators may send reminders to the topic.
        self.role = users.OPERATOR if "topic" in request["channels"] else users.PERSON
        self.mark = uuid.uuid4().hex[:6]
        self.request = {"message": f"Feed the cat ({self.mark})", **request}

    def send(self) -> None:
        if self.role == users.OPERATOR:
            # The time is set only now, because the steps before may take longer than five seconds.
            soon = self.cloud.engine.now() + timedelta(seconds=5)
            self.request["timestamp"] = soon.strftime("%Y-%m-%dT%H:%M:%SZ")
        self.id = self.post(f"{self.places.reminders_api}/reminders", self.request)["reminderId"]

    def follow(self) -> None:
        key = {"ReminderId": {"S": self.id}}
        row = self.cloud.engine.client("dynamodb").get_item(TableName=self.places.reminder_table, Key=key)["Item"]
        # The execution is over when the reminder is in its queue, which is a moment before it is sent.
        if self.is_over(self.places.reminder_workflow, self.id) and row["Status"]["S"] in ENDED:
            self.ended = " and ".join(self.delivered()) or "nothing was sent"

    def delivered(self) -> list[str]:
        mails = [f"mail to {', '.join(m['To'])}" for m in self.cloud.engine.mails() if self.mark in m["BodyText"]]
        texts = [f"text to {t['PhoneNumber']}" for t in self.cloud.engine.texts() if self.mark in t["Message"]]
        topic = ["message from the topic" for m in self.cloud.topic_messages() if self.mark in m["Body"]]
        return mails + texts + topic


def run(cloud: Cloud, console: Console) -> bool:
    """Sends everything and shows the progress. Returns whether every result is as expected."""
    steps = all_steps(cloud, cloud.places())
    with Live(progress(steps, console.width), console=console, auto_refresh=False) as live:
        for step in steps:
            step.send()
            live.update(progress(steps, console.width), refresh=True)
        deadline = time.monotonic() + GIVE_UP_SECONDS
        while (under_way := [step for step in steps if not step.ended]) and time.monotonic() < deadline:
            for step in under_way:
                step.follow()
            live.update(progress(steps, console.width), refresh=True)
            time.sleep(POLL_SECONDS)
        for step in under_way:
            step.ended = f"no result within {GIVE_UP_SECONDS} seconds"
        live.update(progress(steps, console.width), refresh=True)
    if not console.is_terminal:
        console.line()  # Outside a terminal, the live table ends without a line break.
    return all(step.ended == step.expected for step in steps)


def all_steps(cloud: Cloud, places: Places) -> list[Step]:
    email = {"channels": ["email"], "waitSeconds": 2, "email": EMAIL}
    # The seconds are text here, because the original page sent them so.
    sms = {"channels": ["sms"], "waitSeconds": "2", "phone": PHONE}
    topic = {"channels": ["topic"]}
    run = uuid.uuid4().hex[:6]
    return [
        *(OrderStep(cloud, places, run=run, **sample) for sample in json.loads(SAMPLES.read_text())),
        ReminderStep(cloud, places, "by e-mail in 2 seconds", email, expected=f"mail to {EMAIL}"),
        ReminderStep(cloud, places, "by SMS in 2 seconds", sms, expected=f"text to {PHONE}"),
        ReminderStep(cloud, places, "to the topic at a time in 5 seconds", topic, expected="message from the topic"),
    ]


def progress(steps: Iterable[Step], width: int) -> Table:
    titles = ["sent", "answer", "state", "result", ""]
    rows = [
        [
            *map(Text, (step.what, step.answer, step.state, "\n".join(filter(None, (step.ended, step.why))))),
            _verdict(step),
        ]
        for step in steps
    ]
    if table := tables.fitted(titles, rows, width=width):
        return table
    table = Table()
    for title in titles:
        table.add_column(title, overflow="fold")
    for row in rows:
        table.add_row(*row)
    return table


def _verdict(step: Step) -> Text:
    if not step.ended:
        return Text()
    return Text("ok", "green") if step.ended == step.expected else Text(f"expected {step.expected}", "red")
