"""What is examined: one stage in one account and region, deployed or not yet."""

from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Any

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

from stacks.names import FULFILLMENT, ORDERS, REMINDERS, stack_name
from tools.errors import read_settings

if TYPE_CHECKING:
    from stacks.config import Stage


CACHE_WRITER = "UpdateCache"
"""The function that the stack Orders has only with a cache. Its logical id begins with this name."""

NOTHING_DEPLOYED = ("ROLLBACK_COMPLETE", "REVIEW_IN_PROGRESS", "DELETE_COMPLETE")
"""Statuses of a stack that holds no resource."""


class Target:
    """`stage` in the account that `session` signs in to; at `endpoint`, if AWS is not at its own addresses.

    `said` names the settings that the user gave for the next deployment: SENDER, IDENTITY, CACHE, CONSUMER. The other
    settings of `stage` are defaults. `deploying` means that this deployment is about to begin.
    """

    def __init__(
        self,
        stage: "Stage",
        session: boto3.Session,
        endpoint: str | None,
        *,
        said: Collection[str] = (),
        deploying: bool = False,
    ) -> None:
        self.stage = stage
        self.region = str(session.region_name)
        self.on_laptop = endpoint is not None
        self.said = said
        self.deploying = deploying
        self._session = session
        self._endpoint = endpoint
        self._clients: dict[str, Any] = {}
        self._described: dict[str, Mapping[str, Any] | None] = {}

    @property
    def sender(self) -> str:
        """The sender of reminder e-mails: the one that the user gave, or the deployed one, or the stage's own."""
        deployed = None if self.deploying and "SENDER" in self.said else self.output(REMINDERS, "SenderAddress")
        return deployed or self.stage.sender

    @property
    def settings(self) -> dict[str, str]:
        """The settings of the next deployment, by their names in `make deploy`."""
        return {
            "SENDER": self.stage.sender,
            "CACHE": "on" if self.stage.cache else "off",
            "CONSUMER": "on" if self.stage.example_consumer else "off",
        }

    @property
    def deployed_settings(self) -> dict[str, str]:
        """The settings of the last deployment; empty if nothing is deployed."""
        sender = self.output(REMINDERS, "SenderAddress")
        settings = {"SENDER": sender} if sender else {}
        if self.has(ORDERS):
            # Not the stack Cache: it stays when the cache is switched off.
            functions = self.resources(ORDERS, "AWS::Lambda::Function")
            settings["CACHE"] = "on" if any(id.startswith(CACHE_WRITER) for id in functions) else "off"
            settings["CONSUMER"] = "on" if self.has(FULFILLMENT) else "off"
        return settings

    def read_settings(self) -> None:
        """Reads the settings of AWS as every later call will. Raises CommandError, or a BotoCoreError."""
        read_settings(self._session, lambda: self.client("sts"))

    def client(self, service: str) -> Any:
        """The client of a service. It is made only once, because that takes longer than most calls."""
        if service not in self._clients:
            # Each with its own, because botocore writes what it reads in the environment into it.
            patiently = Config(connect_timeout=5, read_timeout=20, retries={"mode": "standard"})
            self._clients[service] = self._session.client(service, endpoint_url=self._endpoint, config=patiently)
        return self._clients[service]

    def stack(self, name: str) -> Mapping[str, Any] | None:
        """The stack as CloudFormation describes it, None where there is none. Asked once."""
        if name not in self._described:
            self._described[name] = self._describe(name)
        return self._described[name]

    def has(self, stack: str) -> bool:
        """Whether the stage's own `stack` is deployed, even if its last update failed."""
        found = self.own(stack)
        return found is not None and found["StackStatus"] not in NOTHING_DEPLOYED

    def resources(self, stack: str, type: str) -> dict[str, str]:
        """The physical ids of the resources of `type` in the stage's own `stack`, by their logical ids."""
        if not self.has(stack):
            return {}
        pages = self.client("cloudformation").get_paginator("list_stack_resources")
        return {
            resource["LogicalResourceId"]: resource["PhysicalResourceId"]
            for page in pages.paginate(StackName=stack_name(self.stage.name, stack))
            for resource in page["StackResourceSummaries"]
            if resource["ResourceType"] == type and resource["ResourceStatus"] != "DELETE_COMPLETE"
        }

    def own(self, stack: str) -> Mapping[str, Any] | None:
        """The stage's own `stack`, one of `stacks.names`, as CloudFormation describes it; None if not deployed."""
        return self.stack(stack_name(self.stage.name, stack))

    def output(self, stack: str, name: str) -> str | None:
        """An output of the stage's own `stack`; None if it is not deployed."""
        found = self.own(stack) or {}
        outputs = {output["OutputKey"]: output["OutputValue"] for output in found.get("Outputs", [])}
        return outputs.get(name)

    def _describe(self, name: str) -> Mapping[str, Any] | None:
        try:
            [found] = self.client("cloudformation").describe_stacks(StackName=name)["Stacks"]
        except ClientError as error:
            if "does not exist" not in error.response["Error"]["Message"]:
                raise
            return None
        return dict(found)
