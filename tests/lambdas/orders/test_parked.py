"""What operators see of the messages of the parked queue."""

import json

import pytest

from tests.support.handlers.parking import ADDED, COPY, FROM_OUTSIDE, MESSAGE, listed, remove
from tests.support.orders import FIELDS

CARD = "4242424242424242"

NOTHING = {"OrderId": None, "State": None, "Error": None, "ExecutionId": None, "Order": None, "Status": None, **ADDED}


@pytest.mark.parametrize(
    "body",
    [
        "[not JSON",
        "null",
        "7",
        '"A-1"',
        "[]",
        "{}",
        "[" * 60_000,
        "9" * 5000,
        '{"OrderId": 7, "State": ["x"], "Error": {}, "ExecutionId": true, "Order": "A-1"}',
        '{"Order": []}',
        json.dumps({"Error": "x" * 301, "State": "x" * 200_000}),
    ],
    ids=lambda body: body[:30],
)
def test_only_valid_fields_of_a_foreign_message_are_shown(body, parked, order_table):
    (message_id,) = parked.put(body)

    assert listed()["items"] == [{"MessageId": message_id, **NOTHING}]
    assert remove(message_id) == (200, {"removed": 1})


def test_the_longest_text_of_the_workflow_is_shown(parked, order_table):
    parked.put({"Error": "x" * 300, "State": "x" * 301})

    [item] = listed()["items"]

    assert (item["Error"], item["State"]) == ("x" * 300, None)


def test_missing_and_mistyped_fields_of_an_order_are_null(parked, order_table):
    parked.put({"Order": {"OrderId": "A-1", "Name": 7, "CC": CARD}})

    [item] = listed()["items"]

    assert item["Order"] == {**dict.fromkeys(FIELDS), "OrderId": "A-1"}


@pytest.mark.parametrize("card", [CARD, "4242 4242 4242 4242", "４２４２４２４２４２４２４２４２"])
@pytest.mark.parametrize("field", ["OrderId", "State", "Error", "ExecutionId"])
def test_a_card_number_is_neither_shown_nor_looked_up(field, card, parked):
    """There is no table here, so reading it would fail."""
    order = dict.fromkeys(FIELDS, card)
    parked.put({"OrderId": None, field: card, "Order": order, "CC": card})

    [item] = listed()["items"]

    assert item[field] == "#"
    assert item["Order"] == dict.fromkeys(order, "#")
    assert card not in json.dumps(item, ensure_ascii=False)


def test_a_lone_surrogate_is_shown_as_a_question_mark(parked, order_table):
    parked.put('{"Error": "a\\ud800b\\u0000"}')

    assert listed()["items"][0]["Error"] == "a?b\x00"


def test_copies_of_a_message_are_listed_once_and_counted(parked, stored):
    ids = parked.put(FROM_OUTSIDE, COPY, MESSAGE, FROM_OUTSIDE, COPY | {"ParkingId": "A-2-0123456789ab"})

    items = {item["MessageId"]: item for item in listed()["items"]}

    assert {id: item["Copies"] for id, item in items.items()} == {ids[1]: 3, ids[2]: 1, ids[4]: 1}
    assert items[ids[1]] == {"MessageId": ids[1], **COPY, "Status": "FULFILLMENT_QUEUED", "Copies": 3}
    assert len(parked.take()) == 5


def test_messages_without_a_valid_parking_id_are_not_copies(parked, order_table):
    parked.put(*(MESSAGE | {"ParkingId": odd} for odd in (None, None, 7, [], {}, "", "")))

    assert [item["Copies"] for item in listed()["items"]] == [1] * 7
