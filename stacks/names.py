"""The names of stages and of stacks. This module does not need CDK, so the commands can read it too."""

import re

STAGES = ("local", "dev", "prod")
"""The names of the stages in `stacks/config.py`."""

STAGES_IN_WORDS = f"{', '.join(STAGES[:-1])} or {STAGES[-1]}"

DEFAULT_STAGE = "dev"

API_LOGS = "ApiLogs"
IDENTITY = "Identity"
CACHE = "Cache"
ORDERS = "Orders"
FULFILLMENT = "Fulfillment"
REMINDERS = "Reminders"
WEBSITE = "Website"

STACKS = (API_LOGS, IDENTITY, CACHE, ORDERS, FULFILLMENT, REMINDERS, WEBSITE)
"""The construct ids of all stacks. A deployment may lack `Cache` and `Fulfillment`."""


def stack_name(stage: str, stack: str) -> str:
    """What CloudFormation calls `stack` of `stage`: `dev-api-logs` for `dev` and `ApiLogs`."""
    return f"{stage}-{re.sub('(?<=[a-z])(?=[A-Z])', '-', stack).lower()}"
