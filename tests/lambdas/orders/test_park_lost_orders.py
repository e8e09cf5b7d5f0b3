from datetime import UTC, datetime, timedelta

import pytest

from orders import table
from orders.park_lost_orders import OVERDUE, handler

EXECUTION = "arn:aws:states:us-east-1:123456789012:execution:orders:mine"
EVENT = {"ExecutionId": EXECUTION, "Status": "TIMED_OUT"}


def row(order_id: str, *, age: timedelta = timedelta(), **attributes: str) -> dict[str, object]:
    at = table.timestamp(datetime.now(UTC) - age)
    return {
        "OrderId": order_id,
        "Name": "Jo",
        "ItemName": "Keyboard",
        "Price": "12.50",
        "CardLast4": "1111",
        "Status": "RECEIVED",
        "Reasons": [],
        "ReceivedAt": at,
        "UpdatedAt": at,
        "ExecutionName": "mine",
        **attributes,
    }


def test_the_order_of_an_execution_that_died_is_parked_with_the_reason(order_table, parked_queue):
    order_table.put_item(Item=row("A-1", ExecutionId=EXECUTION))
    order_table.put_item(Item=row("A-2", ExecutionName="other", ExecutionId=EXECUTION.replace("mine", "other")))

    assert handler(EVENT, None) == {"Parked": 1}

    (message,) = parked_queue()
    assert message == {
        "OrderId": "A-1",
        "State": None,
        "Error": "Execution.TIMED_OUT",
        "ExecutionId": EXECUTION,
        "Order": {"OrderId": "A-1", "Name": "Jo", "ItemName": "Keyboard", "Price": "12.50"},
    }
    assert (table.find("A-1")["Status"], table.find("A-2")["Status"]) == ("PARKED", "RECEIVED")


def test_the_order_of_an_execution_that_died_before_it_took_up_the_claim_is_parked(order_table, parked_queue):
    order_table.put_item(Item=row("A-1"))

    handler(EVENT, None)

    (message,) = parked_queue()
    assert (message["OrderId"], table.find("A-1")["Status"]) == ("A-1", "PARKED")


def test_an_execution_that_died_without_a_row_is_parked_by_its_name(order_table, parked_queue):
    handler(EVENT, None)

    (message,) = parked_queue()
    assert (message["OrderId"], message["Order"], message["ExecutionId"]) == (None, None, EXECUTION)


def test_orders_that_never_came_to_an_end_are_parked(order_table, parked_queue):
    for order_id, age in {"old": OVERDUE * 2, "older": OVERDUE * 3, "young": OVERDUE / 2}.items():
        order_table.put_item(Item=row(order_id, age=age))
    order_table.put_item(Item=row("done", age=OVERDUE * 2, Status="ESCALATED"))

    assert handler({}, None) == {"Parked": 2}

    assert [(message["OrderId"], message["Error"]) for message in parked_queue()] == [
        ("older", "NoOutcomeError"),
        ("old", "NoOutcomeError"),
    ]
    states = {name: table.find(name)["Status"] for name in ("old", "older", "young", "done")}
    assert states == {"old": "PARKED", "older": "PARKED", "young": "RECEIVED", "done": "ESCALATED"}


def test_where_the_queue_does_not_take_it_the_order_is_found_again(order_table, parked_queue, monkeypatch):
    order_table.put_item(Item=row("A-1", age=OVERDUE * 2))
    with monkeypatch.context() as broken:
        broken.setenv("PARKED_QUEUE", "https://sqs.us-east-1.amazonaws.com/123456789012/gone")
        with pytest.raises(Exception, match="NonExistentQueue|does not exist"):
            handler({}, None)

    assert table.find("A-1")["Status"] == "RECEIVED"
    assert handler({}, None) == {"Parked": 1}
    assert [message["OrderId"] for message in parked_queue()] == ["A-1"]


def test_an_order_that_has_just_come_to_its_end_is_left_alone(order_table, parked_queue, monkeypatch):
    """The index still says RECEIVED, which it may for a moment."""
    order_table.put_item(Item=row("A-1", age=OVERDUE * 2, Status="ESCALATED"))
    monkeypatch.setattr("orders.table.received", lambda before: iter(["A-1"]))

    assert handler({}, None) == {"Parked": 0}

    assert parked_queue() == []
    assert table.find("A-1")["Status"] == "ESCALATED"
