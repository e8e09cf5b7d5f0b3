"""The Redis cache in front of the order table. It fails open: if the cache fails, lookups read the table."""

import contextlib
import os
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Literal, TypeAlias

from common import calls
from common.logs import logger_of
from orders import redis_client
from orders.breaker import Breaker
from orders.cache_entry import Entry, Found, Order, found_in, key_of, text_of
from orders.redis_connection import Answer, Command, RefusalError, cause

State: TypeAlias = Literal["HIT", "MISS", "BYPASS"]

LOCK_SECONDS = 0.5
"""How long the lock lasts. After that another lookup of the same order may read the table."""
WAIT_SECONDS = 1.0
"""The longest a lookup waits for another lookup to read the table: long enough for one reader to die and a second to
take over."""
POLL_SECONDS = 0.02
WRITE_SECONDS = 1.0
"""Timeout for connecting and for each call of the background writer, UpdateCache."""
WORKERS = 8
"""A hanging DNS lookup can block a worker for about 30 seconds. Every RETRY_AFTER_SECONDS one more may be blocked."""
RELEASED = 1
"""Milliseconds after which a released lock expires. The functions' Redis user may not delete keys."""
ANOTHER_KIND = "WRONGTYPE"
"""The refusal of GET if the key holds another type, for example a list. The value is unusable, like a damaged one."""

logger = logger_of(__name__)
breaker = Breaker()
workers = ThreadPoolExecutor(WORKERS, thread_name_prefix="cache")


def connect() -> None:
    """Connects to the cache, if there is one, while the function starts.

    In the first lookup, the TLS context, the sign-in and both handshakes would use its budget. If the cache does not
    answer now, the first lookups already skip it.
    """
    if os.environ.get("REDIS_URL"):
        with contextlib.suppress(Exception):
            _Conversation("-").greet()


def lookup(order_id: str, read: Callable[[], Entry]) -> tuple[Order | None, State]:
    """The order, or None for an unknown id: from the cache if it is there, otherwise from `read`.

    The cache adds at most CACHE_BUDGET_MS (default 250) to a lookup. In addition, a lookup may wait WAIT_SECONDS for
    another lookup of the same order, as long as the cache answers. BYPASS means that the cache was not used, for any
    reason. Errors of `read` are not caught.
    """
    if not os.environ.get("REDIS_URL") or not breaker.lets_pass():
        return read().order, "BYPASS"
    try:
        conversation = _Conversation(order_id)
        found = conversation.find()
    except Exception as error:  # an address or an answer may be anything
        logger.info("the cache did not answer: %s", cause(error))
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
        logger.info("the cache did not accept an order: %s", cause(error))
    return entry.order, "MISS"


def put(order_id: str, entry: Entry) -> None:
    """Caches an entry, replacing any other. Each wait ends after WRITE_SECONDS. Raises RefusalError and OSError."""
    text = text_of(order_id, entry.order)
    (answer,) = redis_client.talk(("SET", key_of(order_id), text, "PX", entry.milliseconds), seconds=WRITE_SECONDS)
    if isinstance(answer, RefusalError):
        raise answer


class _Conversation:
    """The commands that one lookup sends to Redis, within one budget.

    If many lookups miss the same OrderId at once, in any execution environment, the lookup that gets the lock reads the
    table. The lock needs no owner, because a lookup never replaces a valid entry.

    See decision D050.
    """

    def __init__(self, order_id: str) -> None:
        self._order_id = order_id
        self._key, lock = key_of(order_id), f"lock:{order_id}"
        self._get = ("GET", self._key)
        self._take = ("SET", lock, "", "NX", "PX", int(LOCK_SECONDS * 1000))
        self._release = ("SET", lock, "", "PX", RELEASED)
        self._budget = int(os.environ.get("CACHE_BUDGET_MS", "250")) / 1000
        self._left = self._budget
        self._unusable = False

    def greet(self) -> None:
        """Connects, by reading a key that is never written. Raises the same errors as `find`."""
        self._ask(self._get)

    def find(self) -> Found | None:
        """The cached entry, perhaps published by another lookup meanwhile. None if this lookup must read the table.

        Raises TimeoutError if the budget is spent, or the errors of Client.ask.
        """
        found = self._understood(*self._ask(self._get))
        give_up = time.monotonic() + WAIT_SECONDS
        waiting = False
        while not found and time.monotonic() < give_up:
            # Try to take the lock. Another lookup may just have published the entry.
            locked, value = self._ask(self._take, self._get, waiting=waiting)
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
        """Caches the table's answer, unless UpdateCache has cached an entry meanwhile. Releases the lock."""
        text = text_of(self._order_id, entry.order)
        only_new = () if self._unusable else ("NX",)
        self._ask(("SET", self._key, text, "PX", entry.milliseconds, *only_new), self._release)

    def _ask(self, *commands: Command, waiting: bool = False) -> list[Answer]:
        """The answers to `commands`, within the rest of the budget. Answers while `waiting` do not count.

        Waits for a thread, because a socket's timeout does not end a hanging DNS lookup or many slow answers. Raises
        TimeoutError if the budget is spent, RefusalError if Redis refuses a command, or the errors of Client.ask.

        See decision D051.
        """
        began = time.monotonic()
        future = workers.submit(redis_client.talk, *commands, seconds=self._budget)
        try:
            with calls.part("Redis"):
                answers = future.result(timeout=max(self._left, 0))
        except Exception:
            future.cancel()
            breaker.shut()
            raise
        breaker.open()
        for answer in answers:
            if isinstance(answer, RefusalError) and answer.code != ANOTHER_KIND:
                raise answer
        if not waiting:
            self._left -= time.monotonic() - began
        return answers

    def _understood(self, value: Answer) -> Found | None:
        """The entry in `value`, or None. An unusable value may be replaced by the table's answer."""
        found = found_in(value, self._order_id)
        self._unusable = value is not None and not found
        return found
