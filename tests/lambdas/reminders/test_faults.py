"""Faults in the functions' calls to AWS: a second attempt corrects everything."""

from contextlib import suppress

import pytest
from botocore.exceptions import BotoCoreError, ClientError

from reminders import cancel_reminder, executions, schedule_reminder, table
from tests.support.handlers.aws import client_of
from tests.support.handlers.callers import JO, of
from tests.support.handlers.faults import KINDS, KilledError, fault
from tests.support.handlers.reminder_rows import REQUEST, all_in, row

EXECUTION = "arn:aws:states:us-east-1:123456789012:execution:reminders:r-1"
TABLE, STATES = client_of(table, "dynamodb"), client_of(executions, "stepfunctions")

pytestmark = pytest.mark.usefixtures("reminder_table")


def under(client, operation, kind, call):
    """Returns the result of `call` under a fault. None if it was killed, or if the workflow would retry."""
    with fault(client, operation, kind), suppress(KilledError, ClientError, BotoCoreError):
        return call()
    return None


@pytest.mark.parametrize("kind", KINDS)
def test_a_retried_check_schedules_one_reminder(kind, reminder_table):
    def check():
        return schedule_reminder.handler({"Input": REQUEST | {"waitSeconds": 60}, "ExecutionId": EXECUTION}, None)

    under(TABLE, "PutItem", kind, check)

    assert check()["reminderId"] == "r-1"
    (found,) = all_in(reminder_table)
    assert (found["ReminderId"], found["Status"], found["ExecutionId"]) == ("r-1", "SCHEDULED", EXECUTION)


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
