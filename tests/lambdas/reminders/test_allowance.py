"""The limits of a person: reminders that wait, reminders set today, and text messages of today."""

import json
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from common.times import timestamp_in_full
from reminders import allowance, cancel_reminder, create_reminder, get_reminder, limits, table, update_reminder
from reminders.due import utc_text
from reminders.limits import UNSEEN
from reminders.reminder import NOBODY
from sending import delivery, send_reminder, senders
from tests.support.aws_answers import refused
from tests.support.handlers.aws import client_of
from tests.support.handlers.callers import FLO, JO, OLGA, by, of
from tests.support.handlers.events import post, status_and_body
from tests.support.handlers.faults import KINDS, KilledError, fault
from tests.support.handlers.reminder_rows import ahead, all_in, execution_of, row

pytestmark = pytest.mark.usefixtures("account", "reminder_workflow")

OF_REMINDERS, OF_TEXTS = limits.REMINDERS.format(JO), limits.TEXTS.format(JO)
REQUEST = {"message": "Feed the cat", "channels": ["email"], "waitSeconds": 3600}
TABLE = client_of(table, "dynamodb")
YESTERDAY = (datetime.now(UTC) - timedelta(days=1)).date().isoformat()
A_TEXT = {"message": "Feed the cat", "channels": ["sms"], "phone": "+4915112345678"}
BOTH = A_TEXT | {"channels": ["email", "sms"], "email": "jo@example.com"}


@pytest.fixture(autouse=True)
def most(monkeypatch, reminder_table):
    """Sets limits."""

    def set_(**numbers: int) -> None:
        for name, number in numbers.items():
            monkeypatch.setenv(f"MOST_{name.upper()}", str(number))

    set_(waiting=2, set_a_day=5, texts_a_day=2)
    return set_


@pytest.fixture
def count(reminder_table):
    """Reads a count of Jo, or changes its attributes."""

    def count_(key: str = OF_REMINDERS, **changes: Any) -> dict[str, Any]:
        found = reminder_table.get_item(Key={"ReminderId": key}).get("Item")
        if changes:
            reminder_table.put_item(Item=found | changes)
        return found

    return count_


@pytest.fixture
def some_time_passes(count):
    """From then on the index has all reminders of the count."""

    def pass_() -> None:
        count(UpdatedAt=timestamp_in_full(datetime.now(UTC) - UNSEEN))

    return pass_


def create(caller: str = JO, *, key: str | None = None, **changes: Any) -> tuple[int, Any]:
    event = by(caller, post(REQUEST | changes))
    if key:
        event["headers"]["Idempotency-Key"] = key
    return status_and_body(create_reminder.handler(event, None))


def new(**changes: Any) -> str:
    status, body = create(**changes)
    assert status == 202, body
    return str(body["reminderId"])


def change(reminder_id: str, **body: Any) -> tuple[int, Any]:
    return status_and_body(update_reminder.handler({**post(body), **of(JO, reminder_id)}, None))


def cancel(reminder_id: str) -> None:
    assert cancel_reminder.handler(of(JO, reminder_id), None)["statusCode"] == 200


def reached(answer: tuple[int, Any]) -> str:
    """The code of the limit that the answer names."""
    status, body = answer
    assert status == 429, body
    code = str(body["error"]["code"])
    assert code in limits.CODES
    return code


def numbers(row: dict[str, Any]) -> tuple[int, int]:
    return int(row["Number"]), int(row["Waiting"])


def test_more_reminders_than_may_wait_are_refused_and_leave_nothing(reminder_table, reminder_workflow, count):
    new()
    new()
    before = all_in(reminder_table), count()

    reply = create_reminder.handler(by(JO, post(REQUEST)), None)

    assert reached(status_and_body(reply)) == "TooManyWaiting"
    assert reply["headers"]["Retry-After"] == "30"
    assert (all_in(reminder_table), count()) == before
    assert len(reminder_workflow.executions()) == 2


def test_each_person_has_limits_of_their_own(most):
    most(waiting=1)
    new()

    assert [create(OLGA)[0], create(FLO, email="desk@example.com")[0]] == [202, 202]
    assert [reached(create(one, email="desk@example.com")) for one in (JO, FLO, OLGA)] == ["TooManyWaiting"] * 3


@pytest.mark.parametrize("status", ["SENT", "PARTLY_SENT", "FAILED", "CANCELLED"])
def test_a_reminder_that_waits_no_longer_makes_room(status, reminder_table, some_time_passes, count):
    first, _ = new(), new()
    reminder_table.put_item(Item=table.find(first) | {"Status": status})
    assert reached(create()) == "TooManyWaiting"

    some_time_passes()

    assert create()[0] == 202
    assert numbers(count()) == (3, 2)
    assert reached(create()) == "TooManyWaiting"


@pytest.mark.parametrize("status", ["SCHEDULED", "SENDING"])
def test_a_reminder_that_still_waits_makes_no_room(status, reminder_table, some_time_passes):
    first, _ = new(), new()
    reminder_table.put_item(Item=table.find(first) | {"Status": status})
    some_time_passes()

    assert reached(create()) == "TooManyWaiting"


def test_the_reminders_of_other_people_are_not_counted(reminder_table):
    for number in range(3):
        reminder_table.put_item(Item=row(f"r-{number}", owner=FLO))

    assert create()[0] == 202


def test_reminders_from_before_the_first_count_are_counted(reminder_table, most):
    """They are from an earlier version, or the count has expired."""
    for number in range(2):
        reminder_table.put_item(Item=row(f"r-{number}", owner=JO))
    assert reached(create()) == "TooManyWaiting"

    most(waiting=3)

    assert create()[0] == 202
    assert reached(create()) == "TooManyWaiting"


def test_the_reminders_of_a_day_are_limited_and_a_cancelled_one_still_counts(most):
    most(set_a_day=2, waiting=10)
    for _ in range(2):
        cancel(new())

    reply = create_reminder.handler(by(JO, post(REQUEST)), None)

    assert reached(status_and_body(reply)) == "TooManyToday"
    until = datetime.now(UTC) + timedelta(seconds=int(reply["headers"]["Retry-After"]))
    assert until.date() > datetime.now(UTC).date()


def test_the_next_day_begins_at_0_and_keeps_what_waits(most, count):
    most(set_a_day=2, waiting=3)
    new(), new()
    assert reached(create()) == "TooManyToday"

    count(Day=YESTERDAY)

    new()
    assert numbers(count()) == (1, 3)
    assert reached(create()) == "TooManyWaiting"


def test_a_repeated_request_counts_once_and_is_answered_above_the_limit(most, count):
    most(waiting=1)
    first = create(key="k")

    assert create(key="k") == first
    assert numbers(count()) == (1, 1)
    assert reached(create(key="other")) == "TooManyWaiting"


def test_an_invalid_request_does_not_count(count):
    assert create(email="stranger@example.com")[0] == 400

    assert count() is None


def test_each_change_counts_and_takes_no_place_while_the_reminder_waits(most, count):
    most(waiting=1, set_a_day=3)
    reminder = new()

    assert [change(reminder, waitSeconds=60)[0], change(reminder, sendNow=True)[0]] == [200, 200]
    assert numbers(count()) == (3, 1)
    before = table.find(reminder)
    assert reached(change(reminder, message="Feed the dog")) == "TooManyToday"
    assert table.find(reminder) == before


@pytest.mark.parametrize("lost", ["the day", "the count"])
def test_a_reminder_may_be_changed_at_the_limit_of_those_that_wait(lost, most, count, reminder_table):
    most(waiting=1)
    reminder = new()
    if lost == "the day":
        count(Day=YESTERDAY)
    else:
        reminder_table.delete_item(Key={"ReminderId": OF_REMINDERS})

    assert change(reminder, waitSeconds=60)[0] == 200
    assert numbers(count()) == (1, 1)
    assert reached(create()) == "TooManyWaiting"


def test_a_count_usually_takes_one_write(most, monkeypatch):
    """Also for a change at the limit of those that wait."""
    most(waiting=2)
    new()
    get = TABLE.get_item

    def get_item(**given):
        assert given["Key"] != {"ReminderId": OF_REMINDERS}, "the count was read"
        return get(**given)

    monkeypatch.setattr(TABLE, "get_item", get_item)

    assert change(new(), waitSeconds=60)[0] == 200


def test_a_reminder_that_is_set_again_after_it_was_sent_takes_a_place(reminder_table, some_time_passes):
    """Otherwise a person could have any number of waiting reminders."""
    first = new()
    reminder_table.put_item(Item=table.find(first) | {"Status": "SENT"})
    new(), some_time_passes()
    new()

    some_time_passes()

    assert reached(change(first, waitSeconds=3600)) == "TooManyWaiting"
    assert table.find(first)["Status"] == "SENT"


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("new_day", [True, False])
def test_a_request_that_is_repeated_after_a_fault_counts_once(kind, new_day, most, count):
    most(waiting=10)
    new()
    if new_day:
        count(Day=YESTERDAY)
    before = 0 if new_day else 1
    with fault(TABLE, "UpdateItem", kind), suppress(KilledError):
        create(key="k")

    assert create(key="k")[0] == 202
    assert numbers(count()) == (before + 1, 2)


@pytest.mark.parametrize("beside", ["same", "other"])
def test_of_two_first_requests_of_a_day_both_count(beside, most, count):
    """The other request writes its count while this one reads the reminders."""
    most(waiting=10)
    others = []

    def other() -> None:
        others.append(create(key="k" if beside == "same" else "l"))

    with fault(TABLE, "UpdateItem", "killed", beside=other), suppress(KilledError):
        create(key="k")
    assert create(key="k")[0] == 202

    assert others[0][0] == 202
    assert numbers(count()) == ((1, 1) if beside == "same" else (2, 2))


@pytest.mark.parametrize("is_first", [True, False])
def test_a_limit_holds_if_another_request_takes_the_last_place_meanwhile(
    is_first, most, count, some_time_passes, reminder_table, monkeypatch
):
    """Both requests have counted the reminders that wait."""
    most(waiting=1)
    if not is_first:
        reminder_table.put_item(Item=table.find(new()) | {"Status": "SENT"})
        some_time_passes()
    waiting_of = table.waiting_of

    def and_another_request(owner: str) -> int:
        found = waiting_of(owner)
        monkeypatch.setattr(table, "waiting_of", waiting_of)
        assert create()[0] == 202
        return found

    monkeypatch.setattr(table, "waiting_of", and_another_request)

    assert reached(create()) == "TooManyWaiting"
    assert numbers(count()) == (1 if is_first else 2, 1)


@pytest.mark.parametrize("kind", ["refused", "lost"])
def test_a_request_is_refused_for_now_if_the_reminders_cannot_be_counted(kind, reminder_table, count):
    with fault(TABLE, "Query", kind):
        assert create(key="k")[0] == 503

    assert (all_in(reminder_table), count()) == ([], None)
    assert create(key="k")[0] == 202


def test_a_request_that_loses_every_race_is_refused_for_now(monkeypatch):
    monkeypatch.setattr(allowance, "ATTEMPTS", 0)

    status, body = create()

    assert (status, body["error"]["code"]) == (503, "Unavailable")


def test_a_count_expires_two_days_later(count):
    new()

    left = int(count()["ExpiresAt"]) - datetime.now(UTC).timestamp()

    assert 0 <= timedelta(days=2).total_seconds() - left < 3600


def test_a_count_is_not_a_reminder():
    new()

    assert table.find(OF_REMINDERS) is None
    assert get_reminder.handler(of(JO, OF_REMINDERS), None)["statusCode"] == 404
    assert cancel_reminder.handler(of(JO, OF_REMINDERS), None)["statusCode"] == 404


@pytest.fixture
def sent(monkeypatch):
    """The channels that have sent. `fails` has the error that each next attempt raises."""
    found: Any = SimpleNamespace(channels=[], fails=[])

    def send(channel, *_):
        if found.fails:
            raise found.fails.pop(0)
        found.channels.append(channel)
        return "id"

    monkeypatch.setattr(senders, "send", send)
    # An instance that SNS has throttled waits for a second.
    monkeypatch.setattr(delivery, "HOLD", {})
    monkeypatch.setattr(send_reminder.sqs(), "change_message_visibility", lambda **_: None)
    return found


@pytest.fixture
def send(sent, reminder_table):
    """Writes the row of a reminder that is due, if there is none, and sends it. Returns its status and reason."""

    def send_(reminder_id: str, *channels: str, request: dict[str, Any] = A_TEXT, **changes: Any) -> tuple[str, str]:
        if not table.find(reminder_id):
            reminder_table.put_item(Item=row(reminder_id, due=ahead(), request=request, **changes))
        for channel in channels or ("sms",):
            given = {**request, "reminderId": reminder_id, "waitUntil": utc_text(ahead(hours=1))}
            body = {"ExecutionId": execution_of(reminder_id), "Channel": channel, "Reminder": given}
            record = {
                "messageId": "m",
                "receiptHandle": "x",
                "body": json.dumps(body),
                "attributes": {"ApproximateReceiveCount": "1"},
            }
            context = SimpleNamespace(get_remaining_time_in_millis=lambda: 60_000)
            send_reminder.handler({"Records": [record]}, context)
        found = table.find(reminder_id)
        return found["Status"], found.get("Reason", "")

    return send_


USED_UP = ("FAILED", limits.TEXTS_USED_UP)


def test_a_text_above_the_limit_fails_and_says_why(send, sent):
    found = [send(f"r-{number}") for number in range(3)]

    assert found == [("SENT", ""), ("SENT", ""), USED_UP]
    assert sent.channels == ["sms", "sms"]


def test_the_e_mail_of_a_reminder_is_sent_above_the_limit_of_texts(send, sent, most):
    most(texts_a_day=0)

    assert send("r-1", "sms", "email", request=BOTH) == ("PARTLY_SENT", limits.TEXTS_USED_UP)
    assert sent.channels == ["email"]


def test_each_occurrence_of_a_repeated_reminder_counts(send, sent, count, reminder_table):
    request = A_TEXT | {"repeat": {"every": "5m"}}
    for _ in range(3):
        send("r-1", request=request)
        following = table.find("r-1")
        reminder_table.put_item(Item=following | {"DueAt": utc_text(ahead()), "ExecutionId": execution_of("r-1")})

    assert sent.channels == ["sms", "sms"]
    assert table.find("r-1")["Reason"] == limits.TEXTS_USED_UP
    assert count(OF_TEXTS)["Number"] == 2


def test_texts_count_again_from_0_the_next_day(send, count, most):
    most(texts_a_day=1)
    send("r-1")
    assert send("r-2") == USED_UP

    count(OF_TEXTS, Day=YESTERDAY)

    assert send("r-3") == ("SENT", "")
    assert send("r-4") == USED_UP


def test_a_text_that_sns_throttles_counts_once(send, sent, count):
    sent.fails = [refused("sns", "Publish", "throttled")] * 3

    found = [send("r-1") for _ in range(4)]

    assert [status for status, _ in found] == ["SCHEDULED"] * 3 + ["SENT"]
    assert count(OF_TEXTS)["Number"] == 1


def test_a_text_that_sns_refuses_does_not_count(send, sent, count):
    sent.fails = [refused("sns", "Publish", "InvalidParameter")]

    assert send("r-1")[0] == "FAILED"
    assert count(OF_TEXTS)["Number"] == 0


@pytest.mark.parametrize("kind", KINDS)
def test_a_text_that_is_repeated_after_a_fault_counts_once(kind, send, sent, count, monkeypatch):
    """The second write of an attempt counts the text; the first one claims the reminder."""
    send("r-0")
    take = allowance.take_text

    def failing(*args, **kwargs):
        monkeypatch.setattr(allowance, "take_text", take)
        with fault(TABLE, "UpdateItem", kind):
            take(*args, **kwargs)

    monkeypatch.setattr(allowance, "take_text", failing)
    with suppress(KilledError):
        send("r-1")
    found = table.resource()
    found.put_item(Item={name: value for name, value in table.find("r-1").items() if name != "SmsLease"})

    assert send("r-1") == ("SENT", "")
    assert count(OF_TEXTS)["Number"] == 2


@pytest.mark.parametrize("kind", ["refused", "lost"])
def test_a_text_is_given_back_at_most_once(kind, count, caplog):
    """A count that is too low would let through more texts than the limit."""
    row_ = row("r-1", request=A_TEXT)
    allowance.take_text(row_, now=datetime.now(UTC))

    with fault(TABLE, "UpdateItem", kind), caplog.at_level("INFO"):
        allowance.give_text_back(row_, now=datetime.now(UTC))
    (line,) = [one for one in caplog.messages if one.startswith("a text message that was not sent stays counted: ")]
    assert line.rpartition(": ")[2] in ("ThrottlingException", "ReadTimeoutError", "ConnectionClosedError")
    allowance.give_text_back(row_, now=datetime.now(UTC))
    allowance.give_text_back(row_, now=datetime.now(UTC))

    assert count(OF_TEXTS)["Number"] == 0


def test_a_text_is_given_back_only_if_no_other_came_between(count):
    first, second = row("r-1", request=A_TEXT), row("r-2", request=A_TEXT)
    for one in (first, second):
        allowance.take_text(one, now=datetime.now(UTC))

    allowance.give_text_back(first, now=datetime.now(UTC))

    assert count(OF_TEXTS)["Number"] == 2


def test_a_reminder_that_was_started_by_hand_has_no_limit(send, most, reminder_table):
    most(texts_a_day=0)

    assert send("r-1", owner=NOBODY) == ("SENT", "")
    assert [one for one in reminder_table.scan()["Items"] if "Status" not in one] == []


def test_the_counts_of_a_person_can_be_deleted_twice(reminder_table, send):
    new(), send("r-1")

    allowance.forget(JO)
    allowance.forget(JO)

    assert [one for one in reminder_table.scan()["Items"] if "Status" not in one] == []
