"""How operators remove messages from the parked queue."""

import json

import pytest

from orders import operator_queues, remove_parked
from tests.support.handlers.aws import client_of
from tests.support.handlers.events import PERSON, REQUEST_ID, signed_in, status_and_body
from tests.support.handlers.parking import COPY, FROM_OUTSIDE, MESSAGE, remove

CARD = "4242424242424242"


def test_a_message_is_removed_and_the_others_stay_visible(parked):
    ids = parked.put(*(f"message {number:02}" for number in range(30)))

    assert remove(ids[17]) == (200, {"removed": 1})
    assert parked.take() == [f"message {number:02}" for number in range(30) if number != 17]


@pytest.mark.parametrize("removed", [0, 1, 2])
def test_removing_a_message_removes_its_copies(removed, parked):
    ids = parked.put(FROM_OUTSIDE, COPY, FROM_OUTSIDE, MESSAGE, COPY | {"ParkingId": "A-2-0123456789ab"})

    assert remove(ids[removed]) == (200, {"removed": 3})
    assert len(parked.take()) == 2


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


def test_messages_are_hidden_for_at_most_30_seconds_if_the_function_dies(parked, monkeypatch):
    parked.put(MESSAGE)
    receive, asked = client_of(operator_queues, "sqs").receive_message, []

    def watched(**arguments):
        asked.append(arguments["VisibilityTimeout"])
        return receive(**arguments)

    monkeypatch.setattr(client_of(operator_queues, "sqs"), "receive_message", watched)
    remove("another")

    assert asked and all(0 < seconds <= 30 for seconds in asked)


def test_the_log_names_the_order_of_the_message_that_knows_it(parked, capsys):
    unknown = FROM_OUTSIDE | {"OrderId": None, "Order": None}
    ids = parked.put(unknown, COPY, unknown)

    remove(ids[0])

    said = {"message": "parked message removed", "OrderId": "A-1", "RequestId": REQUEST_ID}
    assert json.loads(capsys.readouterr().out) == said


def test_a_person_may_not_remove_a_message(monkeypatch):
    """There is no queue here, so reading it would fail."""
    monkeypatch.delenv("PARKED_QUEUE")
    event = signed_in({"pathParameters": {"MessageId": "any"}}, **PERSON)

    status, body = status_and_body(remove_parked.handler(event, None))

    assert (status, body["error"]["code"]) == (403, "Forbidden")
