"""Moving dead letters and listing parked messages, without losing any."""

from typing import Any

import pytest

from common import queues
from tests.support.aws_answers import refused as aws_refused
from tests.support.commands import Command
from tests.support.orders_stack import Stack
from tests.support.queues import Failing


def refused(code: str, *places: str) -> dict[str, Any]:
    return {"Failed": [{"Id": place, "Code": code, "SenderFault": True} for place in places]}


def test_dead_letters_go_back_into_their_queue_with_their_attributes(stack: Stack, command: Command) -> None:
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


def test_dead_letters_are_moved_even_if_they_need_several_calls(stack: Stack, command: Command) -> None:
    for number in range(23):
        stack.dead_letters("OrderFulfillmentQueue").put(f"{number:02}")

    run = command("redrive", "--queue", "OrderFulfillmentQueue", "--json")

    assert [(row["moved"], row["failed"]) for row in run.json] == [(23, 0)]
    assert stack.queue("OrderFulfillmentQueue").take() == [f"{number:02}" for number in range(23)]


def test_only_the_named_queue_is_redriven(stack: Stack, command: Command) -> None:
    for name in ("OrderFulfillmentQueue", "EscalationQueue"):
        stack.dead_letters(name).put("dead")

    command("redrive", "--queue", "EscalationQueue")

    assert len(stack.queue("EscalationQueue").take()) == 1
    assert len(stack.dead_letters("OrderFulfillmentQueue").take()) == 1


def test_an_unknown_queue_is_refused_and_the_known_ones_are_named(stack: Stack, command: Command) -> None:
    run = command("redrive", "--queue", "ParkedQueue")

    assert run.status == 1
    assert "the queues that may have dead letters are EscalationQueue, OrderFulfillmentQueue" in run.err


def test_a_message_keeps_its_trace_header(stack: Stack) -> None:
    """The test looks at the call, because the simulated SQS drops the header in a batch, and so does the engine."""
    source, target = stack.dead_letters("EscalationQueue"), stack.queue("EscalationQueue")
    trace = {"AWSTraceHeader": {"DataType": "String", "StringValue": "Root=1-5759e988-bd862e3fe1be46a994272793"}}
    source.put("traced", MessageSystemAttributes=trace)
    sent: list[dict[str, Any]] = []

    def send(QueueUrl: str, Entries: list[dict[str, Any]]) -> Any:
        sent.extend(Entries)
        return stack.sqs.send_message_batch(QueueUrl=QueueUrl, Entries=Entries)

    queues.move(Failing(stack.sqs, send_message_batch=send), source=source.url, target=target.url)

    assert [entry["MessageSystemAttributes"] for entry in sent] == [trace]


def test_messages_that_are_too_long_for_one_call_are_moved_in_several_calls(stack: Stack) -> None:
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


def test_a_refused_message_stays_and_the_others_are_moved(stack: Stack) -> None:
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


def test_if_sending_is_not_authorised_all_messages_stay_and_are_visible(stack: Stack) -> None:
    source, target = stack.dead_letters("EscalationQueue"), stack.queue("EscalationQueue")
    for body in ("one", "two"):
        source.put(body)

    def send(**_: Any) -> dict[str, Any]:
        raise aws_refused("sqs", "SendMessageBatch", "denied")

    moved = queues.move(Failing(stack.sqs, send_message_batch=send), source=source.url, target=target.url)

    assert (moved.moved, moved.failed, moved.codes) == (0, 2, {"AccessDenied"})
    assert source.take() == ["one", "two"]


def test_a_message_that_was_copied_but_not_deleted_is_counted(stack: Stack) -> None:
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


def test_a_message_that_returns_at_once_is_moved_only_once(stack: Stack) -> None:
    """The queue's consumer may fail again while dead letters are still being moved."""
    dead_letters = stack.dead_letters("EscalationQueue")
    dead_letters.put("poison")

    moved = queues.move(stack.sqs, source=dead_letters.url, target=dead_letters.url)

    assert moved.moved == 1
    assert dead_letters.take() == ["poison"]


def test_parked_lists_each_message_with_the_current_status_and_deletes_nothing(stack: Stack, command: Command) -> None:
    stack.order("A-1", "FULFILLMENT_QUEUED")
    for order_id in ("A-1", "never-written"):
        stack.queue("ParkedQueue").put(
            {"OrderId": order_id, "State": "Are details Proper", "Error": "States.Timeout", "ExecutionId": "arn:1"},
        )
    stack.queue("ParkedQueue").put({"OrderId": None, "State": "S", "Error": "E", "ExecutionId": "arn:2"})
    stack.queue("ParkedQueue").put("[not our message")

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
def test_done_deletes_the_messages_of_one_order_or_execution(stack: Stack, command: Command, id: str) -> None:
    for order_id in ("A-1", "A-2", "A-1"):
        stack.queue("ParkedQueue").put(
            {"OrderId": order_id, "State": "S", "Error": "E", "ExecutionId": f"arn:{order_id}"},
        )

    run, again = command("parked", "--done", id, "--json"), command("parked", "--done", id)

    assert (run.status, run.json) == (0, {"removed": 2})
    assert (again.status, again.out) == (1, "")
    assert "no parked message has this id" in again.err
    [left] = stack.queue("ParkedQueue").messages()
    assert '"A-2"' in left["Body"]


@pytest.mark.parametrize("id", ["A-1", "arn:A-1"])
def test_copies_of_a_message_are_shown_once_and_deleted_together(stack: Stack, command: Command, id: str) -> None:
    """The workflow's message names the execution and the failed state. `ParkLostOrders` may not know them."""
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


def test_without_parked_messages_a_sentence_is_shown(stack: Stack, command: Command) -> None:
    assert command("parked").out == "no order is parked\n"
