"""What is examined: one stage in one account and region, deployed or not yet."""

from collections.abc import Mapping
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

from stacks.config import Stage
from stacks.names import CACHE, FULFILLMENT, REMINDERS, STACKS, stack_name

_PATIENTLY = Config(connect_timeout=5, read_timeout=20, retries={"mode": "standard"})


class Target:
    """`stage` in the account that `session` signs in to; at `endpoint`, where AWS is not at its own addresses."""

    def __init__(self, stage: Stage, session: boto3.Session, endpoint: str | None) -> None:
        self.stage = stage
        self.region = str(session.region_name)
        self.on_laptop = endpoint is not None
        absent = ([] if stage.cache else [CACHE]) + ([] if stage.example_consumer else [FULFILLMENT])
        self.stacks = tuple(stack_name(stage.name, stack) for stack in STACKS if stack not in absent)
        self._session = session
        self._endpoint = endpoint
        self._described: dict[str, Mapping[str, Any] | None] = {}

    @property
    def sender(self) -> str:
        """Where reminder e-mails come from: as deployed, else as the stage has it."""
        return self.output(REMINDERS, "SenderAddress") or self.stage.sender

    def client(self, service: str) -> Any:
        return self._session.client(service, endpoint_url=self._endpoint, config=_PATIENTLY)

    def stack(self, name: str) -> Mapping[str, Any] | None:
        """The stack as CloudFormation describes it, None where there is none. Asked once."""
        if name not in self._described:
            self._described[name] = self._describe(name)
        return self._described[name]

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
