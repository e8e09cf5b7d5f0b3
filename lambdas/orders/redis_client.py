"""Redis clients: how a function signs in, and how long it waits."""

import os
from collections.abc import Callable
from functools import cache
from typing import TypeVar
from urllib.parse import urlsplit

import redis
from botocore.model import ServiceId
from botocore.session import Session
from botocore.signers import RequestSigner
from redis.backoff import NoBackoff
from redis.retry import Retry

T = TypeVar("T")


class IamCredentials(redis.CredentialProvider):
    """Signs in to ElastiCache with the function's own role instead of a password.

    The token is a presigned request that is valid for 15 minutes. Making one needs no call to AWS.
    https://docs.aws.amazon.com/AmazonElastiCache/latest/dg/auth-iam.html
    """

    def __init__(self, *, user: str, replication_group: str, session: Session) -> None:
        self._user = user
        self._replication_group = replication_group
        # The signer has only a weak reference to the session's event emitter, so the session must stay alive.
        self._session = session
        self._signer = RequestSigner(
            ServiceId("elasticache"),
            session.get_config_variable("region"),
            "elasticache",
            "v4",
            session.get_credentials(),
            session.get_component("event_emitter"),
        )

    def get_credentials(self) -> tuple[str, str]:
        url = self._signer.generate_presigned_url(
            {
                "method": "GET",
                "url": f"https://{self._replication_group}/?Action=connect&User={self._user}",
                "body": {},
                "headers": {},
                "context": {},
            },
            operation_name="connect",
            expires_in=900,
        )
        return self._user, url.removeprefix("https://")


@cache
def client(url: str, seconds: float) -> redis.Redis:
    """A client for `redis[s]://[user@]host:port`. Each of its waits ends after `seconds`. A `user` signs in with IAM.

    With the defaults of redis-py, a hanging server would block a lookup for 15 seconds. And redis-py would make four
    round trips before the first command: for a newer protocol, its notifications, and the client's name and version.
    """
    user = urlsplit(url).username
    credentials = None
    if user:
        url = url.replace(f"{user}@", "", 1)
        credentials = IamCredentials(user=user, replication_group=os.environ["REDIS_NAME"], session=Session())
    return redis.Redis.from_url(
        url,
        credential_provider=credentials,
        socket_timeout=seconds,
        socket_connect_timeout=seconds,
        retry=Retry(NoBackoff(), 0),
        protocol=2,
        driver_info=None,
    )


def talk(step: Callable[[redis.Redis], T], seconds: float) -> T:
    """Runs `step` with a client for REDIS_URL, and returns its answer. Each wait ends after `seconds`.

    Raises the errors of redis-py.
    """
    one = client(os.environ["REDIS_URL"], seconds)
    try:
        return step(one)
    except redis.ReadOnlyError:
        # This server was the primary until now. A new connection resolves the name again and finds the new primary.
        one.connection_pool.disconnect(inuse_connections=False)
        raise
