"""CloudFormation makes each resource after what it needs, and a replacement deletes no data that a deletion keeps."""

import json
import re
from typing import Any

from tests.support.templates.deployment import Deployment

KEPT_FOR_ALIASES = {"AWS::Lambda::Version", "AWS::StepFunctions::StateMachineVersion"}
"""An alias can go back to a version that a later one has replaced."""


def named_in(value: Any) -> set[str]:
    """The logical ids that a value of a template names."""
    return {*re.findall(r'"(?:Ref|Fn::GetAtt)": \[?"(\w+)"', json.dumps(value))}


def policies_of_roles(resources: dict[str, Any]) -> dict[str, set[str]]:
    """The policies of each role, by logical ids."""
    found: dict[str, set[str]] = {}
    for id, one in resources.items():
        if one["Type"] == "AWS::IAM::Policy":
            for role in named_in(one["Properties"]["Roles"]):
                found.setdefault(role, set()).add(id)
    return found


def test_a_resource_is_made_after_the_permissions_of_its_role(deployment: Deployment) -> None:
    """A role's ARN is known before the role has its policies. AWS refuses some resources whose role lacks them."""
    checked = 0
    for template in deployment.templates.values():
        resources = template["Resources"]
        policies = policies_of_roles(resources)
        for id, one in resources.items():
            if one["Type"].startswith("AWS::IAM::"):
                continue
            for role in named_in(one.get("Properties", {})) & policies.keys():
                # A policy that names the resource can only be made after it.
                before = {policy for policy in policies[role] if id not in named_in(resources[policy]["Properties"])}
                assert before, id
                assert before <= {*one.get("DependsOn", [])}, id
                checked += 1

    assert checked > 30


def test_what_is_kept_when_a_stage_is_destroyed_is_kept_when_it_is_replaced(with_everything: Deployment) -> None:
    for path, one in with_everything.resources().items():
        if one["Type"] not in KEPT_FOR_ALIASES:
            assert one.get("UpdateReplacePolicy") == one.get("DeletionPolicy"), path


def test_each_table_defines_the_fields_of_its_keys_and_no_others(with_everything: Deployment) -> None:
    """DynamoDB refuses a table that lacks one, or has one too many."""
    for path, table in with_everything.properties("AWS::DynamoDB::Table").items():
        keys = [table["KeySchema"], *(index["KeySchema"] for index in table.get("GlobalSecondaryIndexes", []))]
        defined = {one["AttributeName"]: one["AttributeType"] for one in table["AttributeDefinitions"]}
        assert defined == {part["AttributeName"]: "S" for key in keys for part in key}, path
        for key in keys:
            assert [part["KeyType"] for part in key] == ["HASH", "RANGE"][: len(key)], path
        assert table["BillingMode"] == "PAY_PER_REQUEST", path
