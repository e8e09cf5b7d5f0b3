"""The order workflow, and the function that it calls."""

from aws_cdk import Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from stacks import traces
from stacks.order_table import OrderTable
from stacks.permissions import allow
from stacks.published_function import PublishedFunction
from stacks.stage import Stage
from stacks.versions import Rollout
from stacks.workflow import Workflow


class OrderWorkflow(Workflow):
    """Records an order, checks it, and puts it into one of three queues.

    Its input contains the card number, so a separate key encrypts it. A function that starts the workflow needs
    `allow_encryption` in addition to `grant_start_execution`.
    """

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        stage: Stage,
        table: OrderTable,
        fulfillment_queue: sqs.IQueue,
        escalation_queue: sqs.IQueue,
        parked_queue: sqs.IQueue,
        rollout: Rollout,
    ) -> None:
        self.verify_cc_and_price = verify_cc_and_price = PublishedFunction(
            scope,
            "VerifyCCAndPrice",
            stage=stage,
            rollout=rollout,
            description="Checks an order's card and price.",
            handler="orders.verify_cc_and_price.handler",
            memory=128,
            timeout=5,
            environment={"CARD_RULE": stage.card_rule},
        )
        self.key = kms.Key(
            scope,
            "OrderWorkflowKey",
            description="Encrypts the input of the order workflow, the only place that holds card numbers.",
            enable_key_rotation=True,
            removal_policy=stage.removal_policy,
        )
        super().__init__(
            scope,
            id,
            stage=stage,
            file_name="order_fulfillment.asl.json",
            rollout=rollout,
            type=stage.order_workflow_type,
            key=self.key,
            substitutions={
                "OrderTable": table.table_name,
                "DaysOrdersAreKept": table.client_environment["ORDER_DAYS"],
                "VerifyCCAndPriceFunction": verify_cc_and_price.live,
                "OrderFulfillmentQueue": fulfillment_queue.queue_url,
                "EscalationQueue": escalation_queue.queue_url,
                "ParkedQueue": parked_queue.queue_url,
            },
        )
        allow(self, "dynamodb:GetItem", "dynamodb:UpdateItem", on=table.table_arn)
        verify_cc_and_price.allow_calls(self)
        for queue in (fulfillment_queue, escalation_queue, parked_queue):
            queue.grant(self, "sqs:SendMessage")
        self._allow_key(scope)
        traces.trace_executions(self, stage=stage, workflow=self.state_machine_name)

    def allow_encryption(self, function: lambda_.IFunction) -> None:
        """Lets `function` encrypt the input of the executions that it starts."""
        # Step Functions encrypts the input with the permissions of the caller that starts the execution.
        # https://docs.aws.amazon.com/step-functions/latest/dg/encryption-at-rest.html
        allow(
            function,
            "kms:Decrypt",
            "kms:GenerateDataKey",
            on=self.key.key_arn,
            # This names the domain of the partition `aws`. See decision D109.
            only_if={"StringEquals": {"kms:ViaService": f"states.{Stack.of(self).region}.amazonaws.com"}},
        )

    def _allow_key(self, scope: Construct) -> None:
        # Log delivery encrypts and decrypts the log with the same key.
        # https://docs.aws.amazon.com/step-functions/latest/dg/encryption-at-rest.html
        stack = Stack.of(self)
        logs = f"arn:{stack.partition}:logs:{stack.region}:{stack.account}:*"
        of_logs = {"StringEquals": {"kms:EncryptionContext:SourceArn": logs}}
        allow(self, "kms:GenerateDataKey", on=self.key.key_arn, only_if=of_logs)
        self.key.add_to_resource_policy(
            iam.PolicyStatement(
                principals=[iam.ServicePrincipal("delivery.logs.amazonaws.com")],
                actions=["kms:Decrypt*"],
                resources=["*"],
            )
        )
        # This is a separate policy because it names the workflow. The workflow depends on its role's default policy,
        # so that one cannot name the workflow.
        iam.Policy(
            scope,
            "OrderWorkflowKeyUse",
            roles=[self.role],
            statements=[
                iam.PolicyStatement(
                    actions=["kms:Decrypt", "kms:GenerateDataKey"],
                    resources=[self.key.key_arn],
                    conditions={
                        "StringEquals": {"kms:EncryptionContext:aws:states:stateMachineArn": self.state_machine_arn}
                    },
                )
            ],
        )
