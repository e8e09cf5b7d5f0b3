"""The alarms of the reminders app, as data. docs/runbook.md has a section for each.

The keys of the metrics' dimensions are the resources that `RemindersStack` names.
"""

from reminders import measures
from reminders.reminder import BY_OWNER, BY_STATUS
from stacks.alarm import A_MINUTE, AN_HOUR, AWS, OURS, SES, SLIC, Alarm, one
from stacks.alarm_settings import AlarmSettings
from stacks.api_alarms import api_alarms
from stacks.metric import Metric, age, messages, of_app, of_function, of_table, of_workflow
from stacks.promises import Promise

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
    return (*_lost(), *_workflow(), *_sending(settings), *api_alarms(settings), *SENT.alarms(settings))


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
        ),
        Alarm(
            id="WorkflowTimedOut",
            title="workflow timed out",
            means="An execution of the reminder workflow took too long and was stopped.",
            metrics=one(of_workflow("Workflow", "ExecutionsTimedOut")),
            missing="notBreaching",
            source=SLIC,
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
            },
            expression="SUM([reads, writes, index0, index1])",
            comparison=">",
            threshold=10,
            reached=3,
            periods=5,
            missing="notBreaching",
            source=SLIC,
        ),
    )


def _sending(settings: AlarmSettings) -> tuple[Alarm, ...]:
    return (
        Alarm(
            id="MessagesWait",
            title="reminders wait to be sent",
            means="A reminder that is due waits in the queue of its channel for longer than the stage allows.",
            metrics={"email": age("EmailQueue"), "sms": age("SMSQueue"), "topic": age("TopicQueue")},
            expression="MAX([email, sms, topic])",
            threshold=settings.minutes_until_sent * A_MINUTE,
            reached=5,
            periods=5,
            missing="notBreaching",
            source=AWS,
            urgent=True,
        ),
        Alarm(
            id="ReminderDeadLetters",
            title="dead letters of reminders",
            means="SendReminder could not process a message of a reminder for about a day.",
            metrics=one(messages("DeadLetters")),
            missing="notBreaching",
            source=OURS,
        ),
        Alarm(
            id="SendReminderFailed",
            title="SendReminder failed",
            means="SendReminder ended with an error in 2 of 3 minutes.",
            metrics=one(of_function("SendReminder", "Errors")),
            reached=2,
            periods=3,
            missing="notBreaching",
            source=AWS,
        ),
        Alarm(
            id="TopicFailed",
            title="topic not delivered",
            means="SNS could not deliver a reminder to a subscriber of the topic.",
            metrics=one(Metric("AWS/SNS", "NumberOfNotificationsFailed", "Sum", {"TopicName": "NotifyTopic"})),
            missing="notBreaching",
            source=AWS,
        ),
        Alarm(
            id="TextsSpent",
            title="SMS limit nearly spent",
            means="The account has spent more than four fifths of its SMS limit of this month. Then SNS drops texts.",
            metrics=one(Metric("AWS/SNS", "SMSMonthToDateSpentUSD", "Maximum", {})),
            comparison=">",
            threshold=round(0.8 * settings.sms_limit_usd, 2),
            missing="notBreaching",
            source=AWS,
        ),
        *(
            Alarm(
                id=id,
                title=title,
                means=means,
                metrics=one(Metric("AWS/SES", name, "Average", {})),
                threshold=threshold,
                period=AN_HOUR,
                missing="notBreaching",
                source=SES,
            )
            for id, title, means, name, threshold in (
                (
                    "MailsBounced",
                    "mails bounce",
                    "At least 5 % of the account's mails bounced. SES may pause the account.",
                    "Reputation.BounceRate",
                    0.05,
                ),
                (
                    "MailsComplained",
                    "mails are spam",
                    "Recipients marked at least 0.1 % of the account's mails as spam. SES may pause the account.",
                    "Reputation.ComplaintRate",
                    0.001,
                ),
            )
        ),
    )
