"""Orders through the real templates: HTTP in, and the table, the queues and the cache read back."""

import json
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import redis
from botocore.awsrequest import AWSRequest
from botocore.httpsession import URLLib3Session

from common import codes
from local.demo import SAMPLES
from tests.support.cloud.apps import Apps
from tests.support.waiting import eventually

SAMPLE_ORDERS = json.loads(SAMPLES.read_text())


@pytest.mark.parametrize("sample", SAMPLE_ORDERS)
def test_each_sample_order_ends_in_its_queue_and_says_so(either: Apps, sample: dict[str, Any]) -> None:
    order, expect = {**sample["order"], "OrderId": f"by-http-{sample['order']['OrderId']}"}, sample["expect"]

    status, answer = either.post_order(order)

    assert (status, answer) == (202, {"OrderId": order["OrderId"], "Status": "RECEIVED"})
    row = either.settled(order["OrderId"])
    assert row["Status"]["S"] == expect["Status"]
    [(queue, message)] = either.queued(order["OrderId"])
    assert queue == expect["queue"]
    assert message.get("Reasons", []) == [reason["S"] for reason in row["Reasons"]["L"]]
    assert message["ExecutionId"] == row["ExecutionId"]["S"]
    assert "CC" not in message and order["CC"] not in json.dumps(row)


@pytest.mark.parametrize("sample", SAMPLE_ORDERS)
def test_each_sample_order_ends_alike_when_the_workflow_is_started_by_hand(
    either: Apps, sample: dict[str, Any]
) -> None:
    order = {**sample["order"], "OrderId": f"by-hand-{sample['order']['OrderId']}"}

    execution = either.finished(either.start(either.places.order_workflow, order))

    assert json.loads(execution["output"]) == {"OrderId": order["OrderId"], "Outcome": sample["expect"]["Status"]}
    [(queue, _)] = either.queued(order["OrderId"])
    assert queue == sample["expect"]["queue"]


def test_the_workflow_is_of_the_type_that_the_stage_says(apps: Apps, standard_apps: Apps) -> None:
    states = apps.cloud.engine.client("stepfunctions")
    types = [
        states.describe_state_machine(stateMachineArn=one.places.order_workflow)["type"]
        for one in (apps, standard_apps)
    ]

    assert types == ["EXPRESS", "STANDARD"]


@pytest.mark.parametrize(
    ("price", "reasons"),
    [
        ("12.50", []),
        (12.5, []),
        (80000, []),
        ("0", ["PRICE_NOT_POSITIVE"]),
        ("-0", ["PRICE_NOT_POSITIVE"]),
        ("", ["PRICE_NOT_A_DECIMAL"]),
        ("1e3", ["PRICE_NOT_A_DECIMAL"]),
        ("NaN", ["PRICE_NOT_A_DECIMAL"]),
        (" 5 ", ["PRICE_NOT_A_DECIMAL"]),
        ("1234567890123", ["PRICE_NOT_A_DECIMAL"]),
        ("٣", ["PRICE_NOT_A_DECIMAL"]),
    ],
)
def test_whatever_the_price_the_order_ends_in_one_queue(
    apps: Apps, order: dict[str, Any], price: Any, reasons: list[str]
) -> None:
    """The original raised on a price such as these after it had stored the order, which was then in no queue."""
    execution = apps.finished(apps.start(apps.places.order_workflow, order | {"Price": price}))

    assert execution["status"] == "SUCCEEDED"
    [(queue, message)] = apps.queued(order["OrderId"])
    assert queue == ("EscalationQueue" if reasons else "OrderFulfillmentQueue")
    assert message.get("Reasons", []) == reasons


def test_a_repeated_order_changes_nothing_and_queues_nothing(either: Apps, order: dict[str, str]) -> None:
    either.post_order(order)
    row = either.settled(order["OrderId"])

    status, answer = either.post_order(order)
    by_hand = either.finished(either.start(either.places.order_workflow, {**order, "Name": "Somebody else"}))

    assert (status, answer["Status"]) == (200, "FULFILLMENT_QUEUED")
    assert json.loads(by_hand["output"]) == {"Outcome": "DUPLICATE"}
    assert either.row(order["OrderId"]) == row
    assert len(either.queued(order["OrderId"])) == 1


@pytest.mark.parametrize("change", [{"ItemName": "Something else"}, {"CC": "4242420000004242"}])
def test_another_order_with_a_known_id_is_refused(apps: Apps, order: dict[str, str], change: dict[str, str]) -> None:
    apps.post_order(order)
    row = apps.settled(order["OrderId"])

    status, answer = apps.post_order(order | change)

    assert (status, answer["error"]["code"]) == (409, "Conflict")
    assert apps.row(order["OrderId"]) == row


@pytest.mark.usefixtures("balanced")
def test_of_eight_orders_with_one_id_that_arrive_at_once_one_is_taken(apps: Apps, order: dict[str, str]) -> None:
    orders = [order | {"Name": f"Customer {number % 2}"} for number in range(8)]

    with ThreadPoolExecutor(8) as pool:
        answers = [status for status, _ in pool.map(apps.post_order, orders)]

    row = apps.settled(order["OrderId"])
    same = sum(one["Name"] == row["Name"]["S"] for one in orders)
    assert Counter(answers) == {202: 1, 200: same - 1, 409: 8 - same}
    assert len(apps.queued(order["OrderId"])) == 1


@pytest.mark.usefixtures("balanced")
def test_an_escalated_order_is_corrected_and_goes_through_once_more(either: Apps, order: dict[str, str]) -> None:
    either.post_order(order | {"Price": "0"})
    first = either.settled(order["OrderId"])

    status, answer = either.as_operator().put_order(order)

    assert (status, answer["Status"]) == (202, "RECEIVED")
    second = either.settled(order["OrderId"])
    assert (first["Status"]["S"], second["Status"]["S"]) == ("ESCALATED", "FULFILLMENT_QUEUED")
    assert (second["Price"]["S"], second["Reasons"]["L"]) == (order["Price"], [])
    assert [queue for queue, _ in either.queued(order["OrderId"])] == ["OrderFulfillmentQueue", "EscalationQueue"]
    assert either.as_operator().put_order(order | {"Name": "Somebody else"})[0] == 409


def test_an_order_that_makes_no_sense_is_refused_and_leaves_no_trace(apps: Apps, order: dict[str, str]) -> None:
    status, answer = apps.post_order({**order, "Name": 7})

    assert (status, answer["error"]["details"]) == (400, [codes.WRONG_TYPE(types=["string"]).of("Name")])
    assert apps.row(order["OrderId"]) is None


def test_a_change_is_written_to_the_cache_which_then_serves_the_first_lookup(apps: Apps, order: dict[str, str]) -> None:
    apps.post_order(order)
    row = apps.settled(order["OrderId"])

    with redis.Redis.from_url(apps.places.redis_url) as operator:
        key = f"order:{order['OrderId']}"
        eventually(lambda: operator.get(key), until=lambda entry: b"FULFILLMENT_QUEUED" in entry)
    status, body, state = apps.get_order(order["OrderId"])

    assert (status, body, state) == (
        200,
        {
            "OrderId": order["OrderId"],
            "Name": order["Name"],
            "ItemName": order["ItemName"],
            "Price": order["Price"],
            "Card": {"Last4": "4242"},
            "Status": "FULFILLMENT_QUEUED",
            "Reasons": [],
            "ReceivedAt": row["ReceivedAt"]["S"],
            "UpdatedAt": row["UpdatedAt"]["S"],
        },
        "HIT",
    )


def test_an_unknown_order_is_not_found(apps: Apps) -> None:
    status, answer, _ = apps.get_order("nobody-sent-this")

    assert (status, answer["error"]["code"]) == (404, "NotFound")


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"Name": None}, "MistypedFieldError"),
        ({"OrderId": 7}, "MistypedFieldError"),
        ({"OrderId": "a/b"}, "InvalidOrderIdError"),
        ({"ItemName": "x" * 201}, "FieldLengthError"),
        ({"ItemName": "a\n"}, "ControlCharacterError"),
        ({"Name": "\u3164\u200b"}, "InvisibleTextError"),
        ({"Name": "4242 4242 4242 4242"}, "CardNumberInTextError"),
        ({"OrderId": "4242424242424242"}, "CardNumberInTextError"),
        ({"Price": "4242 4242 4242 4242"}, "CardNumberInTextError"),
        ({"Price": "5\n"}, "ControlCharacterError"),
    ],
)
def test_what_is_no_order_is_parked_and_not_written(
    either: Apps, order: dict[str, Any], change: dict[str, Any], error: str
) -> None:
    """The API refuses these; whoever starts the workflow by hand has passed no API."""
    execution = either.finished(either.start(either.places.order_workflow, order | change))

    assert json.loads(execution["output"]) == {"Outcome": "PARKED"}
    [message] = either.parked(execution["executionArn"])
    harmless = (order | change)["OrderId"] if "OrderId" not in change else None
    assert message == {
        "OrderId": harmless,
        "State": "Is it an order",
        "Error": error,
        "ExecutionId": execution["executionArn"],
        "ParkingId": execution["executionArn"],
        "Queue": None,
        "Order": None,
    }
    assert either.row(order["OrderId"]) is None


def test_fields_of_two_neighbours_are_not_read_as_one_card_number(apps: Apps, order: dict[str, str]) -> None:
    order |= {"Name": "Eve 4400", "ItemName": "Lot 5500 1200 3400", "Price": "1200"}

    assert apps.post_order(order)[0] == 202

    assert apps.settled(order["OrderId"])["Status"]["S"] == "FULFILLMENT_QUEUED"
    assert [queue for queue, _ in apps.queued(order["OrderId"])] == ["OrderFulfillmentQueue"]


@pytest.mark.parametrize(("method", "path"), [("POST", "/orders"), ("GET", "/orders/001")])
def test_who_does_not_sign_in_gets_nothing(apps: Apps, method: str, path: str) -> None:
    request = AWSRequest(method, apps.places.orders_api + path, data="{}" if method == "POST" else None)

    response = URLLib3Session().send(request.prepare())

    assert response.status_code == 401
    assert json.loads(response.text)["error"]["code"] == "NotSignedIn"
    assert response.headers["Access-Control-Allow-Origin"] == "*"
