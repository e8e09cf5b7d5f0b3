"""The Redis cache in front of the order table. It fails open: whatever is wrong with it, the table answers."""

import contextlib
import json
import os
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path
from typing import Any, Literal, NamedTuple, TypeAlias, TypeVar
from urllib.parse import urlsplit

import fastjsonschema
import redis
from botocore.model import ServiceId
from botocore.session import Session
from botocore.signers import RequestSigner
from redis.backoff import NoBackoff
from redis.retry import Retry

from common.jsontext import read_leniently
from common.logs import logger_of

T = TypeVar("T")
Order: TypeAlias = dict[str, Any]
State: TypeAlias = Literal["HIT", "MISS", "BYPASS"]

TTL_SECONDS = 300
"""The longest that an entry is kept."""
RETRY_AFTER_SECONDS = 10.0
"""For so long lookups do without a cache that did not answer."""
LOCK_SECONDS = 0.5
"""How long one lookup may read the table for the others of its OrderId before one of them takes its place."""
WAIT_SECONDS = 1.0
"""How long a lookup waits for another one's reading, while Redis answers: one that dies in it, and one in its place."""
POLL_SECONDS = 0.02
WRITE_SECONDS = 1.0
"""For connecting and for each call of those who write behind the table, whom nobody waits for."""
WORKERS = 8
"""A name server that hangs holds one of them for its own time, half a minute perhaps, per RETRY_AFTER_SECONDS."""
RELEASED = 1
"""Milliseconds: a lock is released by letting it expire. The user of functions may not delete."""


def _without_closed_lists(schema: Any) -> Any:
    """A JSON schema that allows any text instead of each `enum`.

    While a deployment adds a status or a reason, functions of two versions share the cache. Each must serve entries
    that the other one cached, so it checks only an entry's shape.
    """
    if isinstance(schema, dict):
        if "enum" in schema:
            return {"type": "string", "minLength": 1}
        return {name: _without_closed_lists(value) for name, value in schema.items()}
    return schema


_SHOWN = _without_closed_lists(json.loads(Path(__file__).with_name("order_state.schema.json").read_text()))
# One without an Owner is of a version that did not know any: it is read from the table anew.
_check = fastjsonschema.compile(
    {
        **_SHOWN,
        "required": [*_SHOWN["required"], "Owner"],
        "properties": {**_SHOWN["properties"], "Owner": {"type": ["string", "null"]}},
    }
)

logger = logger_of(__name__)


class Entry(NamedTuple):
    """What is cached under an OrderId, and for how long: None for an unknown id, else the order as the API shows it,
    and its `Owner`, None where it has none."""

    order: Order | None
    milliseconds: int


class Found(NamedTuple):
    """What was cached under an OrderId; None for an unknown id."""

    order: Order | None


class IamCredentials(redis.CredentialProvider):
    """Signs in to ElastiCache with the function's own role instead of a password.

    The token is a presigned request, valid for 15 minutes, made on the spot without a call to AWS.
    https://docs.aws.amazon.com/AmazonElastiCache/latest/dg/auth-iam.html
    """

    def __init__(self, *, user: str, replication_group: str, session: Session) -> None:
        self._user = user
        self._replication_group = replication_group
        # Held, since the signer holds the session's event emitter by a weak reference alone.
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


class Breaker:
    """Keeps lookups away from a cache that did not answer: one waits for it, and those of the next seconds need not.

    After RETRY_AFTER_SECONDS one lookup tries again, while the others go on without. `clock` tells seconds.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self.clock = clock
        self._one_at_a_time = threading.Lock()
        self._shut_until: float | None = None

    def lets_pass(self) -> bool:
        with self._one_at_a_time:
            if self._shut_until is None:
                return True
            if self.clock() < self._shut_until:
                return False
            self._shut_until = self.clock() + RETRY_AFTER_SECONDS
            return True

    def shut(self) -> None:
        with self._one_at_a_time:
            self._shut_until = self.clock() + RETRY_AFTER_SECONDS

    def open(self) -> None:
        with self._one_at_a_time:
            self._shut_until = None


breaker = Breaker()
_workers = ThreadPoolExecutor(WORKERS, thread_name_prefix="cache")


@cache
def client(url: str, seconds: float) -> redis.Redis:
    """A client for `redis[s]://[user@]host:port`, whose every wait ends after `seconds`; a user signs in with IAM.

    redis-py's own settings would let a hung server hold a lookup for 15 seconds, and take four round trips before the
    first command: its newer protocol, its notifications, its name and its version. None of them is of use here.
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


def connect() -> None:
    """Connects ahead of the first lookup, where there is a cache, while the function starts and has time for it.

    Made in a lookup, the TLS context, the sign-in and both handshakes would be taken from its budget. A cache that
    does not answer is then left alone at once.
    """
    if os.environ.get("REDIS_URL"):
        with contextlib.suppress(Exception):
            _Conversation("-").greet()


def lookup(order_id: str, read: Callable[[], Entry]) -> tuple[Order | None, State]:
    """The order, or None for an unknown id: from the cache, else from `read`, whose errors go through.

    The cache adds at most CACHE_BUDGET_MS (default 250) to a lookup, and while it answers WAIT_SECONDS for another
    lookup of the same order. BYPASS is a lookup that did without it, whatever the reason.
    """
    if not os.environ.get("REDIS_URL") or not breaker.lets_pass():
        return read().order, "BYPASS"
    try:
        conversation = _Conversation(order_id)
        found = conversation.find()
    except Exception as error:  # redis-py passes on what its parser stumbles over, and that can be anything
        logger.warning("the cache did not answer: %s", type(error).__name__)
        conversation = None
        found = None
    if found:
        return found.order, "HIT"
    entry = read()
    if not conversation:
        return entry.order, "BYPASS"
    try:
        conversation.publish(entry)
    except Exception as error:
        logger.warning("the cache did not accept an order: %s", type(error).__name__)
    return entry.order, "MISS"


def put(order_id: str, entry: Entry) -> None:
    """Caches an entry over whatever is there. Raises what redis-py raises, each wait bounded by WRITE_SECONDS."""
    text = _text(order_id, entry.order)
    _talk(lambda one: one.set(_key(order_id), text, px=entry.milliseconds), WRITE_SECONDS)


class _Conversation:
    """All that one lookup says to Redis, within one budget.

    Of those who miss an OrderId together, in whichever environments, one holds the lock and reads the table. The lock
    says no more than that somebody reads: it needs no owner, since an entry is never published over another.
    """

    def __init__(self, order_id: str) -> None:
        self._order_id = order_id
        self._key, self._lock = _key(order_id), f"lock:{order_id}"
        self._budget = int(os.environ.get("CACHE_BUDGET_MS", "250")) / 1000
        self._left = self._budget
        self._unusable = False

    def greet(self) -> None:
        """Makes a connection by asking for what nobody caches. Raises what `find` raises."""
        self._ask(self._get)

    def find(self) -> Found | None:
        """What is cached, at once or while waiting for who reads; None where it is for the caller to read."""
        found = self._understood(self._ask(self._get))
        give_up = time.monotonic() + WAIT_SECONDS
        waiting = False
        while not found and time.monotonic() < give_up:
            locked, value = self._ask(self._claim, waiting=waiting)
            found = self._understood(value)
            if locked:
                if found:
                    self._ask(self._release)
                return found
            if not found:
                time.sleep(POLL_SECONDS)
                waiting = True
        return found

    def publish(self, entry: Entry) -> None:
        """Caches what the table said, but not over what came from its stream meanwhile, and releases the lock."""

        text = _text(self._order_id, entry.order)

        def step(one: redis.Redis) -> None:
            with one.pipeline(transaction=False) as commands:
                commands.set(self._key, text, px=entry.milliseconds, nx=not self._unusable)
                commands.set(self._lock, "", px=RELEASED)
                commands.execute()

        self._ask(step)

    def _get(self, one: redis.Redis) -> object:
        try:
            return one.get(self._key)
        except redis.ResponseError as error:
            if not _of_another_kind(error):
                raise
            return error

    def _claim(self, one: redis.Redis) -> tuple[bool, object]:
        """Whether the lock is the caller's now, and what is cached: somebody may have published a moment ago."""
        with one.pipeline(transaction=False) as commands:
            commands.set(self._lock, "", nx=True, px=int(LOCK_SECONDS * 1000))
            commands.get(self._key)
            locked, value = commands.execute(raise_on_error=False)
        for answer in (locked, value):
            if isinstance(answer, Exception) and not _of_another_kind(answer):
                raise answer
        return bool(locked), value

    def _release(self, one: redis.Redis) -> None:
        one.set(self._lock, "", px=RELEASED)

    def _ask(self, step: Callable[[redis.Redis], T], *, waiting: bool = False) -> T:
        """The answer to `step`, within what is left of the budget; what a waiting lookup is answered costs nothing.

        In a thread, because no timeout of a socket bounds a name server that hangs, or many slow answers in a row.
        Raises TimeoutError, or what redis-py raises.
        """
        began = time.monotonic()
        future = _workers.submit(_talk, step, self._budget)
        try:
            answer = future.result(timeout=max(self._left, 0))
        except redis.ResponseError:
            breaker.open()
            raise
        except Exception:
            future.cancel()
            breaker.shut()
            raise
        breaker.open()
        if not waiting:
            self._left -= time.monotonic() - began
        return answer

    def _understood(self, value: object) -> Found | None:
        """What `value` says of this order, if it is whole and about it."""
        found = None
        if isinstance(value, bytes):
            try:
                order = read_leniently(value.decode())
                # Refuses lone surrogates, which no answer can carry.
                json.dumps(order, ensure_ascii=False, default=str).encode()
            except ValueError:
                order = None
            if order == _unknown(self._order_id):
                found = Found(None)
            elif _is_order(order, self._order_id):
                found = Found(order)
        self._unusable = value is not None and not found
        return found


def _talk(step: Callable[[redis.Redis], T], seconds: float) -> T:
    one = client(os.environ["REDIS_URL"], seconds)
    try:
        return step(one)
    except redis.ReadOnlyError:
        # A primary until a moment ago. The next connection asks the name server who is the primary now.
        one.connection_pool.disconnect(inuse_connections=False)
        raise


def _key(order_id: str) -> str:
    return f"order:{order_id}"


def _text(order_id: str, order: Order | None) -> str:
    return json.dumps(_unknown(order_id) if order is None else order)


def _unknown(order_id: str) -> Order:
    """How it is written that there is no such order. Not as a mere null, which stray writers write too."""
    return {"OrderId": order_id, "Status": "UNKNOWN"}


def _of_another_kind(error: Exception) -> bool:
    """Whether GET was refused since a list, say, lies under the key."""
    return str(error).startswith("WRONGTYPE")


def _is_order(value: object, order_id: str) -> bool:
    try:
        _check(value)
    except fastjsonschema.JsonSchemaValueException:
        return False
    return isinstance(value, dict) and value["OrderId"] == order_id
