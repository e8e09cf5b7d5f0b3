"""A second deployment of a stage with other settings removes nothing that another stack uses."""

import json
import re
from itertools import permutations

import pytest

from tests.support.templates.deployment import OTHER_SENDER, Deployment

SETTINGS = (
    {},
    {"cache": "on", "consumer": "on", "identity": "existing"},
    OTHER_SENDER,
    {**OTHER_SENDER, "identity": "existing"},
)


@pytest.fixture(scope="module")
def deployments(synthesised) -> list[Deployment]:
    """The stage prod with each of SETTINGS. The other stages have no resource and no reference that prod lacks."""
    return [synthesised(stage="prod", **settings) for settings in SETTINGS]


def exports(deployment: Deployment) -> dict[str, str]:
    """The stack of each export."""
    return {
        output["Export"]["Name"]: stack
        for stack, template in deployment.templates.items()
        for output in template.get("Outputs", {}).values()
        if "Export" in output
    }


def imports(deployment: Deployment) -> set[str]:
    return set(re.findall('"Fn::ImportValue": "([^"]+)"', json.dumps(deployment.templates)))


def test_no_change_of_settings_removes_an_export_in_use(deployments):
    assert all(imports(deployment) <= exports(deployment).keys() for deployment in deployments)

    for before, after in permutations(deployments, 2):
        used = {name for name in imports(before) if exports(before)[name] in after.templates}
        assert used <= exports(after).keys()


def test_a_switch_adds_or_drops_whole_stacks_and_the_functions_that_use_them(deployments):
    everything, without_consumer = deployments[1], deployments[0]

    assert everything.templates.keys() - without_consumer.templates.keys() == {"Fulfillment"}
    assert everything.templates["Orders"] == without_consumer.templates["Orders"]
