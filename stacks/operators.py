"""What operators do with orders that need a person, and with the messages that lie waiting for one."""

from functools import partial

from aws_cdk import aws_sqs as sqs
from constructs import Construct

from stacks.config import Stage
from stacks.order_table import OrderTable
from stacks.permissions import allow
from stacks.python_function import DependencyLayer, PythonFunction
from stacks.queues import WorkQueue
from stacks.rest_api import ERROR, Answer, RestApi

LOOK = ("sqs:ReceiveMessage", "sqs:ChangeMessageVisibility")
"""What it takes to look at messages and let them go."""


class Operators(Construct):
    """Functions behind `api` that refuse everybody but operators."""

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        stage: Stage,
        api: RestApi,
        dependencies: DependencyLayer,
        table: OrderTable,
        parked_queue: sqs.IQueue,
        fulfillment_queue: WorkQueue,
        escalation_queue: WorkQueue,
    ) -> None:
        super().__init__(scope, id)
        orders = {"ALLOWED_ORIGIN": stage.allowed_origin, "ORDER_TABLE": table.table_name}
        # As orders.operator_queues names them.
        queues = {
            "ALLOWED_ORIGIN": stage.allowed_origin,
            "FULFILLMENT_DEAD_LETTERS": fulfillment_queue.dead_letters.queue_url,
            "ESCALATION_DEAD_LETTERS": escalation_queue.dead_letters.queue_url,
        }
        targets = {
            "FULFILLMENT_QUEUE": fulfillment_queue.queue_url,
            "ESCALATION_QUEUE": escalation_queue.queue_url,
        }
        function = partial(PythonFunction, self, stage=stage, dependencies=dependencies, memory=512)
        close = function(
            "CloseOrder",
            description="POST /orders/{OrderId}/close",
            handler="orders.close_order.handler",
            timeout=20,
            environment=orders,
        )
        list_parked = function(
            "ListParked",
            description="GET /parked",
            handler="orders.list_parked.handler",
            timeout=25,
            environment={**orders, "PARKED_QUEUE": parked_queue.queue_url},
        )
        remove_parked = function(
            "RemoveParked",
            description="DELETE /parked/{MessageId}",
            handler="orders.remove_parked.handler",
            timeout=25,
            environment={"ALLOWED_ORIGIN": stage.allowed_origin, "PARKED_QUEUE": parked_queue.queue_url},
        )
        list_dead_letters = function(
            "ListDeadLetters",
            description="GET /dead-letters",
            handler="orders.list_dead_letters.handler",
            timeout=20,
            environment=queues,
        )
        redrive = function(
            "RedriveDeadLetters",
            description="POST /dead-letters/{Queue}/redrive",
            handler="orders.redrive_dead_letters.handler",
            timeout=25,
            environment={**queues, **targets},
        )

        api.add_route(
            "POST",
            "/orders/{OrderId}/close",
            close,
            request="orders/closing.schema.json",
            answers={200: Answer(schema="orders/order_state.schema.json"), 404: ERROR, 409: ERROR},
        )
        api.add_route("GET", "/parked", list_parked, answers={200: Answer(schema="orders/parked_list.schema.json")})
        api.add_route(
            "DELETE",
            "/parked/{MessageId}",
            remove_parked,
            answers={200: Answer(schema="orders/removed.schema.json"), 404: ERROR},
        )
        api.add_route(
            "GET", "/dead-letters", list_dead_letters, answers={200: Answer(schema="orders/dead_letters.schema.json")}
        )
        api.add_route(
            "POST",
            "/dead-letters/{Queue}/redrive",
            redrive,
            answers={200: Answer(schema="orders/redriven.schema.json"), 404: ERROR},
        )

        allow(close, "dynamodb:GetItem", "dynamodb:PutItem", on=table.table_arn)
        allow(list_parked, "dynamodb:BatchGetItem", "dynamodb:GetItem", on=table.table_arn)
        allow(list_parked, *LOOK, "sqs:GetQueueAttributes", on=parked_queue.queue_arn)
        allow(remove_parked, *LOOK, "sqs:DeleteMessage", on=parked_queue.queue_arn)
        for queue in (fulfillment_queue, escalation_queue):
            dead_letters = queue.dead_letters.queue_arn
            allow(list_dead_letters, "sqs:GetQueueAttributes", on=dead_letters)
            allow(redrive, *LOOK, "sqs:DeleteMessage", "sqs:GetQueueAttributes", on=dead_letters)
            allow(redrive, "sqs:SendMessage", on=queue.queue_arn)
