"""The orders API and its functions. `operators.py` adds the routes of operators."""

from functools import partial

from aws_cdk import aws_cognito as cognito
from aws_cdk import aws_secretsmanager as secretsmanager
from constructs import Construct

from orders.order import BY_TODO, CORRECTED, OWN_ORDERS
from stacks.cache import CacheStack
from stacks.order_table import OrderTable
from stacks.order_workflow import OrderWorkflow
from stacks.permissions import allow
from stacks.python_function import DependencyLayer, PythonFunction
from stacks.rest_api import ERROR, Answer, RestApi
from stacks.stage import Stage

ORDER = "orders/order.schema.json"
ACCEPTED = Answer(schema="orders/accepted.schema.json", headers=("Location",))
STATE = Answer(schema="orders/order_state.schema.json")
LOOKED_UP = Answer(schema="orders/order_state.schema.json", headers=("X-Cache",))


class OrdersApi(RestApi):
    """Places, lists, looks up and corrects orders. Lookups read `cache` first, if there is one."""

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        stage: Stage,
        users: cognito.IUserPool,
        dependencies: DependencyLayer,
        table: OrderTable,
        workflow: OrderWorkflow,
        cache: CacheStack | None,
    ) -> None:
        super().__init__(scope, id, stage=stage, users=users, description="Orders", traced_path="/orders")
        function = partial(PythonFunction, scope, stage=stage, dependencies=dependencies, memory=512, timeout=20)
        digest_key = _digest_key(scope, stage=stage)
        common = {**table.client_environment, "ALLOWED_ORIGIN": stage.allowed_origin}
        submission = {**common, "ORDER_WORKFLOW": workflow.live, "DIGEST_ARN": digest_key.attr_id}

        self.place_order = place_order = function(
            "PlaceOrder",
            description="POST /orders",
            handler="orders.place_order.handler",
            environment=submission,
        )
        self.add_route("POST", "/orders", place_order, request=ORDER, answers={200: STATE, 202: ACCEPTED, 409: ERROR})
        allow(place_order, "dynamodb:PutItem", "dynamodb:GetItem", "dynamodb:DeleteItem", on=table.table_arn)

        list_orders = function(
            "ListOrders",
            description="GET /orders",
            handler="orders.list_orders.handler",
            environment=common,
        )
        self.add_route(
            "GET",
            "/orders",
            list_orders,
            query=("owner", "status", "text", "from", "to", "corrected", "limit", "next"),
            answers={200: Answer(schema="orders/list.schema.json"), 400: ERROR},
        )
        for index in (OWN_ORDERS, BY_TODO, CORRECTED):
            allow(list_orders, "dynamodb:Query", on=table.index_arn(index))
        allow(list_orders, "dynamodb:BatchGetItem", "dynamodb:GetItem", on=table.table_arn)

        self.get_order = get_order = function(
            "GetOrder",
            description="GET /orders/{OrderId}",
            handler="orders.get_order.handler",
            environment={**common, "STAGE": stage.name, **(cache.client_environment if cache else {})},
            vpc=cache.vpc if cache else None,
            security_group=cache.client_security_group if cache else None,
        )
        self.add_route("GET", "/orders/{OrderId}", get_order, answers={200: LOOKED_UP, 404: ERROR})
        allow(get_order, "dynamodb:GetItem", on=table.table_arn)
        if cache:
            cache.grant_connect(get_order)

        correct_order = function(
            "CorrectOrder",
            description="PUT /orders/{OrderId}",
            handler="orders.correct_order.handler",
            environment=submission,
        )
        self.add_route(
            "PUT",
            "/orders/{OrderId}",
            correct_order,
            request=ORDER,
            answers={200: STATE, 202: ACCEPTED, 404: ERROR, 409: ERROR},
        )
        allow(correct_order, "dynamodb:PutItem", "dynamodb:GetItem", on=table.table_arn)

        for submits in (place_order, correct_order):
            workflow.grant_start_execution(submits)
            allow(submits, "secretsmanager:GetSecretValue", on=digest_key.attr_id)
            workflow.allow_encryption(submits)


def _digest_key(scope: Construct, *, stage: Stage) -> secretsmanager.CfnSecret:
    key = secretsmanager.CfnSecret(
        scope,
        "OrderDigestKey",
        description="Key of the digests that distinguish a repeated order from a different one with the same id.",
        generate_secret_string=secretsmanager.CfnSecret.GenerateSecretStringProperty(
            password_length=64, exclude_punctuation=True
        ),
    )
    key.apply_removal_policy(stage.removal_policy)
    return key
