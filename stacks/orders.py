"""The orders app: an order arrives, is recorded and checked, and ends in exactly one queue."""

from aws_cdk import CfnOutput, Duration, Stack
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_sqs as sqs
from aws_cdk import aws_stepfunctions as sfn
from constructs import Construct

from stacks.cache import CacheStack
from stacks.config import Stage
from stacks.python_function import DependencyLayer, PythonFunction
from stacks.rest_api import RestApi
from stacks.workflow import Workflow

LONGEST_RETENTION = Duration.days(14)


class OrdersStack(Stack):
    def __init__(self, scope: Construct, id: str, *, stage: Stage, cache: CacheStack | None, stack_name: str) -> None:
        super().__init__(scope, id, stack_name=stack_name)

        # What is kept
        table = dynamodb.Table(
            self,
            "OrderTable",
            partition_key=dynamodb.Attribute(name="OrderId", type=dynamodb.AttributeType.STRING),
            billing_mode=dynamodb.BillingMode.PAY_PER_REQUEST,
            point_in_time_recovery_specification=dynamodb.PointInTimeRecoverySpecification(
                point_in_time_recovery_enabled=True
            ),
            encryption=dynamodb.TableEncryption.AWS_MANAGED,
            deletion_protection=stage.deletion_protection,
            removal_policy=stage.removal_policy,
            stream=dynamodb.StreamViewType.NEW_AND_OLD_IMAGES,
        )
        self.fulfillment_queue = fulfillment_queue = self._queue("OrderFulfillmentQueue")
        escalation_queue = self._queue("EscalationQueue")
        parked_queue = sqs.Queue(
            self,
            "ParkedQueue",
            encryption=sqs.QueueEncryption.SQS_MANAGED,
            enforce_ssl=True,
            retention_period=LONGEST_RETENTION,
        )
        cloudwatch.Alarm(
            self,
            "OrderParked",
            alarm_description="An order could neither be fulfilled nor escalated and waits in the parked queue.",
            metric=parked_queue.metric_approximate_number_of_messages_visible(
                statistic="Maximum", period=Duration.minutes(1)
            ),
            threshold=1,
            evaluation_periods=1,
            comparison_operator=cloudwatch.ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
            treat_missing_data=cloudwatch.TreatMissingData.NOT_BREACHING,
        )

        # What is checked
        verify = PythonFunction(
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
                "VerifyCCAndPriceFunction": verify.function_arn,
                "OrderFulfillmentQueue": fulfillment_queue.queue_url,
                "EscalationQueue": escalation_queue.queue_url,
                "ParkedQueue": parked_queue.queue_url,
            },
        )

        # What is asked
        dependencies = DependencyLayer(self, "Dependencies", stage=stage)
        common = {"ALLOWED_ORIGIN": stage.allowed_origin, "ORDER_TABLE": table.table_name}
        place = PythonFunction(
            self,
            "PlaceOrder",
            stage=stage,
            dependencies=dependencies,
            description="POST /orders",
            handler="orders.place_order.handler",
            memory=512,
            timeout=20,
            environment={**common, "ORDER_WORKFLOW": workflow.state_machine_arn},
        )
        get = PythonFunction(
            self,
            "GetOrder",
            stage=stage,
            dependencies=dependencies,
            description="GET /orders/{OrderId}",
            handler="orders.get_order.handler",
            memory=512,
            timeout=20,
            environment={
                **common,
                **({"REDIS_URL": cache.redis_url, "REDIS_NAME": cache.replication_group_id} if cache else {}),
            },
            vpc=cache.vpc if cache else None,
            security_group=cache.client_security_group if cache else None,
        )
        api = RestApi(self, "OrdersApi", stage=stage, description="Orders")
        api.add_route("POST", "/orders", place)
        api.add_route("GET", "/orders/{OrderId}", get)

        # Who may do what
        table.grant(workflow, "dynamodb:PutItem", "dynamodb:UpdateItem")
        verify.grant_invoke(workflow)
        for queue in (fulfillment_queue, escalation_queue, parked_queue):
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
        table.grant(place, "dynamodb:PutItem", "dynamodb:GetItem", "dynamodb:DeleteItem")
        workflow.grant_start_execution(place)
        # Whoever starts an execution of an encrypted workflow encrypts its input in their own name.
        # https://docs.aws.amazon.com/step-functions/latest/dg/encryption-at-rest.html
        place.add_to_role_policy(
            iam.PolicyStatement(
                actions=["kms:Decrypt", "kms:GenerateDataKey"],
                resources=[key.key_arn],
                conditions={"StringEquals": {"kms:ViaService": f"states.{self.region}.amazonaws.com"}},
            )
        )
        table.grant(get, "dynamodb:GetItem")
        if cache:
            cache.grant_connect(get)

        # What people need
        CfnOutput(self, "OrderTableName", value=table.table_name)
        CfnOutput(self, "OrderFulfillmentQueueUrl", value=fulfillment_queue.queue_url)
        CfnOutput(self, "EscalationQueueUrl", value=escalation_queue.queue_url)
        CfnOutput(self, "ParkedQueueUrl", value=parked_queue.queue_url)
        CfnOutput(self, "OrderFulfillmentStateMachineArn", value=workflow.state_machine_arn)

    def _queue(self, id: str) -> sqs.Queue:
        """A queue whose messages go to a dead-letter queue when five attempts to process them have failed."""
        dead_letters = sqs.Queue(
            self,
            f"{id}DeadLetters",
            encryption=sqs.QueueEncryption.SQS_MANAGED,
            enforce_ssl=True,
            retention_period=LONGEST_RETENTION,
        )
        return sqs.Queue(
            self,
            id,
            encryption=sqs.QueueEncryption.SQS_MANAGED,
            enforce_ssl=True,
            # Shorter than the dead-letter queue's, which counts from the first send as well.
            retention_period=Duration.days(7),
            visibility_timeout=Duration.minutes(2),
            dead_letter_queue=sqs.DeadLetterQueue(queue=dead_letters, max_receive_count=5),
        )
