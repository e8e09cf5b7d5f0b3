"""The orders app of the stage `local`, but with a Standard workflow and without a cache."""

from dataclasses import replace
from pathlib import Path

import stacks  # noqa: F401  Sets the folder of CDK's cache, before CDK is imported.

# isort: split
import aws_cdk as cdk
from aws_cdk.aws_stepfunctions import StateMachineType

from stacks import names
from stacks.api_logs import ApiLogsStack
from stacks.config import STAGES
from stacks.identity import IdentityStack
from stacks.orders import OrdersStack
from tests.support.templates.deployment import CDK_JSON

STAGE = "standard"
IDENTITY, ORDERS = (names.stack_name(STAGE, stack) for stack in (names.IDENTITY, names.ORDERS))


def synthesise(folder: Path) -> None:
    """Writes the templates of the orders app and of what it needs, and the files that they name, into `folder`."""
    stage = replace(
        STAGES["local"],
        name=STAGE,
        cache=None,
        order_workflow_type=StateMachineType.STANDARD,
        notify_parameter="notifyme-standard",
    )
    context = CDK_JSON["context"] | {"aws:cdk:disable-stack-trace": True}
    app = cdk.App(outdir=str(folder), context=context, tree_metadata=False)
    api_logs = ApiLogsStack(app, names.API_LOGS, stack_name=names.stack_name(STAGE, names.API_LOGS))
    identity = IdentityStack(app, names.IDENTITY, stage=stage, stack_name=IDENTITY)
    orders = OrdersStack(app, names.ORDERS, stage=stage, users=identity.users, cache=None, stack_name=ORDERS)
    orders.add_stack_dependency(api_logs)
    app.synth()
