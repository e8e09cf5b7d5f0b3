"""Every stack can drop its references to any other stack, in any order.

CloudFormation updates the exporting stack first. It rejects the update if an export is missing that a deployed stack
still imports. See decision D214.
"""

import json
import re
from collections.abc import Callable
from typing import Any

import aws_cdk as cdk
import pytest

from stacks.exports import EXPORTS, MissingExportError, export_always
from stacks.names import CACHE
from tests.support.templates.deployment import CONTEXTS, Again, Deployment

FILE = "stacks/exports.py"


def outputs_that_export(template: Any) -> list[Any]:
    return [output for output in template.get("Outputs", {}).values() if "Export" in output]


def exported(deployment: Deployment) -> set[str]:
    return {
        deployment.named(stack, output["Value"])
        for stack, template in deployment.templates.items()
        for output in outputs_that_export(template)
    }


def imported(template: Any) -> set[str]:
    return set(re.findall(r'"Fn::ImportValue": "([^"]+)"', json.dumps(template)))


@pytest.mark.parametrize("name", CONTEXTS)
def test_every_deployment_has_the_same_exports(name: str, synthesised: Callable[..., Deployment]) -> None:
    deployment = synthesised(name)
    listed = {f"{stack}/{one}" for stack, all in EXPORTS.items() for one in all}
    if not deployment.stage.cache:
        listed = {one for one in listed if not one.startswith(f"{CACHE}/")}

    if added := exported(deployment) - listed:
        pytest.fail("\n".join(f'add to {FILE}: "{one}",' for one in sorted(added)), pytrace=False)
    assert exported(deployment) == listed


def pairs(deployment: Deployment) -> dict[tuple[str, str], set[str]]:
    """What each stack imports from each other stack, by the names of the consumer and the producer."""
    producers = {
        output["Export"]["Name"]: stack
        for stack, template in deployment.templates.items()
        for output in outputs_that_export(template)
    }
    found: dict[tuple[str, str], set[str]] = {}
    for stack, template in deployment.templates.items():
        for name in imported(template):
            found.setdefault((stack, producers[name]), set()).add(name)
    return found


def test_each_stack_can_drop_its_references_to_each_other_stack(
    again: Again,
) -> None:
    """The exporting stack deploys first. Its template still has the exports, although no stack uses them."""
    found = pairs(again.deployment)

    assert ("Fulfillment", "Orders") in found and len(found) > 10
    for (consumer, producer), names in found.items():
        assert names <= again.exports_before_references[producer], f"{producer} needs {consumer} for an export"


def test_a_renamed_resource_that_is_exported_is_named() -> None:
    [stack] = [name for name, paths in EXPORTS.items() if "OrderTable" in paths]
    nothing = cdk.Stack(cdk.App(), stack)

    with pytest.raises(MissingExportError, match="if you renamed it, restore the old id"):
        export_always([nothing])
