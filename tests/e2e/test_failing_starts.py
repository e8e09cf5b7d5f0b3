"""What becomes of orders when the API cannot record one or start its workflow, or starts it late or twice."""

import json
import re
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest

from common.aws import BRIEFLY
from tests.support.cloud.apps import Apps
from tests.support.cloud.faults import (
    States,
    changed,
    denied,
    park_lost_orders,
    start_fails,
)
from tests.support.cloud.orders import (
    QUIET,
    executions,
    is_express,
    outcomes_of,
    place,
    put_received,
    start_late,
    the_end_of,
)

pytestmark = pytest.mark.usefixtures("skipped_waits", "balanced")


@pytest.mark.parametrize("action", ["dynamodb:PutItem", "states:StartExecution"])
def test_an_order_that_could_not_be_taken_leaves_no_trace_and_makes_one_execution_when_sent_again(
    apps: Apps, order: dict[str, str], action: str
) -> None:
    before = executions(apps)

    with denied(apps, "PlaceOrder", action):
        status, _, headers = apps.call("POST", "/orders", order)

    assert (status, headers["Retry-After"]) == (503, "1")
    assert headers["Access-Control-Allow-Origin"] == "*"
    assert apps.row(order["OrderId"]) is None and executions(apps) == before
    assert place(apps, order)[0] == "OrderFulfillmentQueue"
    assert len(executions(apps) - before) == 1


@pytest.mark.parametrize("fault", ["throttled", "failed", "reply lost"])
def test_an_order_whose_start_failed_ends_once_when_sent_again(apps: Apps, order: dict[str, str], fault: str) -> None:
    """If the reply was lost, an execution runs although its claim was withdrawn. It finds no claim and does nothing."""
    before = executions(apps)

    with start_fails(apps, fault, times=BRIEFLY.retries["total_max_attempts"]):
        status, _, headers = apps.call("POST", "/orders", order)
        again, _ = apps.post_order(order)

    assert (status, headers["Retry-After"]) == (503, "1")
    assert again == 202 or (again, fault) == (200, "reply lost")
    outcomes = outcomes_of(apps, executions(apps) - before)
    assert outcomes.count("FULFILLMENT_QUEUED") == 1
    assert len(outcomes) == 1 or (fault == "reply lost" and set(outcomes) <= {"FULFILLMENT_QUEUED", *QUIET})
    assert the_end_of(apps, order["OrderId"])[0] == "OrderFulfillmentQueue"


def test_a_start_whose_reply_is_lost_is_tried_again_and_makes_one_order(either: Apps, order: dict[str, str]) -> None:
    """A Standard workflow answers the second start with the first one's execution. An Express one runs twice."""
    before = executions(either)

    with start_fails(either, "reply lost", times=1):
        queue, _ = place(either, order)

    outcomes = outcomes_of(either, executions(either) - before)
    assert queue == "OrderFulfillmentQueue"
    assert outcomes == (["DUPLICATE", "FULFILLMENT_QUEUED"] if is_express(either) else ["FULFILLMENT_QUEUED"])


def test_of_two_executions_of_one_name_that_race_one_settles_the_order(apps: Apps, order: dict[str, str]) -> None:
    """An Express workflow starts both. An order that the API claimed, and one that was started by hand."""
    states, before = apps.cloud.engine.client("stepfunctions"), executions(apps)
    racing = [order | {"OrderId": f"{order['OrderId']}-{number}"} for number in range(10)]

    def start(order: dict[str, str]) -> None:
        states.start_execution(
            stateMachineArn=apps.places.order_workflow,
            name=f"of-{order['OrderId']}",
            input=json.dumps({**order, **({"Claimed": True} if order in racing[::2] else {})}),
        )

    for one in racing[::2]:
        put_received(apps, one, at=datetime.now(UTC), taken_up=False)
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(start, [one for one in racing for _ in range(2)]))

    started = executions(apps) - before
    assert outcomes_of(apps, started) == ["DUPLICATE"] * 10 + ["FULFILLMENT_QUEUED"] * 10
    assert all(re.search(":express:[^:]+:of-[^:]+:[0-9a-f-]{36}$", arn) for arn in started)
    for one in racing:
        queue, message = the_end_of(apps, one["OrderId"])
        assert (queue, message["ExecutionId"] in started) == ("OrderFulfillmentQueue", True)


def test_a_start_that_comes_after_its_claim_was_taken_back_makes_no_order(either: Apps, order: dict[str, str]) -> None:
    assert start_late(either, order, name=f"{order['OrderId']}-0123456789ab") == "NO_CLAIM"

    assert either.row(order["OrderId"]) is None and either.queued(order["OrderId"]) == []
    assert place(either, order)[0] == "OrderFulfillmentQueue"


def test_a_start_that_comes_after_the_order_was_sent_again_changes_nothing(either: Apps, order: dict[str, str]) -> None:
    put_received(either, order, at=datetime.now(UTC), taken_up=False)
    claim = either.row(order["OrderId"])

    assert start_late(either, order, name=f"{order['OrderId']}-0123456789ab") == "NO_CLAIM"

    assert either.row(order["OrderId"]) == claim and either.queued(order["OrderId"]) == []


def test_a_correction_that_starts_after_it_was_taken_back_changes_nothing(apps: Apps, order: dict[str, str]) -> None:
    place(apps, order | {"Price": "0"})
    row = apps.row(order["OrderId"])

    assert start_late(apps, order, name=f"{order['OrderId']}-0123456789ab") == "NO_CLAIM"

    assert apps.row(order["OrderId"]) == row and len(apps.queued(order["OrderId"])) == 1


def test_a_claim_that_was_parked_is_not_taken_up_by_a_late_start(apps: Apps, order: dict[str, str]) -> None:
    put_received(apps, order, at=datetime.now(UTC) - timedelta(minutes=11), taken_up=False)
    park_lost_orders(apps, {})

    assert start_late(apps, order, name=f"of-{order['OrderId']}") == "DUPLICATE"

    assert the_end_of(apps, order["OrderId"])[0] == "ParkedQueue"


def refusing(states: States) -> None:
    """Makes the first state refuse an order that the API accepted, as a state of another version may."""
    failure = {"State": "Is it an order", "Error": "FieldLengthError"}
    rule = {"Condition": "{% true %}", "Assign": {"failure": failure}, "Next": "Not an order"}
    states["Is it an order"]["Choices"].insert(0, rule)


def test_an_order_that_the_api_took_and_the_workflow_refuses_is_parked_once_and_corrected_at_once(
    either: Apps, order: dict[str, str]
) -> None:
    operator = either.as_operator()

    with changed(either, refusing):
        queue, message = place(either, order)

    assert (queue, message["State"], message["Order"]) == ("ParkedQueue", "Is it an order", None)
    assert operator.put_order(order)[0] == 202
    row = either.settled(order["OrderId"])
    assert row["Status"]["S"] == "FULFILLMENT_QUEUED"
    assert sorted(queue for queue, _ in either.queued(order["OrderId"])) == ["OrderFulfillmentQueue", "ParkedQueue"]


def test_an_order_whose_claim_was_left_behind_is_fulfilled_when_sent_again(apps: Apps, order: dict[str, str]) -> None:
    put_received(apps, order, at=datetime.now(UTC), taken_up=False)

    status, answer = apps.post_order(order)

    assert (status, answer["Status"]) == (200, "RECEIVED")
    assert the_end_of(apps, order["OrderId"])[0] == "OrderFulfillmentQueue"
