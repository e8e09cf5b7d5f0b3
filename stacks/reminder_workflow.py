"""The reminder workflow, and the functions that it calls."""

from functools import partial

from aws_cdk import Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_sns as sns
from aws_cdk import aws_stepfunctions as sfn
from constructs import Construct

from stacks.config import Stage
from stacks.permissions import allow
from stacks.python_function import DependencyLayer, PythonFunction
from stacks.reminder_table import ReminderTable
from stacks.workflow import Workflow


class ReminderWorkflow(Workflow):
    """Records a reminder, waits, and sends it by e-mail, by SMS or to `topic`.

    For a repeated reminder it then starts the execution of the next occurrence.
    """

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        stage: Stage,
        dependencies: DependencyLayer,
        table: ReminderTable,
        topic: sns.ITopic,
    ) -> None:
        function = partial(PythonFunction, scope, stage=stage, timeout=20)
        schedule_reminder = function(
            "ScheduleReminder",
            description="Validates and records the reminder that the workflow got as input.",
            handler="reminders.schedule_reminder.handler",
            memory=512,
            dependencies=dependencies,
            environment=table.client_environment,
        )
        allow(schedule_reminder, "dynamodb:PutItem", "dynamodb:UpdateItem", on=table.table_arn)

        next_occurrence = function(
            "NextOccurrence",
            description="Schedules the next occurrence of a repeated reminder.",
            handler="reminders.next_occurrence.handler",
            memory=512,
            dependencies=dependencies,
            environment=table.client_environment,
        )
        allow(next_occurrence, "dynamodb:GetItem", "dynamodb:UpdateItem", on=table.table_arn)

        send_email = function(
            "SendEmail",
            description="Sends one reminder by e-mail.",
            handler="reminders.send_email.handler",
            memory=256,
            environment={"SENDER": stage.sender},
        )
        _allow_sending(send_email, sender=stage.sender)

        super().__init__(
            scope,
            id,
            stage=stage,
            file_name="reminder.asl.json",
            # A reminder waits for up to a year. Express executions last at most five minutes.
            # See decision D033.
            type=sfn.StateMachineType.STANDARD,
            # Other levels would log the cause of a failed SMS, which quotes the phone number. The execution's history
            # keeps the cause.
            log_level=sfn.LogLevel.FATAL,
            substitutions={
                "ReminderTable": table.table_name,
                "ScheduleReminderFunction": schedule_reminder.function_arn,
                "NextOccurrenceFunction": next_occurrence.function_arn,
                "SendEmailFunction": send_email.function_arn,
                "NotifyTopic": topic.topic_arn,
            },
        )
        allow(self, "dynamodb:UpdateItem", on=table.table_arn)
        for called in (schedule_reminder, next_occurrence, send_email):
            allow(self, "lambda:InvokeFunction", on=called.function_arn)
        self._allow_publishing(topic)
        self._allow_next_occurrence(scope)

    def _allow_publishing(self, topic: sns.ITopic) -> None:
        self.add_to_role_policy(iam.PolicyStatement(actions=["sns:Publish"], resources=[topic.topic_arn]))
        # A phone number has no ARN. So this allows everything that is not an SNS resource.
        # https://docs.aws.amazon.com/sns/latest/dg/sns-using-identity-based-policies.html
        self.add_to_role_policy(
            iam.PolicyStatement(
                actions=["sns:Publish"],
                not_resources=[Stack.of(self).format_arn(service="sns", region="*", account="*", resource="*")],
            )
        )

    def _allow_next_occurrence(self, scope: Construct) -> None:
        # This is a separate policy because it names the workflow. The workflow depends on its role's default policy,
        # so that one cannot name the workflow.
        iam.Policy(
            scope,
            "ReminderWorkflowRestarts",
            roles=[self.role],
            statements=[iam.PolicyStatement(actions=["states:StartExecution"], resources=[self.state_machine_arn])],
        )


def _allow_sending(function: lambda_.IFunction, *, sender: str) -> None:
    # In its sandbox SES also requires the permission on the recipient's identity. Recipients are not known here, so
    # the statement allows every identity. The condition allows only our sender.
    # https://docs.aws.amazon.com/ses/latest/dg/control-user-access.html
    function.add_to_role_policy(
        iam.PolicyStatement(
            actions=["ses:SendEmail"],
            resources=[Stack.of(function).format_arn(service="ses", resource="identity", resource_name="*")],
            conditions={"StringEquals": {"ses:FromAddress": sender}},
        )
    )
