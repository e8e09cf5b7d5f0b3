"""Lets CloudFormation accept types of resources that change nothing on a laptop.

The engine refuses a stack with any of them (`services/cloudformation/provisioners.py:546`). On AWS, each of them only
helps people to see what goes on: saved queries of Logs Insights, sampling rules of X-Ray, and budgets. So nothing reads
them here.
"""

import uuid
from collections.abc import Callable, Mapping
from typing import Any

from ministack.core.responses import get_account_id, get_region
from ministack.services.cloudformation import provisioners

Properties = Mapping[str, Any]


def apply() -> None:
    """Makes the engine accept TYPES."""
    for type, reference in TYPES.items():
        provisioners._RESOURCE_HANDLERS[type] = {
            "create": _created(reference),
            "update": lambda physical_id, *_: (physical_id, {}),
            "delete": lambda *_: None,
        }


def _created(reference: Callable[[str, Properties], str]) -> Callable[..., tuple[str, dict[str, str]]]:
    return lambda logical_id, properties, stack_name: (reference(f"{stack_name}-{logical_id}", properties), {})


def _query(name: str, properties: Properties) -> str:
    return str(uuid.uuid4())


def _sampling_rule(name: str, properties: Properties) -> str:
    rule = properties["SamplingRule"]["RuleName"]
    return f"arn:aws:xray:{get_region()}:{get_account_id()}:sampling-rule/{rule}"


def _budget(name: str, properties: Properties) -> str:
    return str(properties["Budget"].get("BudgetName", name))


TYPES = {
    "AWS::Budgets::Budget": _budget,
    "AWS::Logs::QueryDefinition": _query,
    "AWS::XRay::SamplingRule": _sampling_rule,
}
"""What `Ref` returns for each type, as on AWS: the name, the id or the ARN."""
