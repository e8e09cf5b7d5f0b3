"""Redrives executions of the order workflow that failed, timed out or were aborted."""

from dataclasses import dataclass, field
from typing import Any

from botocore.exceptions import ClientError

from orders.order import PARKED, RECEIVED
from orders.rules import order_id_in
from stacks.names import ORDERS
from terminal.errors import CommandError
from tools.deployment import Deployment
from tools.orders import table

UNFINISHED = ("FAILED", "TIMED_OUT", "ABORTED")
WAITING = (RECEIVED, PARKED)
UNKNOWN_ACTION = {"InvalidAction", "UnknownOperationException"}


class ExpressError(CommandError):
    """The workflow is Express. AWS can redrive only executions of Standard workflows."""

    def __init__(self) -> None:
        super().__init__(
            "the order workflow is Express, and AWS redrives only Standard executions: "
            "find the orders with `parked` and `list`, and send them again with `resubmit`"
        )


@dataclass(kw_only=True)
class Redriven:
    redriven: int = 0
    failed: int = 0
    """The number of executions that AWS refused to redrive: too old, too long, or already running again."""

    left: int = 0
    """The number of executions that were not redriven, because their order no longer waits for them. The order has
    another execution or an outcome, and a redrive could queue it twice."""

    codes: set[str] = field(default_factory=set)
    """The error codes of Step Functions for the executions in `failed`."""


def continued(deployment: Deployment, *, required: bool) -> dict[str, Any]:
    """Redrives, and returns the result as a row. An Express workflow is an error only if `required`."""
    try:
        redriven = redrive(deployment)
    except ExpressError as error:
        if required:
            raise
        return {"what": "executions", "moved": 0, "failed": 0, "complete": True, "note": str(error)}
    left = f"{redriven.left} not continued, because their orders no longer wait for them"
    return {
        "what": "executions",
        "moved": redriven.redriven,
        "failed": redriven.failed,
        "complete": not redriven.failed,
        "note": ", ".join([*([left] if redriven.left else []), *sorted(redriven.codes)]),
    }


def redrive(deployment: Deployment) -> Redriven:
    """Continues each unfinished execution from the state that failed, if its order still waits for it.

    Raises ExpressError if the workflow is Express, and CommandError if the endpoint does not support redriving.

    See decision D024.
    """
    states = deployment.client("stepfunctions")
    workflow = deployment.output(ORDERS, "OrderFulfillmentStateMachineArn")
    # Without the definition, which is encrypted: reading it would need another permission.
    described = states.describe_state_machine(stateMachineArn=workflow, includedData="METADATA_ONLY")
    if described["type"] == "EXPRESS":
        raise ExpressError
    parked = {row.get("ExecutionName") for row in table.with_status(deployment, status=PARKED)}
    result = Redriven()
    for status in UNFINISHED:
        pages = states.get_paginator("list_executions").paginate(stateMachineArn=workflow, statusFilter=status)
        # Read the whole list first, because a redriven execution disappears from it.
        for execution in [execution for page in pages for execution in page["executions"]]:
            if execution["name"] not in parked and not _awaits(deployment, execution["name"]):
                result.left += 1
                continue
            try:
                states.redrive_execution(executionArn=execution["executionArn"])
                result.redriven += 1
            except ClientError as error:
                code = str(error.response["Error"]["Code"])
                if code in UNKNOWN_ACTION:
                    raise CommandError(
                        "this endpoint, such as the laptop cloud, cannot redrive executions: send the orders again "
                        "with `resubmit`"
                    ) from None
                result.failed += 1
                result.codes.add(code)
    return result


def _awaits(deployment: Deployment, name: str) -> bool:
    """Whether an order waits for the execution `name`. The API names an execution after its order.

    If somebody started the execution by hand, its order counts only after it was parked.
    """
    order_id = order_id_in(name)
    row = table.row_of(deployment, order_id) if order_id else None
    return row is not None and row["Status"] in WAITING and row.get("ExecutionName") == name
