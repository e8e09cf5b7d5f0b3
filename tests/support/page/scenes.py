"""Prepares orders, reminders and users for the tests of the page, without the page."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from local.users import User
from tests.support.cloud.apps import Apps
from tests.support.cloud.faults import changed
from tests.support.names import unique
from tests.support.waiting import eventually

NO_FUNCTION = {"FunctionName": "nobody-deployed-this"}
NO_WORKFLOW = {"StateMachineArn": "arn:aws:states:us-east-1:000000000000:stateMachine:nobody-deployed-this"}
GOOD = {"Name": "Grace Hopper", "ItemName": "Lenovo ThinkPad E14", "Price": "80000", "CC": "4242424242424242"}
AS_ANSWERED: dict[str, Any] = {
    **{name: GOOD[name] for name in ("Name", "ItemName", "Price")},
    **dict.fromkeys(("ReceivedAt", "UpdatedAt"), "2026-01-02T03:04:05Z"),
    "Card": {"Last4": "4242"},
    "Reasons": [],
}
"""GOOD as the API shows it, without its id and its status."""

BOTH_WRONG = {**GOOD, "Price": "-123", "CC": "424242424242"}


def new_id() -> str:
    return unique("web-")


@contextmanager
def waits_skipped(apps: Apps) -> Iterator[None]:
    apps.cloud.engine.skip_waits(True)
    try:
        yield
    finally:
        apps.cloud.engine.skip_waits(False)


def ordered(apps: Apps, status: str = "FULFILLMENT_QUEUED", **fields: str) -> dict[str, str]:
    """Places a good order with changed `fields`, and waits until it has this status."""
    order = {"OrderId": new_id(), **GOOD, **fields}
    assert apps.post_order(order)[0] == 202
    apps.shown(order["OrderId"], status)
    return order


def escalated(apps: Apps, **fields: str) -> dict[str, str]:
    return ordered(apps, "ESCALATED", **{**BOTH_WRONG, **fields})


def parked(apps: Apps, **fields: str) -> dict[str, str]:
    """Places an order whose check fails at every attempt, so that the workflow parks it."""
    with (
        waits_skipped(apps),
        changed(apps, lambda states: states["Are details Proper"]["Arguments"].update(NO_FUNCTION)),
    ):
        return ordered(apps, "PARKED", **fields)


def closed(apps: Apps, operator: Apps, note: str, **fields: str) -> dict[str, str]:
    order = escalated(apps, **fields)
    assert operator.call("POST", f"/orders/{order['OrderId']}/close", {"note": note})[0] == 200
    apps.shown(order["OrderId"], "CLOSED")
    return order


def set_reminder(apps: Apps, message: str, **fields: Any) -> dict[str, Any]:
    """Sets a reminder by e-mail in an hour, with changed `fields`. Returns the API's answer."""
    status, answer = apps.post_reminder({"message": message, "preference": "email", "waitSeconds": 3600, **fields})
    assert status == 202, answer
    return dict(answer)


def failed_reminder(apps: Apps, message: str, **fields: Any) -> dict[str, Any]:
    """Sets a reminder whose delivery cannot start. Returns the API's answer."""
    workflow = apps.places.reminder_workflow

    def broken(states: dict[str, Any]) -> None:
        states["Deliver"]["Arguments"].update(NO_WORKFLOW)

    with waits_skipped(apps), changed(apps, broken, workflow=workflow):
        posted = set_reminder(apps, message, **fields)
        wait_for_status(apps, posted["reminderId"], "FAILED")
    return posted


def wait_for_status(apps: Apps, reminder_id: str, status: str) -> None:
    """Waits until a reminder has this status."""
    key, table = {"ReminderId": {"S": reminder_id}}, apps.cloud.engine.client("dynamodb")
    eventually(
        lambda: table.get_item(TableName=apps.places.reminder_table, Key=key)["Item"],
        until=lambda row: row["Status"] == {"S": status},
    )


def without_a_phone(apps: Apps) -> User:
    """Creates a person without a phone number."""
    user = replace(apps.user, email=f"{unique()}@example.com")
    cognito, pool = apps.cloud.engine.client("cognito-idp"), apps.places.user_pool
    cognito.admin_create_user(
        UserPoolId=pool,
        Username=user.email,
        MessageAction="SUPPRESS",
        UserAttributes=[{"Name": "email", "Value": user.email}, {"Name": "email_verified", "Value": "true"}],
    )
    cognito.admin_set_user_password(UserPoolId=pool, Username=user.email, Password=user.password, Permanent=True)
    return user
