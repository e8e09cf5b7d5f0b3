from datetime import UTC, datetime, timedelta

import pytest

from common.times import timestamp
from orders import table
from orders.order import LISTED

ROW = {"OrderId": "A-1", "Status": "RECEIVED", "ExecutionName": "mine"}
NOW = datetime(2026, 11, 21, 4, tzinfo=UTC)


def test_an_order_id_is_claimed_once(order_table):
    assert table.claim(ROW)
    assert not table.claim(ROW | {"ExecutionName": "other"})
    assert table.find("A-1") == ROW


@pytest.mark.parametrize("kept", [{"ExecutionName": "other"}, {"ExecutionId": "arn"}])
def test_a_claim_that_an_execution_or_another_request_has_taken_is_not_withdrawn(kept, order_table):
    order_table.put_item(Item=ROW | kept)

    table.withdraw(ROW)
    table.withdraw(ROW, instead_of=ROW | {"Status": "ESCALATED"})

    assert table.find("A-1") == ROW | kept


def test_a_claim_that_another_request_keeps_is_not_withdrawn(order_table):
    table.claim(ROW)

    assert table.keep(ROW, now=NOW)
    table.withdraw(ROW)
    table.withdraw(ROW, instead_of=ROW | {"Status": "ESCALATED"})

    assert table.find("A-1") == ROW | dict.fromkeys(("UpdatedAt", "KeptAt"), "2026-11-21T04:00:00.000Z")


@pytest.mark.parametrize("changed", [{"Status": "PARKED"}, {"ExecutionName": "other"}, {"ExecutionId": "arn"}])
def test_a_claim_that_has_changed_is_not_kept(changed, order_table):
    order_table.put_item(Item=ROW | changed)

    assert not table.keep(ROW, now=NOW)
    assert table.find("A-1") == ROW | changed


def test_a_withdrawn_claim_is_deleted(order_table):
    table.claim(ROW)

    table.withdraw(ROW)
    table.withdraw(ROW)

    assert table.find("A-1") is None


def test_a_withdrawn_correction_restores_the_row_that_it_corrected(order_table):
    escalated = ROW | {"Status": "ESCALATED", "ExecutionName": "first", "ExecutionId": "arn"}
    order_table.put_item(Item=escalated)

    assert table.claim_again(ROW, instead_of=escalated)
    assert table.find("A-1") == ROW
    table.withdraw(ROW, instead_of=escalated)

    assert table.find("A-1") == escalated


@pytest.mark.parametrize("changed", [{"Status": "PARKED"}, {"ExecutionName": "other"}, {"ExecutionId": "arn"}])
def test_a_row_that_has_changed_meanwhile_is_neither_corrected_nor_parked(changed, order_table):
    order_table.put_item(Item=ROW | changed)

    assert not table.claim_again(ROW | {"ExecutionName": "third"}, instead_of=ROW)
    assert not table.park(ROW, now=NOW)

    assert table.find("A-1") == ROW | changed


def test_a_parked_row_has_the_time_of_parking(order_table):
    order_table.put_item(Item=ROW | {"Price": "5"})

    assert table.park(ROW | {"Price": "5"}, now=NOW)

    found = table.find("A-1")
    assert found["Todo"] in [f"PARKED#{shard}" for shard in range(10)]
    parked = {"Status": "PARKED", "EarlierOutcome": "PARKED", "UpdatedAt": "2026-11-21T04:00:00.000Z"}
    assert found == ROW | {"Price": "5", "Todo": found["Todo"]} | parked


@pytest.mark.parametrize("status", LISTED)
def test_a_closed_or_corrected_order_no_longer_waits_for_an_operator(status, order_table):
    """A withdrawn correction waits again."""
    waiting = ROW | {"Status": status, "Todo": f"{status}#3", "UpdatedAt": "2026-11-21T04:00:00.000Z"}
    order_table.put_item(Item=waiting)

    assert table.claim_again(ROW, instead_of=waiting)
    assert "Todo" not in table.find("A-1")
    table.withdraw(ROW, instead_of=waiting)
    assert table.find("A-1") == waiting
    assert table.close(waiting, note="a note", by="olga", now=NOW)
    assert "Todo" not in table.find("A-1")


def test_received_orders_are_found_by_their_age(order_table):
    for minute, status in enumerate(["RECEIVED", "ESCALATED", "RECEIVED", "RECEIVED"]):
        at = timestamp(NOW + timedelta(minutes=minute))
        order_table.put_item(Item=ROW | {"OrderId": f"A-{minute}", "Status": status, "UpdatedAt": at})

    rows, last = table.received(before=NOW + timedelta(minutes=3), after=None, limit=10)
    assert (sorted(row["OrderId"] for row in rows), last) == (["A-0", "A-2"], None)


@pytest.mark.parametrize(
    ("microsecond", "text"), [(0, "2026-11-21T04:00:00.000Z"), (7_999, "2026-11-21T04:00:00.007Z")]
)
def test_times_have_three_decimals_like_the_workflows(microsecond, text):
    assert timestamp(datetime(2026, 11, 21, 4, microsecond=microsecond, tzinfo=UTC)) == text
