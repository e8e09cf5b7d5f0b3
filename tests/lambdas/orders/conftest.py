"""A real server for the cache, rows to look up, and queues to see to."""

import json
import math
import time
from collections.abc import Callable, Iterator
from typing import Any

import boto3
import pytest
import redis

from common import queues
from orders import cache, get_order
from tests.support import caches
from tests.support.handlers.events import PERSON, signed_in, status_and_body

ROW = {
    "OrderId": "A-1",
    "Owner": PERSON["sub"],
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
    "ReceivedAt": "2026-11-21T04:00:00.000Z",
    "UpdatedAt": "2026-11-21T04:00:01.000Z",
}
"""ROW, as the API shows it."""

CACHED = SHOWN | {"Owner": PERSON["sub"]}
"""ROW, as it is cached."""


def get(order_id: str, **claims: str) -> tuple[int, Any, str | None]:
    """Status, body and X-Cache of a look-up, by PERSON where no `claims` say otherwise."""
    reply = get_order.handler(signed_in({"pathParameters": {"OrderId": order_id}}, **claims), None)
    return *status_and_body(reply), reply["headers"].get("X-Cache")


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
    with caches.clients_closed():
        yield
    cache.breaker.open()


@pytest.fixture
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CACHE_BUDGET_MS", str(HASTY_MS))


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


class Queue:
    """A queue of the pretended AWS."""

    def __init__(self, name: str) -> None:
        # The handlers' own region; made here, where moto answers.
        self.sqs = boto3.client("sqs")
        self.url = self.sqs.create_queue(QueueName=name)["QueueUrl"]

    def put(self, *bodies: object) -> list[str]:
        """Sends each as it is, or as JSON; their MessageIds."""
        texts = [body if isinstance(body, str) else json.dumps(body) for body in bodies]
        return [self.sqs.send_message(QueueUrl=self.url, MessageBody=text)["MessageId"] for text in texts]

    def take(self, *, seconds: int = 60) -> list[str]:
        """The bodies of what a consumer would get now, in order; it then has them for `seconds`."""
        found: list[str] = []
        while batch := self.sqs.receive_message(
            QueueUrl=self.url, MaxNumberOfMessages=10, VisibilityTimeout=seconds
        ).get("Messages"):
            found += [message["Body"] for message in batch]
        return sorted(found)


@pytest.fixture
def dead_letters(aws: None, monkeypatch: pytest.MonkeyPatch) -> dict[str, Queue]:
    """Empty queues that messages are moved between, by the names that the environment gives them."""
    names = ("FULFILLMENT_QUEUE", "FULFILLMENT_DEAD_LETTERS", "ESCALATION_QUEUE", "ESCALATION_DEAD_LETTERS")
    made = {name: Queue(name) for name in names}
    for name, queue in made.items():
        monkeypatch.setenv(name, queue.url)
    # The pretended SQS has one server, and an empty queue is known to be empty at once.
    monkeypatch.setattr(queues, "WAIT_SECONDS", 0)
    return made


@pytest.fixture
def parked(aws: None, monkeypatch: pytest.MonkeyPatch) -> Queue:
    """An empty parked queue."""
    queue = Queue("parked")
    monkeypatch.setenv("PARKED_QUEUE", queue.url)
    monkeypatch.setattr(queues, "WAIT_SECONDS", 0)
    return queue


class Failing:
    """An SQS client on which some calls go another way."""

    def __init__(self, sqs: Any, **replaced: Any) -> None:
        self._sqs = sqs
        self._replaced = replaced

    def __getattr__(self, name: str) -> Any:
        return self._replaced.get(name) or getattr(self._sqs, name)


class Clock:
    """A clock on which there is time for so many looks into a queue."""

    def __init__(self, *, looks: int) -> None:
        self._looks = looks

    def monotonic(self) -> float:
        self._looks -= 1
        return math.inf if self._looks < 0 else 0.0
