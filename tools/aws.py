"""Finds the AWS of a stage, and makes clients for it."""

import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import boto3
from botocore.config import Config

from stacks.names import LAPTOP_STAGE
from terminal.errors import CommandError
from tools import laptop
from tools.accounts.people import DemoUser


@dataclass(frozen=True)
class Aws:
    """The account and region of a stage, or the engine that replaces AWS."""

    session: boto3.Session
    endpoint: str | None = None
    """The address of the engine, or the address in AWS_ENDPOINT_URL. None means AWS's own addresses."""

    demo_users: Callable[[], Mapping[str, DemoUser]] | None = None
    """The demo users of the laptop cloud by their roles; None for a stage that is not on the laptop cloud."""

    def client(self, service: str, **timeouts: float) -> Any:
        # A new Config for each client, because botocore writes settings from the environment into it.
        config = Config(retries={"mode": "standard"}, **timeouts)
        return self.session.client(service, endpoint_url=self.endpoint, config=config)

    def api_url(self, url: str) -> str:
        """The address to call for the REST API that has the address `url` on AWS."""
        return laptop.api_url(self.endpoint, url) if self.endpoint else url

    def site_url(self, url: str) -> str:
        """The address of the page that has the address `url` on AWS."""
        return laptop.site_url(self.endpoint, url) if self.endpoint else url


def reach(stage: str, *, home: str | None = None) -> Aws:
    """The AWS of `stage`, deployed or not, at the address in AWS_ENDPOINT_URL if it is set.

    The stage `local` is the laptop cloud in the folder `home`, or in `.local` if `home` is None. Then the AWS settings
    in the environment are ignored. There is one exception: if `home` is None and AWS_ENDPOINT_URL is another address,
    `local` is at that address.

    Raises CommandError if the laptop cloud does not run, or if AWS_ENDPOINT_URL is invalid.
    """
    endpoint = os.environ.get("AWS_ENDPOINT_URL")
    if stage == LAPTOP_STAGE and (home is not None or not endpoint or laptop.is_at(endpoint)):
        return Aws(*laptop.reach(home))
    if endpoint and not _is_address(endpoint):
        raise CommandError("AWS_ENDPOINT_URL is not an address: set it to one such as http://127.0.0.1:4566")
    # boto3 itself reads only AWS_DEFAULT_REGION; other AWS tools read AWS_REGION.
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
