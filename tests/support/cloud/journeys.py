"""What callers, workflows and clocks do, so that every function makes every call of AWS that it may make."""

import contextlib
import json
import os
import random
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.support.cloud.apps import Apps
from tests.support.cloud.balance import BY_HAND, functions_of
from tests.support.cloud.between import (
    KILLED,
    LATE,
    LOST,
    LOST_ONCE,
    LOST_THEN_KILLED,
    REFUSED,
    SILENT,
    SLOW,
    Call,
    Case,
)
from tests.support.cloud.faults import park_lost_orders
from tests.support.names import unique
from tests.support.waiting import eventually

REPORT = os.environ.get("PROOF_REPORT")
"""The file for the report of every combination. If it is not set, each call meets one kind of fault."""
SEED = os.environ.get("PROOF_SEED") or f"{datetime.now(UTC):%Y-%m-%d}"
READS = re.compile(":(Get|BatchGet|Query|List|Describe|Check|Receive)")
READ = (REFUSED, SILENT, KILLED)
WRITE = (REFUSED, LOST, LOST_ONCE, SLOW, LATE, SILENT, KILLED, LOST_THEN_KILLED)


def kinds_of(call: Call, place: str) -> Sequence[str]:
    """The faults that a call meets in one place: without a report one of them, the same one for the same seed."""
    kinds = READ if READS.search(call.action) else WRITE
    return kinds if REPORT else [random.Random(f"{SEED}, {call}, {place}").choice(kinds)]


@dataclass
class Subject:
    """The order or the reminder of one case."""

    apps: Apps
    id: str = field(default_factory=lambda: unique("P-"))
    found: dict[str, Any] = field(default_factory=dict)
    """What `begin` found out."""

    @property
    def order(self) -> dict[str, str]:
        return {"OrderId": self.id, "Name": "Zoë", "ItemName": "Lamp", "Price": "12.50", "CC": "4242424242424242"}

    @property
    def message(self) -> str:
        return f"Feed the cat, {self.id}"


@dataclass(frozen=True)
class Journey:
    """One thing that somebody does, and the functions whose calls it tests.

    `begin` makes what there must be before. `go` is done under the fault, and again without it: it returns the status
    that the caller is answered, 200 or 500 for a function without a caller.
    """

    name: str
    functions: frozenset[str]
    go: Callable[[Subject], int]
    begin: Callable[[Subject], None] = lambda subject: None
    end: Callable[[Subject, Case], None] = lambda subject, case: None
    """Waits until everything that the fault may meet has been done."""
    first: tuple[Call, ...] = ()
    """Calls that AWS refuses in each case, so that the function makes the calls that clean up after them."""
    then: frozenset[int] = frozenset({200, 202})
    """The correct statuses when the same is done again."""
    alone: bool = False
    """Whether its calls name neither an order nor a reminder, so that its cases run one after the other."""
    only: str = ":"
    """A part of the names of the actions that it tests."""


def persistent(ask: Callable[[], tuple[int, Any]]) -> tuple[int, Any]:
    """The answer to a request that is repeated until an answer comes."""
    for _ in range(5):
        status, answer = ask()
        if status < 500:
            break
    return status, answer


def place(subject: Subject) -> int:
    return subject.apps.post_order(subject.order)[0]


def placed(subject: Subject, **changes: str) -> None:
    persistent(lambda: subject.apps.post_order({**subject.order, **changes}))
    subject.apps.settled(subject.id)


def escalated(subject: Subject) -> None:
    placed(subject, Price="0")


def correct(subject: Subject) -> int:
    return subject.apps.put_order(subject.order)[0]


def close(subject: Subject) -> int:
    return subject.apps.call("POST", f"/orders/{subject.id}/close", {"note": "No longer wanted."})[0]


def look_up(subject: Subject) -> int:
    return subject.apps.call("GET", f"/orders/{subject.id}")[0]


def claimed(subject: Subject) -> None:
    """A claim whose execution never started: PlaceOrder ended between the two calls."""
    put_received(subject, age=timedelta(), taken_up=False)


def put_received(subject: Subject, *, age: timedelta, taken_up: bool = True, **changes: str) -> str:
    """Writes the row of an order that stays RECEIVED. Returns the ARN that its execution would have."""
    apps, moment = subject.apps, (datetime.now(UTC) - age).strftime("%Y-%m-%dT%H:%M:%S.000Z")
    name = f"{subject.id}-{unique()}"
    texts = {key: value for key, value in subject.order.items() if key != "CC"} | {
        "Owner": "somebody",
        "CardLast4": subject.order["CC"][-4:],
        "Status": "RECEIVED",
        "ReceivedAt": moment,
        "UpdatedAt": moment,
        "ExecutionName": name,
    }
    execution = f"{apps.places.order_workflow.replace(':stateMachine:', ':execution:')}:{name}"
    texts |= {"ExecutionId": execution} if taken_up else {}
    texts |= changes
    row: dict[str, Any] = {key: {"S": text} for key, text in texts.items()} | {"Reasons": {"L": []}}
    apps.cloud.engine.client("dynamodb").put_item(TableName=apps.places.order_table, Item=row)
    return execution


def died(subject: Subject) -> None:
    subject.found["execution"] = put_received(subject, age=timedelta())


def report_death(subject: Subject) -> int:
    return swept(subject, {"ExecutionId": subject.found["execution"], "Status": "FAILED"})


def lost(subject: Subject) -> None:
    """The row says that it last changed eleven minutes ago: that moves time."""
    put_received(subject, age=timedelta(minutes=11))


def swept(subject: Subject, event: Mapping[str, str] = {}) -> int:  # noqa: B006 - only read
    try:
        park_lost_orders(subject.apps, dict(event))
    except AssertionError:
        return 500
    return 200


def listed(path: str) -> Callable[[Subject], int]:
    return lambda subject: subject.apps.call("GET", path)[0]


def put_into(subject: Subject, queue: str, body: Mapping[str, Any]) -> None:
    subject.apps.cloud.engine.client("sqs").send_message(QueueUrl=queue, MessageBody=json.dumps(body))


def parked(subject: Subject) -> None:
    """A parked order, and its message."""
    execution = put_received(subject, age=timedelta(), Status="PARKED")
    order = {key: value for key, value in subject.order.items() if key != "CC"}
    message = {"OrderId": subject.id, "State": "Are details Proper", "Error": "States.Timeout", "Order": order}
    put_into(subject, subject.apps.places.parked_queue, {**message, "ExecutionId": execution, "ParkingId": execution})


def park_a_stray_message(subject: Subject) -> None:
    """A message in the parked queue without an order. Somebody who starts the workflow by hand can leave one."""
    parked(Subject(subject.apps))  # which the function lets go of again
    BY_HAND.add(subject.id)
    queue = subject.apps.places.parked_queue
    put_into(subject, queue, {"OrderId": None, "State": None, "Error": "x", "ExecutionId": subject.id, "Order": None})
    (message,) = [one for one in subject.apps.cloud.engine.queued(queue) if subject.id in one["Body"]]
    subject.found["message"] = message["MessageId"]


def remove_it(subject: Subject) -> int:
    return subject.apps.call("DELETE", f"/parked/{subject.found['message']}")[0]


def redrive(subject: Subject) -> int:
    return subject.apps.call("POST", "/dead-letters/OrderFulfillmentQueue/redrive")[0]


def bury(subject: Subject) -> None:
    """Writes a fulfilled order whose message is in the dead-letter queue, where SQS puts it after five failures."""
    execution = put_received(subject, age=timedelta(), Status="FULFILLMENT_QUEUED")
    sqs = subject.apps.cloud.engine.client("sqs")
    attributes = sqs.get_queue_attributes(
        QueueUrl=subject.apps.places.fulfillment_queue, AttributeNames=["RedrivePolicy"]
    )["Attributes"]
    name = json.loads(attributes["RedrivePolicy"])["deadLetterTargetArn"].rpartition(":")[2]
    message = {key: value for key, value in subject.order.items() if key != "CC"} | {"ExecutionId": execution}
    put_into(subject, sqs.get_queue_url(QueueName=name)["QueueUrl"], message)


def remind(subject: Subject, **changes: Any) -> tuple[int, Any]:
    """Asks for a reminder, with a key, so that a repeated request makes the same one."""
    body = {"message": subject.message, "preference": "email", "waitSeconds": 0, **changes}
    status, answer, _ = subject.apps.call_reminders("POST", "/reminders", body, **{"Idempotency-Key": subject.id})
    if status < 300:
        subject.found["reminder"] = answer["reminderId"]
    return status, answer


def reminded(subject: Subject) -> int:
    return remind(subject)[0]


def reminded_daily(subject: Subject) -> int:
    return remind(subject, repeat={"every": "1d", "times": 2})[0]


def reminded_later(subject: Subject) -> int:
    return remind(subject, waitSeconds=86_400)[0]


def reminded_by_text(subject: Subject) -> int:
    return remind(subject, preference="sms", waitSeconds=86_400)[0]


def start_by_hand(subject: Subject) -> int:
    if "execution" not in subject.found:
        asked = {"message": subject.message, "preference": "topic", "waitSeconds": 0}
        subject.found["execution"] = subject.apps.start(subject.apps.places.reminder_workflow, asked)
    return 200


def waits(subject: Subject) -> None:
    persistent(lambda: remind(subject, waitSeconds=86_400))
    eventually(lambda: reminder_row(subject, subject.found["reminder"]), until=lambda row: "ExecutionId" in row)


def reminder_row(subject: Subject, reminder_id: str) -> dict[str, Any]:
    key, table = {"ReminderId": {"S": reminder_id}}, subject.apps.places.reminder_table
    answer = subject.apps.cloud.engine.client("dynamodb").get_item(TableName=table, Key=key)
    return {name: next(iter(value.values())) for name, value in answer.get("Item", {}).items()}


def cancel(subject: Subject) -> int:
    return subject.apps.call_reminders("DELETE", f"/reminders/{subject.found['reminder']}")[0]


def regret(subject: Subject) -> int:
    """Cancels a reminder while its execution takes it up."""
    reminded_later(subject)
    return cancel(subject) if "reminder" in subject.found else 503


def regret_late(subject: Subject) -> int:
    """Cancels a reminder while it is sent: too late."""
    reminded(subject)
    if "reminder" in subject.found:
        eventually(
            lambda: reminder_row(subject, subject.found["reminder"]),
            until=lambda row: row.get("Status") != "SCHEDULED",
        )
    return cancel(subject) if "reminder" in subject.found else 503


def look_up_reminder(subject: Subject) -> int:
    return subject.apps.call_reminders("GET", f"/reminders/{subject.found['reminder']}")[0]


def listed_reminders(subject: Subject) -> int:
    return subject.apps.call_reminders("GET", "/reminders")[0]


def deserted(subject: Subject, **changes: str) -> None:
    """A reminder whose execution was stopped from outside."""
    waits(subject)
    row = reminder_row(subject, subject.found["reminder"])
    subject.apps.cloud.engine.client("stepfunctions").stop_execution(executionArn=row["ExecutionId"])
    if changes:
        subject.apps.cloud.engine.client("dynamodb").update_item(
            TableName=subject.apps.places.reminder_table,
            Key={"ReminderId": {"S": row["ReminderId"]}},
            UpdateExpression="SET " + ", ".join(f"#{name} = :{name}" for name in changes),
            ExpressionAttributeNames={f"#{name}": name for name in changes},
            ExpressionAttributeValues={f":{name}": {"S": text} for name, text in changes.items()},
        )


def left_behind(subject: Subject) -> None:
    """A reminder whose execution began and ended while its row was taken back and written again."""
    deserted(subject)
    subject.apps.cloud.engine.client("dynamodb").update_item(
        TableName=subject.apps.places.reminder_table,
        Key={"ReminderId": {"S": subject.found["reminder"]}},
        UpdateExpression="REMOVE ExecutionId",
    )


def overdue(subject: Subject) -> None:
    """The row says that it was due 31 minutes ago, and last changed then: that moves time."""
    then = _minutes_ago(31)
    deserted(subject, DueAt=then, UpdatedAt=then)


def overdue_while_sending(subject: Subject) -> None:
    then = _minutes_ago(31)
    deserted(subject, DueAt=then, UpdatedAt=then, Status="SENDING")


def _minutes_ago(minutes: int) -> str:
    return (datetime.now(UTC) - timedelta(minutes=minutes)).strftime("%Y-%m-%dT%H:%M:%SZ")


def settle(subject: Subject, event: Mapping[str, bool] = {}) -> int:  # noqa: B006 - only read
    stack = subject.apps.places.reminder_table.partition("-ReminderTable")[0]
    name = functions_of(subject.apps.cloud, stack)["SettleLostReminders"]
    functions = subject.apps.cloud.engine.client("lambda")
    answer = functions.invoke(FunctionName=name, Payload=json.dumps(dict(event)).encode())
    return 500 if "FunctionError" in answer else 200


def sent(subject: Subject, case: Case) -> None:
    """Waits until the executions of a reminder have done what they do now: they ended, or wait until tomorrow."""
    states = subject.apps.cloud.engine.client("stepfunctions")
    tomorrow = (datetime.now(UTC) + timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M:%SZ")

    def over() -> bool:
        for reminder_id in {*case.markers, subject.found.get("reminder", subject.id)} - {subject.id}:
            row = reminder_row(subject, reminder_id)
            if not row or row["DueAt"] > tomorrow:
                continue
            first = f"{subject.apps.places.reminder_workflow.replace(':stateMachine:', ':execution:')}:{reminder_id}"
            with contextlib.suppress(states.exceptions.ExecutionDoesNotExist):
                found = states.describe_execution(executionArn=row.get("ExecutionId", first))
                if found["status"] == "RUNNING":
                    return False
        if execution := subject.found.get("execution"):
            return bool(states.describe_execution(executionArn=execution)["status"] != "RUNNING")
        return True

    eventually(over, every=0.3)


def functions(*names: str) -> frozenset[str]:
    return frozenset(names)


NO_START = "states:StartExecution"
MAIN = [
    Journey("a new order", functions("PlaceOrder"), place),
    Journey("an order again", functions("PlaceOrder"), place, begin=placed),
    Journey("an order whose claim was left behind", functions("PlaceOrder"), place, begin=claimed),
    Journey("an order that cannot start", functions("PlaceOrder"), place, first=(Call("PlaceOrder", NO_START),)),
    Journey("a correction", functions("CorrectOrder"), correct, begin=escalated),
    Journey(
        "a correction that cannot start",
        functions("CorrectOrder"),
        correct,
        begin=escalated,
        first=(Call("CorrectOrder", NO_START),),
    ),
    Journey("a closing", functions("CloseOrder"), close, begin=escalated),
    Journey("a lookup", functions("GetOrder"), look_up, then=frozenset({404})),
    Journey("an execution that died", functions("ParkLostOrders"), report_death, begin=died),
    Journey("a reminder", functions("CreateReminder", "ScheduleReminder", "SendEmail"), reminded, end=sent),
    Journey(
        "a reminder that cannot start",
        functions("CreateReminder"),
        reminded,
        end=sent,
        first=(Call("CreateReminder", NO_START),),
    ),
    Journey("a reminder whose claim was left behind", functions("CreateReminder"), reminded_later, begin=left_behind),
    Journey("a repeated reminder", functions("NextOccurrence"), reminded_daily, end=sent),
    Journey("a reminder by hand", functions("ScheduleReminder"), start_by_hand, end=sent),
    Journey("a cancellation", functions("CancelReminder"), cancel, begin=waits, then=frozenset({200, 409})),
    Journey(
        "a reminder that is cancelled at once",
        functions("ScheduleReminder"),
        regret,
        end=sent,
        then=frozenset({200, 409}),
    ),
    Journey(
        "a reminder that is cancelled while it is sent",
        functions("SendEmail"),
        regret_late,
        end=sent,
        then=frozenset({409}),
    ),
    Journey("a reminder's lookup", functions("GetReminder"), look_up_reminder, begin=waits),
]
ALONE = [
    [
        Journey("the orders of a person", functions("ListOrders"), listed("/orders"), alone=True),
        Journey(
            "the orders of a status",
            functions("ListOrders"),
            listed("/orders?status=ESCALATED"),
            begin=escalated,
            alone=True,
        ),
    ],
    [Journey("a person's reminders", functions("ListReminders"), listed_reminders, alone=True)],
    [
        Journey("the parked messages", functions("ListParked"), listed("/parked"), begin=parked, alone=True),
        Journey(
            "a parked message that is done",
            functions("RemoveParked"),
            remove_it,
            begin=park_a_stray_message,
            then=frozenset({200, 404}),
            alone=True,
        ),
    ],
    [Journey("the dead letters", functions("ListDeadLetters"), listed("/dead-letters"), alone=True)],
    [
        Journey("dead letters that go back", functions("RedriveDeadLetters"), redrive, begin=bury, alone=True),
        Journey(
            "dead letters that cannot be deleted",
            functions("RedriveDeadLetters"),
            redrive,
            begin=bury,
            first=(Call("RedriveDeadLetters", "sqs:DeleteMessage"),),
            alone=True,
        ),
    ],
    [
        Journey("overdue reminders", functions("SettleLostReminders"), settle, begin=overdue, end=sent, alone=True),
        Journey(
            "reminders that stay SENDING",
            functions("SettleLostReminders"),
            settle,
            begin=overdue_while_sending,
            alone=True,
        ),
        Journey(
            "reminders that wait without an execution",
            functions("SettleLostReminders"),
            lambda subject: settle(subject, {"Waiting": True}),
            begin=deserted,
            alone=True,
        ),
    ],
    [Journey("lost orders", functions("ParkLostOrders"), swept, begin=lost, alone=True)],
]
FRESH = [
    [
        Journey("the first order of a process", functions("PlaceOrder"), place, alone=True, only="secretsmanager:"),
        Journey(
            "the first correction of a process",
            functions("CorrectOrder"),
            correct,
            begin=escalated,
            alone=True,
            only="secretsmanager:",
        ),
    ],
    [
        Journey("the first mail of a process", functions("CreateReminder"), reminded_later, alone=True, only="ses:"),
        Journey("the first text of a process", functions("CreateReminder"), reminded_by_text, alone=True, only="sns:"),
    ],
]
"""Calls that a process makes only once. Each function has its own lane: a fresh process ends its other calls."""
