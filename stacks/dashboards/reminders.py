"""The dashboard of the reminders app."""

from collections.abc import Iterator

from common.metrics import Measure
from reminders import measures
from reminders.reminder import BY_OWNER, BY_STATUS
from stacks.dashboards import parts
from stacks.dashboards.widgets import Choice, Graph, Line, Row, Table
from stacks.metric import Metric, of_app

WORKFLOW, DELIVERY = "Workflow", "Delivery"
QUEUES = ("EmailQueue", "SMSQueue", "TopicQueue")
DEAD = ("DeadLetters",)
FUNCTIONS = ("CreateReminder", "SendReminder", "SettleLostReminders", "ScheduleReminder")

CHOICE, _CHOSEN = parts.functions(FUNCTIONS)
CHOICES: tuple[Choice, ...] = (CHOICE,)

LAST_FAILED = Table(
    title="Last failed",
    groups=("SendReminderLog", "SettleLostRemindersLog"),
    query='fields @timestamp, ReminderId, RequestId | filter message = "reminder failed" | sort @timestamp desc '
    "| limit 20",
)
TRANSITIONS = Metric("AWS/States", "ConsumedCapacity", "Sum", {"ServiceMetric": "StateTransition"})
"""Counts all Standard workflows of the account: AWS has no metric of one workflow's transitions."""


def of(measure: Measure, statistic: str = "Sum") -> Metric:
    return of_app(measure.namespace, measure.name, statistic)


def rows() -> Iterator[Row]:
    yield parts.requests(workflow=WORKFLOW)
    yield Row("Reminders", (set_by_people(), sent(), lateness(), answers()))
    yield Row(
        "Workflows",
        (
            parts.executions("Waiting for the time", WORKFLOW),
            parts.executions("Delivery", DELIVERY),
            parts.time_of_executions(DELIVERY),
            parts.billed(DELIVERY),
        ),
    )
    yield parts.queues(QUEUES, dead=DEAD)
    yield Row("Table", (parts.latency_of_table("PutItem", "UpdateItem", "GetItem"),))
    yield _CHOSEN
    indexes = (BY_OWNER, BY_STATUS)
    yield Row(
        "What costs most",
        (
            parts.counts("Transitions of the account", (Line("transitions", TRANSITIONS),)),
            parts.units("Write", *indexes),
            parts.units("Read", *indexes),
            parts.log_bytes(*FUNCTIONS[:2]),
        ),
    )
    yield Row("Failed reminders", (LAST_FAILED,))


def set_by_people() -> Graph:
    lines = (Line("scheduled", of(measures.SCHEDULED)), Line("cancelled", of(measures.CANCELLED)))
    return parts.counts("Set and cancelled", lines)


def sent() -> Graph:
    lines = (
        Line("due", of(measures.DUE)),
        Line("sent", of(measures.SENT)),
        Line("sent late", of(measures.SENT_LATE)),
        Line("failed", of(measures.FAILED)),
    )
    return parts.counts("Due and sent", lines)


def lateness() -> Graph:
    lines = [Line(one, of(measures.SECONDS_LATE, one)) for one in ("p50", "p99")]
    return Graph(title="Late by", unit="s", lines=lines)


def answers() -> Graph:
    """What mail servers and phone companies answer later."""
    lines = (
        Line("mails bounced", of(measures.MAILS_BOUNCED)),
        Line("mails called spam", of(measures.MAILS_COMPLAINED)),
        Line("mails rejected", of(measures.MAILS_REJECTED)),
        Line("texts rejected", of(measures.TEXTS_REJECTED)),
    )
    return parts.counts("Returned", lines)
