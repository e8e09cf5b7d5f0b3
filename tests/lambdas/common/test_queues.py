"""No message is lost on the way from one queue to another, and none stays hidden after it was looked at."""

import json
import logging
from typing import Any
from unittest.mock import Mock

import pytest
from botocore.exceptions import EndpointConnectionError

from common import queues
from tests.support.aws_answers import refused as aws_refused
from tests.support.handlers.aws import sqs
from tests.support.queues import Clock, Failing, Queue, new_queue


def refused(code: str, *places: str) -> dict[str, Any]:
    return {"Failed": [{"Id": place, "Code": code, "SenderFault": True} for place in places]}


@pytest.fixture(autouse=True)
def no_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    """The simulated SQS has only one server, so its first answer is complete and no wait is needed."""
    monkeypatch.setattr(queues, "WAIT_SECONDS", 0)


@pytest.fixture
def source(aws: None) -> Queue:
    return new_queue(sqs, "source")


@pytest.fixture
def target(aws: None) -> Queue:
    return new_queue(sqs, "target")


def test_messages_are_moved_with_their_attributes_and_counted(source: Queue, target: Queue) -> None:
    attributes = {"Kind": {"DataType": "String", "StringValue": "gift"}}
    source.put("naïve 🐈", MessageAttributes=attributes)
    source.put(*(f"{number:02}" for number in range(22)))

    def show(**_: Any) -> None:
        pytest.fail("a deleted message cannot be made visible")

    client = Failing(sqs, change_message_visibility_batch=show)
    moved = queues.move(client, source=source.url, target=target.url)

    assert moved == queues.Moved(moved=23, is_everything=True)
    assert moved.complete
    found = target.messages()
    assert sorted(message["Body"] for message in found) == [*(f"{number:02}" for number in range(22)), "naïve 🐈"]
    assert [message["MessageAttributes"] for message in found if "MessageAttributes" in message] == [attributes]
    assert source.take() == []


def test_a_message_keeps_its_trace_header(source: Queue, target: Queue) -> None:
    """The test looks at the call, because the simulated SQS drops the header in a batch, and so does the engine."""
    trace = {"AWSTraceHeader": {"DataType": "String", "StringValue": "Root=1-5759e988-bd862e3fe1be46a994272793"}}
    source.put("traced", MessageSystemAttributes=trace)
    sent: list[dict[str, Any]] = []

    def send(QueueUrl: str, Entries: list[dict[str, Any]]) -> Any:
        sent.extend(Entries)
        return sqs.send_message_batch(QueueUrl=QueueUrl, Entries=Entries)

    queues.move(Failing(sqs, send_message_batch=send), source=source.url, target=target.url)

    assert [entry["MessageSystemAttributes"] for entry in sent] == [trace]


def test_a_message_without_any_attributes_is_moved(source: Queue, target: Queue) -> None:
    source.put("a")
    answers = [
        {"Messages": [{name: one[name] for name in ("MessageId", "ReceiptHandle", "Body")}]}
        for one in source.messages()
    ]

    def receive(**_: Any) -> dict[str, Any]:
        return answers.pop() if answers else {}

    queues.move(Failing(sqs, receive_message=receive), source=source.url, target=target.url)

    assert target.take() == ["a"]


def test_messages_that_are_too_long_for_one_call_are_moved_in_several_calls(source: Queue, target: Queue) -> None:
    long = [letter * 200_000 for letter in "abcdefg"]
    for body in long:
        source.put(body)
    too_long = aws_refused("sqs", "SendMessageBatch", "AWS.SimpleQueueService.BatchRequestTooLong")

    def send(QueueUrl: str, Entries: list[dict[str, Any]]) -> Any:
        if sum(len(entry["MessageBody"]) for entry in Entries) > 500_000:
            raise too_long
        results = [sqs.send_message_batch(QueueUrl=QueueUrl, Entries=[entry]) for entry in Entries]
        return {"Successful": [result["Successful"][0] for result in results]}

    moved = queues.move(Failing(sqs, send_message_batch=send), source=source.url, target=target.url)

    assert (moved.moved, moved.complete) == (7, True)
    assert target.take() == long
    assert source.take() == []


def test_a_refused_message_stays_and_the_others_are_moved(source: Queue, target: Queue) -> None:
    for body in ("bad", "good"):
        source.put(body)

    def send(QueueUrl: str, Entries: list[dict[str, Any]]) -> dict[str, Any]:
        good = [entry for entry in Entries if entry["MessageBody"] == "good"]
        bad = [entry["Id"] for entry in Entries if entry["MessageBody"] == "bad"]
        done = sqs.send_message_batch(QueueUrl=QueueUrl, Entries=good) if good else {}
        return {**done, **refused("InternalError", *bad)}

    moved = queues.move(Failing(sqs, send_message_batch=send), source=source.url, target=target.url)

    assert (moved.moved, moved.failed, moved.codes, moved.complete) == (1, 1, {"InternalError"}, False)
    assert target.take() == ["good"]
    assert source.take() == ["bad"]


def test_if_sending_is_not_authorised_all_messages_stay_and_are_visible(source: Queue, target: Queue) -> None:
    for body in ("one", "two"):
        source.put(body)

    sent: list[Any] = []

    def send(**arguments: Any) -> dict[str, Any]:
        sent.append(arguments)
        raise aws_refused("sqs", "SendMessageBatch", "denied")

    def delete(**_: Any) -> dict[str, Any]:
        pytest.fail("there is nothing to delete")

    client = Failing(sqs, send_message_batch=send, delete_message_batch=delete)
    moved = queues.move(client, source=source.url, target=target.url)

    assert (moved.moved, moved.failed, moved.codes) == (0, 2, {"AccessDenied"})
    assert len(sent) == 1, "smaller calls would be refused, too"
    assert source.take() == ["one", "two"]


def test_a_message_that_was_copied_but_not_deleted_is_counted(source: Queue, target: Queue) -> None:
    source.put("dead")

    def delete(**_: Any) -> dict[str, Any]:
        return refused("InternalError", "0")

    moved = queues.move(Failing(sqs, delete_message_batch=delete), source=source.url, target=target.url)

    assert (moved.moved, moved.doubled, moved.complete) == (1, 1, False)
    assert source.take() == target.take() == ["dead"]


def test_an_interrupt_before_the_send_puts_the_messages_back(source: Queue, target: Queue) -> None:
    source.put("dead")

    def send(**_: Any) -> dict[str, Any]:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        queues.move(Failing(sqs, send_message_batch=send), source=source.url, target=target.url)

    assert source.take() == ["dead"]
    assert target.take() == []


def test_a_message_that_returns_at_once_is_moved_only_once(source: Queue) -> None:
    """The queue's consumer may fail again while dead letters are still being moved."""
    source.put("poison")

    moved = queues.move(sqs, source=source.url, target=source.url)

    assert moved.moved == 1
    assert source.take() == ["poison"]


def test_a_message_that_is_too_long_even_in_a_call_of_its_own_stays(source: Queue, target: Queue) -> None:
    source.put("long", "short")
    too_long = aws_refused("sqs", "SendMessageBatch", "AWS.SimpleQueueService.BatchRequestTooLong")

    def send(QueueUrl: str, Entries: list[dict[str, Any]]) -> Any:
        if any(entry["MessageBody"] == "long" for entry in Entries):
            raise too_long
        return sqs.send_message_batch(QueueUrl=QueueUrl, Entries=Entries)

    moved = queues.move(Failing(sqs, send_message_batch=send), source=source.url, target=target.url)

    assert (moved.moved, moved.failed) == (1, 1)
    assert moved.codes == {"AWS.SimpleQueueService.BatchRequestTooLong"}
    assert (source.take(), target.take()) == (["long"], ["short"])


def test_each_result_of_a_divided_call_belongs_to_its_own_message(source: Queue, target: Queue) -> None:
    source.put(*"abcdefg")
    too_long = aws_refused("sqs", "SendMessageBatch", "AWS.SimpleQueueService.BatchRequestTooLong")
    sizes: list[int] = []

    def send(QueueUrl: str, Entries: list[dict[str, Any]]) -> Any:
        sizes.append(len(Entries))
        if len(Entries) > 2:
            raise too_long
        good = [entry for entry in Entries if entry["MessageBody"] not in "bf"]
        bad = [entry["Id"] for entry in Entries if entry["MessageBody"] in "bf"]
        done = sqs.send_message_batch(QueueUrl=QueueUrl, Entries=good) if good else {}
        return {**done, **refused("InternalError", *bad)}

    moved = queues.move(Failing(sqs, send_message_batch=send), source=source.url, target=target.url)

    assert (moved.moved, moved.failed, moved.doubled) == (5, 2, 0)
    assert sizes == [7, 3, 1, 2, 4, 2, 2]
    assert source.take() == ["b", "f"]
    assert target.take() == [*"acdeg"]


def test_a_message_that_another_reader_holds_is_not_moved(source: Queue, target: Queue) -> None:
    source.put("in progress")
    source.messages()
    looks: list[object] = []

    def receive(**arguments: Any) -> Any:
        looks.append(arguments)
        return sqs.receive_message(**arguments)

    moved = queues.move(Failing(sqs, receive_message=receive), source=source.url, target=target.url)

    assert moved == queues.Moved(is_everything=False)
    assert target.take() == []
    assert len(looks) == queues.LOOKS


def test_a_message_that_another_reader_holds_for_a_moment_is_found(source: Queue) -> None:
    source.put("a", "b")
    [held] = source.hold("b")
    looks: list[object] = []

    def receive(**arguments: Any) -> Any:
        looks.append(arguments)
        if len(looks) == 3:
            sqs.change_message_visibility(QueueUrl=source.url, ReceiptHandle=held["ReceiptHandle"], VisibilityTimeout=0)
        return sqs.receive_message(**arguments)

    with queues.Hold(Failing(sqs, receive_message=receive), source.url) as hold:
        found = [message["Body"] for batch in hold.batches() for message in batch]

    assert sorted(found) == ["a", "b"]
    assert hold.is_everything
    assert source.take() == ["a", "b"]


def test_what_was_moved_is_reported_if_the_number_of_hidden_messages_is_unknown(source: Queue, target: Queue) -> None:
    source.put("a")

    def fail(**_: Any) -> None:
        raise EndpointConnectionError(endpoint_url="http://nowhere")

    moved = queues.move(Failing(sqs, get_queue_attributes=fail), source=source.url, target=target.url)

    assert moved == queues.Moved(moved=1, is_everything=False)
    assert target.take() == ["a"]


def test_the_codes_of_all_failures_are_collected(source: Queue, target: Queue) -> None:
    source.put("bad", "good")

    def send(QueueUrl: str, Entries: list[dict[str, Any]]) -> Any:
        good = [entry for entry in Entries if entry["MessageBody"] == "good"]
        bad = [entry["Id"] for entry in Entries if entry["MessageBody"] == "bad"]
        return {**sqs.send_message_batch(QueueUrl=QueueUrl, Entries=good), **refused("InternalError", *bad)}

    def delete(**_: Any) -> dict[str, Any]:
        return refused("ReceiptHandleIsInvalid", "0")

    client = Failing(sqs, send_message_batch=send, delete_message_batch=delete)
    moved = queues.move(client, source=source.url, target=target.url)

    assert (moved.moved, moved.failed, moved.doubled) == (1, 1, 1)
    assert moved.codes == {"InternalError", "ReceiptHandleIsInvalid"}
    assert not moved.complete


def test_moving_ends_if_the_time_runs_out(source: Queue, target: Queue, monkeypatch: pytest.MonkeyPatch) -> None:
    source.put(*(f"{number:02}" for number in range(24)))
    monkeypatch.setattr(queues, "time", Clock(looks=2))

    moved = queues.move(sqs, source=source.url, target=target.url, until=7.0)

    assert moved == queues.Moved(moved=20, is_everything=False)
    assert (len(source.take()), len(target.take())) == (4, 20)


def test_a_search_whose_time_is_over_asks_for_no_count(source: Queue, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queues, "time", Clock(looks=1))
    count = Mock(return_value={"Attributes": {"ApproximateNumberOfMessagesNotVisible": "0"}})

    with queues.Hold(Failing(sqs, get_queue_attributes=count), source.url, until=7.0) as hold:
        assert list(hold.batches()) == []

    assert not hold.is_everything
    count.assert_not_called()


def test_nothing_is_moved_if_the_time_is_over(source: Queue, target: Queue, monkeypatch: pytest.MonkeyPatch) -> None:
    source.put("a")
    monkeypatch.setattr(queues, "time", Clock(looks=9))

    assert queues.move(sqs, source=source.url, target=target.url, until=0.0) == queues.Moved()
    assert source.take() == ["a"]


def test_looking_at_messages_leaves_all_of_them_visible(source: Queue) -> None:
    bodies = [f"{number:02}" for number in range(25)]
    source.put(*bodies)

    assert sorted(message["Body"] for message in queues.peek(sqs, source.url)[0]) == bodies
    assert source.take() == bodies


def test_a_message_that_comes_twice_is_shown_once_and_ends_the_search(source: Queue) -> None:
    """A message comes again if its hidden time ends too early."""
    source.put("a", "b")
    first, second = source.messages()
    answers = [[first], [first, second], [second], [first]]

    def receive(**_: Any) -> dict[str, Any]:
        return {"Messages": answers.pop(0)}

    assert queues.peek(Failing(sqs, receive_message=receive), source.url) == ([first, second], True)
    assert len(answers) == 1


@pytest.mark.parametrize("seconds", [None, 30])
def test_messages_are_received_completely_and_hidden_for_a_limited_time(
    source: Queue, seconds: int | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without a wait, SQS asks only some of its servers."""
    monkeypatch.undo()
    asked: list[dict[str, Any]] = []

    def receive(**arguments: Any) -> dict[str, Any]:
        asked.append(arguments)
        return {}

    client = Failing(sqs, receive_message=receive)
    more = {} if seconds is None else {"seconds": seconds}
    with queues.Hold(client, source.url, **more) as hold:
        assert list(hold.batches()) == []
    moved = queues.move(client, source=source.url, target="no queue", **more)

    assert hold.is_everything and moved.is_everything
    assert len(asked) == 2
    for arguments in asked:
        assert arguments["QueueUrl"] == source.url
        assert arguments["VisibilityTimeout"] == (seconds or queues.HELD_SECONDS)
        assert arguments["MaxNumberOfMessages"] == 10
        assert arguments["WaitTimeSeconds"] >= 1
        assert arguments["MessageAttributeNames"] == arguments["MessageSystemAttributeNames"] == ["All"]


@pytest.mark.parametrize("failure", ["denied", None])
def test_what_was_read_stays_valid_if_the_messages_cannot_be_made_visible_again(
    source: Queue, failure: str | None, caplog: pytest.LogCaptureFixture
) -> None:
    source.put("a")
    calls: list[Any] = []

    def change(**arguments: Any) -> Any:
        calls.append(arguments)
        if failure:
            raise aws_refused("sqs", "ChangeMessageVisibilityBatch", failure)
        raise EndpointConnectionError(endpoint_url=source.url)

    client = Failing(sqs, change_message_visibility_batch=change)
    with caplog.at_level(logging.INFO):
        assert [message["Body"] for message in queues.peek(client, source.url)[0]] == ["a"]

    name = "AccessDenied" if failure else "EndpointConnectionError"
    assert f"messages stay hidden for {queues.HELD_SECONDS} seconds: {name}" in caplog.text
    (call,) = calls
    assert [entry["VisibilityTimeout"] for entry in call["Entries"]] == [0]


def test_chosen_messages_are_deleted_and_the_others_stay_visible(source: Queue) -> None:
    source.put(*(f"{number:02}" for number in range(25)))

    def choose(messages: list[queues.Message]) -> list[queues.Message]:
        return [message for message in messages if message["Body"] < "22"]

    assert queues.remove(sqs, source.url, choose) == (22, 0, True)
    assert source.take() == ["22", "23", "24"]


def test_messages_that_sqs_does_not_delete_are_counted(source: Queue) -> None:
    source.put("a", "b", "c")

    def delete(QueueUrl: str, Entries: list[dict[str, Any]]) -> dict[str, Any]:
        done = sqs.delete_message_batch(QueueUrl=QueueUrl, Entries=Entries[:1])
        return {**done, **refused("InternalError", *(entry["Id"] for entry in Entries[1:]))}

    client = Failing(sqs, delete_message_batch=delete)

    assert queues.remove(client, source.url, lambda messages: messages) == (1, 2, True)
    assert len(source.take()) == 2


def test_hidden_messages_are_counted_among_the_waiting(source: Queue) -> None:
    source.put("a", "b")
    source.messages()
    source.put("c")

    assert queues.waiting(sqs, source.url) == 3


@pytest.mark.parametrize(
    ("body", "found"),
    [('{"a": 1}', {"a": 1}), ("[1]", {}), ('"a"', {}), ("null", {}), ("", {}), ("{", {}), (json.dumps({}), {})],
)
def test_only_a_json_object_is_read_from_a_message(body: str, found: object) -> None:
    assert queues.object_in({"Body": body}) == found
