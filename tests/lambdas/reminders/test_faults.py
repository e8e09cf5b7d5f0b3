"""Faults in the functions' calls to AWS: a second attempt corrects everything."""

from contextlib import suppress

import pytest
from botocore.exceptions import BotoCoreError, ClientError

from reminders import cancel_reminder, next_occurrence, schedule_reminder, table
from tests.support.handlers.aws import client_of
from tests.support.handlers.callers import JO, of
from tests.support.handlers.faults import KINDS, KilledError, fault
from tests.support.handlers.reminder_rows import REQUEST, row

EXECUTION = "arn:aws:states:us-east-1:123456789012:execution:reminders:r-1"
TABLE, STATES = client_of(table, "dynamodb"), client_of(cancel_reminder, "stepfunctions")

pytestmark = pytest.mark.usefixtures("reminder_table")


def under(client, operation, kind, call):
    """Returns the result of `call` under a fault. None if it was killed, or if the workflow would retry."""
    with fault(client, operation, kind), suppress(KilledError, ClientError, BotoCoreError):
        return call()
    return None


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("operation", "given", "written"),
    [
        ("PutItem", REQUEST | {"waitSeconds": 60}, False),
        ("UpdateItem", REQUEST | {"waitSeconds": 60}, False),
        ("UpdateItem", REQUEST | {"waitSeconds": 60, "reminderId": "r-1"}, True),
    ],
    ids=["by hand, its row", "by hand, its execution", "over the API"],
)
def test_a_retried_check_schedules_one_reminder(operation, given, written, kind, reminder_table):
    if written:
        reminder_table.put_item(Item=row())

    def check():
        return schedule_reminder.handler({"Input": given, "ExecutionId": EXECUTION}, None)

    under(TABLE, operation, kind, check)

    assert check()["Outcome"] == "SCHEDULED"
    (found,) = reminder_table.scan()["Items"]
    assert (found["ReminderId"], found["Status"], found["ExecutionId"]) == ("r-1", "SCHEDULED", EXECUTION)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("operation", ["GetItem", "UpdateItem"])
def test_a_retried_search_for_the_next_occurrence_schedules_one(operation, kind, reminder_table):
    asked = REQUEST | {"repeat": {"every": "1d"}}
    reminder_table.put_item(Item=row(request=asked, Status="SENT", ExecutionId=EXECUTION))

    def go_on():
        return next_occurrence.handler({"Reminder": asked | {"reminderId": "r-1"}, "ExecutionId": EXECUTION}, None)

    under(TABLE, operation, kind, go_on)

    assert go_on() == {"GoesOn": True}
    assert (table.find("r-1")["Status"], table.find("r-1")["Occurrence"]) == ("SCHEDULED", 2)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("client", "operation"), [(TABLE, "GetItem"), (TABLE, "UpdateItem"), (STATES, "StopExecution")]
)
def test_retrying_a_cancel_until_success_leaves_the_reminder_cancelled(client, operation, kind, reminder_table):
    reminder_table.put_item(Item=row(owner=JO, ExecutionId=EXECUTION))

    first = under(client, operation, kind, lambda: cancel_reminder.handler(of(JO, "r-1"), None))
    again = cancel_reminder.handler(of(JO, "r-1"), None)

    assert first is None or first["statusCode"] in (200, 503)
    # 409 means that the reminder is cancelled already, and only an answer was lost.
    assert again["statusCode"] in (200, 409)
    assert table.find("r-1")["Status"] == "CANCELLED"
