"""docs/data-model.md says what the code writes about reminders.

Each function and each state that writes rows runs here on rows of every status, and the page names every change.
"""

import contextlib
import functools
import itertools
import json
import math
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from functools import partial
from types import SimpleNamespace
from typing import Any

import boto3
import pytest

from account.rows import Erasing
from feedback import record_feedback, stop_reminder
from reminders import (
    cancel_reminder,
    create_reminder,
    executions,
    idempotency,
    mail_tag,
    readiness,
    schedule_reminder,
    stop_link,
    update_reminder,
)
from reminders.channels import CHANNELS
from reminders.due import utc_text
from reminders.reminder import CANCELLED, OVER, STATUSES
from sending import pace, send_reminder, senders
from sweep import settle_lost_reminders
from tests.support.aws_answers import refused
from tests.support.backups import Backup
from tests.support.data_model import Changes, Row, differences, documented, examples, kinds, named, rows_of, section
from tests.support.handlers.aws import ENVIRONMENT, client_of, dynamodb
from tests.support.handlers.events import PERSON, post, signed_in
from tests.support.handlers.reminder_rows import ahead
from tests.support.handlers.reports import log_event, mail_event, text_line
from tests.support.workflows.asl import evaluated_all, load

STATES = load("reminder.asl.json")["States"]
WRITING = [name for name, state in STATES.items() if "UpdateExpression" in state.get("Arguments", {})]
KEY = "a-key"
ID = idempotency.reminder_id(PERSON["sub"], KEY)
OWN = f"{ENVIRONMENT['REMINDER_WORKFLOW'].replace('stateMachine', 'execution')}:{ID}"
REQUEST = {
    "message": "Feed the cat",
    "subject": "The cat",
    "preference": "both",
    # Longer than the test takes on a busy machine.
    "waitSeconds": 3600,
    "repeat": {"every": "1d", "times": 5},
}
FEEDBACK = json.dumps({"kind": "BOUNCED", "at": "2026-11-21T04:00:02.000Z", "occurrence": 1})
LATER = datetime.max.replace(tzinfo=UTC)
KEY_OF_ROW = {"ReminderId": ID}
BETWEEN: list[Row] = []
"""The row after the claim of SendReminder, which writes twice in one call."""

HEADS = ("attribute", "holds", "changed by")
ADDRESSES = {"email": PERSON["email"], "phone": PERSON["phone_number"]}
WRITERS = (
    "CreateReminder",
    "ScheduleReminder",
    "CancelReminder",
    "SendReminder",
    "SettleLostReminders",
    "UpdateReminder",
    "StopReminder",
    "RecordFeedback",
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


CHANGES: list[dict[str, Any]] = [
    {"waitSeconds": 600},
    {"channels": ["sms"], "timeZone": "Europe/Paris", "waitSeconds": 1, "repeat": None},
    {"message": "New", "subject": "New", "channels": ["email"], "waitSeconds": 1, "repeat": {"every": "1w"}},
    {"email": ENVIRONMENT["ALLOWED_EMAILS"]},
]


def update(body: dict[str, Any]) -> None:
    update_reminder.handler(signed_in({**post(body), "pathParameters": {"reminderId": ID}}), None)


def stop(before: Row) -> None:
    """Presses the button in a mail of the reminder."""
    token = stop_link.token_of(ID, (before or {}).get("StopKey", "none"), due=ahead())
    stop_reminder.handler({"httpMethod": "POST", "pathParameters": {"token": token}}, None)


def reports(before: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """What SES and SNS may report about the reminder."""
    tag = mail_tag.tag_of(ID, before.get("StopKey", "none"), occurrence=int(before["Occurrence"]))
    for kind in ("Bounce", "Complaint", "Reject"):
        yield mail_event(kind, tag)
    yield log_event(text_line("t-1", at=datetime(2026, 11, 21, tzinfo=UTC)))


def check(given: dict[str, Any]) -> None:
    with contextlib.suppress(schedule_reminder.InvalidInputError):
        schedule_reminder.handler({"Input": given, "ExecutionId": OWN}, None)


def send(channel: str, error: Exception | None = None, *, waited: str = "2099-01-01T00:00:00Z") -> None:
    """Sends by the channel. `error` is raised by the service."""

    def by(*_: Any) -> str:
        BETWEEN.append(dynamodb.Table(ENVIRONMENT["REMINDER_TABLE"]).get_item(Key=KEY_OF_ROW)["Item"])
        if error:
            raise error
        return "t-2"

    reminder = {**REQUEST, **ADDRESSES, "reminderId": ID, "waitUntil": waited}
    record = {
        "messageId": "m",
        "receiptHandle": "x",
        "body": json.dumps({"ExecutionId": OWN, "Channel": channel, "Reminder": reminder}),
        "attributes": {"ApproximateReceiveCount": "1"},
    }
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(senders, "send", by)
        patch.setattr(pace.Pace, "wait", lambda self: None)
        patch.setattr(send_reminder.sqs(), "change_message_visibility", lambda **_: None)
        send_reminder.handler({"Records": [record]}, SimpleNamespace(get_remaining_time_in_millis=lambda: 60_000))


def run(state: str) -> None:
    """Writes as the workflow's `state` does, in the execution OWN."""
    arguments = evaluated_all(
        {**STATES[state]["Arguments"], "TableName": ENVIRONMENT["REMINDER_TABLE"]},
        {"ReminderId": ID, "Reason": "because"},
        context={"Execution": {"Id": OWN}, "State": {"EnteredTime": "2026-11-21T04:00:02.000Z"}},
    )
    client = untyped()
    with contextlib.suppress(client.exceptions.ConditionalCheckFailedException):
        client.update_item(**arguments)


@functools.cache
def untyped() -> Any:
    """A client that takes attributes as the workflow writes them, such as {"S": "text"}."""
    return boto3.client("dynamodb")


def writers(before: Row) -> Iterator[tuple[str, Callable[[], Any]]]:
    """Everything that can write to the row `before`."""
    yield "SettleLostReminders", partial(settle_lost_reminders.handler, {}, None)
    if before and before["DueAt"] < utc_text(ahead()):
        # Only the sweep asks how late it is.
        return
    yield "CreateReminder", create
    for given in (REQUEST | ADDRESSES, {"message": 1}):
        yield "ScheduleReminder", partial(check, given)
    yield "CancelReminder", cancel
    yield "StopReminder", partial(stop, before)
    for event in reports(before) if before else ():
        yield "RecordFeedback", partial(record_feedback.handler, event, None)
    for body in CHANGES:
        yield "UpdateReminder", partial(update, body)
    if before:
        erasing = Erasing(PERSON["sub"], until=math.inf, searched_since=LATER)
        yield "DeleteAccount", partial(erasing.erase_reminder, before)
    rejected, throttled = (
        refused("sesv2", "SendEmail", code) for code in ("MessageRejected", "TooManyRequestsException")
    )
    for channel in CHANNELS:
        for error in (None, rejected, throttled):
            yield "SendReminder", partial(send, channel, error)
    yield "SendReminder", partial(send, "email", waited="2020-01-01T00:00:00Z")
    for state in WRITING:
        yield state, partial(run, state)


@pytest.fixture
def stored(reminder_table: Any) -> Callable[[], Row]:
    """Reads the row of the reminder."""
    return lambda: reminder_table.get_item(Key={"ReminderId": ID}).get("Item")


def rows(waiting: dict[str, Any]) -> list[Row]:
    """No row, and rows of each status: in time, late, too late, damaged, and of a reminder that is not repeated."""
    found: list[Row] = [None, waiting]
    for status in STATUSES:
        taken = waiting | {"Status": status}
        times = (utc_text(ahead(hours=-hours)) for hours in (2, 25))
        late, too_late = ({"DueAt": time, "UpdatedAt": time} for time in times)
        damaged, once = ({name: taken[name] for name in taken if name != left} for left in ("TimeZone", "Repeat"))
        alone = [once | {"Channels": [channel], "Preference": channel} for channel in CHANNELS]
        found += [
            taken,
            taken | {"Occurrence": 2, "Reason": "because", "Stopped": True},
            taken | late,
            taken | too_late,
            damaged | late,
            once | late,
        ]
        # These change nothing more of a reminder that has ended.
        if status not in (CANCELLED, *OVER):
            found += [
                once,
                *alone,
                taken | {"Channels": list(CHANNELS)},
                taken | {"RefusedAt": waiting.get("CreatedAt"), "Stopped": True},
                taken | {"TextId": "t-1", "TextOccurrence": 1, "EmailFeedback": FEEDBACK},
                once | too_late,
            ]
        if status == "SENDING":
            for result in ("", "the text was not sent"):
                found += [one | {"SmsResult": result} for one in (taken, once, once | late)]
            leases, results = (
                {f"{channel.capitalize()}{field}": text for channel in CHANNELS}
                for field, text in (("Lease", "2020-01-01T00:00:00.000Z"), ("Result", ""))
            )
            claimed = {"ClaimedAt": "2020-01-01T00:00:00.000000Z"}
            found += [one | left for one in (once, taken | late) for left in (leases, results, claimed)]
    return found


def counts(reminder_table: Any) -> dict[str, dict[str, Any]]:
    """The counts of the owner, by their keys."""
    found = reminder_table.scan()["Items"]
    return {row["ReminderId"]: row for row in found if "Status" not in row}


def test_the_page_names_what_changes_a_count(reminder_table: Any, stored: Callable[[], Row]) -> None:
    """Each function runs on a missing count, on one of today and on one of another day."""
    seen, text = set(), section("The counts of a person")
    create()
    waiting = stored()
    reminder_table.delete_item(Key=KEY_OF_ROW)
    for day in ("", datetime.now(UTC).date().isoformat(), "2020-01-01"):
        for by, write in (("CreateReminder", create), ("UpdateReminder", partial(update, CHANGES[0]))) + (
            ("SendReminder", partial(send, "sms")),
        ):
            if by == "CreateReminder":
                reminder_table.delete_item(Key=KEY_OF_ROW)
            else:
                reminder_table.put_item(Item=waiting)
            for key, row in counts(reminder_table).items():
                reminder_table.put_item(Item=row | {"Day": day, "Mark": ""})
                if not day:
                    reminder_table.delete_item(Key={"ReminderId": key})
            before = counts(reminder_table)
            write()
            for key, after in counts(reminder_table).items():
                old = before.get(key, {})
                seen |= {(name, by) for name in after if after[name] != old.get(name)}

    said = {(*named(name), by) for name, _, bys in rows_of(text, *HEADS) for by in named(bys)}
    assert seen == said


def test_the_page_shows_a_count_as_it_is_stored(reminder_table: Any) -> None:
    create()

    (count,) = counts(reminder_table).values()
    (example,) = examples("The counts of a person")

    assert kinds(example) == kinds(count)
    assert example["ReminderId"].rpartition("#")[0] == count["ReminderId"].rpartition("#")[0]


@pytest.fixture
def written(reminder_table: Any, stored: Callable[[], Row], reminder_workflow: Any) -> Changes:
    """Every change that a writer makes to a row."""
    changes = Changes()
    create()
    reminder_workflow.stop()
    for before in rows(stored() or {}):
        if before:
            reminder_table.put_item(Item=before)
        else:
            reminder_table.delete_item(Key={"ReminderId": ID})
        backup = Backup(reminder_table)
        for by, write in writers(before):
            backup.restore()
            BETWEEN.clear()
            write()
            steps = [before, *BETWEEN, stored() if backup.is_changed() else before]
            for one, other in itertools.pairwise(steps):
                changes.add(by, one, other)
    return changes


@pytest.fixture
def withdrawn(reminder_table: Any, stored: Callable[[], Row], monkeypatch: pytest.MonkeyPatch) -> Changes:
    """What CreateReminder does with its row after the workflow did not start."""
    claims: list[Row] = []

    def start_execution(**_: Any) -> None:
        claims.append(stored())
        raise refused("stepfunctions", "StartExecution", "throttled")

    monkeypatch.setattr(client_of(executions, "stepfunctions"), "start_execution", start_execution)
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
    for channel in ("email", "sms"):
        send(channel)

    (example,) = examples("A row of ReminderTable")

    assert (stored()["Status"], stored()["Occurrence"]) == ("SCHEDULED", 2)
    assert kinds(example) == kinds(stored())
    assert set(json.loads(example["Repeat"])) <= {"every", "times", "until"}
