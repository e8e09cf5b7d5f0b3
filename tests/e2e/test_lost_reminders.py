"""Reminders whose execution is stopped from outside. Each is sent once, or its row says why it was not sent."""

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any

import pytest

from local.engine import send
from local.users import EMAILS, OPERATOR
from tests.support.cloud.apps import Apps
from tests.support.cloud.reminders import executions, first_execution, row_of, settled
from tests.support.cloud.turning import fresh, mailed, paused
from tests.support.waiting import eventually

EMAIL = EMAILS[OPERATOR]
DAY, HOUR = timedelta(days=1), timedelta(hours=1)
LATE = timedelta(minutes=16)
"""A reminder is lost ten minutes after it was due. The sweep that sends it comes five minutes later at the latest."""


@pytest.fixture
def abort(turned: Apps) -> Callable[..., dict[str, Any]]:
    """Returns a function that schedules a reminder, waits until its execution has started, and stops the execution."""

    def abort_(reminder: dict[str, Any], *, by_hand: bool = False) -> dict[str, Any]:
        if by_hand:
            reminder_id = turned.start(turned.places.reminder_workflow, reminder).rpartition(":")[2]
        else:
            reminder_id = turned.post_reminder(reminder)[1]["reminderId"]
        execution = first_execution(turned, reminder_id)
        eventually(lambda: row_of(turned, reminder_id), until=lambda row: row.get("ExecutionId") == execution)
        turned.cloud.engine.client("stepfunctions").stop_execution(executionArn=execution)
        return row_of(turned, reminder_id)

    return abort_


def turn(apps: Apps, span: timedelta) -> None:
    apps.cloud.engine.turn_clock(by=span.total_seconds())


def due_of(row: dict[str, Any]) -> datetime:
    return datetime.fromisoformat(row["DueAt"])


def set_status(apps: Apps, reminder_id: str, status: str) -> None:
    """Gives a reminder's row this status, as if something had just written it."""
    apps.cloud.engine.client("dynamodb").update_item(
        TableName=apps.places.reminder_table,
        Key={"ReminderId": {"S": reminder_id}},
        UpdateExpression="SET UpdatedAt = :now, #status = :status",
        ExpressionAttributeNames={"#status": "Status"},
        ExpressionAttributeValues={
            ":now": {"S": f"{apps.cloud.engine.now():%Y-%m-%dT%H:%M:%SZ}"},
            ":status": {"S": status},
        },
    )


def by_email(message: str, **more: Any) -> dict[str, Any]:
    return {"message": message, "preference": "email", "email": EMAIL, "waitSeconds": 86_400, **more}


@pytest.mark.parametrize("by_hand", [False, True], ids=["through the API", "by hand"])
def test_an_overdue_reminder_that_was_aborted_is_sent_once(
    turned: Apps, message: str, abort: Callable[..., dict[str, Any]], by_hand: bool
) -> None:
    row = abort(by_email(message, waitSeconds=HOUR.total_seconds()), by_hand=by_hand)

    with paused(turned.cloud, "EveryDay"):
        turn(turned, HOUR)
        turned.cloud.engine.turn_clock(by=2 * LATE.total_seconds(), all_times=True)

    assert row_of(turned, row["ReminderId"])["Status"] == "SENT"
    assert len(executions(turned, row["ReminderId"])) == 2
    [sent] = mailed(turned, message)
    assert timedelta(minutes=10) <= sent - due_of(row) <= LATE


def test_a_waiting_reminder_that_was_aborted_is_sent_in_time(
    turned: Apps, message: str, abort: Callable[..., dict[str, Any]]
) -> None:
    """The sweep of each day finds that nothing waits for it."""
    row = abort(by_email(message, waitSeconds=(3 * DAY).total_seconds()))

    turn(turned, DAY + HOUR)
    again = row_of(turned, row["ReminderId"])
    turn(turned, 3 * DAY)

    assert (again["Status"], again["DueAt"]) == ("SCHEDULED", row["DueAt"])
    assert again["ExecutionId"] != row["ExecutionId"]
    [sent] = mailed(turned, message)
    assert timedelta(0) <= sent - due_of(row) < timedelta(seconds=30)


def test_a_reminder_that_was_lost_for_more_than_a_day_is_not_sent(
    turned: Apps, message: str, abort: Callable[..., dict[str, Any]]
) -> None:
    lost, younger = (abort(by_email(f"{message} {hours}", waitSeconds=3600 * hours)) for hours in (1, 3))

    with paused(turned.cloud, "Every"):
        turn(turned, 26 * HOUR)
    turn(turned, LATE)

    assert [row_of(turned, row["ReminderId"])["Status"] for row in (lost, younger)] == ["FAILED", "SENT"]
    assert "too late" in row_of(turned, lost["ReminderId"])["Reason"]
    assert [len(mailed(turned, f"{message} {hours}")) for hours in (1, 3)] == [0, 1]


def test_a_reminder_that_was_lost_while_it_was_sent_is_not_sent_again(
    turned: Apps, message: str, abort: Callable[..., dict[str, Any]]
) -> None:
    """It may have arrived. A repeated one goes on with its next time."""
    once, repeated, cancelled = (
        abort(by_email(message, waitSeconds=HOUR.total_seconds(), **more))
        for more in ({}, {"repeat": {"every": "1d"}}, {})
    )
    with paused(turned.cloud, "Every"):
        turn(turned, HOUR)
    for row, status in ((once, "SENDING"), (repeated, "SENDING"), (cancelled, "CANCELLED")):
        set_status(turned, row["ReminderId"], status)

    turn(turned, timedelta(minutes=29))
    early = row_of(turned, once["ReminderId"])["Status"]
    turn(turned, timedelta(minutes=7))

    found = [row_of(turned, row["ReminderId"]) for row in (once, repeated, cancelled)]
    assert (early, [row["Status"] for row in found]) == ("SENDING", ["FAILED", "SCHEDULED", "CANCELLED"])
    assert "may have arrived" in found[0]["Reason"]
    assert (found[1]["Occurrence"], due_of(found[1])) == ("2", due_of(repeated) + DAY)
    assert mailed(turned, message) == []
    fresh(turned).call_reminders("DELETE", f"/reminders/{repeated['ReminderId']}")


def test_a_reminder_without_an_execution_is_shown_as_failed(turned: Apps, message: str) -> None:
    """Its row looks as if CreateReminder had been killed before it started the execution."""
    _, posted = turned.post_reminder(by_email(message))
    table = turned.cloud.engine.client("dynamodb")
    key = {"ReminderId": {"S": posted["reminderId"]}}
    row = table.get_item(TableName=turned.places.reminder_table, Key=key)["Item"]
    orphan = f"{posted['reminderId']}-orphan"
    now = {"S": f"{turned.cloud.engine.now():%Y-%m-%dT%H:%M:%SZ}"}
    changed = {"ReminderId": {"S": orphan}, "ExecutionId": {"S": first_execution(turned, orphan)}}
    table.put_item(TableName=turned.places.reminder_table, Item=row | changed | {"DueAt": now, "UpdatedAt": now})

    turn(turned, LATE)

    status, shown, _ = fresh(turned).call_reminders("GET", f"/reminders/{orphan}")
    assert (status, shown["status"]) == (200, "FAILED")
    assert "addresses are no longer known" in shown["reason"]
    fresh(turned).call_reminders("DELETE", f"/reminders/{posted['reminderId']}")


@pytest.mark.usefixtures("balanced")
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


@pytest.mark.usefixtures("balanced")
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
