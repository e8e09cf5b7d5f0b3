"""Builds the stacks of one stage: `cdk synth -c stage=local|dev|prod`.

The only reader of CDK context. Synthesis is pure: no network, clock, credentials or Docker, so the same commit
gives the same templates.
"""

import sys

import aws_cdk as cdk

from stacks.api_logs import ApiLogsStack
from stacks.cache import CacheStack
from stacks.config import InvalidStageError, Stage, stage_from_context
from stacks.fulfillment import FulfillmentStack
from stacks.identity import IdentityStack
from stacks.layer import LayerNotBuiltError
from stacks.orders import OrdersStack
from stacks.reminders import RemindersStack
from stacks.website import WebsiteStack


def build(app: cdk.App, *, stage: Stage) -> None:
    """Adds the stacks of `stage` to `app`.

    References run one way: ApiLogs, Identity, Cache <- Orders <- Fulfillment; ApiLogs, Identity <- Reminders;
    Identity, Orders, Reminders <- Website.
    """
    api_logs = ApiLogsStack(app, "ApiLogs", stack_name=f"{stage.name}-api-logs")
    identity = IdentityStack(app, "Identity", stage=stage, stack_name=f"{stage.name}-identity")
    cache = None
    if stage.cache:
        cache = CacheStack(app, "Cache", stage=stage, settings=stage.cache, stack_name=f"{stage.name}-cache")
    orders = OrdersStack(
        app, "Orders", stage=stage, users=identity.users, cache=cache, stack_name=f"{stage.name}-orders"
    )
    if stage.example_consumer:
        FulfillmentStack(
            app,
            "Fulfillment",
            stage=stage,
            queue=orders.fulfillment_queue,
            stack_name=f"{stage.name}-fulfillment",
        )
    reminders = RemindersStack(
        app, "Reminders", stage=stage, users=identity.users, stack_name=f"{stage.name}-reminders"
    )
    for stack in (orders, reminders):
        stack.add_stack_dependency(api_logs)
    WebsiteStack(
        app,
        "Website",
        stage=stage,
        client=identity.web_client,
        orders_api=orders.api,
        reminders_api=reminders.api,
        queues=orders.queues,
        stack_name=f"{stage.name}-website",
    )


if __name__ == "__main__":
    app = cdk.App()
    try:
        build(app, stage=stage_from_context(app.node.try_get_context))
    except (InvalidStageError, LayerNotBuiltError) as error:
        sys.exit(f"error: {error}")
    app.synth()
