"""Places orders on a laptop cloud, and finds out in which queue they ended."""

import json
from datetime import datetime
from typing import Any

from tests.support.cloud.apps import Apps

RECORD, CHECK, CHOOSE = "Update the order table", "Are details Proper", "Put message in Queue"
OUTCOME, PARK = "Record the outcome", "Park the order"
FULFILL, ESCALATE = "Put message in order OrderFulfillment Queue", "Put message in order Escalation Queue"
GOOD = {"Status": 1, "Reasons": []}
ATTEMPTS = 5
"""The first attempt and four retries."""

MARK = "Record that it is parked"
QUIET = {"DUPLICATE", "NO_CLAIM"}
"""The outcomes of executions that neither change nor queue anything."""

QUEUE_OF = {"FULFILLMENT_QUEUED": "OrderFulfillmentQueue", "ESCALATED": "EscalationQueue", "PARKED": "ParkedQueue"}


def queue_and_message(apps: Apps, order_id: str) -> tuple[str, dict[str, Any]]:
    """The queue in which an order ended, and its message there. Fails if there are several, or the row disagrees."""
    row = apps.settled(order_id)
    [(queue, message)] = apps.queued(order_id)
    assert queue == QUEUE_OF[row["Status"]["S"]]
    return queue, message


def placed(apps: Apps, order: dict[str, str]) -> dict[str, Any]:
    """Places an order. Returns the description of its execution when it has ended."""
    assert apps.post_order(order)[0] == 202
    row = apps.row(order["OrderId"])
    assert row
    execution = apps.cloud.engine.execution(apps.places.order_workflow, row["ExecutionName"]["S"])
    assert execution
    return apps.finished(execution)


def place(apps: Apps, order: dict[str, str]) -> tuple[str, dict[str, Any]]:
    """Places an order. Returns the queue in which it ended, and its message there."""
    placed(apps, order)
    return queue_and_message(apps, order["OrderId"])


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
    """Waits until all executions have ended. Returns their outcomes in alphabetical order."""
    return sorted(json.loads(apps.finished(one)["output"])["Outcome"] for one in executions)


def start_late(apps: Apps, order: dict[str, str], *, name: str) -> str:
    """Starts an execution as the API does, when its claim no longer exists. Returns the outcome."""
    execution = apps.cloud.engine.client("stepfunctions").start_execution(
        stateMachineArn=apps.places.order_workflow, name=name, input=json.dumps({**order, "Claimed": True})
    )
    return str(json.loads(apps.finished(execution["executionArn"])["output"])["Outcome"])


def name_of(order_id: str) -> str:
    """The name that the API could give the execution of an order."""
    return f"{order_id}-abcdefabcdef"


def put_received(apps: Apps, order: dict[str, str], *, at: datetime, started: bool = True) -> None:
    """Writes the row of a claimed order. `started`: whether the row says that its execution has started."""
    moment, name = at.strftime("%Y-%m-%dT%H:%M:%S.000Z"), name_of(order["OrderId"])
    texts = {name: order[name] for name in ("OrderId", "Name", "ItemName", "Price")} | {
        "Owner": "somebody",
        "CardLast4": order["CC"][-4:],
        "Status": "RECEIVED",
        "ReceivedAt": moment,
        "UpdatedAt": moment,
        "ExecutionName": name,
        **({"ExecutionId": execution_id(apps, name)} if started else {}),
    }
    row: dict[str, Any] = {name: {"S": text} for name, text in texts.items()} | {"Reasons": {"L": []}}
    apps.cloud.engine.client("dynamodb").put_item(TableName=apps.places.order_table, Item=row)
