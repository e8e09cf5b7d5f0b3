"""`make destroy` removes the stages, and says what it leaves. The stages share the engine of one laptop cloud.

The stage `local` is not destroyed here. It has the same resources as `dev`, and keeps the same ones. tests/stacks
compares them.
"""

import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import aws_cdk as cdk
import pytest

import app
from local import deploy
from local.engine import CREDENTIALS, Engine
from local.settings import PROJECT, REGION
from stacks.config import STAGES
from stacks.names import STACKS, stack_name
from tests.support.cloud import leftovers
from tests.support.cloud.bare import bare_engine
from tests.support.cloud.deployed import deploy_stacks
from tests.support.templates.deployment import CDK_JSON
from tools.teardown import __main__ as teardown
from tools.teardown import stacks
from tools.teardown.kinds import BOOTSTRAP, KINDS

pytestmark = [pytest.mark.story, pytest.mark.long]

TOGETHER = ("dev", "prod")
"""The stages that an account may have at the same time."""

MESSAGES = {"OrderFulfillmentQueue": 2, "ParkedQueue": 1}
"""How many messages wait in queues of `dev`."""

KEPT_BY_PROD = {kind.what.replace("`", "") for type, kind in KINDS.items() if type != "AWS::IAM::OIDCProvider"}


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    with bare_engine(tmp_path_factory.mktemp("engine")) as engine:
        yield engine


@pytest.fixture(scope="module")
def assemblies(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Path]:
    """The templates of each stage of TOGETHER with everything switched on, and the files that they name."""
    folders = {}
    for name in TOGETHER:
        folders[name] = tmp_path_factory.mktemp(name)
        context = CDK_JSON["context"] | {"aws:cdk:enable-path-metadata": True, "aws:cdk:disable-stack-trace": True}
        cdk_app = cdk.App(outdir=str(folders[name]), context=context, tree_metadata=False)
        # The engine refuses the types of gradual deployments.
        changed = replace(STAGES[name], sender=f"{name}@orders.acme.org", example_consumer=True, gradual=None)
        app.build(cdk_app, stage=changed)
        cdk_app.synth()
    return folders


@pytest.fixture(scope="module")
def deployed(engine: Engine, assemblies: Mapping[str, Path]) -> Engine:
    """The engine with the stages of TOGETHER."""
    engine.settings.assembly.symlink_to(assemblies["dev"])
    deploy.bootstrap(engine)
    for name in TOGETHER:
        deploy_stacks(engine, assemblies[name])
    return engine


@pytest.fixture(autouse=True)
def settings_of_aws(engine: Engine, assemblies: Mapping[str, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    """The engine stands for AWS. CDK takes the templates that are there already."""
    for name, value in {
        "AWS_ENDPOINT_URL": engine.settings.endpoint,
        "AWS_ENDPOINT_URL_S3": engine.settings.endpoint,
        "AWS_ACCESS_KEY_ID": CREDENTIALS.access_key,
        "AWS_SECRET_ACCESS_KEY": CREDENTIALS.secret_key,
        "AWS_REGION": REGION,
        # CDK then writes to the standard output.
        "CI": "true",
        "CDK_HOME": str(PROJECT / "build" / "cdk"),
        "HOME": str(engine.settings.home),
        "NODE_OPTIONS": f"--require {json.dumps(str(deploy.QUICK_POLLS))}",
        "PATH": os.pathsep.join([str(PROJECT / "node_modules" / ".bin"), os.environ["PATH"]]),
    }.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(stacks, "synthesise", lambda stage: None)
    monkeypatch.setattr(stacks, "assembly", lambda stage: assemblies[stage])


def outputs(engine: Engine, stack: str) -> dict[str, str]:
    [found] = engine.client("cloudformation").describe_stacks(StackName=stack)["Stacks"]
    return {one["OutputKey"]: one["OutputValue"] for one in found["Outputs"]}


def live_stacks(engine: Engine) -> set[str]:
    pages = engine.client("cloudformation").get_paginator("describe_stacks").paginate()
    return {
        stack["StackName"]
        for page in pages
        for stack in page["Stacks"]
        if stack["StackStatus"] != "DELETE_COMPLETE" and stack["StackName"] != deploy.TOOLKIT
    }


def names_of(stage: str) -> set[str]:
    return {stack_name(stage, stack) for stack in STACKS}


def destroy(stage: str, capfd: Any) -> Any:
    """Destroys a stage. Returns what the program says, and the rows of what is left."""
    status = teardown.main(["--stage", stage, "--destroy", "--yes", "--json"])
    said, told = capfd.readouterr()
    assert status == 0, told
    return told, json.loads(said)


@pytest.fixture(scope="module")
def listed() -> set[str]:
    """The names that the program lists as left, of all stages."""
    return set()


def test_a_stack_that_another_one_uses_is_not_deleted(deployed: Engine) -> None:
    client = deployed.client("cloudformation")

    with pytest.raises(client.exceptions.ClientError, match="is imported by stack dev-"):
        client.delete_stack(StackName="dev-orders")
    assert live_stacks(deployed) >= names_of("dev")


def test_dev_is_destroyed_while_reminders_and_messages_wait(deployed: Engine, listed: set[str], capfd: Any) -> None:
    orders = outputs(deployed, "dev-orders")
    for queue, count in MESSAGES.items():
        for number in range(count):
            deployed.client("sqs").send_message(QueueUrl=orders[f"{queue}Url"], MessageBody=str(number))
    workflow = outputs(deployed, "dev-reminders")["ReminderStateMachineArn"]
    waiting = {"waitSeconds": 86_400, "preference": "topic", "message": "Feed the cat"}
    states = deployed.client("stepfunctions")
    execution = states.start_execution(stateMachineArn=workflow, input=json.dumps(waiting))["executionArn"]

    told, left = destroy("dev", capfd)

    listed.update(row["name"] for row in left)
    for effect in (
        "cancels 1 reminder",
        "deletes 2 messages in OrderFulfillmentQueue",
        "deletes 1 message in ParkedQueue",
    ):
        assert f"\n  {effect}\n" in told
    assert live_stacks(deployed) == names_of("prod")
    assert states.describe_execution(executionArn=execution)["status"] == "ABORTED"
    assert {row["what"] for row in left} == {
        *("setting of API Gateway", "role, with its policy", "sender", "key", BOOTSTRAP.what),
    }
    assert sum(float(row["usd"]) for row in left) < 0.01


def test_termination_protection_is_named_with_the_command_that_ends_it(deployed: Engine, capfd: Any) -> None:
    assert teardown.main(["--stage", "prod", "--destroy", "--yes"]) == 1

    assert "--no-enable-termination-protection" in capfd.readouterr().err
    assert live_stacks(deployed) == names_of("prod")


def test_prod_is_destroyed_and_keeps_its_data(deployed: Engine, listed: set[str], capfd: Any) -> None:
    for name in names_of("prod"):
        client = deployed.client("cloudformation")
        client.update_termination_protection(StackName=name, EnableTerminationProtection=False)

    _, left = destroy("prod", capfd)

    listed.update(row["name"] for row in left)
    assert not live_stacks(deployed)
    assert {row["what"] for row in left} == KEPT_BY_PROD | {BOOTSTRAP.what}
    assert all(row["usd"] is not None and row["why"] for row in left)


def test_everything_that_is_left_in_any_service_has_a_reason_and_was_listed(deployed: Engine, listed: set[str]) -> None:
    deployed.daemon.stop()

    found = leftovers.of_engine(deployed.settings.state)

    assert leftovers.unexplained(found) == []
    assert leftovers.unused(found) == []
    assert [name for name in leftovers.of_stages(found) if not any(name in one for one in listed)] == []
