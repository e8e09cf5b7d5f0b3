"""Moves a laptop cloud to the templates of another version: one change set a stack, judged before it is executed."""

import json
import re
import shutil
from collections import Counter
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from local import code_only, deploy, gaps
from local.cloud import Cloud
from tools.guards.changes import Finding, between, findings

POLICIES = ("AWS::IAM::", "AWS::S3::Bucket", "AWS::SNS::Topic", "AWS::SQS::Queue")
"""The beginnings of the types after whose change the engine's gaps must be closed again."""


class RefusedError(Exception):
    """The change set of a stack would take something away. It was not executed."""

    def __init__(self, found: list[Finding]) -> None:
        super().__init__("; ".join(one.sentence for one in found))
        self.found = found


@dataclass
class Moved:
    """What the change sets of all stacks have changed."""

    changes: dict[str, Counter[str]] = field(default_factory=dict)
    """By stack: how many resources were added, modified, replaced or removed."""
    mentioned: list[Finding] = field(default_factory=list)
    """The findings that did not stop the deployment."""


def put_templates(cloud: Cloud, assembly: Path) -> None:
    """Puts the templates in `assembly` into the folder from which the cloud is deployed."""
    shutil.rmtree(cloud.settings.assembly, ignore_errors=True)
    shutil.copytree(assembly, cloud.settings.assembly)


def move(cloud: Cloud, assembly: Path, *, back: bool, say: Callable[[str], None]) -> Moved:
    """Deploys the templates in `assembly` over the deployed ones.

    `back` means that they are the older ones. Then resources that only the newer version has may go.
    Raises RefusedError before it changes a stack that would lose something, and DeployError.
    """
    put_templates(cloud, assembly)
    artifacts = json.loads((assembly / "manifest.json").read_bytes())["artifacts"]
    stacks = [name for name, one in artifacts.items() if one["type"] == "aws:cloudformation:stack"]
    moved = Moved()
    _judge_left(cloud, {artifacts[name]["properties"]["stackName"] for name in stacks}, moved, back=back)
    # Before and after the others, as `up` does: a stack cannot drop an export that another one still uses.
    deploy.remember_stacks(cloud.engine)
    deploy.remove_left_stacks(cloud.engine, say)
    for name in code_only.in_order(stacks, artifacts):
        _move_stack(cloud, name, artifacts[name]["properties"], moved, back=back)
    deploy.remove_left_stacks(cloud.engine, say)
    cloud.finish_deployment()
    return moved


def _judge_left(cloud: Cloud, kept: Collection[str], moved: Moved, *, back: bool) -> None:
    """Judges the removal of the stacks that the other version does not have."""
    for gone in (stack for stack in deploy.outputs(cloud.engine) if stack not in kept):
        template = _deployed(cloud, gone)
        _judge(gone, between(template, {}), template, {}, moved, back=back)
        moved.changes[gone] = Counter({"Remove": len(template["Resources"])})


def _move_stack(cloud: Cloud, name: str, stack: Mapping[str, Any], moved: Moved, *, back: bool) -> None:
    engine, full_name = cloud.engine, stack["stackName"]
    is_there = full_name in deploy.outputs(engine)
    code_only.upload(engine, engine.settings.assembly, name)
    if code_only.prepare(engine, stack, kind="UPDATE" if is_there else "CREATE") != "CREATE_COMPLETE":
        reason = _change_set(cloud, full_name)["StatusReason"]
        if "contain changes" in reason:
            return
        raise deploy.DeployError(f"CloudFormation made no change set of {full_name}: {reason}")
    pages = engine.client("cloudformation").get_paginator("describe_change_set")
    found = pages.paginate(StackName=full_name, ChangeSetName=code_only.CHANGE_SET)
    changes = [change for page in found for change in page["Changes"]]
    before = _deployed(cloud, full_name) if is_there else {}
    after = json.loads((engine.settings.assembly / stack["templateFile"]).read_bytes())
    _judge(full_name, changes, before, after, moved, back=back)
    moved.changes[full_name] = Counter(map(_kind, changes))
    if (status := code_only.execute(engine, stack)) not in ("CREATE_COMPLETE", "UPDATE_COMPLETE"):
        raise deploy.DeployError(f"{full_name} is {status}: {_reasons(cloud, full_name)}")
    if any(change["ResourceChange"]["ResourceType"].startswith(POLICIES) for change in changes):
        gaps.allow_plain_http(engine)
        gaps.widen_ses_grants(engine)
        gaps.widen_sqs_grants(engine)


def _judge(
    stack: str, changes: list[Any], before: Mapping[str, Any], after: Mapping[str, Any], moved: Moved, *, back: bool
) -> None:
    found = findings(stack, changes, before=before, after=after)
    # The older version does not need what only the newer one has.
    blocking = [one for one in found if one.blocks and not (back and one.logical_id not in after.get("Resources", {}))]
    if blocking:
        raise RefusedError(blocking)
    moved.mentioned += found


def _deployed(cloud: Cloud, stack: str) -> dict[str, Any]:
    body = cloud.engine.client("cloudformation").get_template(StackName=stack, TemplateStage="Original")["TemplateBody"]
    template: dict[str, Any] = json.loads(body) if isinstance(body, str) else json.loads(json.dumps(body))
    return template


def _change_set(cloud: Cloud, stack: str) -> dict[str, Any]:
    found: dict[str, Any] = cloud.engine.client("cloudformation").describe_change_set(
        StackName=stack, ChangeSetName=code_only.CHANGE_SET
    )
    return found


def _kind(change: Mapping[str, Any]) -> str:
    one = change["ResourceChange"]
    return "Replace" if one.get("Replacement") == "True" else str(one["Action"])


def _reasons(cloud: Cloud, stack: str) -> str:
    pages = cloud.engine.client("cloudformation").get_paginator("describe_stack_events").paginate(StackName=stack)
    events = [event for page in pages for event in page["StackEvents"]]
    # The newest come first. The reason of a stack's rollback is its own event.
    said = [one for one in events if re.search("FAILED|ROLLBACK_IN_PROGRESS", one["ResourceStatus"])]
    reasons = [
        f"{one['LogicalResourceId']}: {one['ResourceStatusReason']}" for one in said if one.get("ResourceStatusReason")
    ]
    return "; ".join(reasons[:5]) or "CloudFormation gives no reason"
