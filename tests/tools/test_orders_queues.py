"""Dead letters are moved and parked messages looked at, and none is lost on the way."""

from typing import Any

import pytest

from common import queues
from tests.support.aws_answers import refused as aws_refused
from tests.support.commands import Command
from tests.support.orders_stack import Stack


class Failing:
    """An SQS client on which some calls go wrong."""

    def __init__(self, sqs: Any, **replaced: Any) -> None:
        self._sqs = sqs
        self._replaced = replaced

    def __getattr__(self, name: str) -> Any:
        return self._replaced.get(name) or getattr(self._sqs, name)


def bodies(messages: list[dict[str, Any]]) -> list[str]:
    return sorted(message["Body"] for message in messages)


def refused(code: str, *places: str) -> dict[str, Any]:
    return {"Failed": [{"Id": place, "Code": code, "SenderFault": True} for place in places]}


def test_dead_letters_go_back_into_their_queue_with_all_that_is_on_them(stack: Stack, command: Command) -> None:
    attributes = {"Kind": {"DataType": "String", "StringValue": "gift"}}
    stack.put(stack.dead_letters("EscalationQueue"), "naïve 🐈", MessageAttributes=attributes)

    run = command("redrive", "--json")

    assert run.status == 0
    assert {row["what"]: row["moved"] for row in run.json} == {
        "OrderFulfillmentQueue": 0,
        "EscalationQueue": 1,
        "executions": 0,
    }
    [message] = stack.visible(stack.queue("EscalationQueue"))
    assert message["Body"] == "naïve 🐈"
    assert message["MessageAttributes"]["Kind"]["StringValue"] == "gift"
    assert stack.visible(stack.dead_letters("EscalationQueue")) == []


def test_more_dead_letters_than_one_call_takes_are_all_moved(stack: Stack, command: Command) -> None:
    for number in range(23):
        stack.put(stack.dead_letters("OrderFulfillmentQueue"), f"{number:02}")

    run = command("redrive", "--queue", "OrderFulfillmentQueue", "--json")

    assert [(row["moved"], row["failed"]) for row in run.json] == [(23, 0)]
    assert bodies(stack.visible(stack.queue("OrderFulfillmentQueue"))) == [f"{number:02}" for number in range(23)]


def test_one_queue_alone_is_emptied_where_one_is_named(stack: Stack, command: Command) -> None:
    for name in ("OrderFulfillmentQueue", "EscalationQueue"):
        stack.put(stack.dead_letters(name), "dead")

    command("redrive", "--queue", "EscalationQueue")

    assert len(stack.visible(stack.queue("EscalationQueue"))) == 1
    assert len(stack.visible(stack.dead_letters("OrderFulfillmentQueue"))) == 1


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
    stack.put(source, "traced", MessageSystemAttributes=trace)
    sent: list[dict[str, Any]] = []

    def send(QueueUrl: str, Entries: list[dict[str, Any]]) -> Any:
        sent.extend(Entries)
        return stack.sqs.send_message_batch(QueueUrl=QueueUrl, Entries=Entries)

    queues.move(Failing(stack.sqs, send_message_batch=send), source=source, target=target)

    assert [entry["MessageSystemAttributes"] for entry in sent] == [trace]


def test_messages_that_are_together_too_long_for_one_call_are_moved_in_several(stack: Stack) -> None:
    source, target = stack.dead_letters("EscalationQueue"), stack.queue("EscalationQueue")
    long = [letter * 200_000 for letter in "abcdefg"]
    for body in long:
        stack.put(source, body)
    too_long = aws_refused("sqs", "SendMessageBatch", "AWS.SimpleQueueService.BatchRequestTooLong")

    def send(QueueUrl: str, Entries: list[dict[str, Any]]) -> Any:
        if sum(len(entry["MessageBody"]) for entry in Entries) > 500_000:
            raise too_long
        results = [stack.sqs.send_message_batch(QueueUrl=QueueUrl, Entries=[entry]) for entry in Entries]
        return {"Successful": [result["Successful"][0] for result in results]}

    moved = queues.move(Failing(stack.sqs, send_message_batch=send), source=source, target=target)

    assert (moved.moved, moved.complete) == (7, True)
    assert bodies(stack.visible(target)) == long
    assert stack.visible(source) == []


def test_a_message_that_is_not_taken_stays_and_the_others_go(stack: Stack) -> None:
    source, target = stack.dead_letters("EscalationQueue"), stack.queue("EscalationQueue")
    for body in ("bad", "good"):
        stack.put(source, body)

    def send(QueueUrl: str, Entries: list[dict[str, Any]]) -> dict[str, Any]:
        good = [entry for entry in Entries if entry["MessageBody"] == "good"]
        bad = [entry["Id"] for entry in Entries if entry["MessageBody"] == "bad"]
        done = stack.sqs.send_message_batch(QueueUrl=QueueUrl, Entries=good) if good else {}
        return {**done, **refused("InternalError", *bad)}

    moved = queues.move(Failing(stack.sqs, send_message_batch=send), source=source, target=target)

    assert (moved.moved, moved.failed, moved.codes, moved.complete) == (1, 1, {"InternalError"}, False)
    assert bodies(stack.visible(target)) == ["good"]
    assert bodies(stack.visible(source)) == ["bad"]


def test_where_nothing_may_be_sent_everything_stays_and_is_visible(stack: Stack) -> None:
    source, target = stack.dead_letters("EscalationQueue"), stack.queue("EscalationQueue")
    for body in ("one", "two"):
        stack.put(source, body)

    def send(**_: Any) -> dict[str, Any]:
        raise aws_refused("sqs", "SendMessageBatch", "denied")

    moved = queues.move(Failing(stack.sqs, send_message_batch=send), source=source, target=target)

    assert (moved.moved, moved.failed, moved.codes) == (0, 2, {"AccessDenied"})
    assert bodies(stack.visible(source)) == ["one", "two"]


def test_a_message_that_was_sent_but_not_deleted_is_in_both_queues_and_counted(stack: Stack) -> None:
    source, target = stack.dead_letters("EscalationQueue"), stack.queue("EscalationQueue")
    stack.put(source, "dead")

    def delete(**_: Any) -> dict[str, Any]:
        return refused("InternalError", "0")

    moved = queues.move(Failing(stack.sqs, delete_message_batch=delete), source=source, target=target)

    assert (moved.moved, moved.doubled, moved.complete) == (1, 1, False)
    assert bodies(stack.visible(source)) == bodies(stack.visible(target)) == ["dead"]


def test_an_interrupt_before_the_send_puts_the_messages_back(stack: Stack) -> None:
    source, target = stack.dead_letters("EscalationQueue"), stack.queue("EscalationQueue")
    stack.put(source, "dead")

    def send(**_: Any) -> dict[str, Any]:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        queues.move(Failing(stack.sqs, send_message_batch=send), source=source, target=target)

    assert bodies(stack.visible(source)) == ["dead"]
    assert stack.visible(target) == []


def test_a_message_that_comes_straight_back_is_moved_once(stack: Stack) -> None:
    """The queue's consumer refuses it again while dead letters are still being moved."""
    dead_letters = stack.dead_letters("EscalationQueue")
    stack.put(dead_letters, "poison")

    moved = queues.move(stack.sqs, source=dead_letters, target=dead_letters)

    assert moved.moved == 1
    assert bodies(stack.visible(dead_letters)) == ["poison"]


def test_parked_shows_each_message_and_the_orders_status_now_and_takes_nothing_out(
    stack: Stack, command: Command
) -> None:
    stack.order("A-1", "FULFILLMENT_QUEUED")
    for order_id in ("A-1", "never-written"):
        stack.put(
            stack.queue("ParkedQueue"),
            {"OrderId": order_id, "State": "Are details Proper", "Error": "States.Timeout", "ExecutionId": "arn:1"},
        )
    stack.put(stack.queue("ParkedQueue"), {"OrderId": None, "State": "S", "Error": "E", "ExecutionId": "arn:2"})
    stack.put(stack.queue("ParkedQueue"), "[not one of ours")

    first, second = command("parked", "--json"), command("parked")

    assert first.status == second.status == 0
    assert sorted((str(row["OrderId"]), str(row["Status"]), str(row["Error"])) for row in first.json) == [
        ("A-1", "FULFILLMENT_QUEUED", "States.Timeout"),
        ("None", "None", "E"),
        ("None", "None", "None"),
        ("never-written", "None", "States.Timeout"),
    ]
    assert "Are details Proper" in second.out
    assert len(stack.visible(stack.queue("ParkedQueue"))) == 4


@pytest.mark.parametrize("id", ["A-1", "arn:A-1"])
def test_what_has_been_dealt_with_is_removed_and_the_rest_stays(stack: Stack, command: Command, id: str) -> None:
    for order_id in ("A-1", "A-2", "A-1"):
        stack.put(
            stack.queue("ParkedQueue"),
            {"OrderId": order_id, "State": "S", "Error": "E", "ExecutionId": f"arn:{order_id}"},
        )

    run, again = command("parked", "--done", id, "--json"), command("parked", "--done", id)

    assert (run.status, run.json) == (0, {"removed": 2})
    assert (again.status, again.out) == (1, "")
    assert "nothing is parked under this id" in again.err
    [left] = stack.visible(stack.queue("ParkedQueue"))
    assert '"A-2"' in left["Body"]


@pytest.mark.parametrize("id", ["A-1", "arn:A-1"])
def test_one_executions_copies_are_shown_once_and_removed_together(stack: Stack, command: Command, id: str) -> None:
    """The workflow names its execution and the failed state. `ParkLostOrders` may not know them."""
    copy = {"OrderId": "A-1", "State": None, "Error": "NoOutcomeError", "ExecutionId": None, "ParkingId": "A-1-0123"}
    told = copy | {"State": "S", "Error": "E", "ExecutionId": "arn:A-1", "Queue": "EscalationQueue"}
    for message in (copy, told, copy, told | {"OrderId": "A-2", "ExecutionId": "arn:A-2", "ParkingId": "A-2-0123"}):
        stack.put(stack.queue("ParkedQueue"), message)

    rows = command("parked", "--json").json
    run = command("parked", "--done", id, "--json")

    shown = sorted((row["OrderId"], row["Error"], row["Queue"], row["Copies"]) for row in rows)
    assert shown == [("A-1", "E", "EscalationQueue", 3), ("A-2", "E", "EscalationQueue", 1)]
    assert run.json == {"removed": 3}
    [left] = stack.visible(stack.queue("ParkedQueue"))
    assert '"A-2"' in left["Body"]


def test_nothing_parked_is_said_in_words(stack: Stack, command: Command) -> None:
    assert command("parked").out == "nothing is parked\n"
