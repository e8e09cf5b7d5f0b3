import json
from collections.abc import Iterator

import pytest

from reminders import settings
from reminders.due import utc_text
from sweep import settle_lost_reminders
from sweep.settle_lost_reminders import OVERDUE
from tests.support.handlers.account import Account, asked
from tests.support.handlers.aws import client_of, states
from tests.support.handlers.reminder_rows import REQUEST, ahead, row


@pytest.fixture
def account() -> Iterator[Account]:
    """A simulated account for `reminders.readiness`, without cached answers."""
    with asked() as account:
        yield account


@pytest.fixture
def write(reminder_table, reminder_workflow):
    """Writes a row that was due `ago`, and starts its execution. `ended` is the execution's last status, or None."""

    def write_(reminder_id="r-1", *, ago=None, ended="ABORTED", given=None, request=REQUEST, **changes):
        due = ahead() - (ago if ago is not None else OVERDUE["SENDING"] * 2)
        made = row(reminder_id, due=due, zone="UTC", request=request) | {
            "CreatedAt": utc_text(due),
            "UpdatedAt": utc_text(due),
        }
        if ended:
            given = given if given is not None else {**request, "waitSeconds": 60, "reminderId": reminder_id}
            arn = states.start_execution(
                stateMachineArn=reminder_workflow.arn, name=reminder_id, input=json.dumps(given)
            )["executionArn"]
            if ended != "RUNNING":
                states.stop_execution(executionArn=arn)
        reminder_table.put_item(Item=made | changes)
        return made | changes

    return write_


@pytest.fixture(autouse=True)
def empty_queues(monkeypatch):
    """The number of messages in each channel's queue, as the sweep sees it. Tests change it."""
    lengths = dict.fromkeys(settings.queues(), 0)
    by_url = {url: channel for channel, url in settings.queues().items()}

    def get_queue_attributes(QueueUrl, AttributeNames):  # noqa: N803
        first, *others = AttributeNames
        return {"Attributes": {first: str(lengths[by_url[QueueUrl]]), **dict.fromkeys(others, "0")}}

    monkeypatch.setattr(client_of(settle_lost_reminders, "sqs"), "get_queue_attributes", get_queue_attributes)
    return lengths


@pytest.fixture
def started(reminder_workflow):
    """Returns the inputs of the executions that sweeps have started."""
    return lambda: [
        json.loads(one["input"])
        for one in reminder_workflow.executions()
        if one["name"].rpartition("-")[0] and len(one["name"].rpartition("-")[2]) == 8
    ]
