"""The checks of both balances notice each kind of imbalance. The tests need no cloud: they make rows and messages."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from tests.support.cloud.records import Answer, Delivery, Message, Orders, Reminders

NOW = datetime(2026, 11, 26, 12, tzinfo=UTC)
EXECUTION = "arn:aws:states:us-east-1:000000000000:execution:orders:A-1-0123456789ab"
OTHER = EXECUTION.replace("A-1-0", "A-1-f")
REMINDER = "arn:aws:states:us-east-1:000000000000:execution:reminders:r-1"


def answer(status: int, method: str = "POST") -> Answer:
    path = "/orders" if method == "POST" else "/orders/A-1"
    return Answer(method, f"http://127.0.0.1/v1{path}", {"OrderId": "A-1"}, status, {})


def row(status: str = "FULFILLMENT_QUEUED", **changes: Any) -> dict[str, Any]:
    return {"OrderId": "A-1", "Owner": "ada", "Status": status, "ExecutionId": EXECUTION, **changes}


def message(queue: str = "OrderFulfillmentQueue", **changes: Any) -> Message:
    return Message(queue, "m", {"OrderId": "A-1", "ExecutionId": EXECUTION, **changes})


GOOD = Orders(rows={"A-1": row()}, messages=[message()], answers=[answer(202)])
NOTE = message("ParkedQueue", State="Record the outcome")
PERHAPS = message("ParkedQueue", State="Put message in order OrderFulfillment Queue")
NAME = "A-1-0123456789ab"
PARKED = message("ParkedQueue", State="Are details Proper", ParkingId=NAME)
FROM_OUTSIDE = message("ParkedQueue", State=None, ParkingId=NAME)
UNKNOWN = message("ParkedQueue", State=None, ParkingId=NAME, ExecutionId=None)
OF_ANOTHER = message("ParkedQueue", State="Are details Proper", ParkingId="A-1-fedcba987654")
SUPERSEDED = message("EscalationQueue", ExecutionId=OTHER)


@pytest.mark.parametrize(
    ("orders", "term"),
    [
        (GOOD, "fulfilled"),
        (replace(GOOD, rows={"A-1": row("ESCALATED")}, messages=[message("EscalationQueue")]), "escalated"),
        (replace(GOOD, rows={"A-1": row("PARKED")}, messages=[message("ParkedQueue")]), "parked"),
        (replace(GOOD, rows={"A-1": row("CLOSED", ExecutionId="")}, messages=[message("ParkedQueue")]), "closed"),
        (replace(GOOD, messages=[message(), SUPERSEDED], answers=[answer(202), answer(202, "PUT")]), "fulfilled"),
        (replace(GOOD, messages=[message(), message()], copies={"A-1"}), "fulfilled"),
        (replace(GOOD, answers=[answer(503)]), "fulfilled"),
        (replace(GOOD, rows={"A-1": row("PARKED")}, messages=[message(), NOTE]), "fulfilled"),
        (replace(GOOD, rows={"A-1": row("PARKED")}, messages=[message(), PERHAPS], copies={"A-1"}), "fulfilled"),
        (replace(GOOD, rows={"A-1": row("PARKED")}, messages=[message(), FROM_OUTSIDE], copies={"A-1"}), "fulfilled"),
        (Orders(rows={}, messages=[message("ParkedQueue")], by_hand={EXECUTION}), "parked"),
        (replace(GOOD, rows={"A-1": row("PARKED")}, messages=[PARKED, FROM_OUTSIDE, PARKED]), "parked"),
        (
            replace(GOOD, rows={"A-1": row("PARKED", ExecutionId=None, ExecutionName=NAME)}, messages=[UNKNOWN]),
            "parked",
        ),
    ],
)
def test_an_order_with_one_end_is_in_balance(orders: Orders, term: str) -> None:
    assert orders.balance() == ({"accepted": 1, term: 1}, [])


@pytest.mark.parametrize("status", [400, 503])
def test_a_refused_order_without_a_trace_is_not_counted(status: int) -> None:
    assert Orders(rows={}, messages=[], answers=[answer(status)]).balance() == ({}, [])


@pytest.mark.parametrize(
    ("orders", "problem"),
    [
        (replace(GOOD, messages=[message(), message()]), "2 messages of one execution are in OrderFulfillmentQueue"),
        (replace(GOOD, messages=[message(), message(Name="x")], copies={"A-1"}), "in OrderFulfillmentQueue differ"),
        (replace(GOOD, messages=[message(), message("ParkedQueue")]), "one execution has messages in two queues"),
        (
            replace(GOOD, rows={"A-1": row("PARKED")}, messages=[message(), PERHAPS]),
            "one execution has messages in two queues",
        ),
        (replace(GOOD, messages=[message(), FROM_OUTSIDE]), "one execution has messages in two queues"),
        (replace(GOOD, rows={"A-1": row("PARKED")}, messages=[PARKED, OF_ANOTHER]), "2 messages of one execution"),
        (
            replace(GOOD, messages=[message(), message(ExecutionId=OTHER)]),
            "2 executions put it into OrderFulfillmentQueue",
        ),
        (replace(GOOD, messages=[message(), SUPERSEDED]), "1 further messages, but only 0 corrections"),
        (replace(GOOD, messages=[]), "has no message in OrderFulfillmentQueue"),
        (replace(GOOD, messages=[message(ExecutionId=OTHER)]), "its execution has no message"),
        (replace(GOOD, rows={"A-1": row("ESCALATED")}), "has no message in EscalationQueue"),
        (replace(GOOD, rows={"A-1": row("CLOSED", ExecutionId="")}), "is closed, but its messages are in"),
        (replace(GOOD, rows={"A-1": row("RECEIVED")}, messages=[]), "has no outcome"),
        (replace(GOOD, rows={}, messages=[]), "was accepted, but has neither a row nor a message"),
        (replace(GOOD, rows={}), "has no row, but a message in OrderFulfillmentQueue"),
        (Orders(rows={}, messages=[message("ParkedQueue")]), "has no row, but a message in ParkedQueue"),
        (replace(GOOD, answers=[answer(400)]), "was refused, but has a row"),
        (replace(GOOD, rows={"A-1": {n: v for n, v in row().items() if n != "Owner"}}), "has no owner"),
        (
            Orders(rows={}, messages=[message("ParkedQueue", OrderId=None)]),
            "a message in ParkedQueue names no order",
        ),
    ],
)
def test_an_order_without_exactly_one_end_is_reported(orders: Orders, problem: str) -> None:
    _, faults = orders.balance()

    assert any(problem in fault for fault in faults), faults


def reminder(status: str = "SENT", **changes: Any) -> dict[str, Any]:
    return {
        "ReminderId": "r-1",
        "Message": "Feed the cat",
        "Preference": "email",
        "Status": status,
        "Occurrence": 1,
        "DueAt": "2026-11-26T11:00:00Z",
        "FirstDueAt": "2026-11-26T11:00:00Z",
        "TimeZone": "UTC",
        "ExecutionId": REMINDER,
        **changes,
    }


def posted(status: int) -> Answer:
    body = {"message": "Feed the cat", "preference": "email"}
    return Answer("POST", "http://127.0.0.1/v1/reminders", body, status, {"reminderId": "r-1"})


MAIL, TEXT = Delivery("mail", "Feed the cat", "r-1"), Delivery("text", "Feed the cat", None)
SENT = Reminders(rows={"r-1": reminder()}, deliveries=[MAIL], answers=[posted(202)], now=NOW)
DAILY: dict[str, Any] = {"Repeat": '{"every": "1d"}'}


def of(status: str, *deliveries: Delivery, runs: bool = False, **changes: Any) -> Reminders:
    rows = {"r-1": reminder(status, **changes)}
    return replace(SENT, rows=rows, deliveries=deliveries, running={REMINDER} if runs else set())


LATER: dict[str, Any] = {"DueAt": "2026-11-26T13:00:00Z"}


@pytest.mark.parametrize(
    ("reminders", "term"),
    [
        (SENT, "sent"),
        (replace(SENT, answers=[posted(503)]), "sent"),
        (of("SENT", MAIL, TEXT, Preference="both"), "sent"),
        (of("PARTLY_SENT", TEXT, Preference="both"), "partly sent"),
        (of("FAILED", Reason="x"), "failed"),
        (replace(of("FAILED", MAIL, Reason="x"), doubtful={"Feed the cat"}), "failed"),
        (replace(of("SENT", MAIL, MAIL), doubtful={"Feed the cat"}), "sent"),
        (of("FAILED", MAIL, Reason="the workflow ended while it was sending: it may have arrived"), "failed"),
        (of("FAILED", MAIL, Reason="the next occurrence was not scheduled: x", **DAILY), "failed"),
        (of("CANCELLED"), "cancelled"),
        (of("SCHEDULED", runs=True, **LATER), "waiting"),
        (of("SCHEDULED", MAIL, runs=True, Occurrence=2, **LATER, **DAILY), "waiting"),
        (of("SENT", MAIL, Stopped=True, **DAILY), "sent"),
        (of("SENT", MAIL, Repeat='{"every": "1d", "times": 1}'), "sent"),
    ],
)
def test_a_reminder_with_one_end_is_in_balance(reminders: Reminders, term: str) -> None:
    assert reminders.balance() == ({"accepted": 1, term: 1}, [])


@pytest.mark.parametrize(
    ("reminders", "problem"),
    [
        (replace(SENT, deliveries=[]), "0 came by mail, not 1 to 1"),
        (replace(SENT, deliveries=[MAIL, MAIL]), "2 came by mail, not 1 to 1"),
        (replace(SENT, deliveries=[MAIL, TEXT]), "1 came by text, not 0 to 0"),
        (replace(SENT, deliveries=[MAIL._replace(reminder_id="r-2")]), "names the reminder r-2, which has no row"),
        (replace(SENT, rows={}, answers=[]), "{'mail': 1} came, but no reminder has the words 'Feed the cat'"),
        (replace(SENT, rows={}, deliveries=[]), "r-1: was accepted, but has no row"),
        (replace(SENT, answers=[posted(400)]), "'Feed the cat' was refused, but has a row"),
        (of("PARTLY_SENT", Preference="both"), "is PARTLY_SENT, but 0 came"),
        (of("PARTLY_SENT", MAIL, TEXT, Preference="both"), "is PARTLY_SENT, but 2 came"),
        (of("FAILED", MAIL, Reason="x"), "1 came by mail, not 0 to 0"),
        (of("FAILED"), "failed without a reason"),
        (of("CANCELLED", MAIL), "1 came by mail, not 0 to 0"),
        (of("SENDING"), "is SENDING"),
        (of("SCHEDULED", runs=True), "is SCHEDULED, was due at 2026-11-26T11:00:00Z, and its execution runs"),
        (of("SCHEDULED", **LATER), "its execution does not run"),
        (of("SCHEDULED", runs=True, ExecutionId=None, **LATER), "its execution does not run"),
        (of("SENT", MAIL, **DAILY), "is SENT, but its next occurrence is not scheduled"),
        (of("FAILED", Reason="x", **DAILY), "is FAILED, but its next occurrence is not scheduled"),
    ],
)
def test_a_reminder_without_exactly_one_end_is_reported(reminders: Reminders, problem: str) -> None:
    _, faults = reminders.balance()

    assert any(problem in fault for fault in faults), faults
