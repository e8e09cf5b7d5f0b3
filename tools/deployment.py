"""One deployed app, found by its stage: its outputs, its API and AWS clients for it."""

import os
import re
import socket
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError, NoRegionError

from local import gaps, homes, settings
from local.cloud import Cloud
from local.engine import CREDENTIALS
from local.errors import LocalError
from stacks.names import IDENTITY, stack_name
from terminal.errors import CommandError
from tools.accounts import kept
from tools.accounts.people import People, Person
from tools.accounts.pool import UserPool
from tools.api import Api
from tools.errors import LAPTOP, read_settings

LOCAL_STAGE = "local"


class Aws(NamedTuple):
    """Where a stage is."""

    session: boto3.Session
    endpoint: str | None
    """Where AWS is not at its own addresses."""

    laptop: Cloud | None = None


class Deployment:
    """The stack `app`, one of `stacks.names`, of one stage. Raises CommandError if the stage does not have it."""

    def __init__(self, app: str, stage: str, aws: Aws) -> None:
        if not aws.session.region_name:
            raise NoRegionError
        self._stage = stage
        self._aws = aws
        read_settings(aws.session, lambda: self.client("cloudformation"))
        self.outputs = self._outputs_of(stack_name(stage, app))

    def output(self, name: str) -> str:
        if name not in self.outputs:
            raise CommandError(f"the deployed stack has no output {name}: deploy this version of it first")
        return self.outputs[name]

    def client(self, service: str) -> Any:
        config = Config(retries={"mode": "standard"}, connect_timeout=10)
        return self._aws.session.client(service, endpoint_url=self._aws.endpoint, config=config)

    def api(self, user: str | None, *, demo: str) -> Api:
        """The app's API, called by `user`, and where that is not told by whom `Identity.person` names."""
        url = self.output("ApiUrl")
        person = Identity(self._stage, self._aws).person(user, demo=demo)
        return Api(gaps.served_at(self._aws.endpoint, url) if self._aws.endpoint else url, person)

    def _outputs_of(self, stack: str) -> dict[str, str]:
        try:
            [found] = self.client("cloudformation").describe_stacks(StackName=stack)["Stacks"]
        except ClientError as error:
            if "does not exist" not in error.response["Error"]["Message"]:
                raise
            where = f"at {self._aws.endpoint}" if self._aws.endpoint else f"in {self._aws.session.region_name}"
            raise CommandError(
                f"there is no stack {stack} {where}: deploy it, or name another stage with --stage; {LAPTOP}"
            ) from None
        return {output["OutputKey"]: output["OutputValue"] for output in found.get("Outputs", [])}


class Identity(Deployment):
    """The user pool of one stage, and who signs in there."""

    def __init__(self, stage: str, aws: Aws) -> None:
        super().__init__(IDENTITY, stage, aws)
        client_id = self.output("WebClientId")
        self._demo = aws.laptop.users() if aws.laptop else {}
        # What was signed in for at one address is sent to no other.
        place = f"{aws.endpoint or aws.session.region_name} {client_id}"
        self.people = People(
            UserPool(client_id, self.client("cognito-idp")),
            stage=stage,
            kept=None if aws.laptop else kept.of(place),
            passwords={user.email: user.password for user in self._demo.values()},
        )

    def person(self, user: str | None, *, demo: str) -> Person:
        """`user`; else on the laptop cloud its user `demo`, person or operator, and elsewhere as `People.one` says."""
        return self.people.one(user or (self._demo[demo].email if self._demo else None))


def find(app: str, stage: str, *, home: str | None = None) -> Deployment:
    """The deployment of `app` in `stage`, where `reach` finds its AWS. Raises CommandError, LocalError."""
    return Deployment(app, stage, reach(stage, home=home))


def reach(stage: str, *, home: str | None = None) -> Aws:
    """The AWS of `stage`, deployed or not, at the address in AWS_ENDPOINT_URL if that is set.

    The stage `local` is the laptop cloud in `home`, or in the folder `.local` if `home` is None. Then no setting of AWS
    in the environment is used. Only if `home` is None and AWS_ENDPOINT_URL is another address, it is that one.
    Raises CommandError, LocalError.
    """
    endpoint = os.environ.get("AWS_ENDPOINT_URL")
    if stage == LOCAL_STAGE and (home is not None or not endpoint or _is_laptops(endpoint)):
        isolated = settings.isolated(os.environ)
        os.environ.clear()
        os.environ.update(isolated)
        cloud = Cloud(settings.load(homes.named(settings.HOME if home is None else home)))
        cloud.require_running()
        session = boto3.Session(CREDENTIALS.access_key, CREDENTIALS.secret_key, region_name=settings.REGION)
        return Aws(session, cloud.settings.endpoint, cloud)
    if endpoint and not _is_address(endpoint):
        raise CommandError("AWS_ENDPOINT_URL is not an address such as http://127.0.0.1:4566")
    # boto3 itself reads AWS_DEFAULT_REGION alone; the other tools read AWS_REGION.
    return Aws(boto3.Session(region_name=os.environ.get("AWS_REGION", "").strip() or None), endpoint)


def _is_laptops(endpoint: str) -> bool:
    """Whether this is the address of the laptop cloud of this checkout, and no other program answers there."""
    try:
        address = urlsplit(endpoint.strip())
        own = settings.load(homes.named(settings.HOME))
        same = (address.scheme, address.port) == ("http", own.port)
    except (ValueError, LocalError):  # ValueError: an invalid port
        return False
    here = address.hostname in ("127.0.0.1", "localhost")
    return here and same and (Cloud(own).engine.daemon.process() is not None or not _is_served(own.port))


def _is_served(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _is_address(text: str) -> bool:
    try:
        parts = urlsplit(text)
        return (
            parts.scheme in ("http", "https")
            and bool(parts.hostname)
            and parts.port != 0
            and not re.search(r"\s", text)
        )
    except ValueError:
        return False
