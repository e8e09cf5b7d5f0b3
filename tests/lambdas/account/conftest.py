"""A user pool, both tables, and the queues that hold messages for operators."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from account import delete_account, get_account, held, person
from common import queues
from tests.support.handlers import made
from tests.support.handlers.aws import client_of, states
from tests.support.handlers.events import PERSON
from tests.support.handlers.pool import Pool
from tests.support.handlers.reminder_rows import REQUEST, row
from tests.support.queues import Queue
from tests.support.waiting import PATIENCE_SECONDS


@pytest.fixture(autouse=True)
def pool(order_table: Any, reminder_table: Any, reminder_workflow: Any) -> Iterator[Pool]:
    """A user pool with a person and an operator."""
    pool, events = Pool(), client_of(person, "cognito-idp").meta.events
    events.register_first("before-call.cognito-identity-provider", pool.answer, unique_id="pool")
    yield pool
    events.unregister("before-call.cognito-identity-provider", unique_id="pool")


@pytest.fixture(autouse=True)
def held_queues(aws: None, monkeypatch: pytest.MonkeyPatch) -> dict[str, Queue]:
    """The empty queues that hold messages, by their names in a receipt."""
    empty = {name: made.queue(variable) for name, variable in held.QUEUES.items()}
    for name, queue in empty.items():
        monkeypatch.setenv(held.QUEUES[name], queue.url)
    # The simulated SQS has only one server, so its first answer is complete and no wait is needed.
    monkeypatch.setattr(queues, "WAIT_SECONDS", 0)
    return empty


@pytest.fixture(autouse=True)
def time_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    """Lets a call search and erase for as long as a busy machine may need."""
    monkeypatch.setattr(delete_account, "WORK_SECONDS", PATIENCE_SECONDS)
    for module in (delete_account, get_account):
        monkeypatch.setattr(module, "SEARCH_SECONDS", PATIENCE_SECONDS)
    monkeypatch.setattr(held, "HELD_SECONDS", 2 * PATIENCE_SECONDS)


@pytest.fixture
def remind(reminder_table: Any, reminder_workflow: Any) -> Callable[..., dict[str, Any]]:
    """Writes a reminder and starts its execution."""

    def remind_(
        reminder_id: str, status: str = "SCHEDULED", *, owner: str = PERSON["sub"], starts: bool = True, **changes: Any
    ) -> dict[str, Any]:
        written = row(reminder_id, owner=owner) | {"Status": status} | changes
        reminder_table.put_item(Item=written)
        if starts:
            given = json.dumps(REQUEST | {"reminderId": reminder_id})
            states.start_execution(stateMachineArn=reminder_workflow.arn, name=reminder_id, input=given)
        return written

    return remind_
