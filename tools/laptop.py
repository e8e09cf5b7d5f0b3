"""The laptop cloud for the tools. No other program for people imports `local`.

The imports are inside the functions, so that a stage on AWS needs no package of the laptop cloud.

See decision D095.
"""

import contextlib
import os
import socket
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import urlsplit

import boto3

from terminal.errors import CommandError, naming_home
from tools.accounts.people import DemoUser

if TYPE_CHECKING:
    from local.cloud import Cloud
    from local.settings import Settings


class Laptop(NamedTuple):
    """A running laptop cloud."""

    session: boto3.Session
    endpoint: str
    users: Callable[[], Mapping[str, DemoUser]]
    """Its demo users by their roles."""


def reach(home: str | None) -> Laptop:
    """The laptop cloud in the folder `home`, or this checkout's laptop cloud if it is None.

    Removes the AWS settings from the environment, so that none of them applies. Raises CommandError if the laptop cloud
    does not run.
    """
    from local import homes, settings

    isolated = settings.isolated(os.environ)
    os.environ.clear()
    os.environ.update(isolated)
    try:
        cloud = _cloud(settings.load(homes.named(settings.HOME if home is None else home)))
        cloud.require_running()
        _reached[:] = [cloud]
        follow_clock()
    except CommandError as error:
        # The advice, such as to start the laptop cloud, has to name its folder.
        error.args = (naming_home(str(error), home),)
        raise
    from local.engine import CREDENTIALS

    session = boto3.Session(CREDENTIALS.access_key, CREDENTIALS.secret_key, region_name=settings.REGION)
    return Laptop(session, cloud.settings.endpoint, cloud.users)


_reached: "list[Cloud]" = []
"""The cloud that this process works with, if any."""


def follow_clock() -> bool:
    """Gives this process the time of the laptop cloud, so that `in 20m`, countdowns and the ends of tokens mean that.

    Returns whether somebody has turned the cloud's clock since the last time. On AWS it does nothing.
    """
    from botocore.exceptions import BotoCoreError

    # The next call of an API says that the engine does not answer.
    with contextlib.suppress(BotoCoreError):
        return any(cloud.engine.follow_clock() for cloud in _reached)
    return False


def is_at(endpoint: str) -> bool:
    """Whether `endpoint` is the address of this checkout's laptop cloud, and no other program answers there."""
    from local import homes, settings

    try:
        address = urlsplit(endpoint.strip())
        own = settings.load(homes.named(settings.HOME))
        same = (address.scheme, address.port) == ("http", own.port)
    except (ValueError, CommandError):  # ValueError: an invalid port
        return False
    here = address.hostname in ("127.0.0.1", "localhost")
    return here and same and (_cloud(own).engine.daemon.process() is not None or not _is_served(own.port))


def api_url(endpoint: str, url: str) -> str:
    """The address at which the engine at `endpoint` serves the REST API that has the address `url` on AWS."""
    from local import addresses

    return addresses.api_url(endpoint, url)


def site_url(endpoint: str, url: str) -> str:
    """The address at which the engine at `endpoint` serves the page that has the address `url` on AWS."""
    from local import addresses

    return addresses.site_url(endpoint, url)


def show_express(client: Any) -> None:
    """Lets a client of Step Functions see the Express executions of the laptop cloud, too."""
    from local.settings import INSIDE

    client.meta.events.register(
        "before-sign", lambda request, **_: request.headers.add_header(INSIDE, "1"), unique_id=INSIDE
    )


def _cloud(settings: "Settings") -> "Cloud":
    try:
        from local.cloud import Cloud
    except ModuleNotFoundError as error:
        raise CommandError(f"the laptop cloud needs the package {error.name}: run `make setup`") from None
    return Cloud(settings)


def _is_served(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
