"""Parks the orders whose workflow ended in a way that its own error handling cannot catch."""

from aws_cdk import Duration
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_lambda_event_sources as event_sources
from aws_cdk import aws_sqs as sqs
from aws_cdk import aws_stepfunctions as sfn
from constructs import Construct

from orders.order import RECEIVED
from stacks.order_table import OrderTable
from stacks.permissions import allow
from stacks.python_function import PythonFunction
from stacks.queues import FailedBatches, WorkQueue
from stacks.stage import Stage


class LostOrders(Construct):
    """Two functions that find lost orders and park them.

    `watch` reads the table's stream, and writes lines and metrics about the outcomes. For each order that has no
    outcome at the end of a batch of records, it sends a message to `queue`, which arrives after ten minutes. `park`
    takes these messages and parks the orders that still have no outcome. An event of Step Functions starts `park` as
    soon as an execution has failed; only Standard executions have these events.

    See decision D139.
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
        self.queue = WorkQueue(self, "OrdersToCheck")
        self.watch = self._watch(table, stage=stage)
        self.park = self._park(table, stage=stage, parked_queue=parked_queue)
        self._start_when_an_execution_dies(workflow)

    def _watch(self, table: OrderTable, *, stage: Stage) -> PythonFunction:
        watch = PythonFunction(
            self,
            "WatchOrders",
            stage=stage,
            description="Logs and counts outcomes, and makes ParkLostOrders look at each order that has none yet.",
            handler="orders.watch_orders.handler",
            # A batch of 6 MB, Lambda's limit, is read in less than a second.
            memory=512,
            timeout=60,
            traced=False,
            environment={"ORDERS_TO_CHECK": self.queue.queue_url, "STAGE": stage.name},
        )
        watch.add_event_source(
            event_sources.DynamoEventSource(
                table,
                # Not LATEST: that would miss orders that were placed while the mapping was created.
                starting_position=lambda_.StartingPosition.TRIM_HORIZON,
                # A long window and the largest batch that Lambda allows: few calls, and the outcome of nearly every
                # order is in the same batch as its claim.
                max_batching_window=Duration.seconds(stage.seconds_watched_at_once),
                batch_size=10_000,
                filters=[
                    lambda_.FilterCriteria.filter({"dynamodb": {image: {"Status": {"S": [RECEIVED]}}}})
                    for image in ("NewImage", "OldImage")
                ],
                bisect_batch_on_error=True,
                # Lambda tries a failing batch again until then. The stream keeps records for 24 hours.
                max_record_age=Duration.hours(20),
                on_failure=FailedBatches(self.queue.dead_letters),
            )
        )
        self.queue.grant(watch, "sqs:SendMessage")
        return watch

    def _park(self, table: OrderTable, *, stage: Stage, parked_queue: sqs.IQueue) -> PythonFunction:
        park = PythonFunction(
            self,
            "ParkLostOrders",
            stage=stage,
            description="Parks orders whose workflow timed out, was aborted, failed, or never started.",
            handler="orders.park_lost_orders.handler",
            memory=256,
            timeout=20,
            traced=False,
            environment={
                **table.client_environment,
                "PARKED_QUEUE": parked_queue.queue_url,
                "ORDERS_TO_CHECK": self.queue.queue_url,
                "STAGE": stage.name,
            },
        )
        lambda_.EventSourceMapping(
            self,
            "OrdersToCheckMessages",
            target=park,
            event_source_arn=self.queue.queue_arn,
            # A message that cannot be read must not fail the messages beside it. There are few.
            batch_size=1,
        )
        self.queue.grant(park, "sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:SendMessage")
        parked_queue.grant(park, "sqs:SendMessage")
        allow(park, "dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:Scan", on=table.table_arn)
        return park

    def _start_when_an_execution_dies(self, workflow: sfn.IStateMachine) -> None:
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
                    self.park,
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
