"""The queues of operators: how long a request reads them, and what it says about the rest."""

import pytest

from common.events import RequestError
from orders import operator_queues
from tests.support.handlers.aws import client_of
from tests.support.queues import Clock

SQS = client_of(operator_queues, "sqs")


@pytest.fixture
def asked(monkeypatch):
    """The arguments with which messages are received."""
    given, receive = [], SQS.receive_message
    monkeypatch.setattr(SQS, "receive_message", lambda **more: given.append(more) or receive(**more))
    return given


@pytest.mark.parametrize("name", ["FULFILLMENT", "ESCALATION"])
def test_the_dead_letters_of_a_queue_go_back_into_it(name, dead_letters, asked):
    dead_letters[f"{name}_DEAD_LETTERS"].put("a", "b")
    queue = {"FULFILLMENT": "OrderFulfillmentQueue", "ESCALATION": "EscalationQueue"}[name]

    moved, left = operator_queues.redrive(queue)

    assert (moved.moved, left, dead_letters[f"{name}_QUEUE"].take()) == (2, 0, ["a", "b"])
    assert {one["VisibilityTimeout"] for one in asked} == {operator_queues.HELD_SECONDS}


def test_a_queue_without_dead_letters_is_refused_and_the_others_are_named():
    with pytest.raises(RequestError, match="Use OrderFulfillmentQueue or EscalationQueue[.]") as refused:
        operator_queues.redrive("ParkedQueue")

    assert (refused.value.status, refused.value.code) == (404, "NotFound")


def test_without_time_nothing_is_moved_and_everything_is_counted(dead_letters, monkeypatch):
    monkeypatch.setattr(operator_queues, "WORK_SECONDS", -1)
    dead_letters["ESCALATION_DEAD_LETTERS"].put("a", "b", "c")

    moved, left = operator_queues.redrive("EscalationQueue")

    assert (moved.moved, left) == (0, 3)


def test_after_the_last_message_the_estimate_of_sqs_does_not_count(dead_letters, monkeypatch):
    """SQS may still count messages that have just been moved."""
    dead_letters["ESCALATION_DEAD_LETTERS"].put("a")
    late = {"ApproximateNumberOfMessages": "1", "ApproximateNumberOfMessagesNotVisible": "0"}
    monkeypatch.setattr(SQS, "get_queue_attributes", lambda **_: {"Attributes": late})

    assert operator_queues.redrive("EscalationQueue")[1] == 0


def test_messages_that_stayed_are_not_counted_as_left(dead_letters, monkeypatch):
    """The answer counts them as failed."""
    dead_letters["ESCALATION_DEAD_LETTERS"].put(*(str(number) for number in range(10)), "one more")
    kept = {"Failed": [{"Id": str(number), "Code": "InternalError", "SenderFault": False} for number in range(10)]}
    monkeypatch.setattr(SQS, "delete_message_batch", lambda **_: kept)
    monkeypatch.setattr("common.queues.time", Clock(looks=1))

    moved, left = operator_queues.redrive("EscalationQueue")

    assert (moved.doubled, left) == (10, 1)


def test_an_estimate_that_is_too_low_leaves_nothing(dead_letters, monkeypatch):
    dead_letters["ESCALATION_DEAD_LETTERS"].put("a")
    monkeypatch.setattr(SQS, "delete_message_batch", lambda **_: {"Failed": [{"Id": "0", "Code": "InternalError"}]})
    monkeypatch.setattr("common.queues.time", Clock(looks=1))
    none = {"ApproximateNumberOfMessages": "0", "ApproximateNumberOfMessagesNotVisible": "0"}
    monkeypatch.setattr(SQS, "get_queue_attributes", lambda **_: {"Attributes": none})

    assert operator_queues.redrive("EscalationQueue")[1] == 0


def test_dead_letters_and_parked_messages_are_counted_with_the_hidden_ones(dead_letters, parked):
    dead_letters["FULFILLMENT_DEAD_LETTERS"].put("a", "b")
    dead_letters["FULFILLMENT_DEAD_LETTERS"].take()
    parked.put("c")

    assert operator_queues.dead_letters() == {"OrderFulfillmentQueue": 2, "EscalationQueue": 0}
    assert operator_queues.parked_count() == 1


def test_parked_messages_are_hidden_while_they_are_read(parked, asked):
    parked.put("a")

    with operator_queues.parked() as hold:
        (batch,) = hold.batches()
        assert ([message["Body"] for message in batch], parked.take()) == (["a"], [])

    assert parked.take() == ["a"]
    assert {one["VisibilityTimeout"] for one in asked} >= {operator_queues.HELD_SECONDS}


def test_without_time_no_parked_message_is_read(parked, monkeypatch):
    monkeypatch.setattr(operator_queues, "WORK_SECONDS", -1)
    parked.put("a")

    with operator_queues.parked() as hold:
        assert list(hold.batches()) == []
