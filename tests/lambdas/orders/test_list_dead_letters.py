"""Operators count the dead letters of each queue."""

from orders import list_dead_letters
from tests.support.handlers.events import OPERATOR, PERSON, signed_in, status_and_body


def test_the_dead_letters_of_each_queue_are_counted(dead_letters):
    dead_letters["FULFILLMENT_DEAD_LETTERS"].put("a", "b", "c")
    dead_letters["ESCALATION_QUEUE"].put("alive")

    reply = list_dead_letters.handler(signed_in({}, **OPERATOR), None)

    assert status_and_body(reply) == (
        200,
        {
            "queues": [
                {"Queue": "OrderFulfillmentQueue", "Messages": 3},
                {"Queue": "EscalationQueue", "Messages": 0},
            ]
        },
    )


def test_hidden_dead_letters_are_counted_too(dead_letters):
    dead_letters["FULFILLMENT_DEAD_LETTERS"].put("a", "b", "c")
    dead_letters["FULFILLMENT_DEAD_LETTERS"].take()

    _, body = status_and_body(list_dead_letters.handler(signed_in({}, **OPERATOR), None))

    assert body["queues"][0] == {"Queue": "OrderFulfillmentQueue", "Messages": 3}


def test_a_person_is_refused_before_anything_is_read():
    """There are no queues here, so reading them would fail."""
    status, body = status_and_body(list_dead_letters.handler(signed_in({}, **PERSON), None))

    assert (status, body["error"]["code"]) == (403, "Forbidden")
