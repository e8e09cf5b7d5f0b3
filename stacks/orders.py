"""The orders app: it records and checks each order, and puts it into exactly one queue."""

from collections.abc import Mapping

from aws_cdk import CfnOutput, Duration, Stack
from aws_cdk import aws_cognito as cognito
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_lambda_event_sources as event_sources
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from orders.order import RECEIVED
from stacks import saved_queries
from stacks.alarms import Alarms
from stacks.cache import CacheStack
from stacks.cache_alarms import cache_alarms
from stacks.dashboards import orders as dashboard
from stacks.dashboards.dashboard import Dashboard
from stacks.key_watch import KeyWatch
from stacks.lost_orders import LostOrders
from stacks.operators import Operators
from stacks.order_alarms import SETTLED, order_alarms
from stacks.order_table import OrderTable
from stacks.order_workflow import OrderWorkflow
from stacks.orders_api import OrdersApi
from stacks.python_function import DependencyLayer, PythonFunction, named_functions
from stacks.queues import FailedBatches, HoldingQueue, WorkQueue
from stacks.rest_api import STAGE_NAME
from stacks.saved_queries import SavedQueries
from stacks.spending import Budget
from stacks.stage import Stage
from stacks.versions import Rollout


class OrdersStack(Stack):
    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        stage: Stage,
        users: cognito.IUserPool,
        cache: CacheStack | None,
        stack_name: str,
    ) -> None:
        super().__init__(scope, id, stack_name=stack_name)

        # Table and queues
        self.table = table = OrderTable(self, "OrderTable", stage=stage)
        self.fulfillment_queue = WorkQueue(self, "OrderFulfillmentQueue")
        self.escalation_queue = escalation_queue = WorkQueue(self, "EscalationQueue")
        self.parked_queue = parked_queue = HoldingQueue(self, "ParkedQueue")
        self.queues = {queue.node.id: queue for queue in (self.fulfillment_queue, escalation_queue, parked_queue)}

        # Workflow
        workflow = OrderWorkflow(
            self,
            "OrderFulfillmentStateMachine",
            stage=stage,
            table=table,
            fulfillment_queue=self.fulfillment_queue,
            escalation_queue=escalation_queue,
            parked_queue=parked_queue,
            rollout=Rollout.of(stage, stack=id, alarms=order_alarms(stage.alarms)),
        )

        # API
        dependencies = DependencyLayer(self, "Dependencies", stage=stage)
        self.api = OrdersApi(
            self,
            "OrdersApi",
            stage=stage,
            users=users,
            dependencies=dependencies,
            table=table,
            workflow=workflow,
            cache=cache,
        )
        Operators(
            self,
            "Operators",
            stage=stage,
            users=users,
            api=self.api,
            dependencies=dependencies,
            table=table,
            parked_queue=parked_queue,
            fulfillment_queue=self.fulfillment_queue,
            escalation_queue=escalation_queue,
        )

        # Lost orders, and updates of the cache
        lost = LostOrders(self, "LostOrders", stage=stage, table=table, workflow=workflow, parked_queue=parked_queue)
        cached = self._write_through(cache, stage=stage, dependencies=dependencies, table=table) if cache else {}

        # Alarms and dashboard
        self.resources = {
            "Api": self.api.rest_api_name,
            "ApiStage": STAGE_NAME,
            "Stage": stage.name,
            "Table": table.table_name,
            "Workflow": workflow.state_machine_arn,
            **_named({**self.queues, "OrdersToCheck": lost.queue}),
            **named_functions(
                self.api.place_order, self.api.get_order, workflow.verify_cc_and_price, lost.watch, lost.park
            ),
            **cached,
        }
        self.alarms = alarms = Alarms(
            self,
            "OrderAlarms",
            stage=stage,
            alarms=[*order_alarms(stage.alarms), *(cache_alarms(stage.alarms) if cache else ())],
            promise=SETTLED,
            resources=self.resources,
        )
        KeyWatch(self, "KeyWatch", stage=stage, key=workflow.key, topic=alarms)
        Budget(self, "Budget", stage=stage, topic=alarms)
        self.dashboard = Dashboard(
            self,
            "OrdersDashboard",
            rows=dashboard.rows(has_cache=bool(cache)),
            choices=dashboard.CHOICES,
            alarms=alarms.arns,
            resources=self.resources,
        ).name

        # Saved queries
        SavedQueries(self, "Queries", stage=stage, queries=saved_queries.OF_ORDERS)

        # Outputs
        CfnOutput(self, "OrderTableName", value=table.table_name)
        CfnOutput(self, "OrderFulfillmentQueueUrl", value=self.fulfillment_queue.queue_url)
        CfnOutput(self, "EscalationQueueUrl", value=escalation_queue.queue_url)
        CfnOutput(self, "ParkedQueueUrl", value=parked_queue.queue_url)
        CfnOutput(self, "OrderFulfillmentStateMachineArn", value=workflow.state_machine_arn)
        CfnOutput(self, "ParkLostOrdersName", value=lost.park.function_name)

    def _write_through(
        self,
        cache: CacheStack,
        *,
        stage: Stage,
        dependencies: DependencyLayer,
        table: OrderTable,
    ) -> dict[str, str]:
        """Adds a function that writes to the cache each change that would make a cached entry wrong.

        Returns what the alarms of the cache are about. See decision D137.
        """
        update_cache = PythonFunction(
            self,
            "UpdateCache",
            stage=stage,
            dependencies=dependencies,
            description="Writes later changes of orders to the cache.",
            handler="orders.update_cache.handler",
            memory=256,
            timeout=30,
            traced=False,
            environment=cache.client_environment,
            vpc=cache.vpc,
            security_group=cache.client_security_group,
        )
        failures = HoldingQueue(self, "UpdateCacheFailures")
        update_cache.add_event_source(
            event_sources.DynamoEventSource(
                table,
                starting_position=lambda_.StartingPosition.LATEST,
                batch_size=100,
                # While an order is RECEIVED for the first time, its entry lives for a second at most, so its first
                # outcome needs no write. A correction or a redrive replaces an outcome, which is cached for minutes.
                # Expired rows are left out: DynamoDB deletes them itself, and sets `userIdentity`. The order of a row
                # that somebody deletes may be cached.
                # https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/time-to-live-ttl-streams.html
                filters=[
                    lambda_.FilterCriteria.filter({"dynamodb": {"OldImage": old, **images}, **more})
                    for old in (
                        {"Status": {"S": lambda_.FilterRule.not_equals(RECEIVED)}},
                        {"EarlierOutcome": {"S": lambda_.FilterRule.exists()}},
                    )
                    for images, more in (
                        ({"NewImage": {"OrderId": {"S": lambda_.FilterRule.exists()}}}, {}),
                        ({}, {"userIdentity": {"principalId": lambda_.FilterRule.not_exists()}}),
                    )
                ],
                bisect_batch_on_error=True,
                # Cached entries expire after at most five minutes (orders.cache_entry.TTL_SECONDS), so older changes
                # no longer matter.
                max_record_age=Duration.minutes(5),
                on_failure=FailedBatches(failures),
            )
        )
        cache.grant_connect(update_cache)
        return {
            "UpdateCache": update_cache.function_name,
            "UpdateCacheFailures": failures.queue_name,
            **cache.nodes,
        }


def _named(queues: Mapping[str, sqs.Queue]) -> dict[str, str]:
    """The names of the queues and of their dead-letter queues."""
    names = {id: queue.queue_name for id, queue in queues.items()}
    dead = {f"{id}DeadLetters": one.dead_letters for id, one in queues.items() if isinstance(one, WorkQueue)}
    return {**names, **{id: queue.queue_name for id, queue in dead.items()}}
