"""The handlers' environment, and a new simulated AWS for each test."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from moto import mock_aws
from moto.core.models import MockAWS

from common import http, queues
from tests.support import refusals, tables
from tests.support.handlers import made
from tests.support.handlers.aws import ENVIRONMENT, Workflow, set_environment
from tests.support.queues import Queue


@pytest.fixture(scope="module")
def moto() -> Iterator[MockAWS]:
    """Starts moto once for many tests, because starting it takes longer than most of them."""
    with mock_aws() as moto, pytest.MonkeyPatch.context() as environment:
        set_environment(environment)
        yield moto


@pytest.fixture(autouse=True)
def aws(moto: MockAWS) -> None:
    moto.reset()
    made.secret(ENVIRONMENT["DIGEST_ARN"], "a key for tests")


@pytest.fixture(autouse=True)
def checked_refusals(monkeypatch: pytest.MonkeyPatch) -> None:
    """Checks that every error that a handler answers in a test fits the schema of errors."""
    reply = http.reply

    def checked(status: int, body: Mapping[str, Any], **more: Any) -> http.Reply:
        answer = reply(status, body, **more)
        if status >= 400:
            refusals.check(json.loads(answer["body"]))
        return answer

    monkeypatch.setattr(http, "reply", checked)


@pytest.fixture
def order_table() -> Any:
    """An empty order table."""
    return made.table(ENVIRONMENT["ORDER_TABLE"], tables.ORDER_TABLE)


@pytest.fixture
def reminder_table() -> Any:
    """An empty reminder table."""
    return made.table(ENVIRONMENT["REMINDER_TABLE"], tables.REMINDER_TABLE)


@pytest.fixture
def order_workflow() -> Workflow:
    return Workflow("orders")


@pytest.fixture
def reminder_workflow() -> Workflow:
    return Workflow("reminders")


@pytest.fixture
def parked(aws: None, monkeypatch: pytest.MonkeyPatch) -> Queue:
    """An empty parked queue."""
    queue = made.queue("parked")
    monkeypatch.setenv("PARKED_QUEUE", queue.url)
    monkeypatch.setattr(queues, "WAIT_SECONDS", 0)
    return queue
