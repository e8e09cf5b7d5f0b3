"""Orders that the API cannot record, or whose workflow it does not start, starts late or starts twice."""

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
    look_at_orders,
    start_fails,
    unwatched,
)
from tests.support.cloud.orders import (
    QUIET,
    executions,
    is_express,
    name_of,
    outcomes_of,
    place,
    put_received,
    queue_and_message,
    start_late,
)

pytestmark = pytest.mark.usefixtures("skipped_waits", "balanced")


@pytest.mark.parametrize("action", ["dynamodb:PutItem", "states:StartExecution"])
def test_an_order_that_cannot_be_accepted_leaves_no_trace_and_can_be_sent_again(
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
def test_an_order_whose_start_failed_is_fulfilled_once_when_sent_again(
    apps: Apps, order: dict[str, str], fault: str
) -> None:
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
    assert queue_and_message(apps, order["OrderId"])[0] == "OrderFulfillmentQueue"


def test_a_start_whose_reply_is_lost_is_retried_and_makes_one_order(either: Apps, order: dict[str, str]) -> None:
    """A Standard workflow answers the second start with the execution of the first. An Express workflow runs twice."""
    before = executions(either)

    with start_fails(either, "reply lost", times=1):
        queue, _ = place(either, order)

    outcomes = outcomes_of(either, executions(either) - before)
    assert queue == "OrderFulfillmentQueue"
    assert outcomes == (["DUPLICATE", "FULFILLMENT_QUEUED"] if is_express(either) else ["FULFILLMENT_QUEUED"])


def test_one_of_two_executions_with_the_same_name_settles_the_order(apps: Apps, order: dict[str, str]) -> None:
    """An Express workflow starts both. The API has claimed half of the orders; the others are started by hand."""
    states, before = apps.cloud.engine.client("stepfunctions"), executions(apps)
    racing = [order | {"OrderId": f"{order['OrderId']}-{number}"} for number in range(10)]

    def start(order: dict[str, str]) -> None:
        states.start_execution(
            stateMachineArn=apps.places.order_workflow,
            name=name_of(order["OrderId"]),
            input=json.dumps({**order, **({"Claimed": True} if order in racing[::2] else {})}),
        )

    for one in racing[::2]:
        put_received(apps, one, at=datetime.now(UTC), started=False)
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(start, [one for one in racing for _ in range(2)]))

    started = executions(apps) - before
    assert outcomes_of(apps, started) == ["DUPLICATE"] * 10 + ["FULFILLMENT_QUEUED"] * 10
    assert all(re.search(":express:[^:]+:[^:]+-abcdefabcdef:[0-9a-f-]{36}$", arn) for arn in started)
    for one in racing:
        queue, message = queue_and_message(apps, one["OrderId"])
        assert (queue, message["ExecutionId"] in started) == ("OrderFulfillmentQueue", True)


def test_a_start_after_its_claim_was_withdrawn_makes_no_order(either: Apps, order: dict[str, str]) -> None:
    assert start_late(either, order, name=f"{order['OrderId']}-0123456789ab") == "NO_CLAIM"

    assert either.row(order["OrderId"]) is None and either.queued(order["OrderId"]) == []
    assert place(either, order)[0] == "OrderFulfillmentQueue"


def test_a_late_start_after_the_order_was_sent_again_changes_nothing(either: Apps, order: dict[str, str]) -> None:
    put_received(either, order, at=datetime.now(UTC), started=False)
    claim = either.row(order["OrderId"])

    assert start_late(either, order, name=f"{order['OrderId']}-0123456789ab") == "NO_CLAIM"

    assert either.row(order["OrderId"]) == claim and either.queued(order["OrderId"]) == []


def test_a_late_start_of_a_withdrawn_correction_changes_nothing(apps: Apps, order: dict[str, str]) -> None:
    place(apps, order | {"Price": "0"})
    row = apps.row(order["OrderId"])

    assert start_late(apps, order, name=f"{order['OrderId']}-0123456789ab") == "NO_CLAIM"

    assert apps.row(order["OrderId"]) == row and len(apps.queued(order["OrderId"])) == 1


def test_a_late_start_after_the_claim_was_parked_changes_nothing(apps: Apps, order: dict[str, str]) -> None:
    with unwatched(apps):
        put_received(apps, order, at=datetime.now(UTC) - timedelta(minutes=11), started=False)
        look_at_orders(apps, order["OrderId"])

    assert start_late(apps, order, name=name_of(order["OrderId"])) == "DUPLICATE"

    assert queue_and_message(apps, order["OrderId"])[0] == "ParkedQueue"


def refusing(states: States) -> None:
    """Makes the first state refuse every order, like another version that is stricter than the API."""
    failure = {"State": "Is it an order", "Error": "FieldLengthError"}
    rule = {"Condition": "{% true %}", "Assign": {"failure": failure}, "Next": "Not an order"}
    states["Is it an order"]["Choices"].insert(0, rule)


def test_an_accepted_order_that_the_workflow_refuses_is_parked_once_and_can_be_corrected(
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
    put_received(apps, order, at=datetime.now(UTC), started=False)

    status, answer = apps.post_order(order)

    assert (status, answer["Status"]) == (200, "RECEIVED")
    assert queue_and_message(apps, order["OrderId"])[0] == "OrderFulfillmentQueue"
