"""Builds the stacks of one stage: `cdk synth -c stage=NAME`. `stacks/config.py` lists the stages.

No other module reads the CDK context. Synthesis is pure: it uses no network, clock, credentials or Docker, so the same
commit always gives the same templates.
"""

import gc
import sys
from functools import partial
from typing import cast

import stacks  # noqa: F401  Sets the folder of CDK's cache, before CDK is imported.

# isort: split
if __name__ == "__main__":
    # Synthesis makes no garbage. Python's search for it took a tenth of the time.
    gc.disable()
try:
    import aws_cdk as cdk
    from constructs import Construct

    from stacks.account import AccountStack
    from stacks.api_logs import ApiLogsStack
    from stacks.cache import CacheStack
    from stacks.config import ALL_STAGES, stage_from_context
    from stacks.deployer import DeployerStack
    from stacks.exports import MissingExportError, export_always
    from stacks.fulfillment import FulfillmentStack
    from stacks.identity import IdentityStack
    from stacks.layer import LayerNotBuiltError
    from stacks.names import (
        ACCOUNT,
        API_LOGS,
        CACHE,
        DEPLOYER,
        FULFILLMENT,
        IDENTITY,
        ORDERS,
        REMINDERS,
        WEBSITE,
        stack_name,
    )
    from stacks.orders import OrdersStack
    from stacks.reminders import RemindersStack
    from stacks.spending import tags_of
    from stacks.stage import Stage
    from stacks.stage_checks import InvalidStageError, check_stages
    from stacks.website import WebsiteStack
except ModuleNotFoundError as error:
    # `make setup` installs the first two into .venv, and puts the others on its path.
    if str(error.name).partition(".")[0] not in ("aws_cdk", "constructs", "common", "orders", "reminders"):
        raise
    sys.exit(
        f"error: {sys.executable} does not find the module {error.name}. Run `make setup`, then `make synth` or "
        "`make deploy`. To run `cdk` yourself, first activate the environment: . .venv/bin/activate"
    )


def build(app: cdk.App, *, stage: Stage) -> None:
    """Adds the stacks of `stage` to `app`.

    References run one way: ApiLogs, Identity, Cache <- Orders <- Fulfillment; ApiLogs, Identity <- Reminders;
    ApiLogs, Identity, Orders, Reminders <- Account; Identity, Orders, Reminders, Account <- Website.
    """
    named = partial(stack_name, stage.name)
    api_logs = ApiLogsStack(app, API_LOGS, stack_name=named(API_LOGS))
    identity = IdentityStack(app, IDENTITY, stage=stage, stack_name=named(IDENTITY))
    cache = None
    if stage.cache:
        cache = CacheStack(app, CACHE, settings=stage.cache, stack_name=named(CACHE))
    orders = OrdersStack(app, ORDERS, stage=stage, users=identity.users, cache=cache, stack_name=named(ORDERS))
    if stage.example_consumer:
        FulfillmentStack(app, FULFILLMENT, stage=stage, queue=orders.fulfillment_queue, stack_name=named(FULFILLMENT))
    reminders = RemindersStack(app, REMINDERS, stage=stage, users=identity.users, stack_name=named(REMINDERS))
    account = AccountStack(
        app,
        ACCOUNT,
        stage=stage,
        users=identity.users,
        client=identity.web_client,
        orders=orders,
        reminders=reminders,
        stack_name=named(ACCOUNT),
    )
    for stack in (orders, reminders, account):
        stack.add_stack_dependency(api_logs)
    WebsiteStack(
        app,
        WEBSITE,
        stage=stage,
        client=identity.web_client,
        orders_api=orders.api,
        reminders_api=reminders.api,
        account_api=account.api,
        queues=orders.queues,
        dashboards={"operators": account.dashboard, "orders": orders.dashboard, "reminders": reminders.dashboard},
        stack_name=named(WEBSITE),
    )
    all_stacks = [cast(cdk.Stack, child) for child in app.node.children if cdk.Stack.is_stack(child)]
    export_always(all_stacks)
    for stack in all_stacks:
        stack.termination_protection = stage.termination_protection
        for name, value in tags_of(stack.node.id, stage=stage).items():
            stack.tags.set_tag(name, value)
        if stage.only_account:
            _deploy_only_to(stage.only_account, stack, stage=stage)


def build_deployer(app: cdk.App, *, stage: Stage, repository: str, provider: str | None) -> None:
    """Adds only the stack with which workflows on GitHub deploy `stage`. The stacks of the stage do not change."""
    name = stack_name(stage.name, DEPLOYER)
    stack = DeployerStack(
        app, DEPLOYER, stage=stage, repository=repository, provider=provider or "new", stack_name=name
    )
    if stage.only_account:
        _deploy_only_to(stage.only_account, stack, stage=stage)


def _deploy_only_to(account: str, stack: Construct, *, stage: Stage) -> None:
    """Makes CloudFormation reject `stack` in any other account, before it changes a resource."""
    there = cdk.Fn.condition_equals(cdk.Aws.ACCOUNT_ID, account)
    refusal = f"The stage {stage.name} is for the account {account} only. On AWS, deploy another stage."
    cdk.CfnRule(stack, "OnlyThere", assertions=[cdk.CfnRuleAssertion(assert_=there, assert_description=refusal)])


if __name__ == "__main__":
    app = cdk.App()
    try:
        check_stages(ALL_STAGES)
        stage = stage_from_context(app.node.try_get_context)
        # The context may have changed it.
        check_stages([stage])
        repository = app.node.try_get_context("repository")
        if repository is not None:
            build_deployer(app, stage=stage, repository=repository, provider=app.node.try_get_context("provider"))
        else:
            build(app, stage=stage)
    except (InvalidStageError, LayerNotBuiltError, MissingExportError) as error:
        sys.exit(f"error: {error}")
    app.synth()
