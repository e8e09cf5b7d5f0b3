"""A deployed stage: its stacks and their outputs, its APIs, and the users who sign in to it."""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from boto3.dynamodb.types import TypeDeserializer
from botocore.exceptions import ClientError, NoCredentialsError, NoRegionError

from stacks.names import IDENTITY, WEBSITE, stack_name
from terminal.errors import CommandError
from tools import laptop
from tools.accounts import kept
from tools.accounts.people import People
from tools.accounts.pool import UserPool
from tools.api import Api
from tools.aws import Aws, reach
from tools.errors import LAPTOP, read_settings

NOTHING_DEPLOYED = ("ROLLBACK_COMPLETE", "REVIEW_IN_PROGRESS", "DELETE_COMPLETE")
"""Statuses of a stack without resources."""

GONE = "DELETE_COMPLETE"
"""The status of a resource that CloudFormation has deleted. The stack may still list it."""

_deserialize = TypeDeserializer().deserialize


class Deployment:
    """The stacks of one stage, as CloudFormation describes them. Each stack is described once and then remembered."""

    TIMEOUTS: Mapping[str, float] = {"connect_timeout": 10}
    """In seconds, by their names in botocore's Config."""

    def __init__(self, stage_name: str, aws: Aws, *, may_ask: bool = True) -> None:
        """If `may_ask` is false, nobody is asked for a password. Raises NoRegionError if no region is set."""
        if not aws.session.region_name:
            raise NoRegionError
        self.region = str(aws.session.region_name)
        self._stage_name = stage_name
        self._may_ask = may_ask
        self._aws = aws
        self._clients: dict[str, Any] = {}
        self._stacks: dict[str, Mapping[str, Any] | None] = {}

    def read_settings(self, service: str = "cloudformation") -> None:
        """Reads the AWS settings like every later call. Raises CommandError or a BotoCoreError if one is wrong."""
        read_settings(self._aws.session, lambda: self.client(service))

    def client(self, service: str) -> Any:
        """The client of a service. Made only once, because making a client takes longer than most calls."""
        if service not in self._clients:
            self._clients[service] = self._aws.client(service, **self.TIMEOUTS)
        return self._clients[service]

    def stack(self, name: str) -> Mapping[str, Any] | None:
        """The description of the stack with this full name; None if the account has no such stack."""
        if name not in self._stacks:
            self._stacks[name] = self._describe(name)
        return self._stacks[name]

    def own(self, stack: str) -> Mapping[str, Any] | None:
        """The description of the stage's `stack`, one of `stacks.names`; None if it is not deployed."""
        return self.stack(stack_name(self._stage_name, stack))

    def outputs(self, stack: str) -> dict[str, str]:
        """The outputs of the stage's `stack`. Raises CommandError if it is not deployed."""
        if (found := self.own(stack)) is None:
            where = f"at {self._aws.endpoint}" if self._aws.endpoint else f"in {self.region}"
            name = stack_name(self._stage_name, stack)
            raise CommandError(
                f"there is no stack {name} {where}: deploy it, or name another stage with --stage; {LAPTOP}"
            )
        return _outputs(found)

    def output(self, stack: str, name: str) -> str:
        """An output of the stage's `stack`. Raises CommandError if the stack or the output is missing."""
        outputs = self.outputs(stack)
        if name not in outputs:
            raise CommandError(f"the deployed stack has no output {name}: deploy this version of the stack first")
        return outputs[name]

    def find_output(self, stack: str, name: str) -> str | None:
        """An output of the stage's `stack`; None if the stack or the output is missing."""
        return _outputs(self.own(stack) or {}).get(name)

    @property
    def is_laptop(self) -> bool:
        """Whether the stage is on the laptop cloud, where nothing costs anything."""
        return self._aws.demo_users is not None

    def row(self, stack: str, table: str, key: Mapping[str, str]) -> dict[str, Any] | None:
        """A row of the table that the output `table` of the stage's `stack` names; None if there is none."""
        item = self.client("dynamodb").get_item(
            TableName=self.output(stack, table),
            Key={name: {"S": value} for name, value in key.items()},
            ConsistentRead=True,
        )
        return {name: _deserialize(value) for name, value in item["Item"].items()} if "Item" in item else None

    def log_groups(self, stack: str) -> dict[str, str]:
        """The log groups of the stage's `stack` by their names: what writes there, by its construct id."""
        self.outputs(stack)
        groups = self.resources(stack, "AWS::Logs::LogGroup")
        return {physical: re.sub("LogGroup[0-9A-F]{8}$", "", logical) for logical, physical in groups.items()}

    def has(self, stack: str) -> bool:
        """Whether the stage's `stack` is deployed, even if its last update failed."""
        found = self.own(stack)
        return found is not None and found["StackStatus"] not in NOTHING_DEPLOYED

    def resources(self, stack: str, type: str) -> dict[str, str]:
        """The physical ids of the resources of `type` in the stage's `stack`, by their logical ids."""
        return {
            resource["LogicalResourceId"]: resource["PhysicalResourceId"]
            for resource in self._resources(stack)
            if resource["ResourceType"] == type
        }

    def all_resources(self, stacks: Iterable[str]) -> Iterator[str]:
        """The physical ids of all resources in the stage's `stacks`."""
        for stack in stacks:
            yield from (id for resource in self._resources(stack) if (id := resource.get("PhysicalResourceId")))

    def _resources(self, stack: str) -> list[dict[str, Any]]:
        if not self.has(stack):
            return []
        pages = self.client("cloudformation").get_paginator("list_stack_resources")
        found = pages.paginate(StackName=stack_name(self._stage_name, stack))
        return [one for page in found for one in page["StackResourceSummaries"] if one["ResourceStatus"] != GONE]

    def history(self, execution: str) -> list[dict[str, Any]]:
        """The events of an execution. Empty if AWS keeps none: it was Express, or it ended more than 90 days ago."""
        if not execution or (":express:" in execution and not self.is_laptop):
            return []
        pages = self._executions().get_paginator("get_execution_history").paginate(executionArn=execution)
        try:
            return [event for page in pages for event in page["events"]]
        except ClientError as error:
            # The last two are the answers about an execution of an Express workflow.
            if error.response["Error"]["Code"] not in ("ExecutionDoesNotExist", "InvalidArn", "ValidationException"):
                raise
            return []

    def history_of(self, workflow: str, name: str) -> list[dict[str, Any]]:
        """The events of the executions of `workflow` with this name, as `history`."""
        if not self.is_laptop:
            return self.history(f"{workflow.replace(':stateMachine:', ':execution:')}:{name}")
        pages = self._executions().get_paginator("list_executions").paginate(stateMachineArn=workflow)
        found = [one["executionArn"] for page in pages for one in page["executions"] if one["name"] == name]
        return [event for execution in found for event in self.history(execution)]

    def _executions(self) -> Any:
        client = self.client("stepfunctions")
        if self.is_laptop:
            laptop.show_express(client)
        return client

    def people(self) -> People:
        """The users who sign in to the stage from this machine."""
        client_id = self.output(IDENTITY, "WebClientId")
        demo = self._aws.demo_users
        # Part of the tokens' file names, so that a token from one address is never sent to another.
        place = f"{self._aws.endpoint or self.region} {client_id}"
        return People(
            UserPool(client_id, self.client("cognito-idp")),
            stage=self._stage_name,
            kept=None if demo else kept.of(place),
            demo=demo() if demo else {},
            may_ask=self._may_ask,
        )

    def api(self, stack: str, user: str | None, *, demo: str) -> Api:
        """The API of the stage's `stack`, called by the user that `People.one` chooses."""
        return Api(self.api_url(stack), self.people().one(user, demo=demo))

    def api_url(self, stack: str) -> str:
        """The address of the API of the stage's `stack`, without a slash at its end."""
        return self._aws.api_url(self.output(stack, "ApiUrl")).rstrip("/")

    def site_url(self) -> str:
        """The address of the page."""
        return self._aws.site_url(self.output(WEBSITE, "SiteUrl"))

    def _describe(self, name: str) -> Mapping[str, Any] | None:
        try:
            [found] = self.client("cloudformation").describe_stacks(StackName=name)["Stacks"]
        except ClientError as error:
            if "does not exist" not in error.response["Error"]["Message"]:
                raise
            return None
        return dict(found)


def find(stage: str, *, home: str | None = None, may_ask: bool = True) -> Deployment:
    """The deployment of `stage` on the AWS that `reach` finds. Raises CommandError or a BotoCoreError if that fails."""
    found = Deployment(stage, reach(stage, home=home), may_ask=may_ask)
    found.read_settings()
    return found


def require_credentials(stage: str, *, home: str | None = None) -> None:
    """Raises CommandError or a BotoCoreError if the AWS settings name no region or no credentials. Calls no service."""
    aws = reach(stage, home=home)
    Deployment(stage, aws).read_settings("sts")
    if aws.session.get_credentials() is None:
        raise NoCredentialsError


def _outputs(stack: Mapping[str, Any]) -> dict[str, str]:
    return {output["OutputKey"]: output["OutputValue"] for output in stack.get("Outputs", [])}
