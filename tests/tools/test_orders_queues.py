"""Moving dead letters and listing parked messages, without losing any."""

import pytest

from tests.support.commands import Command
from tests.support.orders_stack import Stack


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


def test_the_user_is_told_if_another_program_may_hide_messages(stack: Stack, command: Command) -> None:
    sentence = "another program may be reading more messages: run the command again after two minutes"
    for queue in (stack.queue("ParkedQueue"), stack.dead_letters("EscalationQueue")):
        queue.put("a")
        queue.hold("a")

    listed, as_json = command("parked"), command("parked", "--json")
    redriven, done = command("redrive", "--queue", "EscalationQueue", "--json"), command("parked", "--done", "A-1")

    assert listed.out == f"no parked message is visible now\n{sentence}\n"
    assert (as_json.json, as_json.err) == ([], f"{sentence}\n")
    assert [(row["moved"], row["note"]) for row in redriven.json] == [(0, sentence)]
    assert (done.status, sentence in done.err) == (1, True)


def test_whoever_removes_messages_is_told_if_more_may_be_hidden(stack: Stack, command: Command) -> None:
    stack.queue("ParkedQueue").put("hidden", {"OrderId": "A-1"})
    stack.queue("ParkedQueue").hold("hidden")

    run = command("parked", "--done", "A-1", "--json")

    assert (run.status, run.json) == (0, {"removed": 1})
    assert run.err.startswith("another program may be reading more messages")
