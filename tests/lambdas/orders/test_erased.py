"""The row of an order whose owner deletes their account."""

from datetime import UTC, datetime

import pytest

from orders.erased import NOTE, erased
from tests.support.handlers.order_rows import ROW

NOW = datetime(2026, 11, 22, tzinfo=UTC)
CHANGED = "2026-11-22T00:00:00.000Z"
PRIVATE = {"Note": "Called Zoë", "Digest": "d", "ClosedBy": "olga", "CorrectedBy": "olga", "Later": "x"}
KEPT = {"ExecutionName": "name", "EarlierOutcome": "PARKED", "ExpiresAt": 7, "Reasons": ["PRICE_NOT_POSITIVE"]}
LEFT = {
    "OrderId": ROW["OrderId"],
    "ReceivedAt": ROW["ReceivedAt"],
    "UpdatedAt": ROW["UpdatedAt"],
    "ExecutionId": "arn",
    **dict.fromkeys(("Name", "ItemName", "Price", "CardLast4"), ""),
    **KEPT,
    "Note": NOTE,
}


@pytest.mark.parametrize(
    ("row", "changed"),
    [
        ({"Status": "FULFILLMENT_QUEUED"}, {}),
        ({"Status": "CLOSED", "ExecutionId": ""}, {"ExecutionId": ""}),
        ({"Status": "CLOSED", "Queue": "OrderFulfillmentQueue"}, {}),
        ({"Status": "ESCALATED", "Todo": "x"}, {"Status": "CLOSED", "UpdatedAt": CHANGED, "ExecutionId": "none"}),
        ({"Status": "PARKED", "Todo": "x"}, {"Status": "CLOSED", "UpdatedAt": CHANGED, "ExecutionId": "none"}),
        (
            {"Status": "PARKED", "Queue": "EscalationQueue"},
            {"Status": "CLOSED", "UpdatedAt": CHANGED, "ExecutionId": "none"},
        ),
        (
            {"Status": "PARKED", "Queue": "OrderFulfillmentQueue"},
            {"Status": "FULFILLMENT_QUEUED", "UpdatedAt": CHANGED},
        ),
    ],
    ids=str,
)
def test_a_row_keeps_what_its_id_needs_and_loses_the_rest(row, changed):
    left = erased(ROW | PRIVATE | KEPT | row, now=NOW, no_execution="none")

    assert left == LEFT | {"Status": row["Status"]} | changed


def test_attributes_that_a_row_lacks_are_not_added():
    left = erased({"OrderId": "A-1", "Status": "CLOSED"}, now=NOW, no_execution="none")

    assert left.keys() == {"OrderId", "Status", "Name", "ItemName", "Price", "CardLast4", "Note"}
