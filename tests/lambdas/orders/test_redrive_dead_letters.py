"""Operators move dead letters back into their queue. No dead letter is lost on the way."""

import json

import pytest

from common import queues
from orders import operator_queues, redrive_dead_letters
from tests.support.aws_answers import refused
from tests.support.handlers.aws import client_of
from tests.support.handlers.events import OPERATOR, PERSON, REQUEST_ID, signed_in, status_and_body
from tests.support.queues import Clock

NAMES = {"OrderFulfillmentQueue": "FULFILLMENT", "EscalationQueue": "ESCALATION"}


def redrive(queue: str, by=OPERATOR):
    event = signed_in({"pathParameters": {"Queue": queue}}, **by)
    return status_and_body(redrive_dead_letters.handler(event, None))


def letters(number: int) -> list[str]:
    return [f"letter {one:02}" for one in range(number)]


@pytest.mark.parametrize(("queue", "name"), NAMES.items())
def test_dead_letters_are_moved_back_into_their_own_queue(queue, name, dead_letters):
    dead_letters[f"{name}_DEAD_LETTERS"].put(*letters(30))

    assert redrive(queue) == (200, {"moved": 30, "failed": 0, "left": 0})

    contents = {one: made.take() for one, made in dead_letters.items()}
    assert contents == {one: letters(30) if one == f"{name}_QUEUE" else [] for one in dead_letters}


def test_nothing_is_moved_from_an_empty_queue(dead_letters):
    assert redrive("EscalationQueue") == (200, {"moved": 0, "failed": 0, "left": 0})


@pytest.mark.parametrize(
    "queue", ["ParkedQueue", "EscalationQueueDeadLetters", "escalationqueue", "", "é", "https://x", "4242424242424242"]
)
def test_a_queue_without_a_dead_letter_queue_is_not_found(queue, dead_letters):
    status, body = redrive(queue)

    assert (status, body["error"]["code"]) == (404, "NotFound")
    assert "4242" not in str(body)


def test_if_time_runs_out_the_rest_is_counted_and_visible(dead_letters, monkeypatch):
    dead_letters["ESCALATION_DEAD_LETTERS"].put(*letters(24))
    monkeypatch.setattr(queues, "time", Clock(looks=2))

    assert redrive("EscalationQueue") == (200, {"moved": 20, "failed": 0, "left": 4})
    assert len(dead_letters["ESCALATION_DEAD_LETTERS"].take()) == 4
    assert len(dead_letters["ESCALATION_QUEUE"].take()) == 20


def test_a_dead_letter_that_sqs_refuses_stays_is_counted_and_logged(dead_letters, monkeypatch, caplog):
    dead_letters["ESCALATION_DEAD_LETTERS"].put("bad", "good")

    send_batch = client_of(operator_queues, "sqs").send_message_batch

    def send(QueueUrl, Entries):
        good = [entry for entry in Entries if entry["MessageBody"] == "good"]
        bad = [entry["Id"] for entry in Entries if entry["MessageBody"] == "bad"]
        done = send_batch(QueueUrl=QueueUrl, Entries=good)
        return {**done, "Failed": [{"Id": place, "Code": "InternalError", "SenderFault": True} for place in bad]}

    monkeypatch.setattr(client_of(operator_queues, "sqs"), "send_message_batch", send)

    assert redrive("EscalationQueue") == (200, {"moved": 1, "failed": 1, "left": 0})
    assert dead_letters["ESCALATION_DEAD_LETTERS"].take() == ["bad"]
    assert dead_letters["ESCALATION_QUEUE"].take() == ["good"]
    assert "InternalError" in caplog.text


def test_a_dead_letter_that_was_sent_but_not_deleted_counts_as_failed(dead_letters, monkeypatch):
    """It is in both queues, so the next move would send a second copy."""
    dead_letters["ESCALATION_DEAD_LETTERS"].put("letter")
    refused = {"Failed": [{"Id": "0", "Code": "InternalError", "SenderFault": False}]}
    monkeypatch.setattr(client_of(operator_queues, "sqs"), "delete_message_batch", lambda **_: refused)

    assert redrive("EscalationQueue") == (200, {"moved": 0, "failed": 1, "left": 0})
    assert dead_letters["ESCALATION_DEAD_LETTERS"].take() == dead_letters["ESCALATION_QUEUE"].take() == ["letter"]


def test_an_interrupted_move_loses_nothing_and_can_be_repeated(dead_letters, monkeypatch):
    dead_letters["ESCALATION_DEAD_LETTERS"].put(*letters(24))
    receive, looks = client_of(operator_queues, "sqs").receive_message, []

    def interrupted(**arguments):
        looks.append(arguments)
        if len(looks) == 2:
            raise refused("sqs", "ReceiveMessage", "ServiceUnavailable")
        return receive(**arguments)

    monkeypatch.setattr(client_of(operator_queues, "sqs"), "receive_message", interrupted)

    assert redrive("EscalationQueue")[0] == 503
    assert redrive("EscalationQueue") == (200, {"moved": 14, "failed": 0, "left": 0})
    assert dead_letters["ESCALATION_QUEUE"].take() == letters(24)
    assert dead_letters["ESCALATION_DEAD_LETTERS"].take() == []


@pytest.mark.parametrize("queue", ["EscalationQueue", "ParkedQueue"])
def test_a_person_is_refused_before_anything_is_read(queue):
    """There are no queues here, so reading them would fail."""
    status, body = redrive(queue, by=PERSON)

    assert (status, body["error"]["code"]) == (403, "Forbidden")


def test_the_event_has_the_numbers_of_the_answer(dead_letters, monkeypatch, capsys):
    dead_letters["ESCALATION_DEAD_LETTERS"].put("a", "b")
    kept = {"Failed": [{"Id": "1", "Code": "InternalError", "SenderFault": False}]}
    monkeypatch.setattr(client_of(operator_queues, "sqs"), "delete_message_batch", lambda **_: kept)

    assert redrive("EscalationQueue") == (200, {"moved": 1, "failed": 1, "left": 0})

    *_, said = (json.loads(line) for line in capsys.readouterr().out.splitlines())
    expected = {"message": "dead letters redriven", "Queue": "EscalationQueue", "Moved": 1, "Failed": 1}
    assert said == {**expected, "RequestId": REQUEST_ID}
