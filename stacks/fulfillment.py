"""An example of a downstream application: it ships the orders in OrderFulfillmentQueue."""

from aws_cdk import CfnOutput, RemovalPolicy, Stack
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from orders.retention import EXPIRES_AT, MESSAGE_DAYS
from stacks.kept_table import KeptTable, text_key
from stacks.python_function import DependencyLayer, PythonFunction
from stacks.stage import Stage


class FulfillmentStack(Stack):
    """A function that ships the orders in `queue`, and its tables.

    The visibility timeout of `queue` must be at least six times the function's timeout:
    https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html

    See decision D022.
    """

    def __init__(self, scope: Construct, id: str, *, stage: Stage, queue: sqs.IQueue, stack_name: str) -> None:
        super().__init__(scope, id, stack_name=stack_name)

        # Tables
        # After the row of an order has expired, a new order may have its OrderId. By then the shipment must have
        # expired, or the new order would not be shipped. The message of an order may wait for MESSAGE_DAYS.
        days = stage.days_orders_are_kept
        shipments = KeptTable(
            self, "ShipmentTable", stage=stage, key="ShipmentId", expires_at=EXPIRES_AT if days else None
        )
        # Records which orders the function is shipping or has shipped. Only the function needs this table, so
        # `cdk destroy` deletes it in every stage.
        idempotency = dynamodb.Table(
            self,
            "IdempotencyTable",
            partition_key=text_key("id"),
            billing_mode=dynamodb.BillingMode.PAY_PER_REQUEST,
            encryption=dynamodb.TableEncryption.AWS_MANAGED,
            time_to_live_attribute="expiration",
            removal_policy=RemovalPolicy.DESTROY,
        )

        # Function
        ship = PythonFunction(
            self,
            "ShipOrder",
            stage=stage,
            dependencies=DependencyLayer(self, "Dependencies", stage=stage),
            description="Ships the orders in the fulfillment queue, each once.",
            handler="fulfillment.ship_order.handler",
            memory=256,
            timeout=20,
            traced=False,
            environment={
                "SHIPMENT_TABLE": shipments.table_name,
                "IDEMPOTENCY_TABLE": idempotency.table_name,
                "SHIPMENT_DAYS": str(days - MESSAGE_DAYS) if days else "",
            },
        )
        lambda_.EventSourceMapping(
            self,
            "OrderFulfillmentMessages",
            target=ship,
            event_source_arn=queue.queue_arn,
            batch_size=10,
            report_batch_item_failures=True,
        )

        # Permissions
        queue.grant(ship, "sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes")
        shipments.grant(ship, "dynamodb:PutItem")
        # The function needs no GetItem: a rejected write returns the existing record.
        idempotency.grant(ship, "dynamodb:PutItem", "dynamodb:UpdateItem", "dynamodb:DeleteItem")

        # Outputs
        CfnOutput(self, "ShipmentTableName", value=shipments.table_name)
