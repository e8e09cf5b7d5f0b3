"""The operators' part of the orders API: closing orders, their owners, parked orders and dead letters."""

from functools import partial

from aws_cdk import aws_cognito as cognito
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from stacks.order_table import OrderTable
from stacks.permissions import allow
from stacks.python_function import DependencyLayer, PythonFunction
from stacks.queues import WorkQueue
from stacks.rest_api import ERROR, Answer, RestApi
from stacks.stage import Stage

LOOK = ("sqs:ReceiveMessage", "sqs:ChangeMessageVisibility")
"""The actions for reading messages and making them visible again."""


class Operators(Construct):
    """Routes of `api` that only operators may use, and their functions."""

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        stage: Stage,
        users: cognito.IUserPool,
        api: RestApi,
        dependencies: DependencyLayer,
        table: OrderTable,
        parked_queue: sqs.IQueue,
        fulfillment_queue: WorkQueue,
        escalation_queue: WorkQueue,
    ) -> None:
        super().__init__(scope, id)
        self._api = api
        self._function = partial(PythonFunction, self, stage=stage, dependencies=dependencies, memory=512)
        self._common = {"ALLOWED_ORIGIN": stage.allowed_origin}
        self._escalations(table, users=users)
        self._parked_messages(parked_queue, table=table)
        self._dead_letters(fulfillment_queue, escalation_queue)

    def _escalations(self, table: OrderTable, *, users: cognito.IUserPool) -> None:
        close_order = self._function(
            "CloseOrder",
            description="POST /orders/{OrderId}/close",
            handler="orders.close_order.handler",
            timeout=20,
            environment={**self._common, **table.client_environment},
        )
        self._api.add_route(
            "POST",
            "/orders/{OrderId}/close",
            close_order,
            request="orders/closing.schema.json",
            answers={200: Answer(schema="orders/order_state.schema.json"), 404: ERROR, 409: ERROR},
        )
        allow(close_order, "dynamodb:GetItem", "dynamodb:PutItem", on=table.table_arn)

        get_contact = self._function(
            "GetContact",
            description="GET /orders/{OrderId}/contact",
            handler="orders.get_contact.handler",
            timeout=20,
            environment={**self._common, **table.client_environment, "USER_POOL": users.user_pool_id},
        )
        self._api.add_route(
            "GET",
            "/orders/{OrderId}/contact",
            get_contact,
            answers={200: Answer(schema="orders/contact.schema.json"), 404: ERROR},
        )
        allow(get_contact, "dynamodb:GetItem", on=table.table_arn)
        allow(get_contact, "cognito-idp:AdminGetUser", on=users.user_pool_arn)

    def _parked_messages(self, queue: sqs.IQueue, *, table: OrderTable) -> None:
        common = {**self._common, "PARKED_QUEUE": queue.queue_url}

        list_parked = self._function(
            "ListParked",
            description="GET /parked",
            handler="orders.list_parked.handler",
            timeout=25,
            environment={**common, **table.client_environment},
        )
        self._api.add_route(
            "GET", "/parked", list_parked, answers={200: Answer(schema="orders/parked_list.schema.json")}
        )
        allow(list_parked, "dynamodb:BatchGetItem", "dynamodb:GetItem", on=table.table_arn)
        allow(list_parked, *LOOK, "sqs:GetQueueAttributes", on=queue.queue_arn)

        remove_parked = self._function(
            "RemoveParked",
            description="DELETE /parked/{MessageId}",
            handler="orders.remove_parked.handler",
            timeout=25,
            environment=common,
        )
        self._api.add_route(
            "DELETE",
            "/parked/{MessageId}",
            remove_parked,
            answers={200: Answer(schema="orders/removed.schema.json"), 404: ERROR},
        )
        allow(remove_parked, *LOOK, "sqs:DeleteMessage", "sqs:GetQueueAttributes", on=queue.queue_arn)

    def _dead_letters(self, fulfillment_queue: WorkQueue, escalation_queue: WorkQueue) -> None:
        # `orders.operator_queues.WITH_DEAD_LETTERS` lists the names of these variables.
        common = {
            **self._common,
            "FULFILLMENT_DEAD_LETTERS": fulfillment_queue.dead_letters.queue_url,
            "ESCALATION_DEAD_LETTERS": escalation_queue.dead_letters.queue_url,
        }
        queues = {
            "FULFILLMENT_QUEUE": fulfillment_queue.queue_url,
            "ESCALATION_QUEUE": escalation_queue.queue_url,
        }

        list_dead_letters = self._function(
            "ListDeadLetters",
            description="GET /dead-letters",
            handler="orders.list_dead_letters.handler",
            timeout=20,
            environment=common,
        )
        self._api.add_route(
            "GET", "/dead-letters", list_dead_letters, answers={200: Answer(schema="orders/dead_letters.schema.json")}
        )
        for queue in (fulfillment_queue, escalation_queue):
            allow(list_dead_letters, "sqs:GetQueueAttributes", on=queue.dead_letters.queue_arn)

        redrive = self._function(
            "RedriveDeadLetters",
            description="POST /dead-letters/{Queue}/redrive",
            handler="orders.redrive_dead_letters.handler",
            timeout=25,
            environment={**common, **queues},
        )
        self._api.add_route(
            "POST",
            "/dead-letters/{Queue}/redrive",
            redrive,
            answers={200: Answer(schema="orders/redriven.schema.json"), 404: ERROR},
        )
        for queue in (fulfillment_queue, escalation_queue):
            dead_letters = queue.dead_letters.queue_arn
            allow(redrive, *LOOK, "sqs:DeleteMessage", "sqs:GetQueueAttributes", on=dead_letters)
            allow(redrive, "sqs:SendMessage", on=queue.queue_arn)
