"""Parks the orders whose workflow ended in a way that its own error handling cannot catch."""

from aws_cdk import Duration
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from aws_cdk import aws_sqs as sqs
from aws_cdk import aws_stepfunctions as sfn
from constructs import Construct

from orders.order import BY_STATUS
from stacks.config import Stage
from stacks.order_table import OrderTable
from stacks.permissions import allow
from stacks.python_function import PythonFunction


class LostOrders(Construct):
    """A function that parks lost orders, and the two rules that start it.

    An event of Step Functions starts it as soon as an execution has failed. Only Standard executions have these events.
    A schedule starts it every five minutes. It finds the orders of Express executions, whose rows are still RECEIVED.
    """

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        stage: Stage,
        table: OrderTable,
        workflow: sfn.IStateMachine,
        parked_queue: sqs.IQueue,
    ) -> None:
        super().__init__(scope, id)
        self.function = park = PythonFunction(
            self,
            "ParkLostOrders",
            stage=stage,
            description="Parks orders whose workflow timed out, was aborted, failed, or never started.",
            handler="orders.park_lost_orders.handler",
            memory=256,
            timeout=60,
            environment={**table.client_environment, "PARKED_QUEUE": parked_queue.queue_url},
        )
        events.Rule(
            self,
            "ExecutionDied",
            description="An execution of the order workflow ended without an outcome.",
            event_pattern=events.EventPattern(
                source=["aws.states"],
                detail_type=["Step Functions Execution Status Change"],
                detail={
                    "stateMachineArn": [workflow.state_machine_arn],
                    "status": ["FAILED", "TIMED_OUT", "ABORTED"],
                },
            ),
            targets=[
                targets.LambdaFunction(
                    park,
                    # Only these two fields: the event can contain the execution's input, and with it a card number.
                    event=events.RuleTargetInput.from_object(
                        {
                            "ExecutionId": events.EventField.from_path("$.detail.executionArn"),
                            "Status": events.EventField.from_path("$.detail.status"),
                        }
                    ),
                )
            ],
        )
        events.Rule(
            self,
            "EveryFiveMinutes",
            description="Looks for orders that have been RECEIVED for too long.",
            schedule=events.Schedule.rate(Duration.minutes(5)),
            targets=[targets.LambdaFunction(park, event=events.RuleTargetInput.from_object({}))],
        )

        allow(park, "dynamodb:GetItem", "dynamodb:PutItem", on=table.table_arn)
        allow(park, "dynamodb:Query", on=table.index_arn(BY_STATUS))
        parked_queue.grant(park, "sqs:SendMessage")
