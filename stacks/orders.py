"""The orders app: an order arrives, is recorded and checked, and ends in exactly one queue."""

from functools import partial

from aws_cdk import CfnOutput, Duration, Stack
from aws_cdk import aws_cognito as cognito
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_lambda_event_sources as event_sources
from aws_cdk import aws_secretsmanager as secretsmanager
from aws_cdk import aws_stepfunctions as sfn
from constructs import Construct

from stacks.alarms import Alarms
from stacks.cache import CacheStack
from stacks.config import Stage
from stacks.lost_orders import LostOrders
from stacks.operators import Operators
from stacks.order_table import BY_OWNER, BY_STATUS, OrderTable
from stacks.permissions import allow
from stacks.python_function import DependencyLayer, PythonFunction
from stacks.queues import HoldingQueue, WorkQueue
from stacks.rest_api import ERROR, Answer, RestApi
from stacks.workflow import Workflow

A_MINUTE = Duration.minutes(1)


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

        # What is kept
        table = OrderTable(self, "OrderTable", stage=stage)
        self.fulfillment_queue = WorkQueue(self, "OrderFulfillmentQueue")
        escalation_queue = WorkQueue(self, "EscalationQueue")
        parked_queue = HoldingQueue(self, "ParkedQueue")
        self.queues = {queue.node.id: queue for queue in (self.fulfillment_queue, escalation_queue, parked_queue)}

        # Exported even without a consumer: while a consumer is deployed, a deployment cannot remove the export.
        self.export_value(self.fulfillment_queue.queue_arn)

        # What is checked
        verify_cc_and_price = PythonFunction(
            self,
            "VerifyCCAndPrice",
            stage=stage,
            description="Checks an order's card and price.",
            handler="orders.verify_cc_and_price.handler",
            memory=128,
            timeout=5,
            environment={"CARD_RULE": stage.card_rule},
        )
        key = kms.Key(
            self,
            "OrderWorkflowKey",
            description="Encrypts the order workflow's input, which is the one place that holds card numbers.",
            enable_key_rotation=True,
            removal_policy=stage.removal_policy,
        )
        workflow = Workflow(
            self,
            "OrderFulfillmentStateMachine",
            stage=stage,
            file_name="order_fulfillment.asl.json",
            type=stage.order_workflow_type,
            encryption=sfn.CustomerManagedEncryptionConfiguration(key),
            substitutions={
                "OrderTable": table.table_name,
                "VerifyCCAndPriceFunction": verify_cc_and_price.function_arn,
                "OrderFulfillmentQueue": self.fulfillment_queue.queue_url,
                "EscalationQueue": escalation_queue.queue_url,
                "ParkedQueue": parked_queue.queue_url,
            },
        )

        # What is asked
        dependencies = DependencyLayer(self, "Dependencies", stage=stage)
        api_function = partial(PythonFunction, self, stage=stage, dependencies=dependencies, memory=512, timeout=20)
        digest_key = self._digest_key(stage)
        common = {"ALLOWED_ORIGIN": stage.allowed_origin, "ORDER_TABLE": table.table_name}
        submission = {**common, "ORDER_WORKFLOW": workflow.state_machine_arn, "DIGEST_ARN": digest_key.attr_id}
        place_order = api_function(
            "PlaceOrder",
            description="POST /orders",
            handler="orders.place_order.handler",
            environment=submission,
        )
        correct_order = api_function(
            "CorrectOrder",
            description="PUT /orders/{OrderId}",
            handler="orders.correct_order.handler",
            environment=submission,
        )
        get_order = api_function(
            "GetOrder",
            description="GET /orders/{OrderId}",
            handler="orders.get_order.handler",
            environment={**common, **(cache.client_environment if cache else {})},
            vpc=cache.vpc if cache else None,
            security_group=cache.client_security_group if cache else None,
        )
        list_orders = api_function(
            "ListOrders",
            description="GET /orders",
            handler="orders.list_orders.handler",
            environment=common,
        )
        self.api = self._api(
            stage,
            users,
            place_order=place_order,
            get_order=get_order,
            correct_order=correct_order,
            list_orders=list_orders,
        )
        Operators(
            self,
            "Operators",
            stage=stage,
            api=self.api,
            dependencies=dependencies,
            table=table,
            parked_queue=parked_queue,
            fulfillment_queue=self.fulfillment_queue,
            escalation_queue=escalation_queue,
        )

        # What goes on beside it
        alarms = self._alarms(workflow, parked_queue, self.fulfillment_queue, escalation_queue)
        if cache:
            self._write_through(cache, stage=stage, dependencies=dependencies, table=table, alarms=alarms)
        lost = LostOrders(self, "LostOrders", stage=stage, table=table, workflow=workflow, parked_queue=parked_queue)
        alarms.watch(
            "ParkLostOrdersFailed",
            "Lost orders could not be looked for, or not be parked.",
            lost.function.metric_errors(statistic="Sum", period=A_MINUTE),
        )

        # Who may do what
        allow(workflow, "dynamodb:GetItem", "dynamodb:UpdateItem", on=table.table_arn)
        # Not `grant_invoke`, which would also allow every version of the function. We publish no versions.
        allow(workflow, "lambda:InvokeFunction", on=verify_cc_and_price.function_arn)
        for queue in (self.fulfillment_queue, escalation_queue, parked_queue):
            queue.grant(workflow, "sqs:SendMessage")
        # CDK grants this for the workflow's name as well, but leaves the name empty where CloudFormation generates it.
        # A policy of its own: the workflow waits for its role's other one, which therefore cannot name the workflow.
        iam.Policy(
            self,
            "OrderWorkflowKeyUse",
            roles=[workflow.role],
            statements=[
                iam.PolicyStatement(
                    actions=["kms:Decrypt", "kms:GenerateDataKey"],
                    resources=[key.key_arn],
                    conditions={
                        "StringEquals": {
                            "kms:EncryptionContext:aws:states:stateMachineArn": workflow.state_machine_arn,
                        }
                    },
                )
            ],
        )
        allow(place_order, "dynamodb:PutItem", "dynamodb:GetItem", "dynamodb:DeleteItem", on=table.table_arn)
        allow(correct_order, "dynamodb:PutItem", "dynamodb:GetItem", on=table.table_arn)
        for function in (place_order, correct_order):
            workflow.grant_start_execution(function)
            allow(function, "secretsmanager:GetSecretValue", on=digest_key.attr_id)
            # Whoever starts an execution of an encrypted workflow encrypts its input in their own name.
            # https://docs.aws.amazon.com/step-functions/latest/dg/encryption-at-rest.html
            allow(
                function,
                "kms:Decrypt",
                "kms:GenerateDataKey",
                on=key.key_arn,
                only_if={"StringEquals": {"kms:ViaService": f"states.{self.region}.amazonaws.com"}},
            )
        allow(get_order, "dynamodb:GetItem", on=table.table_arn)
        for index in (BY_OWNER, BY_STATUS):
            allow(list_orders, "dynamodb:Query", on=f"{table.table_arn}/index/{index}")
        allow(list_orders, "dynamodb:BatchGetItem", "dynamodb:GetItem", on=table.table_arn)
        if cache:
            cache.grant_connect(get_order)

        # What people need
        CfnOutput(self, "OrderTableName", value=table.table_name)
        CfnOutput(self, "OrderFulfillmentQueueUrl", value=self.fulfillment_queue.queue_url)
        CfnOutput(self, "EscalationQueueUrl", value=escalation_queue.queue_url)
        CfnOutput(self, "ParkedQueueUrl", value=parked_queue.queue_url)
        CfnOutput(self, "OrderFulfillmentStateMachineArn", value=workflow.state_machine_arn)

    def _digest_key(self, stage: Stage) -> secretsmanager.CfnSecret:
        key = secretsmanager.CfnSecret(
            self,
            "OrderDigestKey",
            description="Keys the digests that tell a repeated order from another one with the same id.",
            generate_secret_string=secretsmanager.CfnSecret.GenerateSecretStringProperty(
                password_length=64, exclude_punctuation=True
            ),
        )
        key.apply_removal_policy(stage.removal_policy)
        return key

    def _api(
        self,
        stage: Stage,
        users: cognito.IUserPool,
        *,
        place_order: lambda_.IFunction,
        get_order: lambda_.IFunction,
        correct_order: lambda_.IFunction,
        list_orders: lambda_.IFunction,
    ) -> RestApi:
        accepted = Answer(schema="orders/accepted.schema.json", headers=("Location",))
        state = Answer(schema="orders/order_state.schema.json")
        looked_up = Answer(schema="orders/order_state.schema.json", headers=("X-Cache",))
        order = "orders/order.schema.json"

        api = RestApi(self, "OrdersApi", stage=stage, users=users, description="Orders")
        api.add_route("POST", "/orders", place_order, request=order, answers={200: state, 202: accepted, 409: ERROR})
        api.add_route(
            "GET",
            "/orders",
            list_orders,
            query=("status", "limit", "next"),
            answers={200: Answer(schema="orders/list.schema.json"), 400: ERROR},
        )
        api.add_route("GET", "/orders/{OrderId}", get_order, answers={200: looked_up, 404: ERROR})
        api.add_route(
            "PUT",
            "/orders/{OrderId}",
            correct_order,
            request=order,
            answers={200: state, 202: accepted, 404: ERROR, 409: ERROR},
        )
        return api

    def _alarms(self, workflow: Workflow, parked_queue: HoldingQueue, *queues: WorkQueue) -> Alarms:
        alarms = Alarms(self, "OrderAlarms")
        alarms.watch(
            "Parked",
            "An order could neither be fulfilled nor escalated and waits in the parked queue.",
            parked_queue.metric_approximate_number_of_messages_visible(statistic="Maximum", period=A_MINUTE),
        )
        for queue in queues:
            alarms.watch(
                f"{queue.node.id}DeadLetters",
                "A message could not be processed five times over and waits in the dead-letter queue.",
                queue.dead_letters.metric_approximate_number_of_messages_visible(statistic="Maximum", period=A_MINUTE),
            )
        alarms.watch(
            "WorkflowFailed",
            "An execution of the order workflow failed: it could not even park its order.",
            workflow.metric_failed(statistic="Sum", period=A_MINUTE),
        )
        alarms.watch(
            "WorkflowTimedOut",
            "An execution of the order workflow took longer than it may.",
            workflow.metric_timed_out(statistic="Sum", period=A_MINUTE),
        )
        return alarms

    def _write_through(
        self,
        cache: CacheStack,
        *,
        stage: Stage,
        dependencies: DependencyLayer,
        table: OrderTable,
        alarms: Alarms,
    ) -> None:
        """Hands every change of the table to the cache."""
        update_cache = PythonFunction(
            self,
            "UpdateCache",
            stage=stage,
            dependencies=dependencies,
            description="Writes the changes of the order table to the cache.",
            handler="orders.update_cache.handler",
            memory=512,
            timeout=30,
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
                bisect_batch_on_error=True,
                # What is older has run out of the cache by itself (orders.cache.TTL_SECONDS).
                max_record_age=Duration.minutes(5),
                on_failure=event_sources.SqsDlq(failures),
            )
        )
        alarms.watch(
            "UpdateCacheFailures",
            "Changes of orders did not reach the cache within five minutes.",
            failures.metric_approximate_number_of_messages_visible(statistic="Maximum", period=A_MINUTE),
        )
        cache.grant_connect(update_cache)
