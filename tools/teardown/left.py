"""What a stage leaves in the account after it is destroyed: read from AWS, with reasons and prices.

Five sources, because no single one has everything:

- CloudFormation's events name each resource that it skipped. AWS keeps the events of a deleted stack for 90 days:
  https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_ListStacks.html
- Resources with the tag of the stage. AWS may list a deleted resource a while longer, so the ones of a known kind are
  looked up.
- Log groups with the names of the stage's stacks and functions.
- Backups of deleted tables. DynamoDB keeps them for 35 days, and they are free:
  https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/pointintimerecovery_beforeyoubegin.html
- What belongs to the account and not to one stage.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from costs.prices import usd
from stacks.names import DEPLOYER, STACKS, stack_name
from tools.deployment import Deployment
from tools.teardown.kinds import BACKUP, BOOTSTRAP, DEPLOYER_STACK, GB, KINDS, LATE_LOG, PARTS, WELCOME, Kind, Reason

MISSING = (
    *("NotFoundException", "NoSuchEntity", "ResourceNotFoundException", "NoSuchBucket", "ResourceNotFound"),
    *("StateMachineDoesNotExist",),
)
"""The errors with which AWS says that a resource does not exist."""

UNDELETED = "CloudFormation has not deleted it: run `make destroy` again"
UNKNOWN = "CloudFormation kept it, and this program does not know why: look at it"
TAGGED = "it has the tag of the stage; AWS may list a deleted resource a while longer: look again in an hour"

WELCOME_LOG = "/aws/apigateway/welcome"
TOOLKIT = "CDKToolkit"
VERSIONS = {"AWS::Lambda::Version", "AWS::StepFunctions::StateMachineVersion"}
"""Types that go together with their function or workflow, although CloudFormation keeps old ones in an update."""


@dataclass(frozen=True, kw_only=True)
class Left:
    """One resource that is still there. `usd` is what it costs in a month; None if that is not known."""

    what: str
    name: str
    usd: float | None
    why: str
    is_stack: bool = False


def find(found: Deployment, stage: str) -> list[Left]:
    """Everything of the stage that is still in the account. A stack that is left stands for its resources."""
    kept = {one.name: one for one in (*_kept_by_cloudformation(found, stage), *_tagged(found, stage))}
    in_stacks = {_last(id) for id in found.all_resources(STACKS)}
    return [
        *_stacks(found, stage),
        *(one for one in (*kept.values(), *_logs(found, stage, kept)) if _last(one.name) not in in_stacks),
        *_backups(found, stage),
        *_others(found, stage),
    ]


def _last(name: str) -> str:
    """The part of a name, an ARN or a URL that they have in common."""
    return re.split("[:/]", name)[-1]


def _stacks(found: Deployment, stage: str) -> Iterator[Left]:
    for summary in _summaries(found, stage):
        if summary["StackStatus"] != "DELETE_COMPLETE":
            status = " ".join([summary["StackStatus"], summary.get("StackStatusReason", "")]).strip().rstrip(".")
            name = summary["StackName"]
            yield Left(what="stack", name=name, usd=None, why=f"{UNDELETED} ({status})", is_stack=True)


def _summaries(found: Deployment, stage: str) -> list[dict[str, Any]]:
    """The stacks of the stage, also deleted ones, the newest first."""
    names = {stack_name(stage, stack) for stack in STACKS}
    pages = found.client("cloudformation").get_paginator("list_stacks").paginate()
    return [one for page in pages for one in page["StackSummaries"] if one["StackName"] in names]


def _kept_by_cloudformation(found: Deployment, stage: str) -> Iterator[Left]:
    pages = found.client("cloudformation").get_paginator("describe_stack_events")
    for summary in _summaries(found, stage):
        for page in pages.paginate(StackName=summary["StackId"]):
            for event in page["StackEvents"]:
                if event["ResourceStatus"] == "DELETE_SKIPPED":
                    yield from _still_there(found, event["ResourceType"], event["PhysicalResourceId"])


def _still_there(found: Deployment, type: str, id: str) -> Iterator[Left]:
    if type in PARTS | VERSIONS:
        return
    if type not in KINDS:
        yield Left(what=type, name=id, usd=None, why=UNKNOWN)
    elif (answer := _look(found, KINDS[type], id)) is not None:
        yield _of(KINDS[type], id, KINDS[type].usd_a_month(answer))


def _look(found: Deployment, kind: Kind, id: str) -> dict[str, Any] | None:
    """What AWS says about a resource; None if it does not exist."""
    service, call, argument = kind.look
    try:
        answer: dict[str, Any] = getattr(found.client(service), call)(**({argument: id} if argument else {}))
    except ClientError as error:
        if error.response["Error"]["Code"] not in MISSING:
            raise
        return None
    return answer if kind.is_there(answer) else None


def _tagged(found: Deployment, stage: str) -> Iterator[Left]:
    pages = found.client("resourcegroupstaggingapi").get_paginator("get_resources")
    for page in pages.paginate(TagFilters=[{"Key": "stage", "Values": [stage]}]):
        for resource in page["ResourceTagMappingList"]:
            arn = resource["ResourceARN"]
            # arn:aws:dynamodb:eu-west-1:123456789012:table/dev-orders-OrderTable
            service, _, _, rest = arn.split(":", 5)[2:]
            named = f"{service}:{rest}"
            of_kind = [type for type, kind in KINDS.items() if kind.tagged and named.startswith(kind.tagged)]
            if of_kind:
                yield from _still_there(found, of_kind[0], _id(arn, named, KINDS[of_kind[0]]))
            else:
                yield Left(what="resource", name=arn, usd=None, why=TAGGED)


def _id(arn: str, named: str, kind: Kind) -> str:
    return arn if kind.by_arn else named.removeprefix(kind.tagged).removesuffix(":*")


def _logs(found: Deployment, stage: str, kept: dict[str, Left]) -> Iterator[Left]:
    pages = found.client("logs").get_paginator("describe_log_groups")
    names = tuple(stack_name(stage, stack) for stack in STACKS)
    groups = [
        group
        for before in ("", "/aws/lambda/")
        for page in pages.paginate(logGroupNamePrefix=f"{before}{stage}-")
        for group in page["logGroups"]
        if group["logGroupName"].removeprefix(before).startswith(names)
    ]
    for group in groups:
        if group["logGroupName"] not in kept:
            yield _log(group, LATE_LOG)
    for page in pages.paginate(logGroupNamePrefix=WELCOME_LOG):
        yield from (_log(group, WELCOME) for group in page["logGroups"])


def _log(group: dict[str, Any], reason: Reason) -> Left:
    return _of(reason, group["logGroupName"], usd("logs.stored_byte_month", group.get("storedBytes", 0)))


def _backups(found: Deployment, stage: str) -> Iterator[Left]:
    pages = found.client("dynamodb").get_paginator("list_backups").paginate(BackupType="SYSTEM")
    names = tuple(stack_name(stage, stack) for stack in STACKS)
    for page in pages:
        for backup in page["BackupSummaries"]:
            if backup["TableName"].startswith(names):
                yield _of(BACKUP, backup["BackupName"], 0)


def _others(found: Deployment, stage: str) -> Iterator[Left]:
    """Two stacks that belong to no stage: GitHub's roles, and CDK's own stack with the files of all deployments."""
    if found.own(DEPLOYER):
        yield _of(DEPLOYER_STACK, stack_name(stage, DEPLOYER), 0)
    if not (toolkit := found.stack(TOOLKIT)):
        return
    outputs = {one["OutputKey"]: one["OutputValue"] for one in toolkit.get("Outputs", [])}
    size = 0
    if bucket := outputs.get("BucketName"):
        pages = found.client("s3").get_paginator("list_objects_v2").paginate(Bucket=bucket)
        size = sum(one["Size"] for page in pages for one in page.get("Contents", []))
    yield _of(BOOTSTRAP, TOOLKIT, usd("idle.s3_gb_month", size / GB))


def _of(reason: Reason, name: str, price: float) -> Left:
    # The texts are written for Markdown, too.
    return Left(what=reason.what.replace("`", ""), name=name, usd=price, why=reason.why.replace("`", ""))
