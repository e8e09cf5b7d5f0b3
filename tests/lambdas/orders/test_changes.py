"""What a record of the table's stream says about an order."""

from datetime import UTC, datetime

import pytest
from boto3.dynamodb.types import TypeSerializer

from orders.changes import Received, Settled, of_record
from tests.support.handlers.events import REQUEST_ID

BEGAN, ENDED = "2026-11-21T04:00:00.000Z", "2026-11-21T04:00:01.250Z"
BEFORE = {"Status": "RECEIVED", "ExecutionName": "mine", "Digest": "d", "ReceivedAt": BEGAN, "UpdatedAt": BEGAN}
AFTER = BEFORE | {"Status": "FULFILLMENT_QUEUED", "UpdatedAt": ENDED, "RequestId": REQUEST_ID}
SETTLED = Settled(
    order_id="A-1",
    request_id=REQUEST_ID,
    at=datetime(2026, 11, 21, 4, 0, 1, 250_000, UTC),
    outcome="FULFILLMENT_QUEUED",
    reasons=(),
    queue=None,
    seconds=1.25,
)
serialize = TypeSerializer().serialize


def said(before, after, *, order_id="A-1"):
    """What the record of a change says. `before` or `after` is None if there is no row."""
    images = {
        name: {key: serialize(value) for key, value in row.items()}
        for name, row in (("OldImage", before), ("NewImage", after))
        if row is not None
    }
    return of_record({"dynamodb": {"Keys": {"OrderId": serialize(order_id)}, **images}})


def test_an_outcome_has_the_time_since_the_order_was_received():
    assert said(BEFORE, AFTER) == SETTLED


@pytest.mark.parametrize("status", ["FULFILLMENT_QUEUED", "ESCALATED", "PARKED"])
def test_every_outcome_is_read(status):
    assert said(BEFORE, AFTER | {"Status": status}).outcome == status


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (BEFORE, BEFORE | {"ExecutionId": "arn"}),
        (BEFORE, None),
        (None, AFTER),
        (AFTER, None),
        (AFTER, AFTER | {"Note": "x"}),
        (AFTER, AFTER | {"Status": "PARKED"}),
        (BEFORE, AFTER | {"Status": "CLOSED"}),
        (BEFORE, AFTER | {"ExecutionName": "another"}),
        (BEFORE, {name: AFTER[name] for name in AFTER if name != "ExecutionName"}),
        ({}, {}),
    ],
)
def test_any_other_change_says_nothing(before, after):
    assert said(before, after) is None


@pytest.mark.parametrize("before", [None, AFTER | {"Status": "ESCALATED"}])
@pytest.mark.parametrize("by_hand", [True, False])
def test_an_order_is_received_when_it_is_placed_corrected_or_started_by_hand(before, by_hand):
    row = {name: value for name, value in BEFORE.items() if name != "Digest"} if by_hand else BEFORE

    expected = Received(order_id="A-1", at=datetime(2026, 11, 21, 4, tzinfo=UTC), by_hand=by_hand)
    assert said(before, row) == expected


def test_only_an_escalated_order_has_reasons_and_only_known_ones():
    reasons = {"Reasons": ["CARD_NOT_16_DIGITS", "ada@example.com", 7, "PRICE_NOT_POSITIVE"]}

    assert said(BEFORE, AFTER | reasons).reasons == ()
    found = said(BEFORE, AFTER | reasons | {"Status": "ESCALATED"}).reasons
    assert found == ("CARD_NOT_16_DIGITS", "PRICE_NOT_POSITIVE")


@pytest.mark.parametrize("odd", [{}, {"Reasons": "x"}, {"Reasons": None}, {"Reasons": []}], ids=str)
def test_an_escalated_row_without_reasons_has_none(odd):
    assert said(BEFORE, AFTER | {"Status": "ESCALATED"} | odd).reasons == ()


@pytest.mark.parametrize(
    ("queue", "read"), [("EscalationQueue", "EscalationQueue"), ("", None), (7, None), (None, None)]
)
def test_the_queue_of_a_parked_order_is_read(queue, read):
    assert said(BEFORE, AFTER | {"Status": "PARKED", "Queue": queue}).queue == read


@pytest.mark.parametrize(
    ("change", "seconds"),
    [
        ({"CorrectedAt": "2026-11-21T04:00:01.000Z"}, 0.25),
        ({"CorrectedAt": ENDED}, 0.0),
        # The clocks of the function and of Step Functions may differ.
        ({"ReceivedAt": "2026-11-21T04:00:01.251Z"}, 0.0),
        ({"ReceivedAt": "2026-11-21T04:00:00"}, 1.25),
        ({"ReceivedAt": "2026-11-21T05:00:00+01:00"}, 1.25),
        ({"UpdatedAt": "2026-11-21T04:00:00.0009Z"}, 0.001),
        ({"ReceivedAt": "soon"}, None),
        ({"ReceivedAt": 7}, None),
        ({"UpdatedAt": ""}, None),
    ],
    ids=str,
)
def test_the_time_is_counted_from_when_the_order_was_received_or_corrected(change, seconds):
    assert said(BEFORE, AFTER | change).seconds == seconds


@pytest.mark.parametrize("order_id", ["4242424242424242", "ada@example.com", "", 7])
def test_an_invalid_order_id_is_left_out(order_id):
    """Somebody may write a row by hand, with anything in it."""
    assert said(None, BEFORE, order_id=order_id).order_id is None
    assert said(BEFORE, AFTER, order_id=order_id).order_id is None


@pytest.mark.parametrize("odd", ["4242424242424242", 7, None])
def test_an_invalid_request_id_is_left_out(odd):
    assert said(BEFORE, AFTER | {"RequestId": odd}).request_id is None
