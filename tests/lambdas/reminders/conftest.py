from collections.abc import Iterator

import pytest

from reminders import readiness
from tests.support.handlers.account import CLIENTS, Account


@pytest.fixture
def account() -> Iterator[Account]:
    """The account that `reminders.readiness` asks, in an environment that knows nothing of it yet."""
    account = Account()
    readiness.kept_answers.clear()
    for client in CLIENTS:
        client.meta.events.register("before-parameter-build", account.record, unique_id="record")
        client.meta.events.register("before-call", account.answer, unique_id="answer")
    yield account
    for client in CLIENTS:
        client.meta.events.unregister("before-parameter-build", unique_id="record")
        client.meta.events.unregister("before-call", unique_id="answer")
    readiness.kept_answers.clear()
