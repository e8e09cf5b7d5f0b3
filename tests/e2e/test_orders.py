"""Orders through the real templates: HTTP in, and the table, the queues and the cache read back."""

import json
from typing import Any

import pytest
from botocore.awsrequest import AWSRequest
from botocore.httpsession import URLLib3Session

from local.demo import SAMPLES
from tests.e2e.conftest import Apps

SAMPLE_ORDERS = json.loads(SAMPLES.read_text())


@pytest.mark.parametrize("sample", SAMPLE_ORDERS)
def test_each_sample_order_ends_in_its_queue_and_says_so(apps: Apps, sample: dict[str, Any]) -> None:
    order, expect = {**sample["order"], "OrderId": f"by-http-{sample['order']['OrderId']}"}, sample["expect"]

    status, answer = apps.post_order(order)

    assert (status, answer) == (202, {"OrderId": order["OrderId"], "Status": "RECEIVED"})
    row = apps.settled(order["OrderId"])
    assert row["Status"]["S"] == expect["Status"]
    [(queue, message)] = apps.queued(order["OrderId"])
    assert queue == expect["queue"]
    assert message["ExecutionId"] == row["ExecutionId"]["S"]
    assert "CC" not in message and order["CC"] not in json.dumps(row)


@pytest.mark.parametrize("sample", SAMPLE_ORDERS)
def test_each_sample_order_ends_alike_when_the_workflow_is_started_by_hand(apps: Apps, sample: dict[str, Any]) -> None:
    order = {**sample["order"], "OrderId": f"by-hand-{sample['order']['OrderId']}"}

    execution = apps.finished(apps.start(apps.places.order_workflow, order))

    assert json.loads(execution["output"]) == {"OrderId": order["OrderId"], "Outcome": sample["expect"]["Status"]}
    [(queue, _)] = apps.queued(order["OrderId"])
    assert queue == sample["expect"]["queue"]


def test_a_repeated_order_changes_nothing_and_queues_nothing(apps: Apps, order: dict[str, str]) -> None:
    apps.post_order(order)
    row = apps.settled(order["OrderId"])

    status, answer = apps.post_order(order)
    by_hand = apps.finished(apps.start(apps.places.order_workflow, {**order, "Name": "Somebody else"}))

    assert (status, answer["Status"]) == (200, "FULFILLMENT_QUEUED")
    assert json.loads(by_hand["output"]) == {"Outcome": "DUPLICATE"}
    assert apps.row(order["OrderId"]) == row
    assert len(apps.queued(order["OrderId"])) == 1


def test_another_order_with_a_known_id_is_refused(apps: Apps, order: dict[str, str]) -> None:
    apps.post_order(order)
    row = apps.settled(order["OrderId"])

    status, answer = apps.post_order({**order, "ItemName": "Something else"})

    assert (status, answer["error"]["code"]) == (409, "Conflict")
    assert apps.row(order["OrderId"]) == row


def test_an_order_that_makes_no_sense_is_refused_and_leaves_no_trace(apps: Apps, order: dict[str, str]) -> None:
    status, answer = apps.post_order({**order, "Name": 7})

    assert (status, answer["error"]["details"]) == (400, [{"field": "Name", "problem": "must be of type string"}])
    assert apps.row(order["OrderId"]) is None


def test_a_lookup_shows_the_order_and_comes_from_the_cache_the_second_time(apps: Apps, order: dict[str, str]) -> None:
    apps.post_order(order)
    row = apps.settled(order["OrderId"])

    first, second = apps.get_order(order["OrderId"]), apps.get_order(order["OrderId"])

    assert first[:2] == (
        200,
        {
            "OrderId": order["OrderId"],
            "Name": order["Name"],
            "ItemName": order["ItemName"],
            "Price": order["Price"],
            "Card": {"Last4": "4242"},
            "Status": "FULFILLMENT_QUEUED",
            "Reasons": [],
            "UpdatedAt": row["UpdatedAt"]["S"],
        },
    )
    assert second[:2] == first[:2]
    assert (first[2], second[2]) == ("MISS", "HIT")


def test_an_unknown_order_is_not_found(apps: Apps) -> None:
    status, answer, _ = apps.get_order("nobody-sent-this")

    assert (status, answer["error"]["code"]) == (404, "NotFound")


@pytest.mark.usefixtures("skipped_waits")
def test_what_the_workflow_cannot_settle_is_parked(apps: Apps, order: dict[str, str]) -> None:
    """Without a Name there is no row to write: the workflow was started by hand with half an order."""
    del order["Name"]

    execution = apps.finished(apps.start(apps.places.order_workflow, order))

    assert json.loads(execution["output"]) == {"Outcome": "PARKED"}
    [(queue, message)] = apps.queued(order["OrderId"])
    assert queue == "ParkedQueue"
    assert message["State"] == "Update the order table"
    assert message["ExecutionId"] == execution["executionArn"]


@pytest.mark.parametrize(("method", "path"), [("POST", "/orders"), ("GET", "/orders/001")])
def test_who_does_not_sign_in_gets_nothing(apps: Apps, method: str, path: str) -> None:
    request = AWSRequest(method, apps.places.orders_api + path, data="{}" if method == "POST" else None)

    response = URLLib3Session().send(request.prepare())

    assert response.status_code == 403
    assert json.loads(response.text)["error"]["code"] == "MISSING_AUTHENTICATION_TOKEN"
    assert response.headers["Access-Control-Allow-Origin"] == "http://localhost:8000"
