"""What becomes of orders when a call fails: each that was accepted ends once, and each that was not leaves no trace.

accepted = fulfilled + escalated + parked. The faults are real ones: calls that fail, lose their reply or hang, queues
and tables that are not there, permissions that are denied, executions that die.
"""

import json
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.support.cloud.apps import Apps
from tests.support.cloud.balance import Doubled
from tests.support.cloud.faults import (
    FOR_EVER,
    Faulty,
    States,
    changed,
    denied,
    park_lost_orders,
    throttled,
)
from tests.support.cloud.orders import (
    ATTEMPTS,
    ESCALATE,
    FULFILL,
    MARK,
    OUTCOME,
    QUEUE_OF,
    RECORD,
    executions,
    place,
    placed,
    the_end_of,
)
from tests.support.waiting import eventually

pytestmark = pytest.mark.usefixtures("skipped_waits", "balanced")


@pytest.mark.parametrize(
    ("state", "failures"), [(RECORD, 1), (RECORD, ATTEMPTS - 1), (FULFILL, ATTEMPTS - 1), (OUTCOME, ATTEMPTS - 1)]
)
def test_a_call_that_fails_until_the_last_attempt_does_no_harm(
    apps: Apps, order: dict[str, str], faulty: Faulty, state: str, failures: int
) -> None:
    with changed(apps, lambda states: faulty.calls(states[state], failures=failures)):
        queue, _ = place(apps, order)

    assert (queue, faulty.attempts) == ("OrderFulfillmentQueue", failures + 1)


@pytest.mark.parametrize(("state", "price"), [(RECORD, "1"), (FULFILL, "1"), (ESCALATE, "0")])
def test_an_order_whose_call_fails_for_ever_is_parked_alone(
    apps: Apps, order: dict[str, str], faulty: Faulty, state: str, price: str
) -> None:
    with changed(apps, lambda states: faulty.calls(states[state], failures=FOR_EVER)):
        queue, message = place(apps, order | {"Price": price})

    assert (queue, message["State"], faulty.attempts) == ("ParkedQueue", state, ATTEMPTS)


@pytest.mark.parametrize("state", [RECORD, OUTCOME])
def test_a_write_whose_reply_is_lost_is_made_once(
    apps: Apps, order: dict[str, str], faulty: Faulty, state: str
) -> None:
    with changed(apps, lambda states: faulty.calls(states[state], failures=1, fault="reply lost")):
        queue, _ = place(apps, order)

    assert (queue, faulty.attempts) == ("OrderFulfillmentQueue", 2)


def test_a_message_whose_reply_is_lost_is_sent_again_into_the_same_queue(
    apps: Apps, order: dict[str, str], faulty: Faulty, balanced: Doubled
) -> None:
    """Downstream applications are told to tell copies by their OrderId."""
    balanced.orders.add(order["OrderId"])
    with changed(apps, lambda states: faulty.calls(states[FULFILL], failures=1, fault="reply lost")):
        placed(apps, order)

    row = apps.settled(order["OrderId"])
    copy, again = apps.queued(order["OrderId"])
    assert copy == again and copy[0] == QUEUE_OF[row["Status"]["S"]] == "OrderFulfillmentQueue"


def test_an_order_whose_outcome_cannot_be_written_is_fulfilled_once_and_parked_for_its_row(
    apps: Apps, order: dict[str, str], faulty: Faulty
) -> None:
    with changed(apps, lambda states: faulty.calls(states[OUTCOME], failures=FOR_EVER)):
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
def test_an_order_that_is_parked_and_in_its_queue_says_so_and_is_not_fulfilled_twice(
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


def test_an_order_whose_row_cannot_be_marked_is_parked_once_by_the_workflow_and_from_outside(
    apps: Apps, order: dict[str, str], faulty: Faulty
) -> None:
    def without_queue_or_mark(states: States) -> None:
        states[FULFILL]["Arguments"]["QueueUrl"] += "-gone"
        faulty.calls(states[MARK], failures=FOR_EVER)

    operator = apps.as_operator()
    with changed(apps, without_queue_or_mark):
        placed(apps, order)
    assert (faulty.attempts, (apps.row(order["OrderId"]) or {})["Status"]["S"]) == (ATTEMPTS, "RECEIVED")
    aged(apps, order["OrderId"])
    park_lost_orders(apps, {})

    [item] = [one for one in operator.call("GET", "/parked")[1]["items"] if one["OrderId"] == order["OrderId"]]
    assert (item["State"], item["Copies"], item["Status"]) == (FULFILL, 2, "PARKED")
    assert operator.put_order(order)[0] == 202
    assert apps.settled(order["OrderId"])["Status"]["S"] == "FULFILLMENT_QUEUED"
    assert operator.call("DELETE", f"/parked/{item['MessageId']}")[:2] == (200, {"removed": 2})
    assert [name for name, _ in apps.queued(order["OrderId"])] == ["OrderFulfillmentQueue"]


def aged(apps: Apps, order_id: str) -> None:
    """Makes a row look as old as that of a lost order."""
    apps.cloud.engine.client("dynamodb").update_item(
        TableName=apps.places.order_table,
        Key={"OrderId": {"S": order_id}},
        UpdateExpression="SET UpdatedAt = :old",
        ExpressionAttributeValues={":old": {"S": "2026-01-01T00:00:00.000Z"}},
    )


@pytest.mark.parametrize(("state", "price"), [(FULFILL, "1"), (ESCALATE, "0")])
def test_an_order_whose_queue_is_gone_is_parked_and_in_no_other(
    either: Apps, order: dict[str, str], state: str, price: str
) -> None:
    gone = f"{either.places.escalation_queue}-gone"

    with changed(either, lambda states: states[state]["Arguments"].update(QueueUrl=gone)):
        queue, message = place(either, order | {"Price": price})

    assert (queue, message["State"]) == ("ParkedQueue", state)
    assert message["Error"].startswith("SQS.")


def without_a_table(states: States) -> None:
    states[RECORD]["Arguments"]["TableName"] = "nobody-deployed-this"


def test_an_order_whose_table_is_gone_is_parked_and_its_claim_says_so(either: Apps, order: dict[str, str]) -> None:
    with changed(either, without_a_table):
        queue, message = place(either, order)

    assert (queue, message["State"]) == ("ParkedQueue", RECORD)
    assert message["Error"] == "DynamoDB.ResourceNotFoundException"


def test_an_order_started_by_hand_whose_table_is_gone_is_parked_without_a_row(
    apps: Apps, order: dict[str, str]
) -> None:
    with changed(apps, without_a_table):
        execution = apps.finished(apps.start(apps.places.order_workflow, order))

    assert json.loads(execution["output"]) == {"Outcome": "PARKED"}
    [(queue, message)] = apps.queued(order["OrderId"])
    assert (queue, message["State"]) == ("ParkedQueue", RECORD)
    assert apps.row(order["OrderId"]) is None


def test_a_lookup_needs_no_table_while_it_is_cached(apps: Apps, order: dict[str, str]) -> None:
    place(apps, order)
    eventually(lambda: apps.get_order(order["OrderId"])[1], until=lambda order: order["Status"] == "FULFILLMENT_QUEUED")
    eventually(lambda: apps.get_order(order["OrderId"]), until=lambda answer: answer[2] == "HIT")

    with denied(apps, "GetOrder", "dynamodb:GetItem"):
        warm = apps.get_order(order["OrderId"])
        status, _, headers = apps.call("GET", f"/orders/{order['OrderId']}-cold")

    assert (warm[0], warm[1]["Status"], warm[2]) == (200, "FULFILLMENT_QUEUED", "HIT")
    assert (status, headers["Retry-After"]) == (503, "1")


def test_of_a_burst_above_the_throttle_the_excess_is_refused_and_the_rest_comes_to_an_end(
    apps: Apps, order: dict[str, str]
) -> None:
    orders = [order | {"OrderId": f"{order['OrderId']}-{number}", "Price": str(number % 3)} for number in range(15)]
    before = executions(apps)

    with throttled(apps, apps.places.orders_api, rate=1, burst=5), ThreadPoolExecutor(15) as pool:
        answers = [status for status, _ in pool.map(apps.post_order, orders)]

    taken = [order for order, status in zip(orders, answers, strict=True) if status == 202]
    refused = [order for order, status in zip(orders, answers, strict=True) if status == 429]
    assert len(taken) + len(refused) == 15 and len(taken) >= 5 and refused
    ends = Counter(the_end_of(apps, order["OrderId"])[0] for order in taken)
    assert ends["EscalationQueue"] == sum(order["Price"] == "0" for order in taken)
    assert ends["OrderFulfillmentQueue"] == len(taken) - ends["EscalationQueue"]
    assert not any(apps.row(order["OrderId"]) or apps.queued(order["OrderId"]) for order in refused)
    assert len(executions(apps) - before) == len(taken)
