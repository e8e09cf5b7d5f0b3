"""A real cache server, a row to look up, and the queues that operators work on."""

from collections.abc import Iterator
from typing import Any

import pytest
import redis

from common import queues
from orders import cache, operator_queues
from tests.support import caches
from tests.support.handlers.aws import sqs
from tests.support.handlers.order_rows import ROW
from tests.support.queues import Queue, new_queue
from tests.support.waiting import PATIENCE_SECONDS


@pytest.fixture
def stored(order_table: Any) -> dict[str, Any]:
    """The row of a finished order, in the table."""
    order_table.put_item(Item=ROW)
    return ROW


SHORT_BUDGET_MS = 100
"""A short budget, for tests that use it up."""


@pytest.fixture(autouse=True)
def working_cache() -> Iterator[None]:
    """Makes the handlers use the cache again after each test, even if the test made it fail."""
    with caches.clients_closed():
        yield
    cache.breaker.open()


@pytest.fixture(autouse=True)
def time_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    """Lets a request read the queues for as long as a busy machine may need."""
    monkeypatch.setattr(operator_queues, "WORK_SECONDS", PATIENCE_SECONDS)


@pytest.fixture
def short_budget(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CACHE_BUDGET_MS", str(SHORT_BUDGET_MS))


@pytest.fixture(scope="session")
def valkey() -> Iterator[str]:
    with caches.running() as server:
        yield caches.url_of(server)


@pytest.fixture
def redis_cache(valkey: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[redis.Redis]:
    """An empty cache that the handlers use, as an operator sees it."""
    monkeypatch.setenv("REDIS_URL", valkey)
    with redis.Redis.from_url(valkey) as operator:
        operator.flushall()
        yield operator
        operator.replicaof("NO", "ONE")
        operator.config_set("min-replicas-to-write", 0)
        operator.config_set("maxmemory", 0)


@pytest.fixture
def to_check(aws: None, monkeypatch: pytest.MonkeyPatch) -> Queue:
    """The empty queue OrdersToCheck."""
    queue = new_queue(sqs, "to-check")
    monkeypatch.setenv("ORDERS_TO_CHECK", queue.url)
    return queue


@pytest.fixture
def dead_letters(aws: None, monkeypatch: pytest.MonkeyPatch) -> dict[str, Queue]:
    """Empty queues to move dead letters between, by the environment variables that hold their URLs."""
    names = ("FULFILLMENT_QUEUE", "FULFILLMENT_DEAD_LETTERS", "ESCALATION_QUEUE", "ESCALATION_DEAD_LETTERS")
    made = {name: new_queue(sqs, name) for name in names}
    for name, queue in made.items():
        monkeypatch.setenv(name, queue.url)
    # The simulated SQS has only one server, so its first answer is complete and no wait is needed.
    monkeypatch.setattr(queues, "WAIT_SECONDS", 0)
    return made
