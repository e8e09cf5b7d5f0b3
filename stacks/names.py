"""The names of stages and stacks. Commands use this module, so it does not import CDK, which starts Node."""

import re

STAGES = ("local", "dev", "prod")
"""The names of the stages in `stacks/config.py`."""

LAPTOP_STAGE = "local"
"""The stage of the laptop cloud."""

STAGES_IN_WORDS = f"{', '.join(STAGES[:-1])} or {STAGES[-1]}"

DEFAULT_STAGE = "dev"

API_LOGS = "ApiLogs"
IDENTITY = "Identity"
CACHE = "Cache"
ORDERS = "Orders"
FULFILLMENT = "Fulfillment"
REMINDERS = "Reminders"
ACCOUNT = "Account"
WEBSITE = "Website"

DEPLOYER = "Deployer"
"""The stack of the roles with which GitHub's workflows deploy a stage. It is not part of the stage."""

STACKS = (API_LOGS, IDENTITY, CACHE, ORDERS, FULFILLMENT, REMINDERS, ACCOUNT, WEBSITE)
"""The construct ids of all stacks. `Cache` and `Fulfillment` are optional."""


def stack_name(stage: str, stack: str) -> str:
    """The name of `stack` in CloudFormation: `dev-api-logs` for the stage `dev` and the stack `ApiLogs`."""
    return f"{stage}-{re.sub('(?<=[a-z])(?=[A-Z])', '-', stack).lower()}"
