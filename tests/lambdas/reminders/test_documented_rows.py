"""docs/data-model.md says what the code writes about reminders.

Each function and each state that writes rows runs here on rows of every status, and the page names every change.
"""

import contextlib
import json
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import boto3
import pytest

from reminders import (
    cancel_reminder,
    create_reminder,
    idempotency,
    next_occurrence,
    readiness,
    schedule_reminder,
    settle_lost_reminders,
)
from reminders.due import utc_text
from reminders.reminder import OVER, STATUSES
from tests.support.aws_answers import refused
from tests.support.data_model import Changes, Row, differences, documented, examples, kinds
from tests.support.handlers.aws import ENVIRONMENT, client_of
from tests.support.handlers.events import PERSON, post, signed_in
from tests.support.handlers.reminder_rows import ahead
from tests.support.workflows.asl import evaluated_all, load

STATES = load("reminder.asl.json")["States"]
WRITING = [name for name, state in STATES.items() if "UpdateExpression" in state.get("Arguments", {})]
KEY = "a-key"
ID = idempotency.reminder_id(PERSON["sub"], KEY)
OWN = f"{ENVIRONMENT['REMINDER_WORKFLOW'].replace('stateMachine', 'execution')}:{ID}"
REQUEST = {
    "message": "Feed the cat",
    "preference": "both",
    "waitSeconds": 60,
    "repeat": {"every": "1d", "times": 5},
}
ADDRESSES = {"email": PERSON["email"], "phone": PERSON["phone_number"]}
WRITERS = (
    "CreateReminder",
    "ScheduleReminder",
    "CancelReminder",
    "NextOccurrence",
    "SettleLostReminders",
    *WRITING,
)

pytestmark = pytest.mark.usefixtures("reminder_workflow")


@pytest.fixture(autouse=True)
def a_ready_account(monkeypatch):
    """SES and SNS would send to everybody."""
    monkeypatch.setattr(readiness, "check", lambda request: None)


def create() -> None:
    event = post(REQUEST)
    event["headers"][idempotency.HEADER] = KEY
    create_reminder.handler(signed_in(event), None)


def cancel() -> None:
    cancel_reminder.handler(signed_in({"pathParameters": {"reminderId": ID}}), None)


def check(given: dict[str, Any]) -> None:
    schedule_reminder.handler({"Input": given, "ExecutionId": OWN}, None)


def run(state: str, *, status: str) -> None:
    """Writes as the workflow's `state` does, in the execution OWN."""
    arguments = evaluated_all(
        {**STATES[state]["Arguments"], "TableName": ENVIRONMENT["REMINDER_TABLE"]},
        context={"Execution": {"Id": OWN}, "State": {"EnteredTime": "2026-11-21T04:00:02.000Z"}},
        reminder={"reminderId": ID},
        lost={"ReminderId": ID, "ExecutionId": OWN},
        status=status,
        reason=None if (state, status) == ("Record the result", "SENT") else "because",
    )
    client = boto3.client("dynamodb")
    with contextlib.suppress(client.exceptions.ConditionalCheckFailedException):
        client.update_item(**arguments)


def writers(before: Row) -> Iterator[tuple[str, Callable[[], Any]]]:
    """Everything that can write to the row `before`."""
    yield "SettleLostReminders", partial(settle_lost_reminders.handler, {}, None)
    if before and before["DueAt"] < utc_text(ahead()):
        # Only the sweep asks how late it is.
        return
    yield "CreateReminder", create
    for given in (REQUEST | ADDRESSES, {"message": 1}):
        yield "ScheduleReminder", partial(check, given)
        yield "ScheduleReminder", partial(check, given | {"reminderId": ID})
    yield "CancelReminder", cancel
    going_on = {"Reminder": REQUEST | {"reminderId": ID}, "ExecutionId": OWN}
    yield "NextOccurrence", partial(next_occurrence.handler, going_on, None)
    # An execution records one result.
    results = [before["Status"]] if before and before["Status"] in OVER else list(OVER)
    for state in WRITING:
        for status in results:
            yield state, partial(run, state, status=status)


@pytest.fixture
def stored(reminder_table: Any) -> Callable[[], Row]:
    """Reads the row of the reminder."""
    return lambda: reminder_table.get_item(Key={"ReminderId": ID}).get("Item")


def rows(waiting: dict[str, Any]) -> list[Row]:
    """No row, and rows of each status: in time, late, too late, damaged, and of a reminder that is not repeated."""
    found: list[Row] = [None, waiting]
    for status in STATUSES:
        taken = waiting | {"Status": status, "ExecutionId": OWN}
        late, too_late = ({"DueAt": utc_text(ahead(hours=-hours))} for hours in (2, 25))
        damaged, once = ({name: taken[name] for name in taken if name != left} for left in ("TimeZone", "Repeat"))
        found += [taken, taken | late, taken | too_late, damaged | late, once | late, once | too_late]
    return found


@pytest.fixture
def written(reminder_table: Any, stored: Callable[[], Row], reminder_workflow: Any) -> Changes:
    """Every change that a writer makes to a row."""
    changes = Changes()
    create()
    reminder_workflow.stop()
    for before in rows(stored() or {}):
        for by, write in writers(before):
            reminder_table.delete_item(Key={"ReminderId": ID})
            if before:
                reminder_table.put_item(Item=before)
            write()
            changes.add(by, before, stored())
    return changes


@pytest.fixture
def withdrawn(reminder_table: Any, stored: Callable[[], Row], monkeypatch: pytest.MonkeyPatch) -> Changes:
    """What CreateReminder does with its row after the workflow did not start."""
    claims: list[Row] = []

    def start_execution(**_: Any) -> None:
        claims.append(stored())
        raise refused("stepfunctions", "StartExecution", "throttled")

    monkeypatch.setattr(client_of(create_reminder, "stepfunctions"), "start_execution", start_execution)
    reminder_table.delete_item(Key={"ReminderId": ID})
    create()
    changes = Changes()
    changes.add("CreateReminder", claims.pop(), stored())
    return changes


def test_the_page_names_every_change_of_a_reminder(written, withdrawn):
    said = documented(row="A row of ReminderTable", statuses="The statuses of a reminder")

    assert not (wrong := differences(said, written, withdrawn)), wrong
    assert {by for _, by in said.attributes} == set(WRITERS)


def test_the_page_shows_a_reminder_as_it_is_stored(reminder_table, stored):
    """After its first occurrence, while it waits for the second."""
    create()
    check(REQUEST | ADDRESSES | {"reminderId": ID})
    for state in ("Claim the reminder", "Record the result"):
        run(state, status="SENT")
    next_occurrence.handler({"Reminder": REQUEST | {"reminderId": ID}, "ExecutionId": OWN}, None)

    (example,) = examples("A row of ReminderTable")

    assert (stored()["Status"], stored()["Occurrence"]) == ("SCHEDULED", 2)
    assert kinds(example) == kinds(stored())
    assert set(json.loads(example["Repeat"])) <= {"every", "times", "until"}
