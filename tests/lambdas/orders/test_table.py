from datetime import UTC, datetime

import pytest

from orders import table

ROW = {"OrderId": "A-1", "Status": "RECEIVED", "ExecutionName": "mine"}


def test_an_order_id_is_claimed_once(order_table):
    assert table.claim(ROW)
    assert not table.claim(ROW | {"ExecutionName": "other"})
    assert table.find("A-1") == ROW


@pytest.mark.parametrize("kept", [{"ExecutionName": "other"}, {"ExecutionId": "arn"}])
def test_a_claim_that_is_taken_up_or_somebody_elses_is_not_released(kept, order_table):
    order_table.put_item(Item=ROW | kept)

    table.release("A-1", execution_name="mine")

    assert table.find("A-1") == ROW | kept


def test_a_released_claim_is_gone(order_table):
    table.claim(ROW)

    table.release("A-1", execution_name="mine")
    table.release("A-1", execution_name="mine")

    assert table.find("A-1") is None


@pytest.mark.parametrize("order_id", ["", "x" * 2049, "é" * 1025], ids=["empty", "letters", "bytes"])
def test_what_cannot_be_a_key_is_not_found_and_not_asked_for(order_id):
    """There is no table here: asking would fail."""
    assert table.find(order_id) is None


@pytest.mark.parametrize(
    ("microsecond", "text"), [(0, "2026-11-21T04:00:00.000Z"), (7_999, "2026-11-21T04:00:00.007Z")]
)
def test_times_have_three_decimals_as_those_of_the_workflow(microsecond, text):
    assert table.timestamp(datetime(2026, 11, 21, 4, microsecond=microsecond, tzinfo=UTC)) == text
