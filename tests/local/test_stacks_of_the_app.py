"""`up` deploys a stack if only its outputs change, and removes stacks that have left the app."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import WaiterError

from local import deploy
from local.cloud import Cloud
from local.engine import Engine
from local.settings import Settings
from tests.support.names import unique

QUICKLY = {"Delay": 0.05, "MaxAttempts": 1200}
PARAMETER = {"Type": "AWS::SSM::Parameter", "Properties": {"Type": "String", "Value": "kept"}}


def template(outputs: dict[str, Any] | None = None, **imports: str) -> str:
    """A template of one parameter, with `outputs`, and a parameter for each export that it imports."""
    others = {
        name: {"Type": "AWS::SSM::Parameter", "Properties": {"Type": "String", "Value": {"Fn::ImportValue": export}}}
        for name, export in imports.items()
    }
    return json.dumps({"Resources": {"Parameter": PARAMETER, **others}, "Outputs": outputs or {}})


def exported(export: str, value: Any = None) -> dict[str, Any]:
    return {"Export": {"Name": export}, "Value": value or {"Ref": "Parameter"}}


@pytest.fixture
def name(cloud: Cloud) -> Iterator[str]:
    """A prefix for names of stacks. The fixture removes the stacks in reverse order of their names."""
    name = unique("test-")
    yield name
    cloudformation = cloud.engine.client("cloudformation")
    stacks = cloudformation.describe_stacks()["Stacks"]
    for stack in sorted((one["StackName"] for one in stacks if one["StackName"].startswith(name)), reverse=True):
        cloudformation.delete_stack(StackName=stack)
        cloudformation.get_waiter("stack_delete_complete").wait(StackName=stack, WaiterConfig=QUICKLY)


def create(cloud: Cloud, stack: str, body: str) -> None:
    cloudformation = cloud.engine.client("cloudformation")
    cloudformation.create_stack(StackName=stack, TemplateBody=body)
    cloudformation.get_waiter("stack_create_complete").wait(StackName=stack, WaiterConfig=QUICKLY)


def change(cloud: Cloud, stack: str, body: str) -> str:
    """Changes a stack as CDK does, by a change set; returns the change set's status."""
    cloudformation, change_set = cloud.engine.client("cloudformation"), unique("c-")
    cloudformation.create_change_set(
        StackName=stack, ChangeSetName=change_set, TemplateBody=body, ChangeSetType="UPDATE"
    )
    found = cloudformation.describe_change_set(StackName=stack, ChangeSetName=change_set)
    if found["ExecutionStatus"] == "AVAILABLE":
        cloudformation.execute_change_set(StackName=stack, ChangeSetName=change_set)
        cloudformation.get_waiter("stack_update_complete").wait(StackName=stack, WaiterConfig=QUICKLY)
    return str(found["Status"])


def exports(cloud: Cloud, prefix: str) -> dict[str, str]:
    pages = cloud.engine.client("cloudformation").get_paginator("list_exports").paginate()
    found = [export for page in pages for export in page["Exports"]]
    return {export["Name"]: export["Value"] for export in found if export["Name"].startswith(prefix)}


@pytest.mark.parametrize(
    ("before", "after", "exported_then"),
    [
        ({}, {"One": exported("one")}, ["one"]),
        ({"One": exported("one")}, {"One": exported("one"), "Two": exported("two")}, ["one", "two"]),
        ({"One": exported("one"), "Two": exported("two")}, {"Two": exported("two")}, ["two"]),
        ({"One": exported("one")}, {"One": exported("renamed")}, ["renamed"]),
        ({"One": exported("one")}, {"One": {"Value": {"Ref": "Parameter"}}}, []),
        ({"One": exported("one")}, {}, []),
    ],
    ids=["first", "one more", "one less", "renamed", "no longer exported", "last"],
)
def test_a_change_of_only_outputs_is_deployed(
    cloud: Cloud, name: str, before: dict[str, Any], after: dict[str, Any], exported_then: list[str]
) -> None:
    def named(outputs: dict[str, Any]) -> dict[str, Any]:
        text = json.dumps(outputs)
        return dict(json.loads(text.replace('"Name": "', f'"Name": "{name}-')))

    create(cloud, name, template(named(before)))

    assert change(cloud, name, template(named(after))) == "CREATE_COMPLETE"
    assert sorted(exports(cloud, name)) == [f"{name}-{export}" for export in exported_then]


def test_a_change_of_only_an_outputs_value_is_deployed(cloud: Cloud, name: str) -> None:
    create(cloud, name, template({"One": exported(name, "before")}))

    assert change(cloud, name, template({"One": exported(name, "after")})) == "CREATE_COMPLETE"
    assert exports(cloud, name) == {name: "after"}


def test_an_export_that_another_stack_uses_stays_and_the_deployment_fails(cloud: Cloud, name: str) -> None:
    """The message is the same as on AWS."""
    create(cloud, f"{name}-1", template({"One": exported(name)}))
    create(cloud, f"{name}-2-uses-it", template(One=name))

    with pytest.raises(WaiterError, match="UPDATE_ROLLBACK_COMPLETE"):
        change(cloud, f"{name}-1", template())

    events = cloud.engine.client("cloudformation").describe_stack_events(StackName=f"{name}-1")["StackEvents"]
    reasons = [event.get("ResourceStatusReason", "") for event in events]
    assert f"Cannot delete export {name} as it is in use by {name}-2-uses-it." in reasons
    assert [*exports(cloud, name)] == [name]


def test_an_unchanged_template_is_still_no_change(cloud: Cloud, name: str) -> None:
    body = template({"One": exported(name)})
    create(cloud, name, body)

    assert change(cloud, name, body) == "FAILED"


@pytest.fixture
def app_without(cloud: Cloud, tmp_path: Path) -> Iterator[Engine]:
    """The same engine, after the synthesis of an app that has only the apps' own stacks."""
    settings = Settings(home=tmp_path, port=cloud.settings.port, redis_port=cloud.settings.redis_port)
    settings.assembly.mkdir()
    artifacts = {
        stack: {"type": "aws:cloudformation:stack", "properties": {"stackName": stack}} for stack in deploy.STACKS
    }
    (settings.assembly / "manifest.json").write_text(json.dumps({"artifacts": artifacts}))
    ssm = cloud.engine.client("ssm")
    usual = ssm.get_parameter(Name=deploy.DEPLOYED_STACKS)["Parameter"]["Value"]
    yield Engine(settings)
    ssm.put_parameter(Name=deploy.DEPLOYED_STACKS, Value=usual, Type="StringList", Overwrite=True)


def test_only_stacks_that_have_left_the_app_are_removed(cloud: Cloud, name: str, app_without: Engine) -> None:
    create(cloud, f"{name}-1", template({"One": exported(name)}))
    create(cloud, f"{name}-2-uses-it", template(One=name))
    create(cloud, f"{name}-3-not-ours", template())
    known = ",".join([*deploy.STACKS, f"{name}-1", f"{name}-2-uses-it"])
    cloud.engine.client("ssm").put_parameter(
        Name=deploy.DEPLOYED_STACKS, Value=known, Type="StringList", Overwrite=True
    )
    said: list[str] = []

    # `up` does this before it deploys and afterwards.
    deploy.remove_left_stacks(app_without, said.append)
    deploy.remove_left_stacks(app_without, said.append)

    stacks = [one["StackName"] for one in cloud.engine.client("cloudformation").describe_stacks()["Stacks"]]
    assert [stack for stack in stacks if stack.startswith(name)] == [f"{name}-3-not-ours"]
    assert said == [f"removing {name}-{one}, which the app no longer has" for one in ("2-uses-it", "1")]
    assert {*stacks} >= {deploy.ORDERS_STACK, deploy.REMINDERS_STACK, deploy.TOOLKIT}
