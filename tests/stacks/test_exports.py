"""No export of a stack disappears unnoticed.

CloudFormation updates the exporting stack first. It rejects the update if an export is missing that a deployed stack
still imports. See decision D214.
"""

import pytest

from stacks.stage import LAPTOP_ACCOUNT
from tests.support.templates.deployment import Deployment
from tests.support.templates.exports import EXPORTS, EXPORTS_OF_THE_LAPTOP

FILE = "tests/support/templates/exports.py"


def exported(deployment: Deployment) -> set[str]:
    return {
        deployment.named(stack, output["Value"])
        for stack, template in deployment.templates.items()
        for output in template.get("Outputs", {}).values()
        if "Export" in output
    }


def test_every_export_stays(with_everything: Deployment) -> None:
    on_the_laptop = with_everything.stage.only_account == LAPTOP_ACCOUNT
    found, listed = exported(with_everything), EXPORTS | (EXPORTS_OF_THE_LAPTOP if on_the_laptop else frozenset())
    problems = [
        *(f"no longer exported; keep it with `self.export_value`: {one}" for one in sorted(listed - found)),
        *(f'add to {FILE}: "{one}",' for one in sorted(found - listed)),
    ]
    if problems:
        pytest.fail("\n".join(problems), pytrace=False)
