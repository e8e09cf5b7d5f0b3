"""One deployed app, found by its stage: its outputs, its API and AWS clients for it."""

import json
import os
import re
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import boto3
from botocore.awsrequest import AWSRequest
from botocore.config import Config
from botocore.exceptions import ClientError, NoRegionError
from botocore.httpsession import URLLib3Session

from local import gaps, homes, settings
from local.cloud import Cloud
from local.engine import CREDENTIALS
from local.errors import LocalError
from stacks.names import IDENTITY, stack_name
from tools.errors import LAPTOP, CommandError, read_settings
from tools.sign_in import kept
from tools.sign_in.people import People, Person
from tools.sign_in.pool import UserPool
from tools.text import printable

LOCAL_STAGE = "local"
LONGEST_PROBLEM = 500
API_TIMEOUT_SECONDS = 35
"""Longer than the 29 seconds that API Gateway gives a function."""


@dataclass(frozen=True)
class Answer:
    """What the API answered."""

    status: int
    body: dict[str, Any]
    """Empty where the answer is no JSON object."""

    headers: Mapping[str, str]

    @property
    def problem(self) -> str:
        """Code, message and details of a refusal, fit to be printed; empty where the request was not refused."""
        if self.status < 400:
            return ""
        error = self.body.get("error")
        if not isinstance(error, dict):
            # Not our handlers' answer, so nobody knows what it repeats.
            return "refused before it came to the app"
        details = [f"{detail.get('field')} {detail.get('problem')}" for detail in error.get("details") or []]
        message = str(error.get("message"))
        told = f"{error.get('code')}: {message.rstrip('.') if details else message}"
        return printable("; ".join([told, *details]))[:LONGEST_PROBLEM]


class Api:
    """The API at `url`, called by `person`."""

    def __init__(self, url: str, person: Person) -> None:
        self._url = url.rstrip("/")
        self._person = person
        self._http = URLLib3Session(timeout=API_TIMEOUT_SECONDS)

    def sign_in(self) -> None:
        """Signs in now, so that a question for the password comes first. Raises CommandError if that fails."""
        self._person.token()

    def call(
        self, method: str, path: str, body: str | None = None, *, headers: Mapping[str, str] | None = None
    ) -> Answer:
        """Sends `body`, JSON text, to `path`.

        Raises a BotoCoreError where no answer comes, and CommandError where the person cannot be signed in.
        """
        answer = self._send(method, path, body, headers or {})
        if answer.status == 401:
            # What was kept may be of a pool that was made anew since. Nothing was done, so it is sent once more.
            self._person.forget()
            answer = self._send(method, path, body, headers or {})
        if answer.status == 401:
            raise CommandError(
                f"the API does not take this sign-in: deploy this version of the stack, or try `{self._person.how}`"
            )
        return answer

    def _send(self, method: str, path: str, body: str | None, headers: Mapping[str, str]) -> Answer:
        request = AWSRequest(
            method,
            self._url + path,
            data=body.encode() if body is not None else None,
            headers={"Content-Type": "application/json", "Authorization": self._person.token(), **headers},
        )
        response = self._http.send(request.prepare())
        try:
            answered = json.loads(response.text)
        except ValueError:
            answered = None
        return Answer(response.status_code, answered if isinstance(answered, dict) else {}, response.headers)


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
