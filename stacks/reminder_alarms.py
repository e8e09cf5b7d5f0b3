"""The alarms of the reminders app, as data. docs/runbook.md has a section for each.

The keys of the metrics' dimensions are the resources that `RemindersStack` names.
"""

from reminders import measures
from reminders.reminder import BY_OWNER, BY_STATUS, BY_TEXT
from stacks.alarm import A_MINUTE, AWS, OURS, SLIC, Alarm, one
from stacks.alarm_settings import AlarmSettings
from stacks.api_alarms import api_alarms
from stacks.metric import Metric, of_app, of_function, of_table, of_workflow
from stacks.promises import Promise
from stacks.sending_alarms import sending_alarms

FROM_LOGS = "FromLogs"
"""Stands for the namespace of the metric filters, which is the name of the stack."""
FAILED, LOST = "FailedReminders", "LostReminders"

SENT = Promise(
    id="SentLate",
    what="reminders sent late",
    late=of_app(measures.NAMESPACE, measures.SENT_LATE.name, "Sum"),
    # Not RemindersDue: a reminder may be due in one window and sent in the next one.
    all=of_app(measures.NAMESPACE, measures.SECONDS_LATE.name, "SampleCount"),
    soonest=300,
)


def reminder_alarms(settings: AlarmSettings) -> tuple[Alarm, ...]:
    return (*_lost(), *_workflow(), *sending_alarms(settings), *api_alarms(settings), *SENT.alarms(settings))


def _lost() -> tuple[Alarm, ...]:
    return (
        Alarm(
            id="ReminderFailed",
            title="reminder failed",
            means="A service refused a reminder, or failed for so long that the reminder became too late.",
            metrics=one(Metric(FROM_LOGS, FAILED, "Sum", {})),
            missing="notBreaching",
            source=OURS,
        ),
        Alarm(
            id="ReminderLost",
            title="reminder lost",
            means="SettleLostReminders found reminders without an execution, and restarted them or marked them FAILED.",
            metrics=one(Metric(FROM_LOGS, LOST, "Sum", {})),
            missing="notBreaching",
            source=OURS,
        ),
        Alarm(
            id="SettleLostRemindersFailed",
            title="SettleLostReminders failed",
            means="SettleLostReminders could not look for lost reminders, or could not settle them.",
            metrics=one(of_function("SettleLostReminders", "Errors")),
            missing="notBreaching",
            source=AWS,
        ),
        Alarm(
            id="SettleLostRemindersSilent",
            title="SettleLostReminders is silent",
            means="SettleLostReminders, which runs every five minutes, has not run for a quarter of an hour.",
            metrics=one(of_function("SettleLostReminders", "Invocations")),
            comparison="<",
            period=5 * A_MINUTE,
            reached=3,
            periods=3,
            missing="breaching",
            source=OURS,
        ),
    )


def _workflow() -> tuple[Alarm, ...]:
    return (
        Alarm(
            id="WorkflowFailed",
            title="workflow failed",
            means="The workflow could not record or deliver a reminder, or somebody started it with invalid input.",
            metrics=one(of_workflow("Workflow", "ExecutionsFailed")),
            missing="notBreaching",
            source=SLIC,
            rolls_back=True,
        ),
        Alarm(
            id="WorkflowTimedOut",
            title="workflow timed out",
            means="An execution of the reminder workflow took too long and was stopped.",
            metrics=one(of_workflow("Workflow", "ExecutionsTimedOut")),
            missing="notBreaching",
            source=SLIC,
            rolls_back=True,
        ),
        Alarm(
            id="WorkflowThrottled",
            title="workflow throttled",
            means="Step Functions throttled the reminder workflow in 3 of 5 minutes.",
            metrics=one(of_workflow("Workflow", "ExecutionThrottled")),
            reached=3,
            periods=5,
            missing="notBreaching",
            source=SLIC,
        ),
        Alarm(
            id="DeliveryFailed",
            title="delivery failed",
            means="A reminder was due, and the workflow could not put it into its queue.",
            metrics=one(of_workflow("Delivery", "ExecutionsFailed")),
            missing="notBreaching",
            source=SLIC,
            rolls_back=True,
            urgent=True,
        ),
        Alarm(
            id="TableThrottled",
            title="reminder table throttled",
            means="DynamoDB throttled more than 10 calls of the reminder table or its indexes in each of 3 minutes.",
            metrics={
                "reads": of_table("ReadThrottleEvents"),
                "writes": of_table("WriteThrottleEvents"),
                "index0": of_table("WriteThrottleEvents", BY_OWNER),
                "index1": of_table("WriteThrottleEvents", BY_STATUS),
                "index2": of_table("WriteThrottleEvents", BY_TEXT),
            },
            expression="SUM([reads, writes, index0, index1, index2])",
            comparison=">",
            threshold=10,
            reached=3,
            periods=5,
            missing="notBreaching",
            source=SLIC,
        ),
    )
