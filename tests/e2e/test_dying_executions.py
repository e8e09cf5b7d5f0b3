"""Orders whose execution fails, is stopped or times out. ParkLostOrders parks them. test_clock.py has Express ones."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from tests.support.cloud.apps import Apps
from tests.support.cloud.faults import (
    States,
    changed,
    look_at_orders,
    unwatched,
    waiting,
)
from tests.support.cloud.orders import (
    CHECK,
    FULFILL,
    PARK,
    placed,
    put_received,
    queue_and_message,
)
from tests.support.marks import long
from tests.support.waiting import eventually

pytestmark = pytest.mark.usefixtures("skipped_waits", "balanced")


def without_queues(states: States) -> None:
    for state in (FULFILL, PARK):
        states[state]["Arguments"]["QueueUrl"] += "-gone"


def without_the_next_state(states: States) -> None:
    states[CHECK]["Next"] = "Nowhere"


@pytest.mark.parametrize("fault", [without_the_next_state, *long(without_queues)])
def test_an_order_whose_execution_fails_is_parked(
    standard_apps: Apps, order: dict[str, str], fault: Callable[[States], None]
) -> None:
    with changed(standard_apps, fault):
        execution = placed(standard_apps, order)

    queue, message = queue_and_message(standard_apps, order["OrderId"])
    assert (execution["status"], message["ExecutionId"]) == ("FAILED", execution["executionArn"])
    assert (queue, message["State"], message["Error"]) == ("ParkedQueue", None, "Execution.FAILED")


@pytest.mark.usefixtures("real_waits")
def test_an_order_whose_execution_is_stopped_is_parked(standard_apps: Apps, order: dict[str, str]) -> None:
    with changed(standard_apps, waiting):
        standard_apps.post_order(order)
        execution = eventually(lambda: (standard_apps.row(order["OrderId"]) or {}).get("ExecutionId"))["S"]
    standard_apps.cloud.engine.client("stepfunctions").stop_execution(executionArn=execution)

    queue, message = queue_and_message(standard_apps, order["OrderId"])

    assert (queue, message["State"], message["Error"]) == ("ParkedQueue", None, "Execution.ABORTED")
    assert message["ExecutionId"] == execution


@pytest.mark.usefixtures("real_waits")
def test_an_order_whose_execution_timed_out_is_parked(standard_apps: Apps, order: dict[str, str]) -> None:
    with changed(standard_apps, waiting, TimeoutSeconds=1):
        execution = placed(standard_apps, order)

    queue, message = queue_and_message(standard_apps, order["OrderId"])
    assert execution["status"] == "TIMED_OUT"
    assert (queue, message["State"], message["Error"]) == ("ParkedQueue", None, "Execution.TIMED_OUT")
    assert message["ExecutionId"] == execution["executionArn"]


def test_a_look_parks_an_old_order_once_and_leaves_a_young_one(either: Apps, order: dict[str, str]) -> None:
    now, table = datetime.now(UTC), either.cloud.engine.client("dynamodb")
    old, young = f"{order['OrderId']}-old", f"{order['OrderId']}-young"
    with unwatched(either):
        for order_id, age in ((old, timedelta(minutes=11)), (young, timedelta(minutes=5))):
            put_received(either, order | {"OrderId": order_id}, at=now - age)

        for _ in range(2):
            look_at_orders(either, old, young)

    queue, message = queue_and_message(either, old)
    assert (queue, message["Error"]) == ("ParkedQueue", "NoOutcomeError")
    assert either.queued(young) == [] and (either.row(young) or {})["Status"]["S"] == "RECEIVED"
    table.delete_item(TableName=either.places.order_table, Key={"OrderId": {"S": young}})
