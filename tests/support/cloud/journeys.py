"""The journeys of callers, workflows and clocks. They make each function make every AWS call that it may make."""

import contextlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

from local.engine import send
from orders.rules import execution_name
from reminders.mail_tag import tag_of
from reminders.reminder import TEXT_ID, TEXT_OCCURRENCE, another_name, execution_arn
from reminders.stop_link import token_of
from tests.support.cloud import balance
from tests.support.cloud.apps import Apps
from tests.support.cloud.balance import BY_HAND, functions_of
from tests.support.cloud.between import Case
from tests.support.cloud.faults import call_function
from tests.support.cloud.troubles import Call
from tests.support.handlers.reports import log_event, mail_event, text_line
from tests.support.names import unique
from tests.support.waiting import eventually

SENT_SECONDS = 300
OVERDUE_MINUTES = 90
"""Longer than WAITS_IN_A_QUEUE of the sweep: other cases may have messages in the queues."""
"""The longest that a reminder may take. A fault can cost an attempt 17 seconds, and hides its message for 15 more.
Meanwhile cases of other reminders use the function's few instances."""

LENGTHS = frozenset({"sqs:GetQueueAttributes"})
"""SettleLostReminders asks for the length of a queue only if a reminder may be in it."""


@dataclass
class Subject:
    """The order or the reminder of a case."""

    apps: Apps
    id: str = field(default_factory=lambda: unique("P-"))
    found: dict[str, Any] = field(default_factory=dict)
    """Ids that a journey learns, like its reminder's."""

    @property
    def order(self) -> dict[str, str]:
        return {"OrderId": self.id, "Name": "Zoë", "ItemName": "Lamp", "Price": "12.50", "CC": "4242424242424242"}

    @property
    def message(self) -> str:
        return f"Feed the cat, {self.id}"


@dataclass(frozen=True)
class Journey:
    """One action of a caller, a workflow or a clock, and the functions whose calls it tests.

    `begin` prepares it. `go` acts, first under the fault and then without it. It returns the status that the caller
    gets, or 200 or 500 if the function has no caller.
    """

    name: str
    functions: frozenset[str]
    go: Callable[[Subject], int]
    begin: Callable[[Subject], None] = lambda subject: None
    end: Callable[[Subject, Case], None] = lambda subject, case: None
    """Waits until every call that the fault may meet has been made."""
    first: tuple[Call, ...] = ()
    """The calls that AWS refuses in every case, so that the function makes the calls that clean up after them."""
    then: frozenset[int] = frozenset({200, 202})
    """The correct statuses of the action without the fault."""
    late: frozenset[int] = frozenset()
    """The statuses of a caller who comes after the attempt has failed. They are right under the fault. Without it the
    machine was too busy."""
    alone: bool = False
    """Whether its cases must run one after the other, because its calls name neither an order nor a reminder."""
    only: str = ":"
    """Restricts the tested actions to those whose names contain this text."""
    early: bool = False
    """Whether its cases run before the journeys of `Journeys.main`, which would slow them down or meet their faults.
    Cases that are repeated come after them."""
    waits: bool = False
    """Whether `go` waits for the function that the fault stops. So the fault must not last for ever, and the function
    must not believe that nothing is left to do."""
    untested: frozenset[str] = frozenset()
    """Actions that only the reminders of other cases need. So they may be made in one run and not in the next."""


def persistent(ask: Callable[[], tuple[int, Any]]) -> tuple[int, Any]:
    """Repeats a request until the answer is not a 5xx, at most five times. Returns the last answer."""
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
    """Leaves a claim whose execution never started, as if PlaceOrder had ended between the two calls."""
    put_received(subject, age=timedelta(), started=False)


def put_received(subject: Subject, *, age: timedelta, started: bool = True, **changes: str) -> str:
    """Writes the row of an order that no execution works on. Returns the ARN that its execution would have.

    `started`: whether the row says that the execution has started.
    """
    apps, moment = subject.apps, (datetime.now(UTC) - age).strftime("%Y-%m-%dT%H:%M:%S.000Z")
    # The function finds the order by this form of the name.
    name = execution_name(subject.id, unique=uuid4())
    texts = {key: value for key, value in subject.order.items() if key != "CC"} | {
        "Owner": "somebody",
        "CardLast4": subject.order["CC"][-4:],
        "Status": "RECEIVED",
        "ReceivedAt": moment,
        "UpdatedAt": moment,
        "ExecutionName": name,
    }
    execution = f"{apps.places.order_workflow.replace(':stateMachine:', ':execution:')}:{name}"
    texts |= {"ExecutionId": execution} if started else {}
    texts |= changes
    row: dict[str, Any] = {key: {"S": text} for key, text in texts.items()} | {"Reasons": {"L": []}}
    apps.cloud.engine.client("dynamodb").put_item(TableName=apps.places.order_table, Item=row)
    return execution


def failed(subject: Subject) -> None:
    subject.found["execution"] = put_received(subject, age=timedelta())


def report_failure(subject: Subject) -> int:
    return called(subject, "ParkLostOrders", {"ExecutionId": subject.found["execution"], "Status": "FAILED"})


def lost(subject: Subject) -> None:
    """Makes a lost order: its row says that it last changed eleven minutes ago."""
    put_received(subject, age=timedelta(minutes=11))


def looked_at(subject: Subject) -> int:
    return called(subject, "ParkLostOrders", {"Records": [{"body": json.dumps({"OrderId": subject.id})}]})


def searched(subject: Subject) -> int:
    return called(subject, "ParkLostOrders", {})


def watched(subject: Subject) -> int:
    """Calls WatchOrders with the order's row, as the table's stream does. The order is overdue, and so it is parked."""
    row = {"OrderId": {"S": subject.id}, "Status": {"S": "RECEIVED"}}
    change = {"Keys": {"OrderId": row["OrderId"]}, "NewImage": row}
    return called(subject, "WatchOrders", {"Records": [{"dynamodb": change}]})


def called(subject: Subject, function: str, event: Mapping[str, Any]) -> int:
    try:
        call_function(subject.apps, function, event)
    except AssertionError:
        return 500
    return 200


def listed(path: str) -> Callable[[Subject], int]:
    return lambda subject: subject.apps.call("GET", path)[0]


def put_into(subject: Subject, queue: str, body: Mapping[str, Any]) -> None:
    subject.apps.cloud.engine.client("sqs").send_message(QueueUrl=queue, MessageBody=json.dumps(body))


def parked(subject: Subject) -> None:
    """Makes a parked order and its message."""
    parked_message(subject, put_received(subject, age=timedelta(), Status="PARKED"))


def parked_message(subject: Subject, execution: str) -> None:
    order = {key: value for key, value in subject.order.items() if key != "CC"}
    message = {"OrderId": subject.id, "State": "Are details Proper", "Error": "States.Timeout", "Order": order}
    put_into(subject, subject.apps.places.parked_queue, {**message, "ExecutionId": execution, "ParkingId": execution})


def park_a_stray_message(subject: Subject) -> None:
    """Makes a parked message without an order. A workflow that is started by hand can leave one."""
    parked(Subject(subject.apps))  # RemoveParked receives this message too, and must release it.
    BY_HAND.add(subject.id)
    queue = subject.apps.places.parked_queue
    put_into(subject, queue, {"OrderId": None, "State": None, "Error": "x", "ExecutionId": subject.id, "Order": None})
    (message,) = [one for one in subject.apps.cloud.engine.queued(queue) if subject.id in one["Body"]]
    subject.found["message"] = message["MessageId"]


def remove_message(subject: Subject) -> int:
    return subject.apps.call("DELETE", f"/parked/{subject.found['message']}")[0]


def redrive(subject: Subject) -> int:
    return subject.apps.call("POST", "/dead-letters/OrderFulfillmentQueue/redrive")[0]


def make_dead_letter(subject: Subject) -> None:
    """Makes a fulfilled order whose message is in the dead-letter queue. SQS puts it there after five failures."""
    execution = put_received(subject, age=timedelta(), Status="FULFILLMENT_QUEUED")
    sqs = subject.apps.cloud.engine.client("sqs")
    attributes = sqs.get_queue_attributes(
        QueueUrl=subject.apps.places.fulfillment_queue, AttributeNames=["RedrivePolicy"]
    )["Attributes"]
    name = json.loads(attributes["RedrivePolicy"])["deadLetterTargetArn"].rpartition(":")[2]
    message = {key: value for key, value in subject.order.items() if key != "CC"} | {"ExecutionId": execution}
    put_into(subject, sqs.get_queue_url(QueueName=name)["QueueUrl"], message)


def remind(subject: Subject, **changes: Any) -> tuple[int, Any]:
    """Sets a reminder. The idempotency key makes a repeated request return the same reminder."""
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
    return remind(subject, preference="sms")[0]


def reminded_by_text_later(subject: Subject) -> int:
    return remind(subject, preference="sms", waitSeconds=86_400)[0]


def start_by_hand(subject: Subject) -> int:
    if "execution" not in subject.found:
        subject.found["execution"] = subject.apps.start(
            subject.apps.places.reminder_workflow, by_hand(subject), name=subject.found.get("reminder")
        )
    return 200


def by_hand(subject: Subject) -> dict[str, Any]:
    return {"message": subject.message, "preference": "topic", "waitSeconds": 0}


def checked(subject: Subject) -> None:
    """Makes the row of a reminder by hand, as if the answer of the function that checks it had been lost."""
    subject.found["reminder"] = name = unique("by-hand-")
    event = {"Input": by_hand(subject), "ExecutionId": execution_arn(subject.apps.places.reminder_workflow, name)}
    persistent(lambda: (call_reminders_function(subject, "ScheduleReminder", event), None))


def scheduled(subject: Subject) -> None:
    persistent(lambda: remind(subject, waitSeconds=86_400))
    eventually(lambda: reminder_row(subject, subject.found["reminder"]), until=lambda row: "ExecutionId" in row)


def reminder_row(subject: Subject, reminder_id: str) -> dict[str, Any]:
    key, table = {"ReminderId": {"S": reminder_id}}, subject.apps.places.reminder_table
    answer = subject.apps.cloud.engine.client("dynamodb").get_item(TableName=table, Key=key)
    return {name: next(iter(value.values())) for name, value in answer.get("Item", {}).items()}


def cancel(subject: Subject) -> int:
    return subject.apps.call_reminders("DELETE", f"/reminders/{subject.found['reminder']}")[0]


def change(subject: Subject) -> int:
    """Gives a reminder another subject, and moves it."""
    body = {"subject": "Changed", "waitSeconds": 80_000}
    return subject.apps.call_reminders("PATCH", f"/reminders/{subject.found['reminder']}", body)[0]


def stop_by_link(subject: Subject) -> int:
    """Presses the button behind the link in a mail of the reminder."""
    row = reminder_row(subject, subject.found["reminder"])
    token = token_of(row["ReminderId"], row["StopKey"], due=datetime.now(UTC))
    return int(send("POST", f"{subject.apps.places.reminders_api}/stop/{token}").status_code)


def cancel_while_sent(subject: Subject) -> int:
    """Sets a reminder and cancels it too late: when it is being sent."""
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


def aborted(subject: Subject, **changes: str) -> None:
    """Makes a reminder whose execution was stopped from outside."""
    scheduled(subject)
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


def without_execution(subject: Subject) -> None:
    """Makes a reminder whose row names an execution that has never started."""
    scheduled(subject)
    name = another_name(reminder_row(subject, subject.found["reminder"]), suffix="never")
    aborted(subject, ExecutionId=execution_arn(subject.apps.places.reminder_workflow, name))


def overdue(subject: Subject) -> None:
    """Makes a lost reminder: its row says that it was due, and last changed, long ago."""
    then = _minutes_ago(OVERDUE_MINUTES)
    aborted(subject, DueAt=then, UpdatedAt=then)


def overdue_while_sending(subject: Subject) -> None:
    then = _minutes_ago(OVERDUE_MINUTES)
    aborted(subject, DueAt=then, UpdatedAt=then, Status="SENDING")


def _minutes_ago(minutes: int) -> str:
    return (datetime.now(UTC) - timedelta(minutes=minutes)).strftime("%Y-%m-%dT%H:%M:%SZ")


def settle(subject: Subject, event: Mapping[str, bool] = {}) -> int:  # noqa: B006 - only read
    return call_reminders_function(subject, "SettleLostReminders", event)


def complained(subject: Subject) -> int:
    """Reports that the recipient of a reminder has marked a mail as spam, as the rule for the events of SES does."""
    row = reminder_row(subject, subject.found["reminder"])
    tag = tag_of(row["ReminderId"], row["StopKey"], occurrence=1)
    return call_reminders_function(subject, "RecordFeedback", mail_event("Complaint", tag))


def with_a_text(subject: Subject) -> None:
    """Makes a reminder whose row names a text message, as if an earlier occurrence had been sent."""
    scheduled(subject)
    subject.apps.cloud.engine.client("dynamodb").update_item(
        TableName=subject.apps.places.reminder_table,
        Key={"ReminderId": {"S": subject.found["reminder"]}},
        UpdateExpression="SET #text = :text, #occurrence = :one",
        ExpressionAttributeNames={"#text": TEXT_ID, "#occurrence": TEXT_OCCURRENCE},
        ExpressionAttributeValues={":text": {"S": subject.id}, ":one": {"N": "1"}},
    )


def text_failed(subject: Subject) -> int:
    """Reports that the text message of a reminder did not arrive, as the log group of SNS does."""
    # The function would wait for the row of a text that was only just sent.
    line = text_line(subject.id, at=datetime.now(UTC) - timedelta(minutes=1))
    return call_reminders_function(subject, "RecordFeedback", log_event(line))


def call_reminders_function(subject: Subject, construct: str, event: Mapping[str, Any]) -> int:
    stack = subject.apps.places.reminder_table.partition("-ReminderTable")[0]
    name = functions_of(subject.apps.cloud, stack)[construct]
    functions = subject.apps.cloud.engine.client("lambda")
    answer = functions.invoke(FunctionName=name, Payload=json.dumps(dict(event)).encode())
    return 500 if "FunctionError" in answer else 200


def send_too_early(subject: Subject) -> int:
    """Puts the message of a reminder into its queue, although the reminder is not due.

    So it looks like a reminder for which one execution could not wait long enough.
    """
    reminder_id = subject.found["reminder"]
    row = reminder_row(subject, reminder_id)
    subject.found.setdefault("execution it had", row["ExecutionId"])
    asked = {"message": subject.message, "channels": ["email"], "email": "zoe@example.com"}
    waited = {**asked, "reminderId": reminder_id, "waitUntil": _minutes_ago(0)}
    body = {"ExecutionId": subject.found["execution it had"], "Reminder": waited, "Channel": "email"}
    put_into(subject, subject.apps.places.reminder_queues["email"], body)
    return 200


def waits_on(subject: Subject, case: Case) -> None:
    """Waits until another execution of the reminder has started."""
    reminder_id = subject.found["reminder"]

    def started() -> bool:
        row = reminder_row(subject, reminder_id)
        return "After" in row and bool(_status_of_execution(subject, row))

    eventually(started, every=0.3)


def sent(subject: Subject, case: Case) -> None:
    """Waits until the reminders of a case have an end, or wait for more than an hour, or are lost."""
    eventually(lambda: over(subject, case), every=0.3, within=SENT_SECONDS)


def over(subject: Subject, case: Case) -> bool:
    """Whether the reminders of a case have an end, or wait for more than an hour, or are lost."""
    ids = {*case.markers, subject.found.get("reminder", subject.id)} - {subject.id}
    if execution := subject.found.get("execution"):
        ids.add(execution.rpartition(":")[2])
    return all(_is_over(subject, one) for one in ids)


def _is_over(subject: Subject, reminder_id: str) -> bool:
    row = reminder_row(subject, reminder_id)
    if not row:
        return True
    if row["Status"] == "SENDING":
        balance.end_leases(subject.apps.cloud, subject.apps.places, row)
        return False
    if row["Status"] != "SCHEDULED":
        return True
    status = _status_of_execution(subject, row)
    if row["DueAt"] > f"{datetime.now(UTC) + timedelta(hours=1):%Y-%m-%dT%H:%M:%SZ}":
        # SendReminder writes the row first, and then starts the next execution.
        return bool(status) or "After" not in row
    # After a success, the reminder is in a queue.
    return status not in ("RUNNING", "SUCCEEDED")


def _status_of_execution(subject: Subject, row: Mapping[str, Any]) -> str | None:
    """The status of the execution that a reminder's row names. None if it does not exist."""
    states = subject.apps.cloud.engine.client("stepfunctions")
    with contextlib.suppress(states.exceptions.ExecutionDoesNotExist):
        return str(states.describe_execution(executionArn=row["ExecutionId"])["status"])
    return None


def functions(*names: str) -> frozenset[str]:
    return frozenset(names)


NO_START = "states:StartExecution"
MAIN = [
    Journey("placing an order", functions("PlaceOrder"), place),
    Journey("placing the same order again", functions("PlaceOrder"), place, begin=placed),
    Journey("placing an order whose claim was left behind", functions("PlaceOrder"), place, begin=claimed),
    Journey(
        "placing an order whose workflow does not start",
        functions("PlaceOrder"),
        place,
        first=(Call("PlaceOrder", NO_START),),
    ),
    Journey("correcting an order", functions("CorrectOrder"), correct, begin=escalated),
    Journey(
        "correcting an order whose workflow does not start",
        functions("CorrectOrder"),
        correct,
        begin=escalated,
        first=(Call("CorrectOrder", NO_START),),
    ),
    Journey("closing an order", functions("CloseOrder"), close, begin=escalated),
    Journey("looking up an order", functions("GetOrder"), look_up, then=frozenset({404})),
    Journey("parking the order of a failed execution", functions("ParkLostOrders"), report_failure, begin=failed),
    Journey("parking a lost order", functions("ParkLostOrders"), looked_at, begin=lost),
    Journey("watching an order without an outcome", functions("WatchOrders"), watched, begin=lost),
    Journey("setting a reminder", functions("CreateReminder", "SendReminder"), reminded, end=sent),
    Journey(
        "setting a reminder whose workflow does not start",
        functions("CreateReminder"),
        reminded,
        end=sent,
        first=(Call("CreateReminder", NO_START),),
    ),
    Journey(
        "setting a reminder whose row was left behind",
        functions("CreateReminder"),
        reminded_later,
        begin=without_execution,
    ),
    Journey("setting a repeated reminder", functions("SendReminder"), reminded_daily, end=sent),
    Journey("setting a reminder by text message", functions("SendReminder"), reminded_by_text, end=sent),
    Journey(
        "sending a reminder before it is due",
        functions("SendReminder"),
        send_too_early,
        begin=scheduled,
        end=waits_on,
    ),
    Journey("starting a reminder by hand", functions("ScheduleReminder"), start_by_hand, end=sent),
    Journey(
        "starting a reminder by hand whose row exists",
        functions("ScheduleReminder"),
        start_by_hand,
        begin=checked,
        end=sent,
    ),
    Journey("changing a reminder", functions("UpdateReminder"), change, begin=scheduled),
    Journey("stopping a reminder by its link", functions("StopReminder"), stop_by_link, begin=scheduled),
    Journey("reporting a complaint about a reminder", functions("RecordFeedback"), complained, begin=scheduled),
    Journey("reporting a text that did not arrive", functions("RecordFeedback"), text_failed, begin=with_a_text),
    Journey("cancelling a reminder", functions("CancelReminder"), cancel, begin=scheduled, then=frozenset({200, 409})),
    Journey(
        "cancelling a reminder while it is sent",
        functions("SendReminder"),
        cancel_while_sent,
        end=sent,
        waits=True,
        then=frozenset({409}),
        # The attempt has failed, and the reminder waits for the next one.
        late=frozenset({200}),
    ),
    Journey("looking up a reminder", functions("GetReminder"), look_up_reminder, begin=scheduled),
]
ALONE = [
    [
        Journey("listing a person's orders", functions("ListOrders"), listed("/orders"), alone=True),
        Journey(
            "listing orders by status",
            functions("ListOrders"),
            listed("/orders?status=ESCALATED"),
            begin=escalated,
            alone=True,
        ),
    ],
    [Journey("listing a person's reminders", functions("ListReminders"), listed_reminders, alone=True)],
    [
        Journey("listing parked messages", functions("ListParked"), listed("/parked"), begin=parked, alone=True),
    ],
    # A case may leave messages hidden for 30 seconds, and the next ones look for them. In one list, both journeys would
    # take longer than all others.
    [
        Journey(
            "removing a parked message",
            functions("RemoveParked"),
            remove_message,
            begin=park_a_stray_message,
            then=frozenset({200, 404}),
            alone=True,
        ),
    ],
    [
        Journey(
            "looking up whom to ask about an order",
            functions("GetContact"),
            lambda subject: subject.apps.call("GET", f"/orders/{subject.id}/contact")[0],
            begin=placed,
            alone=True,
        )
    ],
    [Journey("counting dead letters", functions("ListDeadLetters"), listed("/dead-letters"), alone=True)],
    [
        Journey("redriving dead letters", functions("RedriveDeadLetters"), redrive, begin=make_dead_letter, alone=True),
        Journey(
            "redriving dead letters without deleting them",
            functions("RedriveDeadLetters"),
            redrive,
            begin=make_dead_letter,
            first=(Call("RedriveDeadLetters", "sqs:DeleteMessage"),),
            alone=True,
        ),
    ],
    [
        Journey(
            "settling overdue reminders",
            functions("SettleLostReminders"),
            settle,
            begin=overdue,
            end=sent,
            alone=True,
            untested=LENGTHS,
        ),
        Journey(
            "settling reminders that stay SENDING",
            functions("SettleLostReminders"),
            settle,
            begin=overdue_while_sending,
            alone=True,
        ),
    ],
    [
        Journey(
            "settling reminders without an execution",
            functions("SettleLostReminders"),
            lambda subject: settle(subject, {"Waiting": True}),
            begin=aborted,
            alone=True,
            early=True,
            untested=LENGTHS,
        ),
    ],
    [
        Journey(
            "putting a text message back",
            functions("SendReminder"),
            reminded_by_text,
            end=sent,
            first=(Call("SendReminder", "sns:Publish"),),
            alone=True,
            only=":ChangeMessageVisibility",
        ),
    ],
    [
        Journey(
            "searching for lost orders",
            functions("ParkLostOrders"),
            searched,
            begin=lost,
            alone=True,
            early=True,
            only=":Scan",
        )
    ],
]
FRESH = [
    [
        Journey(
            "placing the first order of a process", functions("PlaceOrder"), place, alone=True, only="secretsmanager:"
        ),
        Journey(
            "correcting the first order of a process",
            functions("CorrectOrder"),
            correct,
            begin=escalated,
            alone=True,
            only="secretsmanager:",
        ),
    ],
    [
        Journey(
            "setting the first e-mail of a process",
            functions("CreateReminder"),
            reminded_later,
            alone=True,
            only="ses:",
        ),
        Journey(
            "setting the first text message of a process",
            functions("CreateReminder"),
            reminded_by_text_later,
            alone=True,
            only="sns:",
        ),
    ],
]
"""The calls that a process makes only once. Each function has its own lane: replacing its process ends other calls."""


@dataclass(frozen=True)
class Journeys:
    """The journeys of one run."""

    main: Sequence[Journey]
    alone: Sequence[Sequence[Journey]]
    """Lanes: the cases of one lane run one after the other."""
    fresh: Sequence[Sequence[Journey]]
    """Lanes whose function gets a new process for each case."""


BOTH_APPS = Journeys(MAIN, ALONE, FRESH)
