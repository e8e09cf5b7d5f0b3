"""The target of the doctor: one stage in one account and region, deployed or not."""

from collections.abc import Collection
from typing import TYPE_CHECKING

from stacks.names import FULFILLMENT, ORDERS, REMINDERS
from tools.aws import Aws
from tools.deployment import Deployment

if TYPE_CHECKING:
    from stacks.stage import Stage


CACHE_WRITER = "UpdateCache"
"""A function that the stack Orders has only with a cache. Its logical id begins with this name."""


class Target(Deployment):
    """`stage` in the account that `aws` signs in to.

    `said` names the settings that the user gave for the next deployment: SENDER, IDENTITY, CACHE, CONSUMER. The other
    settings of `stage` are defaults. `deploying` means that the deployment begins after the checks.
    """

    TIMEOUTS = {"connect_timeout": 5, "read_timeout": 20}

    def __init__(self, stage: "Stage", aws: Aws, *, said: Collection[str] = (), deploying: bool = False) -> None:
        super().__init__(stage.name, aws)
        self.stage = stage
        self.on_laptop = aws.endpoint is not None
        self.said = said
        self.deploying = deploying

    @property
    def sender(self) -> str:
        """The address that reminders are mailed from.

        While deploying, this is the sender that the user gave, if any. Otherwise it is the deployed sender, if there is
        one, or the sender of `stage`.
        """
        deployed = None if self.deploying and "SENDER" in self.said else self.find_output(REMINDERS, "SenderAddress")
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
        sender = self.find_output(REMINDERS, "SenderAddress")
        settings = {"SENDER": sender} if sender else {}
        if self.has(ORDERS):
            # The stack Cache would not tell, because it stays when the cache is switched off.
            functions = self.resources(ORDERS, "AWS::Lambda::Function")
            settings["CACHE"] = "on" if any(id.startswith(CACHE_WRITER) for id in functions) else "off"
            settings["CONSUMER"] = "on" if self.has(FULFILLMENT) else "off"
        return settings
