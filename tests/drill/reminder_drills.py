"""The drills of the alarms of reminders."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

from local.users import EMAILS, OPERATOR
from tests.drill.drills import Drill
from tests.drill.faults import (
    REMINDERS,
    answers_slowly,
    answers_with_errors,
    broken,
    done,
    fails,
    given_up,
    held,
    invoke,
    queue,
    sent,
    started,
    waits,
)
from tests.support.cloud.apps import Apps
from tests.support.cloud.reminders import first_execution, row_of
from tests.support.names import unique
from tests.support.waiting import eventually

SEND = (REMINDERS, "SendReminder")
LATE_REMINDERS = 5
"""As many as `least_late` asks for."""
SETTLE = "SettleLostReminders"


def reminder_workflow(apps: Apps) -> str:
    return apps.places.reminder_workflow


def delivery(apps: Apps) -> str:
    return apps.places.reminder_delivery


def a_reminder(apps: Apps, *, seconds: int = 0) -> str:
    reminder = {"message": unique("Drill, "), "preference": "email", "email": EMAILS[OPERATOR], "waitSeconds": seconds}
    status, answer = apps.post_reminder(reminder)
    assert status == 202, answer
    return str(answer["reminderId"])


def a_list(apps: Apps) -> object:
    return apps.call_reminders("GET", "/reminders")


def make_due(apps: Apps, reminder_id: str, *, ago: timedelta) -> None:
    """Makes a reminder's row say that it was due this long ago."""
    due = (datetime.now(UTC) - ago).strftime("%Y-%m-%dT%H:%M:%SZ")
    apps.cloud.engine.client("dynamodb").update_item(
        TableName=apps.places.reminder_table,
        Key={"ReminderId": {"S": reminder_id}},
        UpdateExpression="SET DueAt = :due, FirstDueAt = :due, UpdatedAt = :due",
        ExpressionAttributeValues={":due": {"S": due}},
    )


@contextmanager
def lost(apps: Apps) -> Iterator[None]:
    """Somebody stops the execution of a reminder that is due. SettleLostReminders finds it at its next run."""
    reminder_id = a_reminder(apps, seconds=86_400)
    execution = first_execution(apps, reminder_id)
    eventually(lambda: row_of(apps, reminder_id), until=lambda row: row.get("ExecutionId") == execution)
    make_due(apps, reminder_id, ago=timedelta(minutes=31))
    apps.cloud.engine.client("stepfunctions").stop_execution(executionArn=execution)
    invoke(apps, REMINDERS, SETTLE, {})
    yield


@contextmanager
def sent_late(apps: Apps) -> Iterator[None]:
    """Reminders wait in their queue. Their rows say that they were due eleven minutes ago."""
    with held(apps, *SEND):
        ids = [a_reminder(apps) for _ in range(LATE_REMINDERS)]
        eventually(lambda: len(apps.cloud.engine.queued(queue(apps, "EmailQueue"))) >= LATE_REMINDERS)
        for id in ids:
            make_due(apps, id, ago=timedelta(minutes=11))
    yield


@contextmanager
def looked_for(apps: Apps) -> Iterator[None]:
    invoke(apps, REMINDERS, SETTLE, {})
    yield


@contextmanager
def nothing(apps: Apps) -> Iterator[None]:
    yield


INVALID = {"Channel": "email", "Reminder": {}, "ExecutionId": "drill"}

REMINDER_DRILLS = (
    Drill(
        alarm="Reminders.SettleLostRemindersSilent",
        fault="an hour passes, in which nothing calls SettleLostReminders",
        make=nothing,
        ahead=3600,
        undone=looked_for,
    ),
    # Before other drills, some of which make reminders late, too.
    Drill(
        alarm="Reminders.SentLateHour",
        also=(
            *(f"Reminders.SentLate{window}" for window in ("HourNow", "SixHours", "SixHoursNow", "ThreeDays")),
            # Two windows together set it off.
            "Reminders.Urgent",
        ),
        fault=f"EmailQueue calls SendReminder only when {LATE_REMINDERS} reminders are eleven minutes late",
        make=sent_late,
    ),
    Drill(
        alarm="Reminders.ReminderFailed",
        fault="SendReminder gets a message without a reminder",
        make=done(sent("EmailQueue", INVALID), "EmailQueue"),
    ),
    Drill(
        alarm="Reminders.ReminderLost",
        fault="somebody stops the execution of a reminder that is due",
        make=lost,
    ),
    Drill(
        alarm="Reminders.SettleLostRemindersFailed",
        fault="the handler of SettleLostReminders is missing, as after a bad deployment",
        make=broken(REMINDERS, SETTLE, {}),
    ),
    Drill(
        alarm="Reminders.WorkflowFailed",
        fault="somebody starts the reminder workflow with invalid input",
        make=done(started(reminder_workflow, {"waitSeconds": "soon"})),
    ),
    Drill(
        alarm="Reminders.WorkflowTimedOut",
        fault="the reminder workflow waits for longer than its timeout",
        figures="put",
        values={"metric": 1},
    ),
    Drill(
        alarm="Reminders.WorkflowThrottled",
        fault="Step Functions throttles executions",
        figures="put",
        values={"metric": 1},
    ),
    Drill(
        alarm="Reminders.DeliveryFailed",
        fault="the workflow that delivers a reminder fails",
        make=fails(delivery),
    ),
    Drill(
        alarm="Reminders.TableThrottled",
        fault="DynamoDB throttles reads of the table and writes of an index",
        figures="put",
        values={"reads": 6, "index1": 5},
    ),
    Drill(
        alarm="Reminders.MessagesWait",
        fault="EmailQueue no longer calls SendReminder, and a reminder is due",
        make=waits("EmailQueue", put=a_reminder, consumer=SEND),
        figures="aged",
    ),
    Drill(
        alarm="Reminders.ReminderDeadLetters",
        fault="SendReminder does not process the message of a reminder",
        make=given_up("EmailQueue", put=a_reminder, consumer=SEND),
    ),
    Drill(
        alarm="Reminders.SendReminderFailed",
        fault="the handler of SendReminder is missing, as after a bad deployment",
        make=broken(REMINDERS, "SendReminder", {"Records": []}),
        figures="repeated",
    ),
    Drill(
        alarm="Reminders.TopicFailed",
        fault="SNS cannot deliver a message of the topic to a subscriber",
        figures="put",
        values={"metric": 1},
    ),
    Drill(
        alarm="Reminders.TextsSpent",
        fault="the texts of this month have cost 0.85 USD",
        figures="put",
        values={"metric": 0.85},
    ),
    Drill(alarm="Reminders.MailsBounced", fault="6 % of the mails bounce", figures="put", values={"metric": 0.06}),
    Drill(
        alarm="Reminders.MailsComplained",
        fault="0.2 % of the mails are marked as spam",
        figures="put",
        values={"metric": 0.002},
    ),
    Drill(
        alarm="Reminders.ApiSlow",
        fault="DynamoDB does not answer ListReminders",
        make=answers_slowly(REMINDERS, "ListReminders", a_list),
        figures="repeated",
    ),
    Drill(
        alarm="Reminders.ApiErrors",
        fault="the handler of ListReminders is missing, as after a bad deployment",
        make=answers_with_errors(REMINDERS, "ListReminders", a_list),
        figures="repeated",
    ),
)
