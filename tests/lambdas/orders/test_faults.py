"""No order is lost or duplicated if any AWS call of PlaceOrder, CorrectOrder or ParkLostOrders fails in any way.

After a fault the caller sends the request again, and the queue calls ParkLostOrders again.
"""

import json
from collections.abc import Callable
from contextlib import ExitStack, suppress
from typing import Any

import pytest

from orders import correct_order, park_lost_orders, place_order, submission, table
from orders.looks import OVERDUE
from tests.support.handlers.aws import client_of
from tests.support.handlers.events import OPERATOR, post, signed_in
from tests.support.handlers.faults import KINDS, KilledError, fault
from tests.support.handlers.order_rows import CLAIMED, NAME, row
from tests.support.orders import an_order

TABLE, STATES = client_of(table, "dynamodb"), client_of(submission, "stepfunctions")
ORDER = an_order()
ESCALATED = ORDER | {"Price": "0"}


def place() -> int:
    with suppress(KilledError):
        return int(place_order.handler(signed_in(post(ORDER)), None)["statusCode"])
    return 0


def correct() -> int:
    event = signed_in(post(ORDER) | {"pathParameters": {"OrderId": "A-1"}}, **OPERATOR)
    with suppress(KilledError):
        return int(correct_order.handler(event, None)["statusCode"])
    return 0


@pytest.fixture(params=[place, correct])
def send(request: pytest.FixtureRequest, order_table: Any, order_workflow: Any) -> Callable[[], int]:
    """Sends the same request on each call: a new order, or the correction of an escalated order."""
    if request.param is correct:
        place_order.handler(signed_in(post(ESCALATED)), None)
        escalated = {"Status": "ESCALATED", "Reasons": ["PRICE_NOT_POSITIVE"], "ExecutionId": "arn"}
        order_table.put_item(Item=table.find("A-1") | escalated)
    send: Callable[[], int] = request.param
    return send


def has_one_valid_execution(order_workflow: Any) -> bool:
    """Whether the row waits for an execution that was started. Each execution's input must require a claim."""
    found = table.find("A-1")
    started = {one["name"]: json.loads(one["input"]) for one in order_workflow.executions()}
    assert all(order["Claimed"] is True for order in started.values())
    assert found and (found["Status"], found["Price"]) == ("RECEIVED", "12.50")
    return found["ExecutionName"] in started


@pytest.mark.parametrize("again", ["before the late call", "after it"])
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("call", ["PutItem", "StartExecution"])
def test_a_request_that_is_sent_again_has_one_valid_execution(
    send: Callable[[], int], order_workflow: Any, call: str, kind: str, again: str
) -> None:
    with fault(TABLE if call == "PutItem" else STATES, call, kind):
        first = send()
        second = send() if again == "before the late call" else None
    second = second or send()

    assert first in ((0,) if "killed" in kind else (503,))
    assert second in (200, 202)
    assert has_one_valid_execution(order_workflow)


@pytest.mark.parametrize("again", ["before the late call", "after it"])
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("start", ["refused", "late"])
def test_a_claim_that_cannot_be_withdrawn_does_no_harm(
    send: Callable[[], int], order_workflow: Any, start: str, kind: str, again: str
) -> None:
    """The start fails, and then the call that would withdraw the claim fails, too."""
    release = "DeleteItem" if send is place else "PutItem"
    with ExitStack() as faults:

        def then(**_: Any) -> None:
            faults.enter_context(fault(TABLE, release, kind))

        with fault(STATES, "StartExecution", start, beside=then):
            assert send() in (0, 503)
        second = send() if again == "before the late call" else None

    assert (second or send()) in (200, 202)
    assert has_one_valid_execution(order_workflow)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("call", ["GetItem", "SendMessage", "PutItem"])
def test_a_lost_order_is_parked_under_one_parking_id(
    order_table: Any, parked: Callable[[], list[dict[str, Any]]], call: str, kind: str
) -> None:
    order_table.put_item(Item=row("A-1", age=OVERDUE * 2, **CLAIMED))

    with fault(client_of(park_lost_orders, "sqs") if call == "SendMessage" else TABLE, call, kind):
        for _ in range(3):
            with suppress(KilledError, Exception):
                park_lost_orders.handler({"Records": [{"body": '{"OrderId": "A-1"}'}]}, None)

    messages = parked.take_json()
    assert {(one["ParkingId"], one["OrderId"]) for one in messages} == {(NAME, "A-1")}
    found = table.find("A-1")
    assert found and found["Status"] == "PARKED"
