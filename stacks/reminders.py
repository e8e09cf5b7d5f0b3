"""The reminders app: a workflow waits, then e-mail, SMS or a topic delivers."""

from aws_cdk import CfnOutput, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_ses as ses
from aws_cdk import aws_sns as sns
from aws_cdk import aws_ssm as ssm
from aws_cdk import aws_stepfunctions as sfn
from constructs import Construct

from stacks.config import Stage
from stacks.python_function import DependencyLayer, PythonFunction
from stacks.rest_api import Answer, RestApi
from stacks.workflow import Workflow


class RemindersStack(Stack):
    def __init__(self, scope: Construct, id: str, *, stage: Stage, stack_name: str) -> None:
        super().__init__(scope, id, stack_name=stack_name)

        # What delivers
        topic = sns.Topic(
            self,
            "NotifyTopic",
            display_name="Reminders",
            enforce_ssl=True,
            master_key=kms.Alias.from_alias_name(self, "SnsKey", "alias/aws/sns"),
        )
        ssm.StringParameter(
            self,
            "NotifyParameter",
            parameter_name=stage.notify_parameter,
            description="ARN of the topic that reminders are published to.",
            string_value=topic.topic_arn,
        )
        ses.EmailIdentity(self, "Sender", identity=ses.Identity.email(stage.sender))
        send_email = PythonFunction(
            self,
            "SendEmail",
            stage=stage,
            description="Sends one reminder by e-mail.",
            handler="reminders.send_email.handler",
            memory=256,
            timeout=20,
            environment={"SENDER": stage.sender},
        )

        # What waits
        workflow = Workflow(
            self,
            "ReminderStateMachine",
            stage=stage,
            file_name="reminder.asl.json",
            # A wait of up to a year: Express executions live five minutes.
            type=sfn.StateMachineType.STANDARD,
            substitutions={"SendEmailFunction": send_email.function_arn, "NotifyTopic": topic.topic_arn},
        )

        # What is asked
        create = PythonFunction(
            self,
            "CreateReminder",
            stage=stage,
            dependencies=DependencyLayer(self, "Dependencies", stage=stage),
            description="POST /reminders",
            handler="reminders.create_reminder.handler",
            memory=512,
            timeout=20,
            environment={"ALLOWED_ORIGIN": stage.allowed_origin, "REMINDER_WORKFLOW": workflow.state_machine_arn},
        )
        api = RestApi(self, "RemindersApi", stage=stage, description="Reminders")
        api.add_route(
            "POST",
            "/reminders",
            create,
            request="reminders/reminder.schema.json",
            answers={202: Answer(schema="reminders/scheduled.schema.json")},
        )

        # Who may do what
        workflow.grant_start_execution(create)
        send_email.grant_invoke(workflow)
        workflow.add_to_role_policy(iam.PolicyStatement(actions=["sns:Publish"], resources=[topic.topic_arn]))
        # A text message goes to no topic, and a phone number has no ARN: everything that is not an SNS resource.
        # https://docs.aws.amazon.com/sns/latest/dg/sns-using-identity-based-policies.html
        workflow.add_to_role_policy(
            iam.PolicyStatement(
                actions=["sns:Publish"],
                not_resources=[self.format_arn(service="sns", region="*", account="*", resource="*")],
            )
        )
        # In the SES sandbox SES asks for the permission on the recipient's identity as well. Recipients are not known
        # here, so any identity is named, and the condition holds the sender to ours.
        # https://docs.aws.amazon.com/ses/latest/dg/control-user-access.html
        send_email.add_to_role_policy(
            iam.PolicyStatement(
                actions=["ses:SendEmail"],
                resources=[self.format_arn(service="ses", resource="identity", resource_name="*")],
                conditions={"StringEquals": {"ses:FromAddress": stage.sender}},
            )
        )

        # What people need
        CfnOutput(self, "NotifyTopicArn", value=topic.topic_arn)
        CfnOutput(self, "ReminderStateMachineArn", value=workflow.state_machine_arn)
        CfnOutput(self, "SenderAddress", value=stage.sender)
