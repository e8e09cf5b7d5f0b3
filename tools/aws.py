"""Where the AWS of a stage is, and clients for it."""

import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import boto3
from botocore.config import Config

from terminal.errors import CommandError
from tools import laptop
from tools.accounts.people import DemoUser

LOCAL_STAGE = "local"


@dataclass(frozen=True)
class Aws:
    """The account and region of a stage, or an engine that stands in for AWS."""

    session: boto3.Session
    endpoint: str | None = None
    """Where AWS is not at its own addresses."""

    demo_users: Callable[[], Mapping[str, DemoUser]] | None = None
    """The users of the laptop cloud by their roles; None elsewhere."""

    def client(self, service: str, **timeouts: float) -> Any:
        # Each with its own settings, because botocore writes what it reads in the environment into them.
        config = Config(retries={"mode": "standard"}, **timeouts)
        return self.session.client(service, endpoint_url=self.endpoint, config=config)

    def api_url(self, url: str) -> str:
        """Where the REST API is whose address on AWS would be `url`."""
        return laptop.api_url(self.endpoint, url) if self.endpoint else url


def reach(stage: str, *, home: str | None = None) -> Aws:
    """The AWS of `stage`, deployed or not, at the address in AWS_ENDPOINT_URL if that is set.

    The stage `local` is the laptop cloud in `home`, or in the folder `.local` if `home` is None. Then no setting of AWS
    in the environment is used. Only if `home` is None and AWS_ENDPOINT_URL is another address, it is that one.
    Raises CommandError.
    """
    endpoint = os.environ.get("AWS_ENDPOINT_URL")
    if stage == LOCAL_STAGE and (home is not None or not endpoint or laptop.is_at(endpoint)):
        return Aws(*laptop.reach(home))
    if endpoint and not _is_address(endpoint):
        raise CommandError("AWS_ENDPOINT_URL is not an address such as http://127.0.0.1:4566")
    # boto3 itself reads AWS_DEFAULT_REGION alone; the other tools read AWS_REGION.
    return Aws(boto3.Session(region_name=os.environ.get("AWS_REGION", "").strip() or None), endpoint)


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
