"""The orders stack in a simulated AWS, for tests of `tools`."""

import json
from functools import cache
from typing import Any

import boto3

from orders.order import LISTED, SHARDS, todo
from tests.support import tables
from tests.support.queues import Queue, dead_letters_of

REGION = "us-east-1"
CARD = "4242424242424242"
QUEUES = ("OrderFulfillmentQueue", "EscalationQueue", "ParkedQueue")


@cache
def client(service: str) -> Any:
    """A client that moto answers. It is cached, because making one takes longer than most tests."""
    return boto3.client(service, REGION, aws_access_key_id="testing", aws_secret_access_key="testing")


@cache
def _dynamodb() -> Any:
    return boto3.resource("dynamodb", REGION, aws_access_key_id="testing", aws_secret_access_key="testing")


def template(*, workflow_type: str = "EXPRESS") -> dict[str, Any]:
    """The template of the orders stack, with only the resources that operators use."""
    queues: dict[str, Any] = {name: {"Type": "AWS::SQS::Queue", "Properties": {}} for name in QUEUES}
    for name in QUEUES[:2]:
        queues[f"{name}DeadLetters"] = {"Type": "AWS::SQS::Queue"}
        arn = {"Fn::GetAtt": [f"{name}DeadLetters", "Arn"]}
        queues[name]["Properties"]["RedrivePolicy"] = {"deadLetterTargetArn": arn, "maxReceiveCount": 5}
    workflow = {
        "StateMachineType": workflow_type,
        "DefinitionString": json.dumps({"StartAt": "Only", "States": {"Only": {"Type": "Succeed"}}}),
        "RoleArn": "arn:aws:iam::123456789012:role/workflow",
    }
    return {
        "Resources": {
            **queues,
            "OrderTable": {"Type": "AWS::DynamoDB::Table", "Properties": dict(tables.ORDER_TABLE)},
            "Workflow": {"Type": "AWS::StepFunctions::StateMachine", "Properties": workflow},
        },
        "Outputs": {
            **{f"{name}Url": {"Value": {"Ref": name}} for name in QUEUES},
            "OrderTableName": {"Value": {"Ref": "OrderTable"}},
            "OrderFulfillmentStateMachineArn": {"Value": {"Ref": "Workflow"}},
        },
    }


class Stack:
    """The deployed stack `dev-orders`."""

    def __init__(self, template: dict[str, Any]) -> None:
        cloudformation = client("cloudformation")
        cloudformation.create_stack(StackName="dev-orders", TemplateBody=json.dumps(template))
        [stack] = cloudformation.describe_stacks(StackName="dev-orders")["Stacks"]
        self.outputs = {output["OutputKey"]: output["OutputValue"] for output in stack["Outputs"]}
        self.sqs = client("sqs")
        self.table = _dynamodb().Table(self.outputs["OrderTableName"])

    def queue(self, name: str) -> Queue:
        return Queue(self.sqs, self.outputs[f"{name}Url"])

    def dead_letters(self, name: str) -> Queue:
        return Queue(self.sqs, dead_letters_of(self.sqs, self.outputs[f"{name}Url"]))

    def order(
        self, order_id: str, status: str, *, minute: int = 0, reasons: tuple[str, ...] = (), execution: str = ""
    ) -> None:
        self.table.put_item(
            Item={
                "OrderId": order_id,
                "Name": "Jo",
                "ItemName": "Lamp",
                "Price": "12.50",
                "Status": status,
                **({"Todo": todo(status, minute % SHARDS)} if status in LISTED else {}),
                "UpdatedAt": f"2026-11-21T{minute // 60:02}:{minute % 60:02}:00.000Z",
                "Reasons": list(reasons),
                "ExecutionId": f"arn:execution:{order_id}",
                "ExecutionName": execution or f"execution-{order_id}",
            }
        )
