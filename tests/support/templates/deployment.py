"""Synthesises the templates of a stage, and finds their resources by construct path."""

import json
import re
from collections.abc import Iterator, Mapping, Set
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aws_cdk as cdk
from aws_cdk import RemovalPolicy
from aws_cdk.aws_logs import RetentionDays

import app
from stacks.config import STAGES, stage_from_context
from stacks.stage import Stage

CDK_JSON = json.loads((Path(__file__).parents[3] / "cdk.json").read_text())

CDK_CONTEXT = CDK_JSON["context"] | {
    "aws:cdk:enable-path-metadata": True,
    # Copying the layer and the page's files would take a third of the time, and the templates only name them.
    "aws:cdk:disable-asset-staging": True,
    # They would only be written into other files, and make synthesis a tenth slower.
    "aws:cdk:disable-stack-trace": True,
}

CONTEXTS = {
    **{name: {"stage": name} for name in STAGES},
    "dev without cache": {"stage": "dev", "cache": "off"},
}
"""The CDK context of each deployment that the tests of the stacks check."""

OTHER_SENDER = {"sender": "cats@our-cats.org", "cache": "off", "consumer": "on"}
"""Settings for tests that need another sender. If they all take these, a stage is synthesised with them only once."""


@dataclass(frozen=True, kw_only=True)
class Deployment:
    """The templates of one stage.

    `templates` has them by stack: ApiLogs, Identity, Cache, Orders, Reminders, Website. A resource's path is, for
    example, `Orders/OrderTable`. `dependencies` names the stacks that must be deployed before each stack. `tags` are
    those that CloudFormation puts on all resources of each stack. CloudFormation does not delete `protected` stacks.
    `warnings` has CDK's messages about each stack that it warns about.
    """

    stage: Stage
    templates: Mapping[str, Mapping[str, Any]]
    dependencies: Mapping[str, set[str]]
    tags: Mapping[str, Mapping[str, str]]
    protected: Set[str]
    warnings: Mapping[str, list[str]]

    @property
    def policy(self) -> str:
        """The DeletionPolicy of the stage's data."""
        return {RemovalPolicy.RETAIN: "Retain", RemovalPolicy.DESTROY: "Delete"}[self.stage.removal_policy]

    @property
    def days_of_logs(self) -> int:
        """The number of days for which the stage keeps its logs."""
        days = {RetentionDays.ONE_WEEK: 7, RetentionDays.THREE_MONTHS: 90}
        assert self.stage.log_retention in days, f"{__file__}: add the days of {self.stage.log_retention}"
        return days[self.stage.log_retention]

    def resources(self, type: str = "") -> dict[str, Any]:
        """The resources of `type`, or of a service (`AWS::EC2::`), by path."""
        return {
            self.path(stack, logical_id): resource
            for stack, template in self.templates.items()
            for logical_id, resource in template["Resources"].items()
            if resource["Type"] == type or type == "" or (type.endswith("::") and resource["Type"].startswith(type))
        }

    def properties(self, type: str) -> dict[str, Any]:
        return {path: resource.get("Properties", {}) for path, resource in self.resources(type).items()}

    def only(self, type: str) -> Any:
        """The properties of the only resource of `type`."""
        (properties,) = self.properties(type).values()
        return properties

    def path(self, stack: str, logical_id: str) -> str:
        metadata = self.templates[stack]["Resources"][logical_id].get("Metadata", {})
        path: str = metadata.get("aws:cdk:path", f"{stack}/{logical_id}")
        return path.removesuffix("/Resource")

    def named(self, stack: str, value: Any) -> str:
        """Resolves a template's value to text: `Orders/OrderTable.Arn`, `arn:${AWS::Partition}:...:identity/*`."""
        match value:
            case {"Ref": name}:
                return f"${{{name}}}" if name.startswith("AWS::") else self.path(stack, name)
            case {"Fn::GetAtt": [name, attribute]}:
                return f"{self.path(stack, name)}.{attribute}"
            case {"Fn::Join": [separator, parts]}:
                return str(separator).join(self.named(stack, part) for part in parts)
            case {"Fn::Select": [index, {"Fn::Split": [separator, text]}]}:
                return f"{self.named(stack, text)}.split({separator})[{index}]"
            case {"Fn::ImportValue": name}:
                return self._exported(name)
            case _:
                return str(value)

    def _exported(self, name: str) -> str:
        """The resolved value that a stack exports as `name`."""
        (found,) = [
            self.named(stack, output["Value"])
            for stack, template in self.templates.items()
            for output in template.get("Outputs", {}).values()
            if output.get("Export", {}).get("Name") == name
        ]
        return found

    def statements(self) -> Iterator[tuple[str, dict[str, Any]]]:
        """Yields each role with each of its policies' statements. Actions and resources are lists of text."""
        for path, policy in self.resources("AWS::IAM::Policy").items():
            stack = path.partition("/")[0]
            for role in policy["Properties"]["Roles"]:
                for statement in policy["Properties"]["PolicyDocument"]["Statement"]:
                    yield self.named(stack, role), self._plain(stack, statement)

    def _plain(self, stack: str, statement: Mapping[str, Any]) -> dict[str, Any]:
        lists = {
            key: [self.named(stack, one) for one in (value if isinstance(value, list) else [value])]
            for key, value in statement.items()
            if key in ("Action", "NotAction", "Resource", "NotResource")
        }
        conditions = {
            operator: {key: self.named(stack, value) for key, value in pairs.items()}
            for operator, pairs in statement.get("Condition", {}).items()
        }
        return {"Effect": statement["Effect"], **lists, "Condition": conditions}

    def names_and_types(self) -> dict[str, str]:
        """Every logical id with its type, without the hash at the end of an API deployment's id.

        CDK hashes the API's content, because a deployment is a snapshot that is never updated. The content names the
        stage's user pool, so the hash differs from stage to stage.
        """
        return {
            f"{stack}/{re.sub('(?<=Deployment[0-9A-F]{8})[0-9a-f]{32}$', '', logical_id)}": resource["Type"]
            for stack, template in self.templates.items()
            for logical_id, resource in template["Resources"].items()
        }


def synthesise(folder: Path, **context: str) -> Deployment:
    """Synthesises the stacks like `cdk synth` with `-c key=value` for each entry of `context`."""
    return synthesise_stage(folder, stage_from_context(context.get))


def synthesise_stage(folder: Path, stage: Stage) -> Deployment:
    return _synthesised(_built(folder, stage), stage)


@dataclass(frozen=True, kw_only=True)
class Again:
    """A second synthesis of a stage.

    `exports_before_references` has the names of the exports of each stack before CDK looks at the references of the
    other stacks.
    """

    deployment: Deployment
    exports_before_references: Mapping[str, set[str]]


def synthesise_again(folder: Path, stage: Stage) -> Again:
    cdk_app = _built(folder, stage)
    exports = {}
    for stack in filter(cdk.Stack.is_stack, cdk_app.node.children):
        outputs = stack.node.try_find_child("Exports")
        found = outputs.node.children if outputs else []
        exports[stack.node.id] = {str(one.export_name) for one in found if isinstance(one, cdk.CfnOutput)}
    return Again(deployment=_synthesised(cdk_app, stage), exports_before_references=exports)


def _built(folder: Path, stage: Stage) -> cdk.App:
    cdk_app = cdk.App(outdir=str(folder), context=CDK_CONTEXT, tree_metadata=False)
    app.build(cdk_app, stage=stage)
    return cdk_app


def _synthesised(cdk_app: cdk.App, stage: Stage) -> Deployment:
    stacks = cdk_app.synth().stacks
    return Deployment(
        stage=stage,
        # Asking CDK for the templates takes several times as long as reading their files.
        templates={stack.id: json.loads(Path(stack.template_full_path).read_text()) for stack in stacks},
        dependencies={stack.id: {other.id for other in stack.dependencies} for stack in stacks},
        tags={stack.id: dict(stack.tags) for stack in stacks},
        protected={stack.id for stack in stacks if stack.termination_protection},
        warnings={stack.id: [str(one.entry.data) for one in stack.messages] for stack in stacks if stack.messages},
    )
