from datetime import UTC, datetime, timedelta

import pytest

from common.times import timestamp
from orders import table

ROW = {"OrderId": "A-1", "Status": "RECEIVED", "ExecutionName": "mine"}
NOW = datetime(2026, 11, 21, 4, tzinfo=UTC)


def test_an_order_id_is_claimed_once(order_table):
    assert table.claim(ROW)
    assert not table.claim(ROW | {"ExecutionName": "other"})
    assert table.find("A-1") == ROW


@pytest.mark.parametrize("kept", [{"ExecutionName": "other"}, {"ExecutionId": "arn"}])
def test_a_claim_that_is_taken_up_or_somebody_elses_is_not_released(kept, order_table):
    order_table.put_item(Item=ROW | kept)

    table.release(ROW)
    table.release(ROW, instead_of=ROW | {"Status": "ESCALATED"})

    assert table.find("A-1") == ROW | kept


def test_a_claim_that_somebody_keeps_is_not_released(order_table):
    table.claim(ROW)

    assert table.keep(ROW, now=NOW)
    table.release(ROW)
    table.release(ROW, instead_of=ROW | {"Status": "ESCALATED"})

    assert table.find("A-1") == ROW | dict.fromkeys(("UpdatedAt", "KeptAt"), "2026-11-21T04:00:00.000Z")


@pytest.mark.parametrize("changed", [{"Status": "PARKED"}, {"ExecutionName": "other"}, {"ExecutionId": "arn"}])
def test_a_claim_that_has_changed_is_not_kept(changed, order_table):
    order_table.put_item(Item=ROW | changed)

    assert not table.keep(ROW, now=NOW)
    assert table.find("A-1") == ROW | changed


def test_a_released_claim_is_gone(order_table):
    table.claim(ROW)

    table.release(ROW)
    table.release(ROW)

    assert table.find("A-1") is None


def test_a_released_correction_leaves_what_it_corrected(order_table):
    escalated = ROW | {"Status": "ESCALATED", "ExecutionName": "first", "ExecutionId": "arn"}
    order_table.put_item(Item=escalated)

    assert table.claim_again(ROW, instead_of=escalated)
    assert table.find("A-1") == ROW
    table.release(ROW, instead_of=escalated)

    assert table.find("A-1") == escalated


@pytest.mark.parametrize("changed", [{"Status": "PARKED"}, {"ExecutionName": "other"}, {"ExecutionId": "arn"}])
def test_what_has_changed_meanwhile_is_neither_corrected_nor_parked(changed, order_table):
    order_table.put_item(Item=ROW | changed)

    assert not table.claim_again(ROW | {"ExecutionName": "third"}, instead_of=ROW)
    assert not table.park(ROW, now=NOW)

    assert table.find("A-1") == ROW | changed


def test_a_parked_row_says_since_when(order_table):
    order_table.put_item(Item=ROW | {"Price": "5"})

    assert table.park(ROW | {"Price": "5"}, now=NOW)

    assert table.find("A-1") == ROW | {"Price": "5", "Status": "PARKED", "UpdatedAt": "2026-11-21T04:00:00.000Z"}


def test_orders_are_found_by_how_long_they_have_been_received(order_table):
    for minute, status in enumerate(["RECEIVED", "ESCALATED", "RECEIVED", "RECEIVED"]):
        at = timestamp(NOW + timedelta(minutes=minute))
        order_table.put_item(Item=ROW | {"OrderId": f"A-{minute}", "Status": status, "UpdatedAt": at})

    assert list(table.received(before=NOW + timedelta(minutes=3))) == ["A-0", "A-2"]


@pytest.mark.parametrize(
    ("microsecond", "text"), [(0, "2026-11-21T04:00:00.000Z"), (7_999, "2026-11-21T04:00:00.007Z")]
)
def test_times_have_three_decimals_as_those_of_the_workflow(microsecond, text):
    assert timestamp(datetime(2026, 11, 21, 4, microsecond=microsecond, tzinfo=UTC)) == text
