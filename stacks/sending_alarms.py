"""The alarms on sending reminders, as data. docs/runbook.md has a section for each."""

from stacks.alarm import A_MINUTE, AN_HOUR, AWS, OURS, SES, Alarm, one
from stacks.alarm_settings import AlarmSettings
from stacks.metric import Metric, age, messages, of_function


def sending_alarms(settings: AlarmSettings) -> tuple[Alarm, ...]:
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
