"""Stages to tear down, on a simulated AWS."""

import json
from typing import Any

import boto3

from tests.support import tables
from tests.support.orders_stack import REGION

DEFINITION = {"StartAt": "Timer", "States": {"Timer": {"Type": "Wait", "Seconds": 9999, "End": True}}}
TEMPLATE: dict[str, dict[str, Any]] = {
    "Resources": {
        "ReminderTable": {"Type": "AWS::DynamoDB::Table", "Properties": dict(tables.REMINDER_TABLE)},
        "Workflow": {
            "Type": "AWS::StepFunctions::StateMachine",
            "Properties": {
                "DefinitionString": json.dumps(DEFINITION),
                "RoleArn": "arn:aws:iam::123456789012:role/workflow",
            },
        },
    },
    "Outputs": {
        "ReminderTableName": {"Value": {"Ref": "ReminderTable"}},
        "ReminderStateMachineArn": {"Value": {"Ref": "Workflow"}},
    },
}


class Reminders:
    """The deployed stack Reminders of a stage, with its rows and executions."""

    def __init__(self, stage: str) -> None:
        cloudformation = boto3.client("cloudformation", REGION)
        name = f"{stage}-reminders"
        cloudformation.create_stack(StackName=name, TemplateBody=json.dumps(TEMPLATE))
        outputs = cloudformation.describe_stacks(StackName=name)["Stacks"][0]["Outputs"]
        told = {output["OutputKey"]: output["OutputValue"] for output in outputs}
        self.workflow = told["ReminderStateMachineArn"]
        self.table = boto3.resource("dynamodb", REGION).Table(told["ReminderTableName"])
        self.states = boto3.client("stepfunctions", REGION)

    def add(self, id: str, status: str) -> None:
        execution = self.states.start_execution(stateMachineArn=self.workflow, name=id)["executionArn"]
        row = {"ReminderId": id, "Status": status, "Owner": "ada", "DueAt": "2027-01-01T09:00:00Z"}
        self.table.put_item(Item=row | {"ExecutionId": execution})

    def end(self, id: str) -> None:
        row: Any = self.table.get_item(Key={"ReminderId": id})["Item"]
        self.states.stop_execution(executionArn=row["ExecutionId"])
        self.table.put_item(Item=row | {"Status": "SENT"})

    def statuses(self) -> dict[str, str]:
        return {row["ReminderId"]: row["Status"] for row in self.table.scan()["Items"]}

    def running(self) -> list[str]:
        found = self.states.list_executions(stateMachineArn=self.workflow, statusFilter="RUNNING")["executions"]
        return sorted(execution["name"] for execution in found)


QUEUES = {
    "OrderFulfillmentQueue12345678": {"Type": "AWS::SQS::Queue"},
    "ParkedQueue12345678": {"Type": "AWS::SQS::Queue"},
}


class Orders:
    """The deployed stack Orders of a stage, with its queues and the executions of a Standard workflow."""

    def __init__(self, stage: str, *, protected: bool = False) -> None:
        cloudformation = boto3.client("cloudformation", REGION)
        self.name = f"{stage}-orders"
        template = {
            "Resources": {"Workflow": TEMPLATE["Resources"]["Workflow"], **QUEUES},
            "Outputs": {"OrderFulfillmentStateMachineArn": {"Value": {"Ref": "Workflow"}}},
        }
        body = json.dumps(template)
        cloudformation.create_stack(StackName=self.name, TemplateBody=body, EnableTerminationProtection=protected)
        [found] = cloudformation.describe_stacks(StackName=self.name)["Stacks"]
        [self.workflow] = [output["OutputValue"] for output in found["Outputs"]]
        resources = cloudformation.describe_stack_resources(StackName=self.name)["StackResources"]
        self.queues = {one["LogicalResourceId"][:-8]: one["PhysicalResourceId"] for one in resources}

    def start(self) -> None:
        boto3.client("stepfunctions", REGION).start_execution(stateMachineArn=self.workflow)

    def put(self, queue: str, *bodies: str) -> None:
        for body in bodies:
            boto3.client("sqs", REGION).send_message(QueueUrl=self.queues[queue], MessageBody=body)
