"""Delivers the reminders that are due: a workflow, a queue for each channel, and the function that sends."""

from aws_cdk import Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from aws_cdk import aws_sns as sns
from aws_cdk import aws_stepfunctions as sfn
from constructs import Construct

from stacks.permissions import allow
from stacks.python_function import DependencyLayer, PythonFunction
from stacks.queues import HoldingQueue, SendingQueue
from stacks.reminder_alarms import FAILED
from stacks.reminder_feedback import ReminderMails
from stacks.reminder_table import ReminderTable
from stacks.sending import TIMEOUT_SECONDS, sending
from stacks.stage import Stage
from stacks.versions import AT_ONCE
from stacks.workflow import Workflow


class ReminderQueues(Construct):
    """A queue for each channel, so that a slow channel does not delay the others. They share their dead letters.

    `environment` holds the variables of functions that use the queues.
    """

    def __init__(self, scope: Construct, id: str, *, stage: Stage) -> None:
        super().__init__(scope, id)
        self.dead_letters = HoldingQueue(self, "DeadLetters")
        self.email, self.sms, self.topic = (
            SendingQueue(self, name, dead_letters=self.dead_letters)
            for name in ("EmailQueue", "SMSQueue", "TopicQueue")
        )
        self.by_channel = {"email": self.email, "sms": self.sms, "topic": self.topic}
        self.environment: dict[str, str] = {}
        for channel, queue in self.by_channel.items():
            self.environment[f"{channel.upper()}_QUEUE"] = queue.queue_url
            self.environment[f"{channel.upper()}_PAUSE"] = sending(stage)[channel].pause


class ReminderDelivery(Workflow):
    """Puts a message into the queue of each channel of a reminder that is due."""

    def __init__(self, scope: Construct, id: str, *, stage: Stage, queues: ReminderQueues) -> None:
        super().__init__(
            scope,
            id,
            stage=stage,
            file_name="reminder_delivery.asl.json",
            # The reminder workflow starts the latest definition. See decision D221.
            rollout=AT_ONCE,
            # See decision D142.
            type=sfn.StateMachineType.EXPRESS,
            # Step Functions keeps no history of an Express execution, so the log has to show the failures.
            log_level=sfn.LogLevel.ERROR,
            substitutions={
                "EmailQueue": queues.email.queue_url,
                "SMSQueue": queues.sms.queue_url,
                "TopicQueue": queues.topic.queue_url,
            },
        )
        for queue in queues.by_channel.values():
            allow(self, "sqs:SendMessage", on=queue.queue_arn)


class ReminderSender(Construct):
    """The function that sends the reminders in the queues, at most as fast as the stage says."""

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        stage: Stage,
        dependencies: DependencyLayer,
        table: ReminderTable,
        queues: ReminderQueues,
        topic: sns.ITopic,
        workflow: Workflow,
        mails: ReminderMails,
        stop_url: str,
    ) -> None:
        super().__init__(scope, id)
        self.function = send = PythonFunction(
            self,
            "SendReminder",
            stage=stage,
            description="Sends the reminders that are due, and schedules the next occurrence of those that repeat.",
            handler="sending.send_reminder.handler",
            memory=256,
            timeout=TIMEOUT_SECONDS,
            traced=False,
            dependencies=dependencies,
            environment={
                **table.client_environment,
                **queues.environment,
                "SENDER": stage.sender,
                "CONFIGURATION_SET": mails.configuration_set_name,
                "STAGE": stage.name,
                "NOTIFY_TOPIC": topic.topic_arn,
                "REMINDER_WORKFLOW": workflow.live,
                "HOURS_LATE": str(stage.hours_reminders_may_be_late),
                "STOP_URL": stop_url,
                "MOST_TEXTS_A_DAY": str(stage.limits.texts_a_day),
            },
        )
        for channel, queue in queues.by_channel.items():
            lambda_.EventSourceMapping(
                self,
                f"{queue.node.id}Messages",
                target=send,
                event_source_arn=queue.queue_arn,
                batch_size=10,
                max_concurrency=sending(stage)[channel].instances,
                report_batch_item_failures=True,
            )
            allow(
                send,
                "sqs:ReceiveMessage",
                "sqs:DeleteMessage",
                "sqs:GetQueueAttributes",
                "sqs:ChangeMessageVisibility",
                on=queue.queue_arn,
            )
        allow(send, "dynamodb:GetItem", "dynamodb:UpdateItem", on=table.table_arn)
        workflow.grant_start_execution(send)
        _allow_mails(send, sender=stage.sender, mails=mails)
        _allow_publishing(send, topic)

        logs.MetricFilter(
            self,
            "Failed",
            log_group=send.log_group,
            filter_pattern=logs.FilterPattern.number_value("$.failed", ">", 0),
            metric_namespace=Stack.of(self).stack_name,
            metric_name=FAILED,
            metric_value="$.failed",
        )


def _allow_mails(function: lambda_.IFunction, *, sender: str, mails: ReminderMails) -> None:
    # In its sandbox SES also requires the permission on the recipient's identity. Recipients are not known here, so
    # the statement allows every identity. The condition allows only our sender.
    # https://docs.aws.amazon.com/ses/latest/dg/control-user-access.html
    function.add_to_role_policy(
        iam.PolicyStatement(
            actions=["ses:SendEmail"],
            resources=[
                Stack.of(function).format_arn(service="ses", resource="identity", resource_name="*"),
                mails.arn,
            ],
            conditions={"StringEquals": {"ses:FromAddress": sender}},
        )
    )


def _allow_publishing(function: lambda_.IFunction, topic: sns.ITopic) -> None:
    function.add_to_role_policy(iam.PolicyStatement(actions=["sns:Publish"], resources=[topic.topic_arn]))
    # A phone number has no ARN. So this allows everything that is not an SNS resource.
    # https://docs.aws.amazon.com/sns/latest/dg/sns-using-identity-based-policies.html
    function.add_to_role_policy(
        iam.PolicyStatement(
            actions=["sns:Publish"],
            not_resources=[Stack.of(function).format_arn(service="sns", region="*", account="*", resource="*")],
        )
    )
