"""The orders stack in a simulated AWS: what `tools` finds there."""

import json
from functools import cache
from typing import Any

import boto3

from tests.support import tables

REGION = "us-east-1"


CARD = "4242424242424242"


QUEUES = ("OrderFulfillmentQueue", "EscalationQueue", "ParkedQueue")


@cache
def client(service: str) -> Any:
    """The tests' own client, which moto answers; made once, because that takes longer than most tests."""
    return boto3.client(service, REGION, aws_access_key_id="testing", aws_secret_access_key="testing")


@cache
def _dynamodb() -> Any:
    return boto3.resource("dynamodb", REGION, aws_access_key_id="testing", aws_secret_access_key="testing")


def template(*, workflow_type: str = "EXPRESS") -> dict[str, Any]:
    """The parts of the orders stack that operators deal with."""
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
    """The deployed stack `dev-orders`, as its apps see it."""

    def __init__(self, template: dict[str, Any]) -> None:
        cloudformation = client("cloudformation")
        cloudformation.create_stack(StackName="dev-orders", TemplateBody=json.dumps(template))
        [stack] = cloudformation.describe_stacks(StackName="dev-orders")["Stacks"]
        self.outputs = {output["OutputKey"]: output["OutputValue"] for output in stack["Outputs"]}
        self.sqs = client("sqs")
        self.table = _dynamodb().Table(self.outputs["OrderTableName"])

    def queue(self, name: str) -> str:
        return self.outputs[f"{name}Url"]

    def dead_letters(self, name: str) -> str:
        policy = self.sqs.get_queue_attributes(QueueUrl=self.queue(name), AttributeNames=["RedrivePolicy"])
        arn = json.loads(policy["Attributes"]["RedrivePolicy"])["deadLetterTargetArn"]
        return str(self.sqs.get_queue_url(QueueName=arn.rpartition(":")[2])["QueueUrl"])

    def put(self, url: str, body: Any, **more: Any) -> None:
        text = body if isinstance(body, str) else json.dumps(body)
        self.sqs.send_message(QueueUrl=url, MessageBody=text, **more)

    def visible(self, url: str) -> list[dict[str, Any]]:
        """The messages that a consumer would get now."""
        found: list[dict[str, Any]] = []
        while batch := self.sqs.receive_message(
            QueueUrl=url, MaxNumberOfMessages=10, MessageAttributeNames=["All"], MessageSystemAttributeNames=["All"]
        ).get("Messages"):
            found += batch
        return found

    def order(self, order_id: str, status: str, *, minute: int = 0, reasons: tuple[str, ...] = ()) -> None:
        self.table.put_item(
            Item={
                "OrderId": order_id,
                "Name": "Jo",
                "Status": status,
                "UpdatedAt": f"2026-11-21T{minute // 60:02}:{minute % 60:02}:00.000Z",
                "Reasons": list(reasons),
                "ExecutionId": f"arn:execution:{order_id}",
                "ExecutionName": f"execution-{order_id}",
            }
        )
