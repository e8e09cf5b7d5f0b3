"""When DynamoDB may delete the row of an order. tests/statemachines has the writes of the workflow."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from orders import close_order, correct_order, park_lost_orders, place_order, retention, submission, table
from tests.support.aws_answers import refused
from tests.support.handlers.aws import ENVIRONMENT, client_of
from tests.support.handlers.events import PERSON, post, signed_in
from tests.support.orders import an_order

pytestmark = pytest.mark.usefixtures("order_workflow", "parked", "to_check")

NOW = datetime.now(UTC)
KEPT = timedelta(days=int(ENVIRONMENT["ORDER_DAYS"]))
LONG_AGO = int((NOW - timedelta(days=20)).timestamp())
ORDER, CORRECTED = an_order(Price="0"), an_order()


def call(module: Any, body: Any) -> int:
    """Calls a handler as the owner of the order, who is an operator."""
    event = signed_in(post(body) | {"pathParameters": {"OrderId": "A-1"}}, **PERSON | {"cognito:groups": "operators"})
    return int(module.handler(event, None)["statusCode"])


@pytest.fixture
def row(order_table):
    """Reads the row, or changes it."""

    def row(*without: str, **changes: Any) -> dict[str, Any]:
        found = order_table.get_item(Key={"OrderId": "A-1"})["Item"] | changes
        found = {name: value for name, value in found.items() if name not in without}
        order_table.put_item(Item=found)
        return found

    assert call(place_order, ORDER) == 202
    return row


def is_kept_from_now(row: dict[str, Any]) -> bool:
    # NOW is from the start of the run, which may take long.
    return (NOW + KEPT).timestamp() - 1 <= int(row["ExpiresAt"]) <= (datetime.now(UTC) + KEPT).timestamp()


def test_a_new_order_is_kept_for_the_stages_days(row):
    assert is_kept_from_now(row())


def test_a_repeated_request_does_not_keep_an_order_for_longer(row):
    row(ExpiresAt=LONG_AGO)

    assert call(place_order, ORDER) == 200
    assert row()["ExpiresAt"] == LONG_AGO


@pytest.mark.parametrize("status", ["ESCALATED", "PARKED"])
def test_the_days_count_again_from_a_correction_and_from_a_close(status, row):
    for module, body in ((correct_order, CORRECTED), (close_order, {"note": "not wanted"})):
        row("ExpiresAt", Status=status)

        assert call(module, body) < 300
        assert is_kept_from_now(row())


def test_a_lost_order_waits_for_an_operator_without_expiring(row):
    row(UpdatedAt="2026-01-01T00:00:00.000Z", ExpiresAt=LONG_AGO)

    park_lost_orders.handler({}, None)

    assert row()["Status"] == "PARKED"
    assert "ExpiresAt" not in row()


def test_an_order_whose_correction_is_withdrawn_still_waits_without_expiring(row, monkeypatch):
    row("ExpiresAt", Status="ESCALATED")
    states = client_of(submission, "stepfunctions")

    def refuse(**_: Any) -> Any:
        raise refused("stepfunctions", "StartExecution", "throttled")

    monkeypatch.setattr(states, "start_execution", refuse)

    assert call(correct_order, CORRECTED) == 503
    assert row()["Status"] == "ESCALATED"
    assert "ExpiresAt" not in row()


def test_a_stage_may_keep_orders_for_ever(row, monkeypatch):
    monkeypatch.setenv("ORDER_DAYS", "")

    assert table.expiry(NOW) == {}
    for module, body in ((correct_order, CORRECTED), (close_order, {"note": "not wanted"})):
        row("ExpiresAt", Status="ESCALATED")
        assert call(module, body) < 300
        assert "ExpiresAt" not in row()


def test_the_time_is_one_that_dynamodb_understands():
    """DynamoDB ignores an attribute that is not a number of seconds."""
    assert retention.expiry(datetime(2026, 11, 21, 4, 0, 0, 999_000, UTC), days="30") == {"ExpiresAt": 1797825600}
