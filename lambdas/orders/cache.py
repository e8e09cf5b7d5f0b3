"""The Redis cache in front of the order table. It fails open: whatever is wrong with it, the table answers."""

import json
import logging
import os
from functools import cache
from typing import Any, Literal, TypeAlias
from urllib.parse import urlsplit

import redis
from botocore.model import ServiceId
from botocore.session import Session
from botocore.signers import RequestSigner
from redis.backoff import NoBackoff
from redis.retry import Retry

State: TypeAlias = Literal["HIT", "MISS", "BYPASS"]

TTL_SECONDS = 300
TIMEOUT_SECONDS = 0.1
"""For connecting and for each call; redis-py's own defaults let a hung server hold a lookup for 15 seconds."""

logger = logging.getLogger(__name__)


class IamCredentials(redis.CredentialProvider):
    """Signs in to ElastiCache with the function's own role instead of a password.

    The token is a presigned request, valid for 15 minutes, made on the spot without a call to AWS.
    https://docs.aws.amazon.com/AmazonElastiCache/latest/dg/auth-iam.html
    """

    def __init__(self, *, user: str, replication_group: str, session: Session) -> None:
        self._user = user
        self._replication_group = replication_group
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
def client(url: str) -> redis.Redis:
    """A client for `redis[s]://[user@]host:port`; a user signs in with IAM."""
    user = urlsplit(url).username
    credentials = None
    if user:
        url = url.replace(f"{user}@", "", 1)
        credentials = IamCredentials(user=user, replication_group=os.environ["REDIS_NAME"], session=Session())
    return redis.Redis.from_url(
        url,
        credential_provider=credentials,
        socket_timeout=TIMEOUT_SECONDS,
        socket_connect_timeout=TIMEOUT_SECONDS,
        retry=Retry(NoBackoff(), 0),
    )


def get(order_id: str) -> tuple[dict[str, Any] | None, State]:
    """The cached order, and whether the cache had it, had it not, or could not be asked."""
    url = os.environ.get("REDIS_URL")
    if not url:
        return None, "BYPASS"
    try:
        text = client(url).get(f"order:{order_id}")
        if text is None:
            return None, "MISS"
        order = json.loads(text)
        if not isinstance(order, dict) or order.get("OrderId") != order_id:
            raise ValueError("what is cached is not this order")
        return order, "HIT"
    except (redis.RedisError, OSError, ValueError, RecursionError) as error:
        logger.warning("the cache did not answer: %s", type(error).__name__)
        return None, "BYPASS"


def put(order_id: str, order: dict[str, Any]) -> None:
    """Caches an order for TTL_SECONDS; a failure is logged and costs nothing but a later miss."""
    try:
        client(os.environ["REDIS_URL"]).set(f"order:{order_id}", json.dumps(order), ex=TTL_SECONDS)
    except (redis.RedisError, OSError) as error:
        logger.warning("the cache did not accept an order: %s", type(error).__name__)
