"""Handles the executions that a restart of the engine cuts off, because the engine cannot continue them.

`down` waits for orders and due reminders in progress. `up` lets the apps' own functions settle the other ones.

See decision D118.
"""

import json
import time
from collections.abc import Callable, Iterator
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from local import deploy
from local.engine import Engine, send
from local.engine_patches.paths import CLOCK
from local.errors import LocalError

FINISH_SECONDS = 10
"""The longest that `down` waits. An order takes less than a second, unless something is wrong."""
POLL_SECONDS = 0.1
NAMED = 5
"""How many executions and stacks `down` names when it gives up."""

CUT_OFF = "States.ServiceRestart"
"""The engine's error for an execution that ran when the engine stopped."""

PARK = "LostOrdersParkLostOrders"
SETTLE = "LostRemindersSettleLostReminders"

SETTLED = "/laptop/settled"
"""SSM parameter with the start time of the engine for which `settle` was done last."""


def wait(engine: Engine, say: Callable[[str], None]) -> None:
    """Stops a turn of the clock, and waits until no order, due reminder or deployment is in progress.

    It gives up after FINISH_SECONDS, and names what is still in progress.
    """
    deadline = time.monotonic() + FINISH_SECONDS
    try:
        if not engine.answers():
            return
        # A turn under way would make further reminders due. The clock keeps its time.
        send("POST", f"{engine.settings.endpoint}{CLOCK}?stop=1")
        while on_their_way := [*deploy.on_their_way(engine), *_running_orders(engine), *_due_reminders(engine)]:
            if time.monotonic() > deadline:
                more = f" and {len(on_their_way) - NAMED} more" if len(on_their_way) > NAMED else ""
                say(
                    f"still in progress after {FINISH_SECONDS} seconds: {', '.join(on_their_way[:NAMED])}{more}; "
                    "the next `up` parks these orders, continues these reminders and deploys these stacks again"
                )
                return
            time.sleep(POLL_SECONDS)
    except (BotoCoreError, ClientError) as error:
        say(f"stopping without waiting for orders in progress, because the engine does not list them: {error}")


def settle(engine: Engine, say: Callable[[str], None]) -> None:
    """Parks the orders and restarts the reminders that the engine's last restart has cut off.

    It does this once for each start of the engine. Raises LocalError if a function fails.
    """
    process = engine.daemon.process()
    if process is None:
        return
    started = process.create_time()
    if _settled_for(engine) == str(started):
        return
    # The process has the real time. Executions have the cloud's.
    began = engine.clock().began
    outputs = deploy.outputs(engine)
    orders = list(_cut_off(engine, outputs[deploy.ORDERS_STACK]["OrderFulfillmentStateMachineArn"], since=began))
    reminders = list(_cut_off(engine, outputs[deploy.REMINDERS_STACK]["ReminderStateMachineArn"], since=began))
    if orders:
        say(f"parking the orders that were in progress: {len(orders)}")
    for execution in orders:
        _invoke(engine, PARK, {"ExecutionId": execution, "Status": "FAILED"})
    if reminders:
        say(f"restarting the reminders that were waiting: {len(reminders)}")
        while not _invoke(engine, SETTLE, {"Waiting": True})["Complete"]:
            pass
    engine.client("ssm").put_parameter(Name=SETTLED, Value=str(started), Type="String", Overwrite=True)


def _running_orders(engine: Engine) -> list[str]:
    workflow = deploy.outputs(engine).get(deploy.ORDERS_STACK, {}).get("OrderFulfillmentStateMachineArn")
    return [one["name"] for one in _executions(engine, workflow, "RUNNING")] if workflow else []


def _due_reminders(engine: Engine) -> list[str]:
    """The names of the running executions of reminders that are due, and the ids of due reminders that are not sent.

    After its execution, a reminder goes through a delivery, a queue and `SendReminder`. A stop would cut off the
    delivery, or the attempt to send the reminder.
    """
    outputs = deploy.outputs(engine).get(deploy.REMINDERS_STACK, {})
    if not outputs:
        return []
    running = {
        one["executionArn"]: one["name"] for one in _executions(engine, outputs["ReminderStateMachineArn"], "RUNNING")
    }
    deliveries = [one["name"] for one in _executions(engine, outputs["ReminderDeliveryArn"], "RUNNING")]
    now = f"{engine.now():%Y-%m-%dT%H:%M:%SZ}"
    pages = engine.client("dynamodb").get_paginator("scan").paginate(TableName=outputs["ReminderTableName"])
    # Rows without a status are the counts of people.
    rows = [
        {name: next(iter(value.values())) for name, value in row.items()}
        for page in pages
        for row in page["Items"]
        if "Status" in row
    ]
    waiting = {row.get("ExecutionId") for row in rows if row["Status"] == "SCHEDULED" and row["DueAt"] > now}
    executing = {execution: name for execution, name in running.items() if execution not in waiting}
    unsent = [
        row["ReminderId"]
        for row in rows
        if row["Status"] in ("SCHEDULED", "SENDING") and row.get("ExecutionId") not in waiting | executing.keys()
    ]
    return [*executing.values(), *deliveries, *unsent]


def _cut_off(engine: Engine, workflow: str, *, since: float) -> Iterator[str]:
    """The ARNs of the executions that the engine ended when it started, at the time `since` of the cloud's clock."""
    states = engine.executions()
    for one in _executions(engine, workflow, "FAILED"):
        # The engine began a moment before it ended the executions.
        if one["stopDate"].timestamp() >= since - 1:
            if states.describe_execution(executionArn=one["executionArn"]).get("error") == CUT_OFF:
                yield one["executionArn"]


def _executions(engine: Engine, workflow: str, status: str) -> Iterator[dict[str, Any]]:
    pages = engine.executions().get_paginator("list_executions")
    for page in pages.paginate(stateMachineArn=workflow, statusFilter=status):
        yield from page["executions"]


def _settled_for(engine: Engine) -> str | None:
    ssm = engine.client("ssm")
    try:
        return str(ssm.get_parameter(Name=SETTLED)["Parameter"]["Value"])
    except ssm.exceptions.ParameterNotFound:
        return None


def _invoke(engine: Engine, function: str, event: dict[str, Any]) -> Any:
    name = deploy.functions(engine)[function]
    answer = engine.client("lambda").invoke(FunctionName=name, Payload=json.dumps(event))
    if "FunctionError" in answer:
        raise LocalError(
            f"{function} failed, so the orders and reminders that the restart cut off are not settled. "
            f"`laptop logs {function}` says why; `laptop up` tries again"
        )
    return json.load(answer["Payload"])
