"""What `SendReminder` does with the messages of a call: in their order, at its pace, and within its time."""

import json
import logging
from typing import Any

import pytest
from botocore.exceptions import ReadTimeoutError

from sending import send_reminder
from sending.delivery import PostponedError
from sending.messages import Message
from sending.pace import Pace
from tests.support.handlers.aws import ENVIRONMENT, sqs
from tests.support.queues import new_queue

DOWN = ReadTimeoutError(endpoint_url="https://email.example.com")
PAUSE = 0.5


class Time:
    """A clock that only sleeping moves on."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.slept: list[float] = []

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds
        self.slept.append(seconds)


class Context:
    """Lambda's context. `seconds` are left of the call when it begins."""

    def __init__(self, time: Time, seconds: float = 600.0) -> None:
        self._time = time
        self._end = time() + seconds

    def get_remaining_time_in_millis(self) -> int:
        return round((self._end - self._time()) * 1000)


@pytest.fixture
def time(monkeypatch: pytest.MonkeyPatch) -> Time:
    """The clock of a new instance of the function, which leaves PAUSE between two sends of a channel."""
    found = Time()
    paces = {name: Pace(PAUSE, clock=found, sleep=found.sleep) for name in ("email", "sms", "topic")}
    monkeypatch.setattr(send_reminder, "paces", paces)
    return found


@pytest.fixture(autouse=True)
def delivered(time: Time, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The ids of the delivered reminders, each with its time. `fails` has the errors of some, by id."""

    class Delivered(list[tuple[str, float]]):
        def __init__(self) -> None:
            self.fails: dict[str, Exception] = {}

        def deliver(self, message: Message) -> None:
            self.append((message.reminder_id, time()))
            if error := self.fails.get(message.reminder_id):
                raise error

    found = Delivered()
    monkeypatch.setattr(send_reminder, "deliver", found.deliver)
    return found


@pytest.fixture(autouse=True)
def put_back(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str, int]]:
    """The queue, the receipt handle and the seconds of each message that was put back."""
    found: list[tuple[str, str, int]] = []
    monkeypatch.setattr(
        send_reminder.sqs(),
        "change_message_visibility",
        lambda QueueUrl, ReceiptHandle, VisibilityTimeout: found.append(  # noqa: N803
            (QueueUrl, ReceiptHandle, VisibilityTimeout)
        ),
    )
    return found


def message(name: str = "r-1", channel: str = "email", *, receives: int = 1) -> dict[str, Any]:
    reminder = {"reminderId": name, "waitUntil": "2027-01-27T08:00:00Z", "message": "Feed the cat"}
    return {
        "messageId": f"m-{name}",
        "receiptHandle": f"h-{name}",
        "body": json.dumps({"ExecutionId": "arn", "Channel": channel, "Reminder": reminder}),
        "attributes": {"ApproximateReceiveCount": str(receives)},
    }


def send(time: Time, *records: dict[str, Any], seconds: float = 600.0) -> list[str]:
    """Returns the ids of the messages that failed."""
    answer = send_reminder.handler({"Records": list(records)}, Context(time, seconds))
    return [one["itemIdentifier"] for one in answer["batchItemFailures"]]


def queue(channel: str) -> str:
    return ENVIRONMENT[f"{channel.upper()}_QUEUE"]


def test_the_messages_of_a_call_are_sent_with_a_pause_between_them_and_after_the_last(time, delivered):
    assert send(time, message("r-1"), message("r-2"), message("r-3", "sms"), message("r-4")) == []

    assert delivered == [("r-1", 1000.0), ("r-2", 1000.5), ("r-3", 1000.5), ("r-4", 1001.0)]
    assert time() == 1001.5


def test_a_call_with_one_message_does_not_pay_for_the_pause_after_it(time, delivered):
    assert send(time, message()) == []

    assert time() == 1000.0
    send(time, message("r-2"))
    assert delivered[-1] == ("r-2", 1000.5)


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("text", "has no execution, channel or reminder"),
        ("[]", "has no execution, channel or reminder"),
        ('{"ExecutionId": 1}', "has no execution, channel or reminder"),
        ('{"Channel": "fax"}', "has no execution, channel or reminder"),
        (
            message(channel="fax")["body"],
            "has an invalid execution, channel or reminder",
        ),
    ],
)
def test_an_unknown_message_stays_in_the_queue_and_is_logged_without_its_content(
    body, said, time, delivered, put_back, caplog
):
    assert send(time, {**message(), "body": body}, message("r-2")) == ["m-r-1"]

    assert [name for name, _ in delivered] == ["r-2"]
    assert put_back == []
    (record,) = caplog.records
    assert (record.levelname, record.getMessage(), record.failed) == ("ERROR", f"message m-r-1 {said}", 1)


@pytest.mark.parametrize("channel", ["email", "sms", "topic"])
def test_a_postponed_message_goes_back_into_its_own_queue(channel, time, delivered, put_back, caplog):
    delivered.fails = {"r-1": PostponedError("another attempt is sending it", seconds=17)}

    assert send(time, message("r-1", channel), message("r-2", channel)) == ["m-r-1"]

    assert put_back == [(queue(channel), "h-r-1", 17)]
    assert [name for name, _ in delivered] == ["r-1", "r-2"]
    assert not [one for one in caplog.records if one.levelno > logging.INFO]


@pytest.mark.parametrize(("hold", "at"), [(0, 1000.5), (1, 1001.0), (30, 1030.0)])
def test_an_instance_that_is_refused_sends_nothing_by_this_channel_for_a_while(hold, at, time, delivered):
    delivered.fails = {"r-1": PostponedError("throttled", seconds=1, hold=hold)}

    assert send(time, message("r-1"), message("r-2", "sms"), message("r-3")) == ["m-r-1"]

    assert delivered == [("r-1", 1000.0), ("r-2", 1000.0), ("r-3", at)]


def test_a_message_that_would_wait_too_long_comes_back_when_its_channel_may_send(time, delivered, put_back):
    delivered.fails = {"r-1": PostponedError("the quota is spent", seconds=600, hold=299.2)}

    assert send(time, message("r-1"), message("r-2"), seconds=60) == ["m-r-1", "m-r-2"]

    assert put_back == [(queue("email"), "h-r-1", 600), (queue("email"), "h-r-2", 300)]
    assert [name for name, _ in delivered] == ["r-1"]


@pytest.mark.parametrize(
    ("channel", "least"),
    [("email", 33.0), ("topic", 33.0), ("sms", 41.0)],
)
def test_a_message_is_begun_only_if_the_call_has_time_for_all_its_calls_of_aws(
    channel, least, time, delivered, put_back
):
    """Two writes of 8 seconds, 17 seconds for SES or SNS, and the write that counts a text."""
    assert send(time, message("r-1", channel), seconds=least) == []
    time.now += PAUSE
    assert send(time, message("r-2", channel), seconds=least - 0.001) == ["m-r-2"]

    assert [name for name, _ in delivered] == ["r-1"]
    assert put_back == [(queue(channel), "h-r-2", 0)]


@pytest.mark.parametrize(("receives", "least", "most"), [(1, 1, 2), (4, 8, 16), (20, 300, 600)])
def test_a_message_goes_back_for_longer_and_longer_if_the_table_fails(
    receives, least, most, time, delivered, put_back, caplog
):
    caplog.set_level(logging.INFO)
    delivered.fails = {"r-1": DOWN}

    assert send(time, message(receives=receives), message("r-2")) == ["m-r-1"]

    ((url, handle, seconds),) = put_back
    assert (url, handle) == (queue("email"), "h-r-1")
    assert least <= seconds <= most
    assert [name for name, _ in delivered] == ["r-1", "r-2"]
    assert ("INFO", "message m-r-1: ReadTimeoutError") in [(one.levelname, one.getMessage()) for one in caplog.records]


def test_an_error_in_a_row_is_logged_without_its_text_and_blocks_no_other_message(time, delivered, put_back, caplog):
    delivered.fails = {"r-1": ValueError("jo@example.com")}

    assert send(time, message(), message("r-2")) == ["m-r-1"]

    assert [name for name, _ in delivered] == ["r-1", "r-2"]
    assert put_back == []
    (record,) = caplog.records
    assert (record.levelname, record.getMessage(), record.failed) == ("ERROR", "message m-r-1: ValueError", 1)


def test_a_message_that_cannot_be_put_back_is_still_reported_as_failed(time, delivered, monkeypatch, caplog):
    caplog.set_level(logging.INFO)
    delivered.fails = {"r-1": PostponedError("throttled", seconds=1)}

    def fails(**_: Any) -> None:
        raise DOWN

    monkeypatch.setattr(send_reminder.sqs(), "change_message_visibility", fails)

    assert send(time, message(), message("r-2")) == ["m-r-1"]

    assert [name for name, _ in delivered] == ["r-1", "r-2"]
    assert "message m-r-1 was not put back: ReadTimeoutError" in [one.getMessage() for one in caplog.records]


def test_a_message_that_was_put_back_is_received_again(time, delivered, monkeypatch):
    send_reminder.sqs.cache_clear()
    email = new_queue(sqs, "email")
    monkeypatch.setenv("EMAIL_QUEUE", email.url)
    email.put(message()["body"])
    (received,) = email.messages()
    delivered.fails = {"r-1": PostponedError("throttled", seconds=0)}

    assert send(time, {**message(), "receiptHandle": received["ReceiptHandle"]}) == ["m-r-1"]

    assert [one["MessageId"] for one in email.messages()] == [received["MessageId"]]
