"""The Redis cache in front of the order table. It fails open: whatever is wrong with it, the table answers."""

import contextlib
import os
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Literal, TypeAlias, TypeVar

import redis

from common.logs import logger_of
from orders import redis_client
from orders.breaker import Breaker
from orders.cache_entry import Entry, Found, Order, found_in, key_of, text_of

T = TypeVar("T")
State: TypeAlias = Literal["HIT", "MISS", "BYPASS"]

LOCK_SECONDS = 0.5
"""How long one lookup may read the table for the others of its OrderId before one of them takes its place."""
WAIT_SECONDS = 1.0
"""How long a lookup waits for another one's reading, while Redis answers: one that dies in it, and one in its place."""
POLL_SECONDS = 0.02
WRITE_SECONDS = 1.0
"""For connecting and for each call of those who write behind the table, whom nobody waits for."""
WORKERS = 8
"""A hanging DNS lookup can block a worker for about 30 seconds. Every RETRY_AFTER_SECONDS one more may be blocked."""
RELEASED = 1
"""Milliseconds: a lock is released by letting it expire. The user of functions may not delete."""

logger = logger_of(__name__)
breaker = Breaker()
_workers = ThreadPoolExecutor(WORKERS, thread_name_prefix="cache")


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
    text = text_of(order_id, entry.order)
    redis_client.talk(lambda one: one.set(key_of(order_id), text, px=entry.milliseconds), WRITE_SECONDS)


class _Conversation:
    """All that one lookup says to Redis, within one budget.

    Of those who miss an OrderId together, in whichever environments, one holds the lock and reads the table. The lock
    says no more than that somebody reads: it needs no owner, since an entry is never published over another.
    """

    def __init__(self, order_id: str) -> None:
        self._order_id = order_id
        self._key, self._lock = key_of(order_id), f"lock:{order_id}"
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

        text = text_of(self._order_id, entry.order)

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
        future = _workers.submit(redis_client.talk, step, self._budget)
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
        """What `value` says about this order. Anything else may be replaced by what the table says."""
        found = found_in(value, self._order_id)
        self._unusable = value is not None and not found
        return found


def _of_another_kind(error: Exception) -> bool:
    """Whether GET was refused since a list, say, lies under the key."""
    return str(error).startswith("WRONGTYPE")
