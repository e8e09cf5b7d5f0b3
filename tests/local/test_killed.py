"""What becomes of orders when the laptop cloud is stopped, and when it is killed, with orders on their way."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import psutil
import pytest

from local.cloud import Cloud
from local.processes import free_port
from local.settings import Settings
from local.users import OPERATOR
from tests import balance
from tests.e2e.conftest import Apps, eventually
from tests.e2e.conftest import order as order
from tests.e2e.faults import changed, park_lost_orders, waiting


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Apps]:
    """A cloud that no other module's tests see."""
    cloud = Cloud(Settings(home=tmp_path_factory.mktemp("own"), port=free_port(), redis_port=free_port()))
    cloud.up(print)
    yield Apps(cloud, cloud.places(), user=cloud.users()[OPERATOR])
    cloud.down()


def numbered(order: dict[str, str], word: str) -> list[dict[str, str]]:
    return [{**order, "OrderId": f"{order['OrderId']}-{word}-{number}"} for number in range(3)]


def make_overdue(apps: Apps, order: dict[str, str]) -> None:
    """Does to the row of an order what eleven minutes do."""
    then = (datetime.now(UTC) - timedelta(minutes=11)).strftime("%Y-%m-%dT%H:%M:%S.000Z")
    apps.cloud.engine.client("dynamodb").update_item(
        TableName=apps.places.order_table,
        Key={"OrderId": {"S": order["OrderId"]}},
        UpdateExpression="SET UpdatedAt = :then",
        ExpressionAttributeValues={":then": {"S": then}},
    )


def ends(apps: Apps, orders: list[dict[str, str]]) -> list[tuple[Any, list[str]]]:
    """For each order the status of its row, and the queues that it lies in."""
    return [
        (
            (row["Status"]["S"] if (row := apps.row(order["OrderId"])) else None),
            [queue for queue, _ in apps.queued(order["OrderId"])],
        )
        for order in orders
    ]


def test_of_a_cloud_that_is_stopped_and_then_killed_no_order_is_in_two_places_or_in_none(
    own: Apps, order: dict[str, str]
) -> None:
    mark = balance.mark(own.cloud, own.places)
    done, on_their_way, lost = numbered(order, "done"), numbered(order, "on-its-way"), numbered(order, "lost")
    for one in done:
        own.post_order(one)
        own.settled(one["OrderId"])
    with changed(own, waiting):
        for one in on_their_way:
            own.post_order(one)
        eventually(lambda: all("ExecutionId" in (own.row(one["OrderId"]) or {}) for one in on_their_way))
    own.cloud.down()
    own.cloud.up(print)
    stopped = ends(own, done), ends(own, on_their_way)

    for one in lost:
        assert own.post_order(one)[0] == 202
    engine = own.cloud.engine.daemon.process()
    assert engine
    engine.kill()
    psutil.wait_procs([engine])
    own.cloud.up(print)
    killed = ends(own, done), ends(own, on_their_way)

    # It saves what it holds when it is stopped. What came later is gone with it, whole: no row, no message.
    assert killed == stopped == ([("FULFILLMENT_QUEUED", ["OrderFulfillmentQueue"])] * 3, [("RECEIVED", [])] * 3)
    assert ends(own, lost) == [(None, [])] * 3

    for one in lost:
        assert own.post_order(one)[0] == 202
        own.settled(one["OrderId"])
    for one in on_their_way:
        make_overdue(own, one)
    park_lost_orders(own, {})

    assert ends(own, done + lost) == [("FULFILLMENT_QUEUED", ["OrderFulfillmentQueue"])] * 6
    assert ends(own, on_their_way) == [("PARKED", ["ParkedQueue"])] * 3
    assert balance.orders(own.cloud, own.places, since=mark) == {"accepted": 9, "fulfilled": 6, "parked": 3}


def test_what_the_engine_keeps_of_an_executions_input_is_not_encrypted(own: Apps, order: dict[str, str]) -> None:
    """Which AWS does, with the workflow's own key: one more reason for test cards."""
    own.post_order(order)
    own.settled(order["OrderId"])

    own.cloud.down()

    kept = (own.cloud.settings.state / "engine" / "stepfunctions.json").read_text()
    assert order["OrderId"] in kept and order["CC"] in kept
