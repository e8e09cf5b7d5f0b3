"""Executions of the order workflow that did not come to their end."""

from dataclasses import dataclass, field
from typing import Any

from botocore.exceptions import ClientError

from stacks.names import ORDERS
from terminal.errors import CommandError
from tools.deployment import Deployment
from tools.orders import table

UNFINISHED = ("FAILED", "TIMED_OUT", "ABORTED")
WAITING = ("RECEIVED", "PARKED")
UNKNOWN_ACTION = {"InvalidAction", "UnknownOperationException"}


class ExpressError(CommandError):
    """The workflow is of a type whose executions cannot be redriven."""

    def __init__(self) -> None:
        super().__init__(
            "the order workflow is Express, and AWS redrives Standard executions alone: "
            "`parked` and `list` tell which orders wait, and `resubmit` sends them again"
        )


@dataclass(kw_only=True)
class Redriven:
    redriven: int = 0
    failed: int = 0
    """AWS would not: too old, too long, or running again already."""

    left: int = 0
    """No order waits for these: it has gone another way since, and would be queued a second time."""

    codes: set[str] = field(default_factory=set)
    """Step Functions' reasons for those that failed."""


def continued(deployment: Deployment, *, required: bool) -> dict[str, Any]:
    """What `redrive` did, as a row. An Express workflow is an error only if `required`."""
    try:
        redriven = redrive(deployment)
    except ExpressError as error:
        if required:
            raise
        return {"what": "executions", "moved": 0, "failed": 0, "complete": True, "note": str(error)}
    left = f"{redriven.left} left, for which no order waits" * bool(redriven.left)
    return {
        "what": "executions",
        "moved": redriven.redriven,
        "failed": redriven.failed,
        "complete": not redriven.failed,
        "note": ", ".join(filter(None, [left, *sorted(redriven.codes)])),
    }


def redrive(deployment: Deployment) -> Redriven:
    """Continues each unfinished execution, from the state that failed, where its order still waits for it.

    Raises ExpressError, and CommandError where the endpoint cannot do it.
    """
    states = deployment.client("stepfunctions")
    workflow = deployment.output(ORDERS, "OrderFulfillmentStateMachineArn")
    # Without its definition, which is encrypted and nothing that is asked for here.
    described = states.describe_state_machine(stateMachineArn=workflow, includedData="METADATA_ONLY")
    if described["type"] == "EXPRESS":
        raise ExpressError
    awaited = {row.get("ExecutionName") for status in WAITING for row in table.with_status(deployment, status=status)}
    result = Redriven()
    for status in UNFINISHED:
        pages = states.get_paginator("list_executions").paginate(stateMachineArn=workflow, statusFilter=status)
        # All of them first: one that is redriven leaves this list while it is being read.
        for execution in [execution for page in pages for execution in page["executions"]]:
            if execution["name"] not in awaited:
                result.left += 1
                continue
            try:
                states.redrive_execution(executionArn=execution["executionArn"])
                result.redriven += 1
            except ClientError as error:
                code = str(error.response["Error"]["Code"])
                if code in UNKNOWN_ACTION:
                    raise CommandError(
                        "the endpoint does not know RedriveExecution; the laptop cloud's engine does not: "
                        "`resubmit` sends an order again"
                    ) from None
                result.failed += 1
                result.codes.add(code)
    return result
