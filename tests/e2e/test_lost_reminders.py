"""Reminders whose execution is stopped from outside. Each is sent once, or its row says why it was not sent."""

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from local.engine import send
from local.users import EMAILS, OPERATOR
from tests.support.cloud.apps import Apps
from tests.support.cloud.reminders import OVER, delivered, executions, first_execution, row_of, settled
from tests.support.waiting import eventually

pytestmark = pytest.mark.usefixtures("balanced")

EMAIL = EMAILS[OPERATOR]
DAILY = {"every": "1d"}


@pytest.fixture
def abort(apps: Apps) -> Callable[..., dict[str, Any]]:
    """Returns a function that schedules a reminder, waits until its execution has started, and stops the execution."""

    def abort_(reminder: dict[str, Any], *, by_hand: bool = False) -> dict[str, Any]:
        if by_hand:
            reminder_id = apps.start(apps.places.reminder_workflow, reminder).rpartition(":")[2]
        else:
            reminder_id = apps.post_reminder(reminder)[1]["reminderId"]
        execution = first_execution(apps, reminder_id)
        eventually(lambda: row_of(apps, reminder_id), until=lambda row: row.get("ExecutionId") == execution)
        apps.cloud.engine.client("stepfunctions").stop_execution(executionArn=execution)
        return row_of(apps, reminder_id)

    return abort_


def settle(apps: Apps, event: dict[str, Any]) -> dict[str, Any]:
    """Calls SettleLostReminders with `event`, like one of its rules. Returns the answer."""
    stack = apps.places.reminder_table.partition("-ReminderTable")[0]
    (found,) = apps.cloud.engine.client("cloudformation").describe_stacks(StackName=stack)["Stacks"]
    (function,) = (one["OutputValue"] for one in found["Outputs"] if one["OutputKey"] == "SettleLostRemindersName")
    answer = apps.cloud.engine.client("lambda").invoke(FunctionName=function, Payload=json.dumps(event).encode())
    result: dict[str, Any] = json.loads(answer["Payload"].read())
    assert "FunctionError" not in answer, result
    return result


def change(apps: Apps, reminder_id: str, *, ago: timedelta, status: str = "SCHEDULED") -> None:
    """Changes a reminder's row: it was due this long ago, and has this status."""
    due = (datetime.now(UTC) - ago).strftime("%Y-%m-%dT%H:%M:%SZ")
    apps.cloud.engine.client("dynamodb").update_item(
        TableName=apps.places.reminder_table,
        Key={"ReminderId": {"S": reminder_id}},
        UpdateExpression="SET DueAt = :due, FirstDueAt = :due, UpdatedAt = :due, #status = :status",
        ExpressionAttributeNames={"#status": "Status"},
        ExpressionAttributeValues={":due": {"S": due}, ":status": {"S": status}},
    )


def by_email(message: str, **more: Any) -> dict[str, Any]:
    return {"message": message, "preference": "email", "email": EMAIL, "waitSeconds": 86_400, **more}


def counts(apps: Apps, reminder_ids: list[str]) -> dict[str, int]:
    """The number of reminders with each status. Fails if a waiting reminder has no running execution."""
    rows = [row_of(apps, reminder_id) for reminder_id in reminder_ids]
    states = apps.cloud.engine.client("stepfunctions")
    waiting = [row["ExecutionId"] for row in rows if row["Status"] not in OVER]
    assert {states.describe_execution(executionArn=one)["status"] for one in waiting} <= {"RUNNING"}
    statuses = [row["Status"] for row in rows]
    return {status: statuses.count(status) for status in statuses}


@pytest.mark.parametrize("by_hand", [False, True], ids=["through the API", "by hand"])
def test_an_overdue_reminder_that_was_aborted_is_sent_once(
    apps: Apps, message: str, abort: Callable[..., dict[str, Any]], by_hand: bool
) -> None:
    row = abort(by_email(message), by_hand=by_hand)
    change(apps, row["ReminderId"], ago=timedelta(hours=1))

    assert settle(apps, {})["Lost"] >= 1
    # A second sweep, while the execution that the first sweep started may still be running.
    settle(apps, {})

    assert settled(apps, row["ReminderId"])["Status"] == "SENT"
    for execution in executions(apps, row["ReminderId"])[1:]:
        apps.finished(execution["executionArn"])
    mails = [mail for mail in apps.cloud.engine.mails() if mail["BodyText"].startswith(f"{message}\n")]
    assert len(mails) == 1


def test_each_kind_of_lost_reminder_is_settled(apps: Apps, message: str, abort: Callable[..., dict[str, Any]]) -> None:
    waiting, late, sending, repeated, cancelled = (
        abort(by_email(message, **more))["ReminderId"] for more in ({}, {}, {}, {"repeat": DAILY}, {})
    )
    change(apps, late, ago=timedelta(days=2))
    change(apps, sending, ago=timedelta(hours=1), status="SENDING")
    change(apps, repeated, ago=timedelta(hours=1), status="SENDING")
    change(apps, cancelled, ago=timedelta(hours=1), status="CANCELLED")

    settle(apps, {"Waiting": True})
    for reminder_id in (waiting, repeated):
        wait_for_new_execution(apps, reminder_id)

    assert counts(apps, [waiting, late, sending, repeated, cancelled]) == {"SCHEDULED": 2, "FAILED": 2, "CANCELLED": 1}
    assert "too late" in row_of(apps, late)["Reason"]
    assert "may have arrived" in row_of(apps, sending)["Reason"]
    assert row_of(apps, repeated)["Occurrence"] == "2"
    assert delivered(apps, message) == set()
    for reminder_id in (waiting, repeated):
        apps.call_reminders("DELETE", f"/reminders/{reminder_id}")


def wait_for_new_execution(apps: Apps, reminder_id: str) -> None:
    """Waits until the row names another execution than the first."""
    first = first_execution(apps, reminder_id)
    eventually(lambda: row_of(apps, reminder_id), until=lambda row: row["ExecutionId"] != first)


def test_a_reminder_without_an_execution_is_shown_as_failed(apps: Apps, message: str) -> None:
    """Its row looks as if CreateReminder had been killed before it started the execution."""
    _, posted = apps.post_reminder(by_email(message))
    table = apps.cloud.engine.client("dynamodb")
    key = {"ReminderId": {"S": posted["reminderId"]}}
    row = table.get_item(TableName=apps.places.reminder_table, Key=key)["Item"]
    orphan = f"{posted['reminderId']}-orphan"
    long_ago = (datetime.now(UTC) - timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M:%SZ")
    without = row | {"ExecutionId": {"S": first_execution(apps, orphan)}}
    changed = {"ReminderId": {"S": orphan}, "DueAt": {"S": long_ago}, "UpdatedAt": {"S": long_ago}}
    table.put_item(TableName=apps.places.reminder_table, Item=without | changed)

    settle(apps, {})

    status, shown, _ = apps.call_reminders("GET", f"/reminders/{orphan}")
    assert (status, shown["status"]) == (200, "FAILED")
    assert "addresses are no longer known" in shown["reason"]
    apps.call_reminders("DELETE", f"/reminders/{posted['reminderId']}")


def test_two_requests_with_one_key_make_one_reminder(apps: Apps, message: str) -> None:
    url, body = f"{apps.places.reminders_api}/reminders", {"message": message, "preference": "email", "waitSeconds": 1}

    def post(body: dict[str, Any]) -> Any:
        return send("POST", url, body=body, token=apps.token, headers={"Idempotency-Key": message[-12:]})

    first, again = post(body), post(body)
    reminder_id = json.loads(first.text)["reminderId"]
    settled(apps, reminder_id)
    later, other = post(body), post(body | {"waitSeconds": 2})

    assert [one.status_code for one in (first, again, later, other)] == [202, 202, 202, 409]
    assert first.text == again.text == later.text
    assert first.headers["Location"] == later.headers["Location"]
    assert len(executions(apps, reminder_id)) == 1


def test_many_requests_at_once_with_one_key_make_one_reminder(apps: Apps, message: str) -> None:
    url, body = f"{apps.places.reminders_api}/reminders", {"message": message, "preference": "email", "waitSeconds": 1}
    key = {"Idempotency-Key": message[-12:]}

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: send("POST", url, body=body, token=apps.token, headers=key), range(24)))

    # A request that arrives while another one starts the execution may get a 503, and can be retried.
    assert {answer.status_code for answer in answers} <= {202, 503}
    [text] = {answer.text for answer in answers if answer.status_code == 202}
    reminder_id = json.loads(text)["reminderId"]
    settled(apps, reminder_id)
    for execution in executions(apps, reminder_id):
        apps.finished(execution["executionArn"])
    mails = [mail for mail in apps.cloud.engine.mails() if mail["BodyText"].startswith(f"{message}\n")]
    assert len(mails) == 1


def test_cors_allows_the_idempotency_key(apps: Apps) -> None:
    asked = {"Origin": "https://page.example", "Access-Control-Request-Method": "POST"}
    headers = asked | {"Access-Control-Request-Headers": "authorization,content-type,idempotency-key"}

    answer = send("OPTIONS", f"{apps.places.reminders_api}/reminders", headers=headers)

    assert answer.status_code in (200, 204)
    assert "idempotency-key" in answer.headers["Access-Control-Allow-Headers"].lower()
