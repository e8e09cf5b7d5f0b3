"""The handlers' environment, and for each test a pretended AWS of its own."""

from collections.abc import Iterator
from typing import Any

import pytest
from moto import mock_aws
from moto.core.models import MockAWS

from tests.support import tables
from tests.support.handlers.aws import ENVIRONMENT, Workflow, dynamodb, secrets, set_environment


@pytest.fixture(scope="module")
def moto() -> Iterator[MockAWS]:
    """Switched on once for many tests: that takes longer than most of them."""
    with mock_aws() as moto:
        yield moto


@pytest.fixture(autouse=True)
def aws(moto: MockAWS, monkeypatch: pytest.MonkeyPatch) -> None:
    set_environment(monkeypatch)
    moto.reset()
    secrets.create_secret(Name=ENVIRONMENT["DIGEST_ARN"], SecretString="a key for tests")


@pytest.fixture
def order_table() -> Any:
    """An empty order table."""
    return dynamodb.create_table(TableName=ENVIRONMENT["ORDER_TABLE"], **tables.ORDER_TABLE)


@pytest.fixture
def reminder_table() -> Any:
    """An empty reminder table."""
    return dynamodb.create_table(TableName=ENVIRONMENT["REMINDER_TABLE"], **tables.REMINDER_TABLE)


@pytest.fixture
def order_workflow() -> Workflow:
    return Workflow("orders")


@pytest.fixture
def reminder_workflow() -> Workflow:
    return Workflow("reminders")
