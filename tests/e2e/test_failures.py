"""Orders whose calls fail. Each accepted order ends exactly once; a refused order leaves no trace.

accepted = fulfilled + escalated + parked. The faults are real: calls that fail, lose their reply or hang, missing
queues and tables, denied permissions, executions that fail.
"""

import json

import pytest

from tests.support.cloud.apps import Apps
from tests.support.cloud.balance import AllowedCopies
from tests.support.cloud.faults import (
    ALWAYS,
    Faulty,
    States,
    changed,
    denied,
    look_at_orders,
    unwatched,
)
from tests.support.cloud.orders import (
    ATTEMPTS,
    ESCALATE,
    FULFILL,
    MARK,
    OUTCOME,
    QUEUE_OF,
    RECORD,
    place,
    placed,
)
from tests.support.waiting import eventually

pytestmark = pytest.mark.usefixtures("few_parked", "skipped_waits", "balanced")


@pytest.mark.parametrize(
    ("state", "failures"), [(RECORD, 1), (RECORD, ATTEMPTS - 1), (FULFILL, ATTEMPTS - 1), (OUTCOME, ATTEMPTS - 1)]
)
def test_an_order_survives_a_call_that_fails_until_its_last_attempt(
    apps: Apps, order: dict[str, str], faulty: Faulty, state: str, failures: int
) -> None:
    with changed(apps, lambda states: faulty.calls(states[state], failures=failures)):
        queue, _ = place(apps, order)

    assert (queue, faulty.attempts) == ("OrderFulfillmentQueue", failures + 1)


@pytest.mark.parametrize(("state", "price"), [(RECORD, "1"), (FULFILL, "1"), (ESCALATE, "0")])
def test_an_order_whose_call_fails_at_every_attempt_is_only_parked(
    apps: Apps, order: dict[str, str], faulty: Faulty, state: str, price: str
) -> None:
    with changed(apps, lambda states: faulty.calls(states[state], failures=ALWAYS)):
        queue, message = place(apps, order | {"Price": price})

    assert (queue, message["State"], faulty.attempts) == ("ParkedQueue", state, ATTEMPTS)


@pytest.mark.parametrize("state", [RECORD, OUTCOME])
def test_a_write_whose_reply_is_lost_is_retried_without_harm(
    apps: Apps, order: dict[str, str], faulty: Faulty, state: str
) -> None:
    with changed(apps, lambda states: faulty.calls(states[state], failures=1, fault="reply lost")):
        queue, _ = place(apps, order)

    assert (queue, faulty.attempts) == ("OrderFulfillmentQueue", 2)


def test_a_message_whose_reply_is_lost_is_sent_again_into_the_same_queue(
    apps: Apps, order: dict[str, str], faulty: Faulty, balanced: AllowedCopies
) -> None:
    """docs/messages.md asks downstream applications to recognise copies by their OrderId."""
    balanced.orders.add(order["OrderId"])
    with changed(apps, lambda states: faulty.calls(states[FULFILL], failures=1, fault="reply lost")):
        placed(apps, order)

    row = apps.settled(order["OrderId"])
    copy, again = apps.queued(order["OrderId"])
    assert copy == again and copy[0] == QUEUE_OF[row["Status"]["S"]] == "OrderFulfillmentQueue"


def test_an_order_whose_outcome_cannot_be_recorded_is_fulfilled_once_and_parked(
    apps: Apps, order: dict[str, str], faulty: Faulty
) -> None:
    with changed(apps, lambda states: faulty.calls(states[OUTCOME], failures=ALWAYS)):
        placed(apps, order)

    row = apps.settled(order["OrderId"])
    (queue, _), (_, parked) = apps.queued(order["OrderId"])
    assert (queue, row["Status"]["S"], parked["State"]) == ("OrderFulfillmentQueue", "PARKED", OUTCOME)
    assert row["Queue"]["S"] == parked["Queue"] == queue


def without_the_outcomes_table(states: States) -> None:
    states[OUTCOME]["Arguments"]["TableName"] = "nobody-deployed-this"


@pytest.mark.parametrize(
    ("price", "queue", "answer"), [("1", "OrderFulfillmentQueue", 409), ("0", "EscalationQueue", 202)]
)
def test_a_parked_order_that_is_in_its_queue_shows_it_and_is_not_fulfilled_twice(
    apps: Apps, order: dict[str, str], price: str, queue: str, answer: int
) -> None:
    operator = apps.as_operator()
    with changed(apps, without_the_outcomes_table):
        placed(apps, order | {"Price": price})

    assert apps.settled(order["OrderId"])["Status"]["S"] == "PARKED"
    shown = eventually(lambda: operator.get_order(order["OrderId"])[1], until=lambda order: order["Status"] == "PARKED")
    [item] = [one for one in operator.call("GET", "/parked")[1]["items"] if one["OrderId"] == order["OrderId"]]
    assert (shown["Queue"], item["Queue"], item["Error"]) == (queue, queue, "DynamoDB.ResourceNotFoundException")
    assert operator.put_order(order)[0] == answer
    eventually(lambda: dict(apps.queued(order["OrderId"])), until=lambda found: "OrderFulfillmentQueue" in found)
    assert [name for name, _ in apps.queued(order["OrderId"])].count("OrderFulfillmentQueue") == 1


def test_an_order_that_the_workflow_and_the_sweep_both_park_is_listed_once(
    apps: Apps, order: dict[str, str], faulty: Faulty
) -> None:
    def without_queue_or_mark(states: States) -> None:
        states[FULFILL]["Arguments"]["QueueUrl"] += "-gone"
        faulty.calls(states[MARK], failures=ALWAYS)

    operator = apps.as_operator()
    with changed(apps, without_queue_or_mark):
        placed(apps, order)
    assert (faulty.attempts, (apps.row(order["OrderId"]) or {})["Status"]["S"]) == (ATTEMPTS, "RECEIVED")
    with unwatched(apps):
        aged(apps, order["OrderId"])
        look_at_orders(apps, order["OrderId"])

    [item] = [one for one in operator.call("GET", "/parked")[1]["items"] if one["OrderId"] == order["OrderId"]]
    assert (item["State"], item["Copies"], item["Status"]) == (FULFILL, 2, "PARKED")
    assert operator.put_order(order)[0] == 202
    assert apps.settled(order["OrderId"])["Status"]["S"] == "FULFILLMENT_QUEUED"
    assert operator.call("DELETE", f"/parked/{item['MessageId']}")[:2] == (200, {"removed": 2})
    assert [name for name, _ in apps.queued(order["OrderId"])] == ["OrderFulfillmentQueue"]


def aged(apps: Apps, order_id: str) -> None:
    """Makes a row as old as a lost order's row."""
    apps.cloud.engine.client("dynamodb").update_item(
        TableName=apps.places.order_table,
        Key={"OrderId": {"S": order_id}},
        UpdateExpression="SET UpdatedAt = :old",
        ExpressionAttributeValues={":old": {"S": "2026-01-01T00:00:00.000Z"}},
    )


@pytest.mark.parametrize(("state", "price"), [(FULFILL, "1"), (ESCALATE, "0")])
def test_an_order_whose_queue_is_missing_is_only_parked(
    either: Apps, order: dict[str, str], state: str, price: str
) -> None:
    gone = f"{either.places.escalation_queue}-gone"

    with changed(either, lambda states: states[state]["Arguments"].update(QueueUrl=gone)):
        queue, message = place(either, order | {"Price": price})

    assert (queue, message["State"]) == ("ParkedQueue", state)
    assert message["Error"].startswith("SQS.")


def without_a_table(states: States) -> None:
    states[RECORD]["Arguments"]["TableName"] = "nobody-deployed-this"


def test_an_order_whose_table_is_missing_in_the_workflow_is_parked(either: Apps, order: dict[str, str]) -> None:
    with changed(either, without_a_table):
        queue, message = place(either, order)

    assert (queue, message["State"]) == ("ParkedQueue", RECORD)
    assert message["Error"] == "DynamoDB.ResourceNotFoundException"


def test_an_order_started_by_hand_whose_table_is_missing_is_parked_without_a_row(
    apps: Apps, order: dict[str, str]
) -> None:
    with changed(apps, without_a_table):
        execution = apps.finished(apps.start(apps.places.order_workflow, order))

    assert json.loads(execution["output"]) == {"Outcome": "PARKED"}
    [(queue, message)] = apps.queued(order["OrderId"])
    assert (queue, message["State"]) == ("ParkedQueue", RECORD)
    assert apps.row(order["OrderId"]) is None


def test_a_cached_order_is_found_without_the_table(apps: Apps, order: dict[str, str]) -> None:
    place(apps, order)
    eventually(lambda: apps.get_order(order["OrderId"])[1], until=lambda order: order["Status"] == "FULFILLMENT_QUEUED")
    eventually(lambda: apps.get_order(order["OrderId"]), until=lambda answer: answer[2] == "HIT")

    with denied(apps, "GetOrder", "dynamodb:GetItem"):
        warm = apps.get_order(order["OrderId"])
        status, _, headers = apps.call("GET", f"/orders/{order['OrderId']}-cold")

    assert (warm[0], warm[1]["Status"], warm[2]) == (200, "FULFILLMENT_QUEUED", "HIT")
    assert (status, headers["Retry-After"]) == (503, "1")
