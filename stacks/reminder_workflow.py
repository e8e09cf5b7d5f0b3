"""The reminder workflow: it waits until a reminder is due."""

from aws_cdk import aws_stepfunctions as sfn
from constructs import Construct

from stacks import traces
from stacks.permissions import allow
from stacks.published_function import PublishedFunction
from stacks.python_function import DependencyLayer
from stacks.reminder_table import ReminderTable
from stacks.stage import Stage
from stacks.versions import Rollout
from stacks.workflow import Workflow


class ReminderWorkflow(Workflow):
    """Waits until a reminder is due, and starts the workflow `delivery`.

    It first validates and records a reminder that was started by hand.
    """

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        stage: Stage,
        dependencies: DependencyLayer,
        table: ReminderTable,
        delivery: sfn.IStateMachine,
        rollout: Rollout,
    ) -> None:
        self.schedule_reminder = schedule_reminder = PublishedFunction(
            scope,
            "ScheduleReminder",
            stage=stage,
            rollout=rollout,
            description="Validates and records a reminder that was started by hand.",
            handler="reminders.schedule_reminder.handler",
            memory=256,
            timeout=20,
            dependencies=dependencies,
            environment={**table.client_environment, "STAGE": stage.name},
        )
        allow(schedule_reminder, "dynamodb:GetItem", "dynamodb:PutItem", on=table.table_arn)

        super().__init__(
            scope,
            id,
            stage=stage,
            file_name="reminder.asl.json",
            rollout=rollout,
            # A reminder waits for up to a year. Express executions last at most five minutes.
            # See decision D033.
            type=sfn.StateMachineType.STANDARD,
            # Step Functions keeps the history of a Standard execution for 90 days, so its log needs only failures.
            log_level=sfn.LogLevel.FATAL,
            substitutions={
                "ReminderTable": table.table_name,
                "ScheduleReminderFunction": schedule_reminder.live,
                # Not the alias: an execution waits for up to a year, and meanwhile a stage may go back to a version of
                # the project that has no alias yet. See decision D221.
                "ReminderDelivery": delivery.state_machine_arn,
            },
        )
        allow(self, "dynamodb:UpdateItem", on=table.table_arn)
        schedule_reminder.allow_calls(self)
        allow(self, "states:StartExecution", on=delivery.state_machine_arn)
        traces.trace_executions(self, stage=stage, workflow=self.state_machine_name)
