"""The reminders app: a workflow waits, then sends the reminder by e-mail, by SMS or to a topic."""

from aws_cdk import Annotations, CfnOutput, CfnRule, CfnRuleAssertion, Fn, RemovalPolicy, Stack
from aws_cdk import aws_cognito as cognito
from aws_cdk import aws_kms as kms
from aws_cdk import aws_ses as ses
from aws_cdk import aws_sns as sns
from aws_cdk import aws_ssm as ssm
from constructs import Construct

from stacks import saved_queries
from stacks.alarms import Alarms
from stacks.dashboards import reminders as dashboard
from stacks.dashboards.dashboard import Dashboard
from stacks.lost_reminders import LostReminders
from stacks.python_function import DependencyLayer, named_functions
from stacks.reminder_alarms import FROM_LOGS, SENT, reminder_alarms
from stacks.reminder_delivery import ReminderDelivery, ReminderQueues, ReminderSender
from stacks.reminder_feedback import ReminderFeedback, ReminderMails
from stacks.reminder_table import ReminderTable
from stacks.reminder_workflow import ReminderWorkflow
from stacks.reminders_api import RemindersApi
from stacks.rest_api import STAGE_NAME
from stacks.saved_queries import SavedQueries
from stacks.stage import Stage
from stacks.versions import Rollout


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
            self,
            "ReminderStateMachine",
            stage=stage,
            dependencies=dependencies,
            table=table,
            delivery=delivery,
            rollout=Rollout.of(stage, stack=id, alarms=reminder_alarms(stage.alarms)),
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
        mails = ReminderMails(self, "ReminderMails")
        sender = ReminderSender(
            self,
            "ReminderSender",
            stage=stage,
            dependencies=dependencies,
            table=table,
            queues=queues,
            topic=topic,
            workflow=workflow,
            mails=mails,
            stop_url=self.api.stop_url,
        )

        # What SES and SNS report later
        feedback = ReminderFeedback(
            self,
            "ReminderFeedback",
            stage=stage,
            dependencies=dependencies,
            table=table,
            workflow=workflow,
            mails=mails,
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
            "NotifyTopic": topic.topic_name,
            FROM_LOGS: stack_name,
            **named_functions(self.api.create_reminder, sender.function, lost.function, workflow.schedule_reminder),
        }
        self.alarms = Alarms(
            self,
            "ReminderAlarms",
            stage=stage,
            alarms=reminder_alarms(stage.alarms),
            promise=SENT,
            resources=self.resources,
        )
        self.dashboard = Dashboard(
            self,
            "RemindersDashboard",
            rows=dashboard.rows(),
            choices=dashboard.CHOICES,
            alarms=self.alarms.arns,
            resources=self.resources,
        ).name

        # Saved queries
        SavedQueries(self, "Queries", stage=stage, queries=saved_queries.OF_REMINDERS)

        # Outputs
        CfnOutput(self, "ReminderTableName", value=table.table_name)
        CfnOutput(self, "NotifyTopicArn", value=topic.topic_arn)
        CfnOutput(self, "ReminderStateMachineArn", value=workflow.state_machine_arn)
        CfnOutput(self, "ReminderDeliveryArn", value=delivery.state_machine_arn)
        for queue in queues.by_channel.values():
            CfnOutput(self, f"{queue.node.id}Url", value=queue.queue_url)
        CfnOutput(self, "SettleLostRemindersName", value=lost.function.function_name)
        CfnOutput(self, "RecordFeedbackArn", value=feedback.function.function_arn)
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
