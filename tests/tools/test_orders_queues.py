"""Dead letters are moved and parked messages looked at, and none is lost on the way."""

from typing import Any

import pytest

from common import queues
from tests.support.aws_answers import refused as aws_refused
from tests.support.commands import Command
from tests.support.orders_stack import Stack
from tests.support.queues import Failing


def refused(code: str, *places: str) -> dict[str, Any]:
    return {"Failed": [{"Id": place, "Code": code, "SenderFault": True} for place in places]}


def test_dead_letters_go_back_into_their_queue_with_all_that_is_on_them(stack: Stack, command: Command) -> None:
    attributes = {"Kind": {"DataType": "String", "StringValue": "gift"}}
    stack.dead_letters("EscalationQueue").put("naïve 🐈", MessageAttributes=attributes)

    run = command("redrive", "--json")

    assert run.status == 0
    assert {row["what"]: row["moved"] for row in run.json} == {
        "OrderFulfillmentQueue": 0,
        "EscalationQueue": 1,
        "executions": 0,
    }
    [message] = stack.queue("EscalationQueue").messages()
    assert message["Body"] == "naïve 🐈"
    assert message["MessageAttributes"]["Kind"]["StringValue"] == "gift"
    assert stack.dead_letters("EscalationQueue").take() == []


def test_more_dead_letters_than_one_call_takes_are_all_moved(stack: Stack, command: Command) -> None:
    for number in range(23):
        stack.dead_letters("OrderFulfillmentQueue").put(f"{number:02}")

    run = command("redrive", "--queue", "OrderFulfillmentQueue", "--json")

    assert [(row["moved"], row["failed"]) for row in run.json] == [(23, 0)]
    assert stack.queue("OrderFulfillmentQueue").take() == [f"{number:02}" for number in range(23)]


def test_one_queue_alone_is_emptied_where_one_is_named(stack: Stack, command: Command) -> None:
    for name in ("OrderFulfillmentQueue", "EscalationQueue"):
        stack.dead_letters(name).put("dead")

    command("redrive", "--queue", "EscalationQueue")

    assert len(stack.queue("EscalationQueue").take()) == 1
    assert len(stack.dead_letters("OrderFulfillmentQueue").take()) == 1


def test_a_queue_that_has_no_dead_letters_is_refused_and_those_that_have_are_named(
    stack: Stack, command: Command
) -> None:
    run = command("redrive", "--queue", "ParkedQueue")

    assert run.status == 1
    assert "those with dead letters: EscalationQueue, OrderFulfillmentQueue" in run.err


def test_the_trace_of_a_message_goes_with_it(stack: Stack) -> None:
    """Seen at the call: neither the pretended SQS nor the laptop cloud's keeps it in a batch."""
    source, target = stack.dead_letters("EscalationQueue"), stack.queue("EscalationQueue")
    trace = {"AWSTraceHeader": {"DataType": "String", "StringValue": "Root=1-5759e988-bd862e3fe1be46a994272793"}}
    source.put("traced", MessageSystemAttributes=trace)
    sent: list[dict[str, Any]] = []

    def send(QueueUrl: str, Entries: list[dict[str, Any]]) -> Any:
        sent.extend(Entries)
        return stack.sqs.send_message_batch(QueueUrl=QueueUrl, Entries=Entries)

    queues.move(Failing(stack.sqs, send_message_batch=send), source=source.url, target=target.url)

    assert [entry["MessageSystemAttributes"] for entry in sent] == [trace]


def test_messages_that_are_together_too_long_for_one_call_are_moved_in_several(stack: Stack) -> None:
    source, target = stack.dead_letters("EscalationQueue"), stack.queue("EscalationQueue")
    long = [letter * 200_000 for letter in "abcdefg"]
    for body in long:
        source.put(body)
    too_long = aws_refused("sqs", "SendMessageBatch", "AWS.SimpleQueueService.BatchRequestTooLong")

    def send(QueueUrl: str, Entries: list[dict[str, Any]]) -> Any:
        if sum(len(entry["MessageBody"]) for entry in Entries) > 500_000:
            raise too_long
        results = [stack.sqs.send_message_batch(QueueUrl=QueueUrl, Entries=[entry]) for entry in Entries]
        return {"Successful": [result["Successful"][0] for result in results]}

    moved = queues.move(Failing(stack.sqs, send_message_batch=send), source=source.url, target=target.url)

    assert (moved.moved, moved.complete) == (7, True)
    assert target.take() == long
    assert source.take() == []


def test_a_message_that_is_not_taken_stays_and_the_others_go(stack: Stack) -> None:
    source, target = stack.dead_letters("EscalationQueue"), stack.queue("EscalationQueue")
    for body in ("bad", "good"):
        source.put(body)

    def send(QueueUrl: str, Entries: list[dict[str, Any]]) -> dict[str, Any]:
        good = [entry for entry in Entries if entry["MessageBody"] == "good"]
        bad = [entry["Id"] for entry in Entries if entry["MessageBody"] == "bad"]
        done = stack.sqs.send_message_batch(QueueUrl=QueueUrl, Entries=good) if good else {}
        return {**done, **refused("InternalError", *bad)}

    moved = queues.move(Failing(stack.sqs, send_message_batch=send), source=source.url, target=target.url)

    assert (moved.moved, moved.failed, moved.codes, moved.complete) == (1, 1, {"InternalError"}, False)
    assert target.take() == ["good"]
    assert source.take() == ["bad"]


def test_where_nothing_may_be_sent_everything_stays_and_is_visible(stack: Stack) -> None:
    source, target = stack.dead_letters("EscalationQueue"), stack.queue("EscalationQueue")
    for body in ("one", "two"):
        source.put(body)

    def send(**_: Any) -> dict[str, Any]:
        raise aws_refused("sqs", "SendMessageBatch", "denied")

    moved = queues.move(Failing(stack.sqs, send_message_batch=send), source=source.url, target=target.url)

    assert (moved.moved, moved.failed, moved.codes) == (0, 2, {"AccessDenied"})
    assert source.take() == ["one", "two"]


def test_a_message_that_was_sent_but_not_deleted_is_in_both_queues_and_counted(stack: Stack) -> None:
    source, target = stack.dead_letters("EscalationQueue"), stack.queue("EscalationQueue")
    source.put("dead")

    def delete(**_: Any) -> dict[str, Any]:
        return refused("InternalError", "0")

    moved = queues.move(Failing(stack.sqs, delete_message_batch=delete), source=source.url, target=target.url)

    assert (moved.moved, moved.doubled, moved.complete) == (1, 1, False)
    assert source.take() == target.take() == ["dead"]


def test_an_interrupt_before_the_send_puts_the_messages_back(stack: Stack) -> None:
    source, target = stack.dead_letters("EscalationQueue"), stack.queue("EscalationQueue")
    source.put("dead")

    def send(**_: Any) -> dict[str, Any]:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        queues.move(Failing(stack.sqs, send_message_batch=send), source=source.url, target=target.url)

    assert source.take() == ["dead"]
    assert target.take() == []


def test_a_message_that_comes_straight_back_is_moved_once(stack: Stack) -> None:
    """The queue's consumer refuses it again while dead letters are still being moved."""
    dead_letters = stack.dead_letters("EscalationQueue")
    dead_letters.put("poison")

    moved = queues.move(stack.sqs, source=dead_letters.url, target=dead_letters.url)

    assert moved.moved == 1
    assert dead_letters.take() == ["poison"]


def test_parked_shows_each_message_and_the_orders_status_now_and_takes_nothing_out(
    stack: Stack, command: Command
) -> None:
    stack.order("A-1", "FULFILLMENT_QUEUED")
    for order_id in ("A-1", "never-written"):
        stack.queue("ParkedQueue").put(
            {"OrderId": order_id, "State": "Are details Proper", "Error": "States.Timeout", "ExecutionId": "arn:1"},
        )
    stack.queue("ParkedQueue").put({"OrderId": None, "State": "S", "Error": "E", "ExecutionId": "arn:2"})
    stack.queue("ParkedQueue").put("[not one of ours")

    first, second = command("parked", "--json"), command("parked")

    assert first.status == second.status == 0
    assert sorted((str(row["OrderId"]), str(row["Status"]), str(row["Error"])) for row in first.json) == [
        ("A-1", "FULFILLMENT_QUEUED", "States.Timeout"),
        ("None", "None", "E"),
        ("None", "None", "None"),
        ("never-written", "None", "States.Timeout"),
    ]
    assert "Are details Proper" in second.out
    assert len(stack.queue("ParkedQueue").take()) == 4


@pytest.mark.parametrize("id", ["A-1", "arn:A-1"])
def test_what_has_been_dealt_with_is_removed_and_the_rest_stays(stack: Stack, command: Command, id: str) -> None:
    for order_id in ("A-1", "A-2", "A-1"):
        stack.queue("ParkedQueue").put(
            {"OrderId": order_id, "State": "S", "Error": "E", "ExecutionId": f"arn:{order_id}"},
        )

    run, again = command("parked", "--done", id, "--json"), command("parked", "--done", id)

    assert (run.status, run.json) == (0, {"removed": 2})
    assert (again.status, again.out) == (1, "")
    assert "nothing is parked under this id" in again.err
    [left] = stack.queue("ParkedQueue").messages()
    assert '"A-2"' in left["Body"]


@pytest.mark.parametrize("id", ["A-1", "arn:A-1"])
def test_one_executions_copies_are_shown_once_and_removed_together(stack: Stack, command: Command, id: str) -> None:
    """The workflow names its execution and the failed state. `ParkLostOrders` may not know them."""
    copy = {"OrderId": "A-1", "State": None, "Error": "NoOutcomeError", "ExecutionId": None, "ParkingId": "A-1-0123"}
    told = copy | {"State": "S", "Error": "E", "ExecutionId": "arn:A-1", "Queue": "EscalationQueue"}
    for message in (copy, told, copy, told | {"OrderId": "A-2", "ExecutionId": "arn:A-2", "ParkingId": "A-2-0123"}):
        stack.queue("ParkedQueue").put(message)

    rows = command("parked", "--json").json
    run = command("parked", "--done", id, "--json")

    shown = sorted((row["OrderId"], row["Error"], row["Queue"], row["Copies"]) for row in rows)
    assert shown == [("A-1", "E", "EscalationQueue", 3), ("A-2", "E", "EscalationQueue", 1)]
    assert run.json == {"removed": 3}
    [left] = stack.queue("ParkedQueue").messages()
    assert '"A-2"' in left["Body"]


def test_nothing_parked_is_said_in_words(stack: Stack, command: Command) -> None:
    assert command("parked").out == "nothing is parked\n"
