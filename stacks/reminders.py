"""The reminders app: a workflow waits, then sends the reminder by e-mail, by SMS or to a topic."""

from aws_cdk import Annotations, CfnOutput, CfnRule, CfnRuleAssertion, Duration, Fn, RemovalPolicy, Stack
from aws_cdk import aws_cognito as cognito
from aws_cdk import aws_kms as kms
from aws_cdk import aws_ses as ses
from aws_cdk import aws_sns as sns
from aws_cdk import aws_ssm as ssm
from constructs import Construct

from stacks.alarms import Alarms
from stacks.config import Stage
from stacks.dashboards import reminders as dashboard
from stacks.dashboards.dashboard import Dashboard
from stacks.lost_reminders import LostReminders
from stacks.python_function import DependencyLayer, named_functions
from stacks.reminder_delivery import ReminderDelivery, ReminderQueues, ReminderSender
from stacks.reminder_table import ReminderTable
from stacks.reminder_workflow import ReminderWorkflow
from stacks.reminders_api import RemindersApi
from stacks.rest_api import STAGE_NAME

A_MINUTE = Duration.minutes(1)


class RemindersStack(Stack):
    def __init__(self, scope: Construct, id: str, *, stage: Stage, users: cognito.IUserPool, stack_name: str) -> None:
        super().__init__(scope, id, stack_name=stack_name)

        # Table
        self.table = table = ReminderTable(self, "ReminderTable", stage=stage)

        # Topic, sender identity, workflow and delivery
        topic = self._topic(stage)
        self._sender(stage)
        dependencies = DependencyLayer(self, "Dependencies", stage=stage, time_zones=True)
        self.queues = queues = ReminderQueues(self, "ReminderQueues", stage=stage)
        delivery = ReminderDelivery(self, "ReminderDelivery", stage=stage, queues=queues)
        self.workflow = workflow = ReminderWorkflow(
            self, "ReminderStateMachine", stage=stage, dependencies=dependencies, table=table, delivery=delivery
        )

        # API
        self.api = RemindersApi(
            self,
            "RemindersApi",
            stage=stage,
            users=users,
            dependencies=dependencies,
            table=table,
            workflow=workflow,
        )

        # Sender: its mails link to the API
        sender = ReminderSender(
            self,
            "ReminderSender",
            stage=stage,
            dependencies=dependencies,
            table=table,
            queues=queues,
            topic=topic,
            workflow=workflow,
            stop_url=self.api.stop_url,
        )

        # Lost reminders and alarms
        lost = LostReminders(
            self,
            "LostReminders",
            stage=stage,
            dependencies=dependencies,
            table=table,
            workflow=workflow,
            queues=queues,
        )
        self.alarms = self._alarms(workflow, delivery, sender, queues, lost)

        # Dashboard
        self.resources = {
            "Api": self.api.rest_api_name,
            "ApiStage": STAGE_NAME,
            "Stage": stage.name,
            "Table": table.table_name,
            "Workflow": workflow.state_machine_arn,
            "Delivery": delivery.state_machine_arn,
            "EmailQueue": queues.email.queue_name,
            "SMSQueue": queues.sms.queue_name,
            "TopicQueue": queues.topic.queue_name,
            "DeadLetters": queues.dead_letters.queue_name,
            **named_functions(self.api.create_reminder, sender.function, lost.function, workflow.schedule_reminder),
        }
        Dashboard(
            self,
            "RemindersDashboard",
            rows=dashboard.rows(),
            choices=dashboard.CHOICES,
            alarms=self.alarms.arns,
            resources=self.resources,
        )

        # Outputs
        CfnOutput(self, "ReminderTableName", value=table.table_name)
        CfnOutput(self, "NotifyTopicArn", value=topic.topic_arn)
        CfnOutput(self, "ReminderStateMachineArn", value=workflow.state_machine_arn)
        CfnOutput(self, "ReminderDeliveryArn", value=delivery.state_machine_arn)
        for queue in queues.by_channel.values():
            CfnOutput(self, f"{queue.node.id}Url", value=queue.queue_url)
        CfnOutput(self, "SettleLostRemindersName", value=lost.function.function_name)
        CfnOutput(self, "SenderAddress", value=stage.sender)

    def _topic(self, stage: Stage) -> sns.Topic:
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
        return topic

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
            # Kept in every stage: another stage may send from it, too. And you can go back to it while the sender of a
            # later deployment is not confirmed yet.
            # See decision D101.
            identity.apply_removal_policy(RemovalPolicy.RETAIN)

    def _alarms(
        self,
        workflow: ReminderWorkflow,
        delivery: ReminderDelivery,
        sender: ReminderSender,
        queues: ReminderQueues,
        lost: LostReminders,
    ) -> Alarms:
        alarms = Alarms(self, "ReminderAlarms")
        alarms.watch(
            "ReminderFailed",
            "A service refused a reminder, or failed for so long that the reminder became too late.",
            sender.failed,
        )
        alarms.watch(
            "DeliveryFailed",
            "A reminder was due, and the workflow could not put it into its queue.",
            delivery.metric_failed(statistic="Sum", period=A_MINUTE),
        )
        alarms.watch(
            "ReminderDeadLetters",
            "SendReminder could not process a message of a reminder for about a day.",
            queues.dead_letters.metric_approximate_number_of_messages_visible(statistic="Maximum", period=A_MINUTE),
        )
        alarms.watch(
            "WorkflowFailed",
            "The workflow could not record or deliver a reminder, or somebody started it with invalid input.",
            workflow.metric_failed(statistic="Sum", period=A_MINUTE),
        )
        alarms.watch(
            "WorkflowTimedOut",
            "An execution of the reminder workflow took too long and was stopped.",
            workflow.metric_timed_out(statistic="Sum", period=A_MINUTE),
        )
        alarms.watch(
            "ReminderLost",
            "SettleLostReminders found reminders without an execution, and restarted them or marked them FAILED.",
            lost.lost,
        )
        alarms.watch(
            "SettleLostRemindersFailed",
            "SettleLostReminders could not look for lost reminders, or could not settle them.",
            lost.function.metric_errors(statistic="Sum", period=A_MINUTE),
        )
        return alarms
