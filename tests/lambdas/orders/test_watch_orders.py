import json
from datetime import UTC, datetime
from unittest.mock import Mock

import pytest
from boto3.dynamodb.types import TypeSerializer

from common.times import timestamp
from costs import quantities
from orders import looks, measures
from orders.looks import OVERDUE, LooksNotSentError
from orders.watch_orders import handler
from tests.support.handlers.aws import client_of
from tests.support.handlers.events import REQUEST_ID
from tests.support.handlers.lines import events, printed, values
from tests.support.handlers.order_rows import CLAIMED, row

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


def test_a_row_without_attributes_is_no_open_order(sent):
    assert watch({"dynamodb": {"Keys": {"OrderId": {"S": "A-1"}}, "NewImage": {"OrderId": {"S": "A-1"}}}}) == 0


BEGAN, ENDED = "2026-11-21T04:00:00.000Z", "2026-11-21T04:00:01.250Z"
CARD = "4242424242424242"
PERSONAL = ("Ada Byron", "ada@example.com", "Desk lamp", "12.50")


def settled(outcome: str, order_id: str = "A-1", **attributes: object) -> dict:
    """The record of an outcome, 1.25 seconds after the order was received."""
    times = {"ReceivedAt": BEGAN, "UpdatedAt": ENDED}
    return change(order_id, "RECEIVED", outcome, **{**CLAIMED, "RequestId": REQUEST_ID, **times, **attributes})


@pytest.fixture
def told(sent, capsys):
    """Returns the lines that the function prints about records."""

    def lines(*records: dict) -> list[dict]:
        watch(*records)
        return printed(capsys)

    return lines


def test_an_outcome_is_an_event_with_its_reasons_and_its_time(told):
    good = settled("FULFILLMENT_QUEUED")
    escalated = settled("ESCALATED", "A-2", Reasons=["CARD_NOT_16_DIGITS", "PRICE_NOT_POSITIVE"])

    assert events(told(good, escalated)) == [
        {
            "message": "order settled",
            "OrderId": "A-1",
            "RequestId": REQUEST_ID,
            "Outcome": "FULFILLMENT_QUEUED",
            "Seconds": 1.25,
        },
        {
            "message": "order settled",
            "OrderId": "A-2",
            "RequestId": REQUEST_ID,
            "Outcome": "ESCALATED",
            "Reasons": ["CARD_NOT_16_DIGITS", "PRICE_NOT_POSITIVE"],
            "Seconds": 1.25,
        },
    ]


def test_a_parked_order_is_an_event_of_its_own(told):
    assert events(told(settled("PARKED", Queue="OrderFulfillmentQueue"), settled("PARKED", "A-2", Queue=""))) == [
        {
            "message": "order parked",
            "OrderId": "A-1",
            "RequestId": REQUEST_ID,
            "Queue": "OrderFulfillmentQueue",
            "Seconds": 1.25,
        },
        {"message": "order parked", "OrderId": "A-2", "RequestId": REQUEST_ID, "Seconds": 1.25},
    ]


def test_an_order_that_somebody_started_by_hand_is_received_without_a_request(told):
    """PlaceOrder has said it of all others."""
    assert events(told(change("A-1", None, "RECEIVED"), change("A-2", None, "RECEIVED", **CLAIMED))) == [
        {"message": "order received", "OrderId": "A-1"}
    ]


def test_a_row_of_an_older_version_has_an_event_without_the_id(told):
    record = settled("FULFILLMENT_QUEUED")
    for image in ("OldImage", "NewImage"):
        del record["dynamodb"][image]["RequestId"]

    (event,) = events(told(record))

    assert "RequestId" not in event and event["OrderId"] == "A-1"


def test_a_corrected_order_counts_from_its_correction(told):
    later = settled("FULFILLMENT_QUEUED", ReceivedAt="2026-11-20T04:00:00.000Z", CorrectedAt=BEGAN)

    lines = told(change("A-1", "ESCALATED", "RECEIVED", **CLAIMED), later)

    assert [event["Seconds"] for event in events(lines)] == [1.25]
    assert values(lines, measures.RECEIVED) == [1]
    assert values(lines, measures.SETTLED_LATE) == [0]


def test_a_withdrawn_correction_is_no_outcome(told):
    """PlaceOrder restores the row of the execution before it."""
    withdrawn = settled("ESCALATED")
    withdrawn["dynamodb"]["OldImage"]["ExecutionName"] = {"S": "A-1-another"}

    assert told(withdrawn) == []


def test_a_batch_has_one_document_with_all_counts_and_the_time_of_its_last_change(told):
    records = [
        *(change(f"A-{number}", None, "RECEIVED", **CLAIMED, UpdatedAt=BEGAN) for number in range(4)),
        settled("FULFILLMENT_QUEUED", "A-0"),
        settled("FULFILLMENT_QUEUED", "A-1", UpdatedAt="2026-11-21T04:01:00.001Z"),
        settled("PARKED", "A-2", UpdatedAt="2026-11-21T04:01:00.000Z"),
        settled("ESCALATED", "A-3", Reasons=["PRICE_NOT_POSITIVE"]),
    ]

    lines = [line for line in told(*records) if "_aws" in line]

    counted, by_reason = lines
    assert counted["_aws"]["Timestamp"] == int(datetime(2026, 11, 21, 4, 1, 0, 1000, UTC).timestamp() * 1000)
    assert {name: counted[name] for name in counted.keys() - {"_aws"}} == {
        "Stage": "test",
        "OrdersReceived": 4,
        "OrdersFulfilled": 2,
        "OrdersEscalated": 1,
        "OrdersParked": 1,
        "SecondsToOutcome": [1.25, 60.001, 60.0, 1.25],
        "OrdersSettledLate": 1,
    }
    assert (by_reason["OrdersEscalatedFor"], by_reason["Reason"]) == (1, "PRICE_NOT_POSITIVE")
    assert by_reason["_aws"]["CloudWatchMetrics"][0]["Dimensions"] == [["Stage", "Reason"]]


def test_a_batch_of_eight_orders_has_as_many_bytes_of_metrics_as_the_costs_say(told):
    """A typical batch of the stage prod."""
    ids = [f"A-{number}" for number in range(8)]
    received = [change(one, None, "RECEIVED", **CLAIMED) for one in ids]

    lines = told(*received, *(settled("FULFILLMENT_QUEUED", one) for one in ids))

    said = quantities.estimates()["metric_bytes_of_a_batch"]["WatchOrders"]["value"]
    written = sum(len(json.dumps(line, separators=(",", ":"))) for line in lines if "_aws" in line)
    assert written == pytest.approx(said, rel=0.1)


def test_nothing_is_counted_if_nothing_happened(told):
    assert told(change("A-1", "RECEIVED", "RECEIVED", **CLAIMED)) == []


def test_records_that_lambda_sends_again_count_once(monkeypatch, capsys):
    answer = {"Failed": [{"Id": "0", "Code": "InternalError", "SenderFault": False}]}
    monkeypatch.setattr(client_of(looks, "sqs"), "send_message_batch", Mock(return_value=answer))
    records = [settled("FULFILLMENT_QUEUED"), change("A-2", None, "RECEIVED", **CLAIMED)]

    with pytest.raises(LooksNotSentError):
        watch(*records)

    assert printed(capsys) == []


@pytest.mark.parametrize("odd", ["", "soon", CARD, "9999-12-31T23:59:59.999Z" * 2, None, 7, ["x"]])
def test_an_odd_time_spoils_neither_the_event_nor_the_other_orders(odd, told):
    lines = told(settled("FULFILLMENT_QUEUED", ReceivedAt=odd), settled("ESCALATED", "A-2", UpdatedAt=odd))

    assert [("Seconds" in event, event["OrderId"]) for event in events(lines)] == [(False, "A-1"), (False, "A-2")]
    assert values(lines, measures.FULFILLED) == [1]
    assert CARD not in json.dumps(lines)


def test_a_local_time_without_an_offset_counts_as_utc(told):
    assert [event["Seconds"] for event in events(told(settled("PARKED", ReceivedAt="2026-11-21T04:00:00")))] == [1.25]


def test_the_lines_have_nothing_of_the_order_or_of_a_person(told):
    """Rows that somebody wrote by hand may have anything in their ids and reasons."""
    name, address, item, price = PERSONAL
    fields = {"Name": name, "ItemName": item, "Price": price, "Reasons": [address, "PRICE_NOT_POSITIVE"]}

    lines = told(
        *(settled("ESCALATED", one, **fields, Note=address, RequestId=one) for one in ("A-1", CARD, address, name)),
        *(change(one, None, "RECEIVED", **fields) for one in (CARD, address, name)),
    )

    text = json.dumps(lines, ensure_ascii=False)
    assert not [secret for secret in (CARD, *PERSONAL) if secret in text]
    assert len(events(lines)) == 7
    assert values(lines, measures.ESCALATED) == [4]
