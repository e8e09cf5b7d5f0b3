"""Settles the reminders whose workflow ended in a way that its own error handling cannot catch."""

from aws_cdk import Duration, Stack
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from aws_cdk import aws_logs as logs
from constructs import Construct

from reminders.reminder import BY_STATUS
from stacks.permissions import allow
from stacks.python_function import DependencyLayer, PythonFunction
from stacks.reminder_alarms import LOST
from stacks.reminder_delivery import ReminderQueues
from stacks.reminder_table import ReminderTable
from stacks.stage import Stage
from stacks.workflow import Workflow


class LostReminders(Construct):
    """A function that settles lost reminders, and the schedules that start it.

    Every five minutes it looks for overdue reminders. Once a day it looks at all waiting reminders: Step Functions
    keeps an execution's input, which holds the addresses, for only 90 days after the execution ended.
    """

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        stage: Stage,
        dependencies: DependencyLayer,
        table: ReminderTable,
        workflow: Workflow,
        queues: ReminderQueues,
    ) -> None:
        super().__init__(scope, id)
        self.function = settle = PythonFunction(
            self,
            "SettleLostReminders",
            stage=stage,
            description="Settles reminders whose workflow timed out, was aborted, failed, or never started.",
            handler="sweep.settle_lost_reminders.handler",
            memory=512,
            # It starts on no further reminder after 200 seconds, so a run ends before the next one begins.
            timeout=240,
            traced=False,
            dependencies=dependencies,
            environment={
                **table.client_environment,
                **queues.environment,
                "REMINDER_WORKFLOW": workflow.live,
                "STAGE": stage.name,
                "HOURS_LATE": str(stage.hours_reminders_may_be_late),
            },
        )
        for name, rate, description, event in (
            ("EveryFiveMinutes", Duration.minutes(5), "Settles reminders that are overdue.", {}),
            ("EveryDay", Duration.days(1), "Settles reminders that wait without an execution.", {"Waiting": True}),
        ):
            events.Rule(
                self,
                name,
                description=description,
                schedule=events.Schedule.rate(rate),
                targets=[targets.LambdaFunction(settle, event=events.RuleTargetInput.from_object(event))],
            )
        # Step Functions' own metric of aborted executions includes those that CancelReminder stopped. Only the function
        # knows which reminders are lost.
        logs.MetricFilter(
            self,
            "Lost",
            log_group=settle.log_group,
            filter_pattern=logs.FilterPattern.number_value("$.lost", ">", 0),
            metric_namespace=Stack.of(self).stack_name,
            metric_name=LOST,
            metric_value="$.lost",
        )

        allow(settle, "dynamodb:GetItem", "dynamodb:UpdateItem", on=table.table_arn)
        allow(settle, "dynamodb:Query", on=table.index_arn(BY_STATUS))
        workflow.grant_start_execution(settle)
        allow(settle, "states:ListExecutions", on=workflow.state_machine_arn)
        workflow.grant_execution(settle, "states:DescribeExecution")
        for queue in queues.by_channel.values():
            allow(settle, "sqs:GetQueueAttributes", on=queue.queue_arn)
