"""One id leads from an answer of the API to everything that its request did."""

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from local.engine import send
from orders.order import CLOSED, ESCALATED, PARKED
from tests.support.cloud.apps import Apps
from tests.support.cloud.faults import changed, function_of, look_at_orders, unwatched, without_window
from tests.support.cloud.orders import FULFILL, placed, put_received, queue_and_message
from tests.support.waiting import eventually

pytestmark = pytest.mark.usefixtures("skipped_waits", "balanced")

UUID = "[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"


def logged(apps: Apps, function: str) -> Iterator[dict[str, Any]]:
    """The lines of JSON that a function has printed."""
    group = function_of(apps, function)["LoggingConfig"]["LogGroup"]
    pages = apps.cloud.engine.client("logs").get_paginator("filter_log_events").paginate(logGroupName=group)
    for event in (event for page in pages for event in page["events"]):
        if event["message"].startswith("{"):
            yield json.loads(event["message"])


def events(apps: Apps, function: str, order_id: str) -> list[dict[str, Any]]:
    """Waits for the events of an order in a function's log."""
    return eventually(lambda: [one for one in logged(apps, function) if one.get("OrderId") == order_id])


def test_the_id_of_an_order_is_in_its_row_its_input_its_message_and_its_lines(
    apps: Apps, order: dict[str, str]
) -> None:
    status, _, headers = apps.call("POST", "/orders", order)
    id = headers["X-Request-Id"]

    with without_window(apps, "WatchOrders"):
        queue, message = queue_and_message(apps, order["OrderId"])
        [settled] = events(apps, "WatchOrders", order["OrderId"])

    row = apps.settled(order["OrderId"])
    execution = apps.finished(row["ExecutionId"]["S"])
    [received] = events(apps, "PlaceOrder", order["OrderId"])
    assert (status, queue) == (202, "OrderFulfillmentQueue")
    assert re.fullmatch(UUID, id)
    assert row["RequestId"] == {"S": id}
    assert json.loads(execution["input"])["RequestId"] == id
    assert message["RequestId"] == id
    assert received == {"message": "order received", "OrderId": order["OrderId"], "RequestId": id}
    assert settled["RequestId"] == id
    assert settled["Outcome"] == "FULFILLMENT_QUEUED" and settled["Seconds"] >= 0


def test_the_row_says_when_each_part_of_the_workflow_began(apps: Apps, order: dict[str, str]) -> None:
    placed(apps, order)

    row = apps.settled(order["OrderId"])
    times = [row[name]["S"] for name in ("ReceivedAt", "StartedAt", "CheckedAt", "QueuedAt", "UpdatedAt")]
    assert times == sorted(times)


def test_a_lookup_says_that_it_has_cached_the_order(apps: Apps, order: dict[str, str]) -> None:
    placed(apps, order)
    apps.settled(order["OrderId"])

    _, _, headers = apps.call("GET", f"/orders/{order['OrderId']}")

    assert headers["X-Cache"] == "MISS"
    [line] = events(apps, "GetOrder", order["OrderId"])
    assert (line["message"], line["RequestId"], line["CacheMisses"]) == ("order cached", headers["X-Request-Id"], 1)


def test_a_correction_and_a_close_have_the_ids_of_their_own_requests(apps: Apps, order: dict[str, str]) -> None:
    _, _, first = apps.call("POST", "/orders", {**order, "Price": "-1"})
    apps.settled(order["OrderId"])
    _, _, second = apps.call("PUT", f"/orders/{order['OrderId']}", {**order, "Price": "-2"})
    row = eventually(lambda: apps.row(order["OrderId"]), until=lambda row: row["Status"]["S"] == ESCALATED)
    _, _, third = apps.call("POST", f"/orders/{order['OrderId']}/close", {"note": "not now"})

    assert len({one["X-Request-Id"] for one in (first, second, third)}) == 3
    assert row["RequestId"] == {"S": second["X-Request-Id"]}
    assert {message["RequestId"] for _, message in apps.queued(order["OrderId"])} == {
        first["X-Request-Id"],
        second["X-Request-Id"],
    }
    assert [(one["message"], one["RequestId"]) for one in events(apps, "CorrectOrder", order["OrderId"])] == [
        ("order corrected", second["X-Request-Id"])
    ]
    assert [(one["message"], one["RequestId"]) for one in events(apps, "CloseOrder", order["OrderId"])] == [
        ("order closed", third["X-Request-Id"])
    ]
    assert (apps.row(order["OrderId"]) or {})["Status"] == {"S": CLOSED}
    # The closed row is of the second request.
    cached = eventually(lambda: [one for one in logged(apps, "UpdateCache") if one.get("OrderId") == order["OrderId"]])
    assert {(one["message"], one["RequestId"]) for one in cached} == {("order cached", second["X-Request-Id"])}


def test_a_parked_order_has_the_id_in_its_message(apps: Apps, order: dict[str, str]) -> None:
    with changed(apps, lambda states: states[FULFILL]["Arguments"].update(QueueUrl="gone")):
        _, _, headers = apps.call("POST", "/orders", order)
        queue, message = queue_and_message(apps, order["OrderId"])

    assert (queue, message["RequestId"]) == ("ParkedQueue", headers["X-Request-Id"])


def test_an_order_without_an_id_is_settled_parked_and_corrected_as_before(apps: Apps, order: dict[str, str]) -> None:
    """Its row is of an earlier version, or somebody started it by hand."""
    with unwatched(apps):
        put_received(apps, order, at=datetime.now(UTC) - timedelta(minutes=11))
        look_at_orders(apps, order["OrderId"])

    queue, message = queue_and_message(apps, order["OrderId"])
    assert (queue, message["RequestId"]) == ("ParkedQueue", None)
    assert (apps.row(order["OrderId"]) or {})["Status"] == {"S": PARKED}
    status, _, headers = apps.call("PUT", f"/orders/{order['OrderId']}", order)
    assert status == 202
    assert apps.settled(order["OrderId"])["RequestId"] == {"S": headers["X-Request-Id"]}


def test_a_workflow_that_is_started_by_hand_takes_no_id_from_its_input(apps: Apps, order: dict[str, str]) -> None:
    execution = apps.start(apps.places.order_workflow, {**order, "RequestId": "ada@example.com"})
    apps.finished(execution)

    _, message = queue_and_message(apps, order["OrderId"])
    assert message["RequestId"] is None
    assert "RequestId" not in apps.settled(order["OrderId"])


@pytest.mark.parametrize(("path", "status"), [("/orders", 401), ("/nothing", 404)])
def test_an_answer_of_the_gateway_itself_has_an_id_too(apps: Apps, path: str, status: int) -> None:
    answers = [send("GET", f"{apps.places.orders_api}{path}", token="") for _ in range(2)]

    for answer in answers:
        assert answer.status_code == status
        assert answer.headers["X-Request-Id"] == json.loads(answer.text)["error"]["requestId"]
        assert "X-Request-Id" in answer.headers["Access-Control-Expose-Headers"]
    assert len({answer.headers["X-Request-Id"] for answer in answers}) == 2
