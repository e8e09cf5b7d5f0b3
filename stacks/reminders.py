"""The reminders app: a workflow waits, then e-mail, SMS or a topic delivers."""

from functools import partial

from aws_cdk import Annotations, CfnOutput, CfnRule, CfnRuleAssertion, Duration, Fn, RemovalPolicy, Stack
from aws_cdk import aws_cognito as cognito
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_ses as ses
from aws_cdk import aws_sns as sns
from aws_cdk import aws_ssm as ssm
from aws_cdk import aws_stepfunctions as sfn
from constructs import Construct

from stacks.alarms import Alarms
from stacks.config import Stage
from stacks.lost_reminders import LostReminders
from stacks.permissions import allow
from stacks.python_function import DependencyLayer, PythonFunction
from stacks.rest_api import ERROR, Answer, RestApi
from stacks.workflow import Workflow

BY_OWNER = "ByOwner"
"""Index of the reminder table: Owner, then DueAt."""

BY_STATUS = "ByStatus"
"""Index of the reminder table: Status, then DueAt."""

IDEMPOTENCY_KEY = "Idempotency-Key"
"""The header by which a repeated `POST /reminders` is recognised."""


class RemindersStack(Stack):
    def __init__(self, scope: Construct, id: str, *, stage: Stage, users: cognito.IUserPool, stack_name: str) -> None:
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
        self._sender(stage)
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

        # What is kept
        table = dynamodb.Table(
            self,
            "ReminderTable",
            partition_key=dynamodb.Attribute(name="ReminderId", type=dynamodb.AttributeType.STRING),
            billing_mode=dynamodb.BillingMode.PAY_PER_REQUEST,
            point_in_time_recovery_specification=dynamodb.PointInTimeRecoverySpecification(
                point_in_time_recovery_enabled=True
            ),
            encryption=dynamodb.TableEncryption.AWS_MANAGED,
            deletion_protection=stage.deletion_protection,
            removal_policy=stage.removal_policy,
            time_to_live_attribute="ExpiresAt",
        )
        for index, key in ((BY_OWNER, "Owner"), (BY_STATUS, "Status")):
            table.add_global_secondary_index(
                index_name=index,
                partition_key=dynamodb.Attribute(name=key, type=dynamodb.AttributeType.STRING),
                sort_key=dynamodb.Attribute(name="DueAt", type=dynamodb.AttributeType.STRING),
            )

        # What waits
        layer = DependencyLayer(self, "Dependencies", stage=stage, time_zones=True)
        function = partial(PythonFunction, self, stage=stage, dependencies=layer, timeout=20)
        rows = {"REMINDER_TABLE": table.table_name, "DAYS_KEPT": str(stage.days_reminders_are_kept)}
        schedule_reminder = function(
            "ScheduleReminder",
            description="Checks and records what the reminder workflow is given.",
            handler="reminders.schedule_reminder.handler",
            memory=512,
            environment=rows,
        )
        next_occurrence = function(
            "NextOccurrence",
            description="Schedules a repeated reminder once more.",
            handler="reminders.next_occurrence.handler",
            memory=512,
            environment=rows,
        )
        workflow = Workflow(
            self,
            "ReminderStateMachine",
            stage=stage,
            file_name="reminder.asl.json",
            # A wait of up to a year: Express executions live five minutes.
            type=sfn.StateMachineType.STANDARD,
            # The cause of a failed text quotes the phone number. The execution's own history has the cause too.
            log_level=sfn.LogLevel.FATAL,
            substitutions={
                "ReminderTable": table.table_name,
                "ScheduleReminderFunction": schedule_reminder.function_arn,
                "NextOccurrenceFunction": next_occurrence.function_arn,
                "SendEmailFunction": send_email.function_arn,
                "NotifyTopic": topic.topic_arn,
            },
        )

        # What is asked
        asked = {**rows, "ALLOWED_ORIGIN": stage.allowed_origin}
        create_reminder = function(
            "CreateReminder",
            description="POST /reminders",
            handler="reminders.create_reminder.handler",
            memory=512,
            environment={
                **asked,
                "REMINDER_WORKFLOW": workflow.state_machine_arn,
                "SENDER": stage.sender,
                "ALLOWED_EMAILS": " ".join(stage.allowed_emails),
                "ALLOWED_PHONES": " ".join(stage.allowed_phones),
            },
        )
        list_reminders = function(
            "ListReminders",
            description="GET /reminders",
            handler="reminders.list_reminders.handler",
            memory=512,
            environment=asked,
        )
        get_reminder = function(
            "GetReminder",
            description="GET /reminders/{reminderId}",
            handler="reminders.get_reminder.handler",
            memory=512,
            environment=asked,
        )
        cancel_reminder = function(
            "CancelReminder",
            description="DELETE /reminders/{reminderId}",
            handler="reminders.cancel_reminder.handler",
            memory=512,
            environment=asked,
        )
        state = Answer(schema="reminders/reminder_state.schema.json")
        self.api = api = RestApi(
            self, "RemindersApi", stage=stage, users=users, description="Reminders", request_headers=(IDEMPOTENCY_KEY,)
        )
        api.add_route(
            "POST",
            "/reminders",
            create_reminder,
            request="reminders/reminder.schema.json",
            headers=(IDEMPOTENCY_KEY,),
            answers={202: Answer(schema="reminders/scheduled.schema.json", headers=("Location",)), 409: ERROR},
        )
        api.add_route(
            "GET",
            "/reminders",
            list_reminders,
            query=("when", "status", "limit", "next"),
            answers={200: Answer(schema="reminders/list.schema.json"), 400: ERROR},
        )
        api.add_route("GET", "/reminders/{reminderId}", get_reminder, answers={200: state, 404: ERROR})
        api.add_route(
            "DELETE", "/reminders/{reminderId}", cancel_reminder, answers={200: state, 404: ERROR, 409: ERROR}
        )

        # What goes on beside it
        lost = LostReminders(
            self,
            "LostReminders",
            stage=stage,
            table=table,
            by_status=BY_STATUS,
            workflow=workflow,
            dependencies=layer,
            environment=rows,
        )
        alarms = Alarms(self, "ReminderAlarms")
        a_minute = Duration.minutes(1)
        alarms.watch(
            "WorkflowFailed",
            "A reminder could not be sent, not be recorded, or not go on; or what was started by hand was none.",
            workflow.metric_failed(statistic="Sum", period=a_minute),
        )
        alarms.watch(
            "WorkflowTimedOut",
            "An execution of the reminder workflow took longer than it may.",
            workflow.metric_timed_out(statistic="Sum", period=a_minute),
        )
        alarms.watch(
            "ReminderLost",
            "Reminders had no execution that would send them. They were started again, or failed.",
            lost.lost,
        )
        alarms.watch(
            "SettleLostRemindersFailed",
            "SettleLostReminders could not look for lost reminders, or could not settle them.",
            lost.function.metric_errors(statistic="Sum", period=a_minute),
        )

        # Who may do what
        allow(workflow, "dynamodb:UpdateItem", on=table.table_arn)
        for called in (schedule_reminder, next_occurrence, send_email):
            allow(workflow, "lambda:InvokeFunction", on=called.function_arn)
        # A policy of its own: the workflow waits for its role's other one, which therefore cannot name the workflow.
        iam.Policy(
            self,
            "ReminderWorkflowRestarts",
            roles=[workflow.role],
            statements=[
                iam.PolicyStatement(actions=["states:StartExecution"], resources=[workflow.state_machine_arn]),
            ],
        )
        allow(schedule_reminder, "dynamodb:PutItem", "dynamodb:UpdateItem", on=table.table_arn)
        allow(next_occurrence, "dynamodb:GetItem", "dynamodb:UpdateItem", on=table.table_arn)
        for action in ("GetItem", "PutItem", "UpdateItem", "DeleteItem"):
            allow(create_reminder, f"dynamodb:{action}", on=table.table_arn)
        for index in (BY_OWNER, BY_STATUS):
            allow(list_reminders, "dynamodb:Query", on=f"{table.table_arn}/index/{index}")
        allow(get_reminder, "dynamodb:GetItem", on=table.table_arn)
        allow(cancel_reminder, "dynamodb:GetItem", "dynamodb:UpdateItem", on=table.table_arn)
        workflow.grant_start_execution(create_reminder)
        workflow.grant_execution(create_reminder, "states:DescribeExecution")
        workflow.grant_execution(cancel_reminder, "states:StopExecution")
        # What tells beforehand whether a reminder could be sent has no resource to name.
        # https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonsimpleemailservicev2.html
        create_reminder.add_to_role_policy(
            iam.PolicyStatement(
                actions=[
                    "ses:GetAccount",
                    "ses:GetIdentityVerificationAttributes",
                    "sns:CheckIfPhoneNumberIsOptedOut",
                    "sns:GetSMSSandboxAccountStatus",
                    "sns:ListSMSSandboxPhoneNumbers",
                ],
                resources=["*"],
            )
        )
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
        CfnOutput(self, "ReminderTableName", value=table.table_name)
        CfnOutput(self, "NotifyTopicArn", value=topic.topic_arn)
        CfnOutput(self, "ReminderStateMachineArn", value=workflow.state_machine_arn)
        CfnOutput(self, "SettleLostRemindersName", value=lost.function.function_name)
        CfnOutput(self, "SenderAddress", value=stage.sender)

    def _sender(self, stage: Stage) -> None:
        if not stage.has_usable_sender:
            problem = (
                f"Nobody can confirm the sender {stage.sender} to SES. Use `make deploy SENDER=you@your-domain`, or "
                "`cdk … -c sender=you@your-domain`, or set `sender` in stacks/config.py."
            )
            Annotations.of(self).add_warning_v2("sender", problem)
            # `cdk synth` and `cdk destroy` work without a sender. CloudFormation checks rules before it creates or
            # updates any resource, and this one never holds.
            # https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/rules-section-structure.html
            never = Fn.condition_equals(stage.sender, "")
            assertion = CfnRuleAssertion(assert_=never, assert_description=problem)
            CfnRule(self, "SomebodyCanConfirmTheSender", assertions=[assertion])
        if stage.sender_identity == "new":
            identity = ses.EmailIdentity(self, "Sender", identity=ses.Identity.email(stage.sender))
            # Kept in every stage: another stage may send from it too. And if a later deployment has a sender that
            # nobody has confirmed yet, you can go back to this one.
            identity.apply_removal_policy(RemovalPolicy.RETAIN)
