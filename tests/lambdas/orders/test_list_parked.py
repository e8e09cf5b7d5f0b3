"""How operators list the messages of the parked queue."""

import json

import pytest

from common import queues
from orders import list_parked, operator_queues
from tests.support.handlers.aws import client_of
from tests.support.handlers.events import OPERATOR, PERSON, signed_in, status_and_body
from tests.support.handlers.faults import fault
from tests.support.handlers.order_rows import ROW
from tests.support.handlers.parking import ADDED, COPY, FROM_OUTSIDE, MESSAGE, listed
from tests.support.queues import Clock


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


def test_a_message_that_another_reader_hides_is_counted(parked, order_table):
    parked.put(MESSAGE)
    parked.take()

    assert listed() == {"items": [], "left": 1}


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


def test_if_the_queue_fails_the_caller_is_asked_to_try_again(monkeypatch, aws):
    monkeypatch.setenv("PARKED_QUEUE", "https://queue.amazonaws.com/123456789012/gone")

    reply = list_parked.handler(signed_in({}, **OPERATOR), None)

    assert (status_and_body(reply)[0], reply["headers"]["Retry-After"]) == (503, "1")


def test_only_the_hidden_messages_of_the_estimate_say_that_some_are_left(parked, order_table, monkeypatch):
    """SQS only provides an estimate."""
    parked.put(MESSAGE)
    late = {"ApproximateNumberOfMessages": "3", "ApproximateNumberOfMessagesNotVisible": "1"}
    monkeypatch.setattr(client_of(operator_queues, "sqs"), "get_queue_attributes", lambda **_: {"Attributes": late})

    assert listed()["left"] == 0


def test_an_estimate_that_is_too_low_leaves_nothing(parked, order_table, out_of_time, monkeypatch):
    parked.put(MESSAGE)
    none = {"ApproximateNumberOfMessages": "0", "ApproximateNumberOfMessagesNotVisible": "0"}
    monkeypatch.setattr(client_of(operator_queues, "sqs"), "get_queue_attributes", lambda **_: {"Attributes": none})

    assert listed()["left"] == 0


def test_copies_are_listed_once_with_the_status_of_their_own_order(parked, stored):
    ids = parked.put(FROM_OUTSIDE, COPY, MESSAGE | {"OrderId": "A-2"})

    items = {item["MessageId"]: (item["Copies"], item["Status"]) for item in listed()["items"]}

    assert items == {ids[1]: (2, "FULFILLMENT_QUEUED"), ids[2]: (1, None)}


def test_a_person_may_not_list_the_messages(monkeypatch):
    """There is no queue here, so reading it would fail."""
    monkeypatch.delenv("PARKED_QUEUE")

    status, body = status_and_body(list_parked.handler(signed_in({}, **PERSON), None))

    assert (status, body["error"]["code"]) == (403, "Forbidden")
