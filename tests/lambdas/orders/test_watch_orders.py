import json
from datetime import UTC, datetime, timedelta
from unittest.mock import Mock

import pytest
from boto3.dynamodb.types import TypeSerializer

from common.times import timestamp
from orders import looks
from orders.looks import OVERDUE, LooksNotSentError, seconds_left
from orders.watch_orders import handler
from tests.support.handlers.aws import client_of
from tests.support.handlers.order_rows import row

NOW = datetime(2026, 11, 21, 4, tzinfo=UTC)
serialize = TypeSerializer().serialize


def change(order_id: str, before: str | None, after: str | None, **attributes: object) -> dict:
    """A record of the table's stream: the statuses of a row before and after. None is a missing row."""
    images = {
        name: {key: serialize(value) for key, value in row(order_id, Status=status, **attributes).items()}
        for name, status in (("OldImage", before), ("NewImage", after))
        if status
    }
    return {"dynamodb": {"Keys": {"OrderId": {"S": order_id}}, **images}}


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[dict]:
    """The messages that the function sends."""
    messages: list[dict] = []
    sqs = client_of(looks, "sqs")
    monkeypatch.setattr(sqs, "send_message_batch", lambda *, QueueUrl, Entries: messages.extend(Entries) or {})
    return messages


def watch(*records: dict) -> int:
    return handler({"Records": list(records)}, None)["Open"]


@pytest.mark.parametrize("outcome", ["FULFILLMENT_QUEUED", "ESCALATED", "PARKED", None])
def test_an_order_that_gets_its_outcome_in_the_same_batch_needs_no_look(outcome, sent):
    """None is a claim that is withdrawn."""
    taken = change("A-1", "RECEIVED", "RECEIVED")

    assert watch(change("A-1", None, "RECEIVED"), taken, change("A-1", "RECEIVED", outcome)) == 0

    assert sent == []


@pytest.mark.parametrize("before", [None, "RECEIVED", "ESCALATED", "PARKED"])
def test_an_order_that_is_received_at_the_end_of_a_batch_is_looked_at_when_it_is_overdue(before, sent):
    """It was placed, kept, corrected, or continued by an operator."""
    done = [change("A-2", None, "RECEIVED"), change("A-2", "RECEIVED", "ESCALATED")]

    assert watch(*done, change("A-1", before, "RECEIVED")) == 1

    (message,) = sent
    assert json.loads(message["MessageBody"]) == {"OrderId": "A-1"}
    assert OVERDUE.total_seconds() - 60 < message["DelaySeconds"] <= OVERDUE.total_seconds()


def test_an_order_is_looked_at_once_even_if_it_was_corrected_in_the_same_batch(sent):
    records = [
        change("A-1", None, "RECEIVED"),
        change("A-1", "RECEIVED", "ESCALATED"),
        change("A-1", "ESCALATED", "RECEIVED"),
        change("A-1", "RECEIVED", "RECEIVED"),
    ]

    assert (watch(*records), len(sent)) == (1, 1)


def test_a_record_of_an_overdue_order_leads_to_a_look_at_once(sent):
    """The stream was read late."""
    long_ago = timestamp(datetime.now(UTC) - OVERDUE * 2)

    watch(change("A-1", None, "RECEIVED", UpdatedAt=long_ago))

    assert [message["DelaySeconds"] for message in sent] == [0]


def test_many_open_orders_are_sent_in_batches_and_arrive(to_check):
    long_ago = timestamp(datetime.now(UTC) - OVERDUE * 2)
    ids = [f"A-{number:02}" for number in range(23)]

    assert watch(*(change(one, None, "RECEIVED", UpdatedAt=long_ago) for one in ids)) == 23

    assert sorted(message["OrderId"] for message in to_check.take_json()) == ids


def test_messages_that_sqs_does_not_accept_make_lambda_send_the_records_again(monkeypatch):
    answer = {"Successful": [], "Failed": [{"Id": "0", "Code": "InternalError", "SenderFault": False}]}
    monkeypatch.setattr(client_of(looks, "sqs"), "send_message_batch", Mock(return_value=answer))

    with pytest.raises(LooksNotSentError, match="2 messages"):
        watch(*(change(f"A-{number}", None, "RECEIVED") for number in range(11)))


@pytest.mark.parametrize(
    ("changed", "left"),
    [
        (timedelta(), 600),
        (timedelta(seconds=-599.5), 1),
        (timedelta(seconds=-600), 0),
        (timedelta(days=-700), 0),
        (timedelta(seconds=2), 602),
        (timedelta(days=7), 900),
    ],
)
def test_the_delay_ends_when_the_order_is_overdue_but_is_at_most_what_sqs_allows(changed, left):
    """The clock that set the row's time may be ahead."""
    assert seconds_left(timestamp(NOW + changed), now=NOW) == left


@pytest.mark.parametrize("damaged", [None, "", "soon", 7, "9999-12-31T23:59:59.999Z" * 2])
def test_an_order_with_a_damaged_time_is_overdue(damaged):
    assert seconds_left(damaged, now=NOW) == 0


def test_a_row_without_attributes_is_no_open_order(sent):
    assert watch({"dynamodb": {"Keys": {"OrderId": {"S": "A-1"}}, "NewImage": {"OrderId": {"S": "A-1"}}}}) == 0
