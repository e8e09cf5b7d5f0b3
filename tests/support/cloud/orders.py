"""Placing orders on a laptop cloud, and where each of them ended."""

import json
from datetime import datetime
from typing import Any

from tests.support.cloud.apps import Apps

RECORD, CHECK, CHOOSE = "Update the order table", "Are details Proper", "Put message in Queue"
OUTCOME, PARK = "Record the outcome", "Park the order"
FULFILL, ESCALATE = "Put message in order OrderFulfillment Queue", "Put message in order Escalation Queue"
GOOD = {"Status": 1, "Reasons": []}
ATTEMPTS = 5
"""The first, and four more."""

MARK = "Record that it is parked"
QUIET = {"DUPLICATE", "NO_CLAIM"}
"""Outcomes of executions that change and queue nothing."""

QUEUE_OF = {"FULFILLMENT_QUEUED": "OrderFulfillmentQueue", "ESCALATED": "EscalationQueue", "PARKED": "ParkedQueue"}


def the_end_of(apps: Apps, order_id: str) -> tuple[str, dict[str, Any]]:
    """The one queue that an order ended in, and the message there; its row says the same."""
    row = apps.settled(order_id)
    [(queue, message)] = apps.queued(order_id)
    assert queue == QUEUE_OF[row["Status"]["S"]]
    return queue, message


def placed(apps: Apps, order: dict[str, str]) -> dict[str, Any]:
    """The execution of an order that was just accepted, once it is over."""
    assert apps.post_order(order)[0] == 202
    row = apps.row(order["OrderId"])
    assert row
    execution = apps.cloud.engine.execution(apps.places.order_workflow, row["ExecutionName"]["S"])
    assert execution
    return apps.finished(execution)


def place(apps: Apps, order: dict[str, str]) -> tuple[str, dict[str, Any]]:
    """Has an order accepted; where it ended, and with which message."""
    placed(apps, order)
    return the_end_of(apps, order["OrderId"])


def execution_id(apps: Apps, name: str) -> str:
    return f"{apps.places.order_workflow.replace(':stateMachine:', ':execution:')}:{name}"


def executions(apps: Apps) -> set[str]:
    pages = apps.cloud.engine.executions().get_paginator("list_executions")
    return {
        execution["executionArn"]
        for page in pages.paginate(stateMachineArn=apps.places.order_workflow)
        for execution in page["executions"]
    }


def is_express(apps: Apps) -> bool:
    workflow = apps.cloud.engine.client("stepfunctions").describe_state_machine(
        stateMachineArn=apps.places.order_workflow
    )
    return bool(workflow["type"] == "EXPRESS")


def outcomes_of(apps: Apps, executions: set[str]) -> list[str]:
    """The outcomes of executions, once all have ended, in alphabetical order."""
    return sorted(json.loads(apps.finished(one)["output"])["Outcome"] for one in executions)


def start_late(apps: Apps, order: dict[str, str], *, name: str) -> str:
    """Starts an execution as the API does, for a claim that the API has withdrawn; returns the outcome."""
    execution = apps.cloud.engine.client("stepfunctions").start_execution(
        stateMachineArn=apps.places.order_workflow, name=name, input=json.dumps({**order, "Claimed": True})
    )
    return str(json.loads(apps.finished(execution["executionArn"])["output"])["Outcome"])


def put_received(apps: Apps, order: dict[str, str], *, at: datetime, taken_up: bool = True) -> None:
    """Writes the row of an order that was claimed and, unless told otherwise, taken up by its execution."""
    moment, name = at.strftime("%Y-%m-%dT%H:%M:%S.000Z"), f"of-{order['OrderId']}"
    texts = {name: order[name] for name in ("OrderId", "Name", "ItemName", "Price")} | {
        "Owner": "somebody",
        "CardLast4": order["CC"][-4:],
        "Status": "RECEIVED",
        "ReceivedAt": moment,
        "UpdatedAt": moment,
        "ExecutionName": name,
        **({"ExecutionId": execution_id(apps, name)} if taken_up else {}),
    }
    row: dict[str, Any] = {name: {"S": text} for name, text in texts.items()} | {"Reasons": {"L": []}}
    apps.cloud.engine.client("dynamodb").put_item(TableName=apps.places.order_table, Item=row)
