"""Sends orders to the deployed app, and reads the table, the queues and the cache."""

import json
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import redis
from botocore.awsrequest import AWSRequest
from botocore.httpsession import URLLib3Session

from common import codes
from local.demo import SAMPLES
from stacks.config import LOCAL
from tests.support.cloud.apps import Apps
from tests.support.cloud.checked import Checked
from tests.support.waiting import eventually

SAMPLE_ORDERS = json.loads(SAMPLES.read_text())


@pytest.mark.parametrize("sample", SAMPLE_ORDERS)
def test_each_sample_order_ends_in_its_queue_with_its_status(either: Apps, sample: dict[str, Any]) -> None:
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
def test_each_sample_order_ends_in_the_same_queue_if_started_by_hand(either: Apps, sample: dict[str, Any]) -> None:
    order = {**sample["order"], "OrderId": f"by-hand-{sample['order']['OrderId']}"}

    execution = either.finished(either.start(either.places.order_workflow, order))

    assert json.loads(execution["output"]) == {"OrderId": order["OrderId"], "Outcome": sample["expect"]["Status"]}
    [(queue, _)] = either.queued(order["OrderId"])
    assert queue == sample["expect"]["queue"]


def test_the_workflow_has_the_type_that_the_stage_sets(apps: Apps, standard_apps: Apps) -> None:
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
def test_an_order_with_any_price_ends_in_one_queue(
    apps: Apps, order: dict[str, Any], price: Any, reasons: list[str]
) -> None:
    """With some of these prices, the original program failed after it had stored the order, which reached no queue."""
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


def test_an_order_expires_after_the_stages_days_unless_it_waits_for_an_operator(
    either: Apps, order: dict[str, str]
) -> None:
    operator, by_hand = either.as_operator(), order | {"OrderId": f"{order['OrderId']}-hand"}

    def days_left(order_id: str = order["OrderId"]) -> float | None:
        row = either.settled(order_id)
        return (int(row["ExpiresAt"]["N"]) - time.time()) / 86_400 if "ExpiresAt" in row else None

    either.finished(either.start(either.places.order_workflow, by_hand))
    assert days_left(by_hand["OrderId"]) == pytest.approx(LOCAL.days_orders_are_kept, abs=0.1)
    either.post_order(order | {"Price": "0"})
    assert days_left() is None
    assert operator.put_order(order | {"Price": "-1"})[0] == 202
    assert days_left() is None
    assert operator.call("POST", f"/orders/{order['OrderId']}/close", {"note": "not wanted"})[0] == 200
    assert days_left() == pytest.approx(LOCAL.days_orders_are_kept, abs=0.1)


@pytest.mark.parametrize("change", [{"ItemName": "Something else"}, {"CC": "4242420000004242"}])
def test_another_order_with_a_known_id_is_refused(apps: Apps, order: dict[str, str], change: dict[str, str]) -> None:
    apps.post_order(order)
    row = apps.settled(order["OrderId"])

    status, answer = apps.post_order(order | change)

    assert (status, answer["error"]["code"]) == (409, "Conflict")
    assert apps.row(order["OrderId"]) == row


@pytest.fixture
def balanced(request: pytest.FixtureRequest) -> Iterator[None]:
    """Checks after the test. The rows of other tests of this module are deleted."""
    checked = Checked()
    checked.begin(request)
    yield
    checked.check()


@pytest.mark.usefixtures("balanced")
def test_one_of_eight_simultaneous_orders_with_one_id_is_accepted(apps: Apps, order: dict[str, str]) -> None:
    orders = [order | {"Name": f"Customer {number % 2}"} for number in range(8)]

    with ThreadPoolExecutor(8) as pool:
        answers = [status for status, _ in pool.map(apps.post_order, orders)]

    row = apps.settled(order["OrderId"])
    same = sum(one["Name"] == row["Name"]["S"] for one in orders)
    assert Counter(answers) == {202: 1, 200: same - 1, 409: 8 - same}
    assert len(apps.queued(order["OrderId"])) == 1


@pytest.mark.usefixtures("balanced")
def test_a_corrected_order_goes_through_the_workflow_again(either: Apps, order: dict[str, str]) -> None:
    either.post_order(order | {"Price": "0"})
    first = either.settled(order["OrderId"])

    status, answer = either.as_operator().put_order(order)

    assert (status, answer["Status"]) == (202, "RECEIVED")
    second = either.settled(order["OrderId"])
    assert (first["Status"]["S"], second["Status"]["S"]) == ("ESCALATED", "FULFILLMENT_QUEUED")
    assert (second["Price"]["S"], second["Reasons"]["L"]) == (order["Price"], [])
    assert [queue for queue, _ in either.queued(order["OrderId"])] == ["OrderFulfillmentQueue", "EscalationQueue"]
    assert either.as_operator().put_order(order | {"Name": "Somebody else"})[0] == 409


def test_an_invalid_order_is_refused_and_leaves_no_trace(apps: Apps, order: dict[str, str]) -> None:
    status, answer = apps.post_order({**order, "Name": 7})

    assert (status, answer["error"]["details"]) == (400, [codes.WRONG_TYPE(types=["string"]).of("Name")])
    assert apps.row(order["OrderId"]) is None


def test_a_finished_order_is_cached_by_its_first_lookup(apps: Apps, order: dict[str, str]) -> None:
    apps.post_order(order)
    row = apps.settled(order["OrderId"])

    first, second = apps.get_order(order["OrderId"]), apps.get_order(order["OrderId"])

    shown = {
        "OrderId": order["OrderId"],
        "Name": order["Name"],
        "ItemName": order["ItemName"],
        "Price": order["Price"],
        "Card": {"Last4": "4242"},
        "Status": "FULFILLMENT_QUEUED",
        "Reasons": [],
        "ReceivedAt": row["ReceivedAt"]["S"],
        "UpdatedAt": row["UpdatedAt"]["S"],
    }
    assert (first, second) == ((200, shown, "MISS"), (200, shown, "HIT"))


def test_each_later_outcome_replaces_the_cached_one_without_a_lookup(apps: Apps, order: dict[str, str]) -> None:
    """The order is escalated, corrected into an order that is escalated again, and closed."""
    operator, key = apps.as_operator(), f"order:{order['OrderId']}"
    apps.post_order(order | {"Price": "0"})
    apps.settled(order["OrderId"])
    assert operator.get_order(order["OrderId"])[1]["Status"] == "ESCALATED"
    with redis.Redis.from_url(apps.places.redis_url) as cache:
        assert operator.put_order(order | {"Price": "-1"})[0] == 202
        eventually(lambda: cache.get(key), until=lambda entry: b'"Price": "-1"' in entry and b"ESCALATED" in entry)
        assert operator.call("POST", f"/orders/{order['OrderId']}/close", {"note": "not wanted"})[0] == 200
        eventually(lambda: cache.get(key), until=lambda entry: b"CLOSED" in entry)


def test_an_order_that_somebody_deletes_leaves_the_cache(apps: Apps, order: dict[str, str]) -> None:
    """A row that has expired stays in the cache for the rest of its five minutes, and calls no function."""
    apps.post_order(order)
    apps.settled(order["OrderId"])
    with redis.Redis.from_url(apps.places.redis_url) as cache:
        eventually(lambda: apps.get_order(order["OrderId"])[2], until=lambda state: state == "HIT")

        key = {"OrderId": {"S": order["OrderId"]}}
        apps.cloud.engine.client("dynamodb").delete_item(TableName=apps.places.order_table, Key=key)

        eventually(lambda: [cache.get(f"order:{order['OrderId']}")], until=lambda found: found == [None])
    assert apps.get_order(order["OrderId"])[0] == 404


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
def test_invalid_input_is_parked_and_not_stored(
    either: Apps, order: dict[str, Any], change: dict[str, Any], error: str
) -> None:
    """The API refuses this input. A workflow that is started by hand has to check it itself."""
    execution = either.finished(either.start(either.places.order_workflow, order | change))

    assert json.loads(execution["output"]) == {"Outcome": "PARKED"}
    [message] = either.parked(execution["executionArn"])
    order_id = (order | change)["OrderId"] if "OrderId" not in change else None
    assert message == {
        "OrderId": order_id,
        "State": "Is it an order",
        "Error": error,
        "ExecutionId": execution["executionArn"],
        "ParkingId": execution["executionArn"],
        "Queue": None,
        "RequestId": None,
        "Order": None,
    }
    assert either.row(order["OrderId"]) is None


def test_digits_of_neighbouring_fields_are_not_joined_to_a_card_number(apps: Apps, order: dict[str, str]) -> None:
    order |= {"Name": "Eve 4400", "ItemName": "Lot 5500 1200 3400", "Price": "1200"}

    assert apps.post_order(order)[0] == 202

    assert apps.settled(order["OrderId"])["Status"]["S"] == "FULFILLMENT_QUEUED"
    assert [queue for queue, _ in apps.queued(order["OrderId"])] == ["OrderFulfillmentQueue"]


@pytest.mark.parametrize(("method", "path"), [("POST", "/orders"), ("GET", "/orders/001")])
def test_a_request_without_a_token_gives_401(apps: Apps, method: str, path: str) -> None:
    request = AWSRequest(method, apps.places.orders_api + path, data="{}" if method == "POST" else None)

    response = URLLib3Session().send(request.prepare())

    assert response.status_code == 401
    assert json.loads(response.text)["error"]["code"] == "NotSignedIn"
    assert response.headers["Access-Control-Allow-Origin"] == "*"
