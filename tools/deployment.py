"""One deployed app, found by its stage: its outputs, its API and AWS clients for it."""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import boto3
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.config import Config
from botocore.exceptions import ClientError, NoCredentialsError, NoRegionError
from botocore.httpsession import URLLib3Session

from local import gaps, settings
from local.cloud import Cloud
from local.engine import CREDENTIALS
from tools.errors import CommandError
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
        return printable("; ".join([f"{error.get('code')}: {error.get('message')}", *details]))[:LONGEST_PROBLEM]


class Api:
    """The API at `url`, called as the session's user."""

    def __init__(self, url: str, session: boto3.Session) -> None:
        self._url = url.rstrip("/")
        self._session = session
        self._http = URLLib3Session(timeout=API_TIMEOUT_SECONDS)

    def call(self, method: str, path: str, body: str | None = None) -> Answer:
        """Sends `body`, JSON text, to `path`. Raises a BotoCoreError where no answer comes."""
        request = AWSRequest(
            method,
            self._url + path,
            data=body.encode() if body is not None else None,
            headers={"Content-Type": "application/json"},
        )
        credentials = self._session.get_credentials()
        if credentials is None:
            raise NoCredentialsError
        SigV4Auth(credentials, "execute-api", self._session.region_name).add_auth(request)
        response = self._http.send(request.prepare())
        try:
            answered = json.loads(response.text)
        except ValueError:
            answered = None
        return Answer(response.status_code, answered if isinstance(answered, dict) else {}, response.headers)


class Deployment:
    """An app, `orders` or `reminders`, of one stage. Raises CommandError where there is none."""

    def __init__(self, app: str, stage: str, session: boto3.Session, endpoint: str | None) -> None:
        if session.region_name is None:
            raise NoRegionError
        self._session = session
        self._endpoint = endpoint
        self.outputs = self._outputs_of(f"{stage}-{app}")

    def output(self, name: str) -> str:
        if name not in self.outputs:
            raise CommandError(f"the deployed stack has no output {name}: deploy this version of it first")
        return self.outputs[name]

    def client(self, service: str) -> Any:
        config = Config(retries={"mode": "standard"}, connect_timeout=10)
        return self._session.client(service, endpoint_url=self._endpoint, config=config)

    def api(self) -> Api:
        url = self.output("ApiUrl")
        return Api(gaps.served_at(self._endpoint, url) if self._endpoint else url, self._session)

    def _outputs_of(self, stack: str) -> dict[str, str]:
        try:
            [found] = self.client("cloudformation").describe_stacks(StackName=stack)["Stacks"]
        except ClientError as error:
            if "does not exist" not in error.response["Error"]["Message"]:
                raise
            where = f"at {self._endpoint}" if self._endpoint else f"in {self._session.region_name}"
            raise CommandError(
                f"there is no stack {stack} {where}: deploy it, or name another stage with --stage"
            ) from None
        return {output["OutputKey"]: output["OutputValue"] for output in found.get("Outputs", [])}


def find(app: str, stage: str, *, home: Path) -> Deployment:
    """The deployment of `app` in `stage`, where `reach` finds its AWS. Raises CommandError, LocalError."""
    return Deployment(app, stage, *reach(stage, home=home))


def reach(stage: str, *, home: Path) -> tuple[boto3.Session, str | None]:
    """The AWS of `stage`, deployed or not, and its address where AWS_ENDPOINT_URL or the laptop says one.

    Without that setting the stage `local` is the laptop cloud in `home`: whatever else the environment says of AWS
    neither reaches it nor is reached. Raises CommandError, LocalError.
    """
    endpoint = os.environ.get("AWS_ENDPOINT_URL")
    if endpoint and not urlsplit(endpoint).netloc:
        raise CommandError("AWS_ENDPOINT_URL is not an address such as http://127.0.0.1:4566")
    if stage != LOCAL_STAGE or endpoint:
        # boto3 itself reads AWS_DEFAULT_REGION alone; the other tools read AWS_REGION.
        return boto3.Session(region_name=os.environ.get("AWS_REGION")), endpoint
    isolated = settings.isolated(os.environ)
    os.environ.clear()
    os.environ.update(isolated)
    cloud = Cloud(settings.load(home.resolve()))
    cloud.require_running()
    session = boto3.Session(CREDENTIALS.access_key, CREDENTIALS.secret_key, region_name=settings.REGION)
    return session, cloud.settings.endpoint
