"""A diagram of the stacks and a list of the tables, made from the templates."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from stacks.names import CACHE, FULFILLMENT
from tools.docs.workflows import WIDE

CONTEXT = {
    "aws:cdk:enable-path-metadata": True,
    # Templates only name the layer and the page's files, so nothing has to be copied.
    "aws:cdk:disable-asset-staging": True,
}
"""The CDK context of a synthesis whose templates are only read."""

OPTIONAL = (CACHE, FULFILLMENT)
"""The stacks that a deployment may lack."""

KINDS = {
    "AWS::ApiGateway::RestApi": "API",
    "AWS::CloudFront::Distribution": "CloudFront distribution",
    "AWS::S3::Bucket": "bucket",
    "AWS::StepFunctions::StateMachine": "workflow",
    "AWS::Lambda::Function": "function",
    "AWS::DynamoDB::Table": "table",
    "AWS::SQS::Queue": "queue",
    "AWS::SNS::Topic": "topic",
    "AWS::Cognito::UserPool": "user pool",
    "AWS::ElastiCache::ReplicationGroup": "Redis cache",
    "AWS::EC2::VPC": "VPC",
    "AWS::KMS::Key": "key",
    "AWS::SecretsManager::Secret": "secret",
    "AWS::CloudWatch::Alarm": "alarm",
}
"""The resources that the diagram of the stacks counts, in this order, and their names in the diagram."""

PROJECTIONS = {"ALL": "the whole row", "KEYS_ONLY": "the keys", "INCLUDE": "the keys, "}
STREAMS = {"NEW_AND_OLD_IMAGES": "Its stream shows each row before and after a change."}


@dataclass(frozen=True, kw_only=True)
class Stack:
    name: str
    template: Mapping[str, Any]

    after: set[str]
    """The stacks that are deployed before this one."""

    def resources(self, type: str) -> Iterator[tuple[str, dict[str, Any]]]:
        """The construct id of each resource of a type, and its properties."""
        for logical_id, resource in self.template["Resources"].items():
            if resource["Type"] == type:
                path = resource.get("Metadata", {}).get("aws:cdk:path", f"{self.name}/{logical_id}")
                yield path.removesuffix("/Resource").rpartition("/")[2], resource.get("Properties", {})


def parts(stacks: list[Stack]) -> dict[str, str]:
    return {"stacks": diagram(stacks), "tables": tables(stacks)}


def diagram(stacks: list[Stack]) -> str:
    """The stacks with what they hold, as a Mermaid flowchart. An arrow leads to a stack that is deployed first."""
    lines = [WIDE, "flowchart TD"]
    for stack in stacks:
        words = "<br/>".join([f"<b>{stack.name}</b>", *_lines(contents(stack))])
        lines.append(f'  {stack.name}["{words}"]')
    for stack in stacks:
        lines += [f"  {stack.name} --> {one.name}" for one in stacks if one.name in stack.after]
    lines.append("  classDef optional stroke-dasharray: 5 5")
    lines.append(f"  class {','.join(stack.name for stack in stacks if stack.name in OPTIONAL)} optional")
    return "```mermaid\n" + "\n".join(lines) + "\n```"


def contents(stack: Stack) -> list[str]:
    """How many resources of each kind a stack holds: `2 tables`."""
    counted = Counter(resource["Type"] for resource in stack.template["Resources"].values())
    return [_counted(counted[type], kind) for type, kind in KINDS.items() if counted[type]]


def tables(stacks: list[Stack]) -> str:
    """The keys of each table and of its indexes, as a Markdown table."""
    lines = ["| table, index | key | sorted by | holds |", "|---|---|---|---|"]
    for stack in stacks:
        for name, table in stack.resources("AWS::DynamoDB::Table"):
            lines.append(f"| **`{name}`** ({stack.name}) | {_keys(table)} | {_holds(table)} |")
            for index in table.get("GlobalSecondaryIndexes", []):
                lines.append(f"| index `{index['IndexName']}` | {_keys(index)} | {_projected(index['Projection'])} |")
    return "\n".join(lines)


def _counted(number: int, kind: str) -> str:
    if number == 1:
        return f"1 {kind}"
    return f"{number} {kind.removesuffix('y')}ies" if kind.endswith("y") and kind != "key" else f"{number} {kind}s"


def _lines(texts: list[str]) -> list[str]:
    """Two texts a line, so that a box of the picture is not wide."""
    return [", ".join(texts[at : at + 2]) for at in range(0, len(texts), 2)]


def _keys(table: Mapping[str, Any]) -> str:
    names = {one["KeyType"]: f"`{one['AttributeName']}`" for one in table["KeySchema"]}
    return f"{names['HASH']} | {names.get('RANGE', '')}"


def _holds(table: Mapping[str, Any]) -> str:
    said = ["The whole row."]
    if expiry := table.get("TimeToLiveSpecification"):
        said.append(f"DynamoDB deletes it after `{expiry['AttributeName']}`.")
    if stream := table.get("StreamSpecification"):
        said.append(STREAMS[stream["StreamViewType"]])
    return " ".join(said)


def _projected(projection: Mapping[str, Any]) -> str:
    fields = ", ".join(f"`{one}`" for one in projection.get("NonKeyAttributes", []))
    return PROJECTIONS[projection["ProjectionType"]] + fields
