"""How operators list the messages of the parked queue, and remove them."""

import json

import pytest

from common import queues
from orders import list_parked, operator_queues, remove_parked
from tests.support.handlers.aws import client_of
from tests.support.handlers.events import OPERATOR, PERSON, signed_in, status_and_body
from tests.support.handlers.faults import fault
from tests.support.handlers.order_rows import ROW
from tests.support.orders import FIELDS, every_field, without_card
from tests.support.queues import Clock

CARD = "4242424242424242"
MESSAGE = {
    "OrderId": "A-1",
    "State": "Are details Proper",
    "Error": "States.Timeout",
    "ExecutionId": "arn:aws:states:us-east-1:123456789012:express:orders:A-1-0123456789ab:7",
    "Order": without_card(every_field() | {"OrderId": "A-1", "Name": "Zoë"}),
}
ADDED = {"ParkingId": None, "Queue": None, "Copies": 1}
"""Fields that are shown even if the message lacks them, such as a message of an earlier version."""

NOTHING = {"OrderId": None, "State": None, "Error": None, "ExecutionId": None, "Order": None, "Status": None, **ADDED}


def listed(by=OPERATOR):
    status, body = status_and_body(list_parked.handler(signed_in({}, **by), None))
    assert status == 200, body
    return body


def remove(message_id: str, by=OPERATOR):
    event = signed_in({"pathParameters": {"MessageId": message_id}}, **by)
    return status_and_body(remove_parked.handler(event, None))


@pytest.fixture
def out_of_time(monkeypatch):
    """Lets the time run out after the first batch of messages."""
    monkeypatch.setattr(queues, "time", Clock(looks=1))


def test_an_empty_queue_gives_an_empty_list(parked, order_table):
    assert listed() == {"items": [], "left": 0}


def test_a_message_is_listed_with_the_current_status_of_its_order_and_stays(parked, stored):
    (message_id,) = parked.put(MESSAGE)

    shown = {"MessageId": message_id, **MESSAGE, **ADDED, "Status": "FULFILLMENT_QUEUED"}
    assert listed() == {"items": [shown], "left": 0}
    assert parked.take() == [json.dumps(MESSAGE)]


def test_listing_twice_shows_the_same_messages(parked, stored):
    parked.put(MESSAGE, MESSAGE | {"OrderId": "A-2"})

    first, second = (sorted(listed()["items"], key=lambda item: item["MessageId"]) for _ in range(2))

    assert first == second and len(first) == 2


def test_an_order_without_a_row_has_no_status(parked, stored):
    parked.put(MESSAGE | {"OrderId": "never-written"}, MESSAGE | {"OrderId": None})

    assert [item["Status"] for item in listed()["items"]] == [None, None]


def test_thirty_messages_are_each_listed_once_and_all_stay(parked, order_table):
    for number in range(30):
        order_table.put_item(Item=ROW | {"OrderId": f"A-{number}", "Status": "PARKED"})
    ids = parked.put(*(MESSAGE | {"OrderId": f"A-{number}"} for number in range(30)))

    body = listed()

    assert sorted(item["MessageId"] for item in body["items"]) == sorted(ids)
    assert {item["OrderId"] for item in body["items"]} == {f"A-{number}" for number in range(30)}
    assert {item["Status"] for item in body["items"]} == {"PARKED"}
    assert len(parked.take()) == 30


@pytest.mark.parametrize("kind", ["lost", "late"])
def test_a_message_that_could_not_be_made_visible_again_is_still_listed(parked, order_table, kind):
    """It becomes visible again when its visibility timeout ends."""
    parked.put(MESSAGE)

    with fault(client_of(operator_queues, "sqs"), "ChangeMessageVisibilityBatch", kind):
        body = listed()

    assert [item["OrderId"] for item in body["items"]] == [MESSAGE["OrderId"]]


def test_a_hundred_messages_are_listed_and_the_others_counted(parked, order_table):
    parked.put(*(MESSAGE for _ in range(103)))

    body = listed()

    assert (len(body["items"]), body["left"]) == (100, 3)
    assert len(parked.take()) == 103


def test_messages_that_there_was_no_time_for_are_counted_and_stay(parked, order_table, out_of_time):
    parked.put(*(MESSAGE for _ in range(14)))

    body = listed()

    assert (len(body["items"]), body["left"]) == (10, 4)
    assert len(parked.take()) == 14


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


def test_a_hidden_message_is_not_listed(parked, order_table):
    parked.put(MESSAGE)
    parked.take()

    assert listed() == {"items": [], "left": 0}


def test_a_message_is_removed_and_the_others_stay_visible(parked):
    ids = parked.put(*(f"message {number:02}" for number in range(30)))

    assert remove(ids[17]) == (200, {"removed": 1})
    assert parked.take() == [f"message {number:02}" for number in range(30) if number != 17]


COPY = MESSAGE | {"ParkingId": "A-1-0123456789ab", "Queue": "OrderFulfillmentQueue"}
FROM_OUTSIDE = COPY | {"State": None, "Error": "NoOutcomeError", "ExecutionId": None, "Queue": None}


def test_copies_of_a_message_are_listed_once_and_counted(parked, stored):
    ids = parked.put(FROM_OUTSIDE, COPY, MESSAGE, FROM_OUTSIDE, COPY | {"ParkingId": "A-2-0123456789ab"})

    items = {item["MessageId"]: item for item in listed()["items"]}

    assert {id: item["Copies"] for id, item in items.items()} == {ids[1]: 3, ids[2]: 1, ids[4]: 1}
    assert items[ids[1]] == {"MessageId": ids[1], **COPY, "Status": "FULFILLMENT_QUEUED", "Copies": 3}
    assert len(parked.take()) == 5


@pytest.mark.parametrize("removed", [0, 1, 2])
def test_removing_a_message_removes_its_copies(removed, parked):
    ids = parked.put(FROM_OUTSIDE, COPY, FROM_OUTSIDE, MESSAGE, COPY | {"ParkingId": "A-2-0123456789ab"})

    assert remove(ids[removed]) == (200, {"removed": 3})
    assert len(parked.take()) == 2


def test_messages_without_a_valid_parking_id_are_not_copies(parked, order_table):
    parked.put(*(MESSAGE | {"ParkingId": odd} for odd in (None, None, 7, [], {}, "", "")))

    assert [item["Copies"] for item in listed()["items"]] == [1] * 7


def test_more_copies_than_one_call_can_delete_are_removed(parked):
    ids = parked.put(*[COPY] * 23)

    assert remove(ids[7]) == (200, {"removed": 23})
    assert parked.take() == []


@pytest.mark.parametrize("message_id", ["never-sent", "", "é", "x" * 5000, CARD])
def test_an_unknown_message_id_removes_nothing(message_id, parked):
    parked.put(MESSAGE)

    status, body = remove(message_id)

    assert (status, body["error"]["code"]) == (404, "NotFound")
    assert CARD not in json.dumps(body)
    assert len(parked.take()) == 1


def test_removing_a_message_twice_gives_404(parked):
    (message_id,) = parked.put(MESSAGE)

    assert [remove(message_id)[0] for _ in range(2)] == [200, 404]


def test_a_hidden_message_is_not_removed_and_the_caller_is_asked_to_try_again(parked):
    (message_id,) = parked.put(MESSAGE)
    [held] = parked.sqs.receive_message(QueueUrl=parked.url, VisibilityTimeout=60)["Messages"]

    status, body = remove(message_id)

    assert status == 404 and "Try again" in body["error"]["message"]
    parked.sqs.change_message_visibility(QueueUrl=parked.url, ReceiptHandle=held["ReceiptHandle"], VisibilityTimeout=0)
    assert remove(message_id)[0] == 200


def test_if_sqs_does_not_delete_a_message_the_caller_is_asked_to_try_again(parked, monkeypatch):
    (message_id,) = parked.put(MESSAGE)
    refused = {"Failed": [{"Id": "0", "Code": "InternalError", "SenderFault": False}]}
    monkeypatch.setattr(client_of(operator_queues, "sqs"), "delete_message_batch", lambda **_: refused)

    assert remove(message_id)[0] == 503
    assert len(parked.take()) == 1


def test_a_listing_that_fails_halfway_makes_its_messages_visible_again(parked, monkeypatch):
    parked.put(*(MESSAGE for _ in range(14)))
    receive, looks = client_of(operator_queues, "sqs").receive_message, []

    def once(**arguments):
        looks.append(arguments)
        if len(looks) > 1:
            raise RuntimeError
        return receive(**arguments)

    monkeypatch.setattr(client_of(operator_queues, "sqs"), "receive_message", once)

    assert status_and_body(list_parked.handler(signed_in({}, **OPERATOR), None))[0] == 500
    assert len(parked.take()) == 14


def test_messages_are_hidden_for_at_most_30_seconds_if_the_function_dies(parked, monkeypatch):
    parked.put(MESSAGE)
    receive, asked = client_of(operator_queues, "sqs").receive_message, []

    def watched(**arguments):
        asked.append(arguments["VisibilityTimeout"])
        return receive(**arguments)

    monkeypatch.setattr(client_of(operator_queues, "sqs"), "receive_message", watched)
    remove("another")

    assert asked and all(0 < seconds <= 30 for seconds in asked)


@pytest.mark.parametrize("handler", [list_parked.handler, remove_parked.handler])
def test_a_person_is_refused_before_anything_is_read(handler, monkeypatch):
    """There is no queue here, so reading it would fail."""
    monkeypatch.delenv("PARKED_QUEUE")
    reply = handler(signed_in({"pathParameters": {"MessageId": "any"}}, **PERSON), None)

    status, body = status_and_body(reply)
    assert (status, body["error"]["code"]) == (403, "Forbidden")


def test_if_the_queue_fails_the_caller_is_asked_to_try_again(monkeypatch, aws):
    monkeypatch.setenv("PARKED_QUEUE", "https://queue.amazonaws.com/123456789012/gone")

    reply = list_parked.handler(signed_in({}, **OPERATOR), None)

    assert (status_and_body(reply)[0], reply["headers"]["Retry-After"]) == (503, "1")
