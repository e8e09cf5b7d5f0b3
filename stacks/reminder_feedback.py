"""What SES and SNS report about reminders after they have accepted them, and the function that records it.

See decisions D199 and D200.
"""

from aws_cdk import Stack
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from aws_cdk import aws_iam as iam
from aws_cdk import aws_ses as ses
from aws_cdk import aws_stepfunctions as sfn
from constructs import Construct

from reminders.reminder import BY_TEXT
from stacks.permissions import allow
from stacks.python_function import DependencyLayer, PythonFunction
from stacks.reminder_table import ReminderTable
from stacks.stage import Stage

MAIL_EVENTS = ("Email Bounced", "Email Complaint Received", "Email Rejected")
"""https://docs.aws.amazon.com/ses/latest/dg/monitoring-eventbridge.html"""

SET_OF_A_MAIL = "ses:configuration-set"
"""The tag that SES adds to each mail."""


class ReminderMails(ses.ConfigurationSet):
    """The settings of SES for the mails of this stage.

    SES counts how many of them come back, does not send to addresses that are known to be bad, and puts what it reports
    about a mail onto the account's default event bus. Nobody else can put events of SES there.
    https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutEventsRequestEntry.html
    """

    def __init__(self, scope: Construct, id: str) -> None:
        super().__init__(
            scope,
            id,
            reputation_metrics=True,
            suppression_reasons=ses.SuppressionReasons.BOUNCES_AND_COMPLAINTS,
        )
        self.add_event_destination(
            "Events",
            destination=ses.EventDestination.event_bus(events.EventBus.from_event_bus_name(self, "Bus", "default")),
            events=[ses.EmailSendingEvent.BOUNCE, ses.EmailSendingEvent.COMPLAINT, ses.EmailSendingEvent.REJECT],
        )

    @property
    def arn(self) -> str:
        """What a sender needs permission for, in addition to the identity."""
        return Stack.of(self).format_arn(
            service="ses", resource="configuration-set", resource_name=self.configuration_set_name
        )


class ReminderFeedback(Construct):
    """The function `RecordFeedback`, and what calls it.

    SES calls it through a rule. Text messages need settings of the whole account, which `make doctor` explains: SNS
    then writes the texts that did not arrive into a log group, and the log group calls the function.
    """

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        stage: Stage,
        dependencies: DependencyLayer,
        table: ReminderTable,
        workflow: sfn.IStateMachine,
        mails: ReminderMails,
    ) -> None:
        super().__init__(scope, id)
        self.function = record = PythonFunction(
            self,
            "RecordFeedback",
            stage=stage,
            description="Records mails that came back, complaints, and texts that did not arrive.",
            handler="feedback.record_feedback.handler",
            memory=256,
            timeout=60,
            traced=False,
            dependencies=dependencies,
            environment={
                "REMINDER_TABLE": table.table_name,
                "REMINDER_WORKFLOW": workflow.state_machine_arn,
                "STAGE": stage.name,
            },
        )
        events.Rule(
            self,
            "MailEvents",
            description="What SES reports about reminders.",
            event_pattern=events.EventPattern(
                source=["aws.ses"],
                detail_type=list(MAIL_EVENTS),
                detail={"mail": {"tags": {SET_OF_A_MAIL: [mails.configuration_set_name]}}},
            ),
            targets=[targets.LambdaFunction(record)],
        )
        allow(record, "dynamodb:GetItem", "dynamodb:UpdateItem", on=table.table_arn)
        allow(record, "dynamodb:Query", on=table.index_arn(BY_TEXT))
        workflow.grant_execution(record, "states:StopExecution")
        stack = Stack.of(self)
        record.add_permission(
            "FailedTexts",
            principal=iam.ServicePrincipal("logs.amazonaws.com"),
            source_arn=f"arn:{stack.partition}:logs:{stack.region}:{stack.account}:log-group:{failed_texts(stack)}:*",
            source_account=stack.account,
        )


def failed_texts(stack: Stack) -> str:
    """The log group where SNS writes the texts of an account that did not arrive.

    https://docs.aws.amazon.com/sns/latest/dg/sms_stats_cloudwatch.html
    """
    return f"sns/{stack.region}/{stack.account}/DirectPublishToPhoneNumber/Failure"
