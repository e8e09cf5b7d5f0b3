"""docs/data-model.md says what the code writes about orders.

Each function and each state that writes rows runs here on rows of every status, and the page names every change.
"""

import contextlib
import functools
import math
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from functools import partial
from typing import Any

import boto3
import pytest

from account.rows import Erasing
from common.times import timestamp
from orders import cache, cache_entry, close_order, correct_order, park_lost_orders, place_order, submission
from orders.order import ESCALATION_QUEUE, FULFILLMENT_QUEUE, fields_of
from tests.support.aws_answers import refused
from tests.support.backups import Backup
from tests.support.data_model import Changes, Row, differences, documented, examples, kinds, rows_of, section
from tests.support.handlers.aws import ENVIRONMENT, client_of
from tests.support.handlers.events import OPERATOR, PERSON, post, signed_in
from tests.support.handlers.order_rows import NAME
from tests.support.orders import an_order
from tests.support.workflows.asl import evaluated_all, load

STATES = load("order_fulfillment.asl.json")["States"]
WRITING = [name for name, state in STATES.items() if "UpdateExpression" in state.get("Arguments", {})]
OWN = f"arn:aws:states:us-east-1:123456789012:execution:orders:{NAME}"
NOW = datetime(2026, 11, 21, 4, tzinfo=UTC)
LATER = datetime.max.replace(tzinfo=UTC)
CHANGED_AT = "2026-11-21T04:00:02.000Z"
ORDER = an_order()
OTHER = an_order(Name="Ada", ItemName="Lamp", Price="49.90", CC="4012888888881881")
OWN_ORDER = {"Owner": PERSON["sub"], "OwnPart": f"{PERSON['sub']}#1"}
SENDING = {
    state["Assign"]["outcome"]: state["Assign"] for state in STATES.values() if "outcome" in state.get("Assign", {})
}
"""What the states that send an order to its queue assign, by outcome."""
QUEUES = {"FULFILLMENT_QUEUED": FULFILLMENT_QUEUE, "ESCALATED": ESCALATION_QUEUE}
WRITERS = ("PlaceOrder", "CorrectOrder", "CloseOrder", "DeleteAccount", "ParkLostOrders", *WRITING)

pytestmark = pytest.mark.usefixtures("order_workflow", "parked")


def rows() -> list[Row]:
    """No row, and rows of each status, as the functions and the workflow leave them."""
    waiting = {**submission.row_of(signed_in({}), ORDER, now=NOW), "ExecutionName": NAME, **OWN_ORDER}
    # Another request placed it, and another execution brought its outcome.
    times = dict.fromkeys(("StartedAt", "CheckedAt", "QueuedAt"), timestamp(NOW))
    waiting["RequestId"] = "of an earlier request"
    taken = waiting | {"ExecutionId": OWN, "KeptAt": CHANGED_AT} | times
    # The row of an order that waits for an operator does not expire.
    unsettled = {name: value for name, value in taken.items() if name != "ExpiresAt"}
    escalated = {"Status": "ESCALATED", "Reasons": ["PRICE_NOT_POSITIVE"], "Todo": "ESCALATED#10"}
    parked = {"Status": "PARKED", "Todo": "PARKED#10"}
    closed = {"Status": "CLOSED", "ExecutionId": "", "Note": "a note", "ClosedBy": OPERATOR["sub"]}
    return [
        None,
        waiting,
        *(taken | {"Status": status} for status in ("RECEIVED", "FULFILLMENT_QUEUED")),
        unsettled | escalated,
        unsettled | parked,
        *(unsettled | parked | {"Queue": queue} for queue in (ESCALATION_QUEUE, FULFILLMENT_QUEUE)),
        unsettled | parked | {"EarlierOutcome": "PARKED", "CorrectedBy": PERSON["sub"], "CorrectedAt": CHANGED_AT},
        taken | closed,
    ]


def call(handler: Callable[..., Any], body: dict[str, str]) -> None:
    """Calls a function as an operator who has placed the order A-1."""
    handler(signed_in(post(body) | {"pathParameters": {"OrderId": "A-1"}}, **OPERATOR | {"sub": PERSON["sub"]}), None)


def run(state: str, before: Row, *, claimed: bool, outcome: str) -> None:
    """Writes as the workflow's `state` does, in the execution OWN."""
    context = {"Execution": {"Id": OWN, "Name": NAME, "StartTime": CHANGED_AT}, "State": {"EnteredTime": CHANGED_AT}}
    sent = evaluated_all(SENDING[outcome], ORDER, context=context)
    arguments = evaluated_all(
        {**STATES[state]["Arguments"], "TableName": ENVIRONMENT["ORDER_TABLE"]},
        ORDER,
        context=context,
        order=fields_of(ORDER | {"Name": "Jo"}),
        rowId="A-1",
        claimed=claimed,
        outcome=outcome,
        queue=QUEUES.get(before["Status"], "") if before else "",
        reasons=["CARD_NOT_16_DIGITS"] if outcome == "ESCALATED" else [],
        change=sent["change"],
        values=sent["values"],
        checkedAt=CHANGED_AT,
        queuedAt=sent["queuedAt"],
    )
    client = untyped()
    with contextlib.suppress(client.exceptions.ConditionalCheckFailedException):
        client.update_item(**arguments)


@functools.cache
def untyped() -> Any:
    """A client that takes attributes as the workflow writes them, such as {"S": "text"}."""
    return boto3.client("dynamodb")


def writers(before: Row) -> Iterator[tuple[str, Callable[[], Any]]]:
    """Everything that can write to the row `before`."""
    yield "PlaceOrder", partial(call, place_order.handler, ORDER)
    for order in (ORDER, OTHER):
        yield "CorrectOrder", partial(call, correct_order.handler, order)
    yield "CloseOrder", partial(call, close_order.handler, {"note": "another note"})
    if before:
        erasing = Erasing(PERSON["sub"], until=math.inf, searched_since=LATER)
        yield "DeleteAccount", partial(erasing.erase_order, before)
    yield "ParkLostOrders", partial(park_lost_orders.handler, {"Records": [{"body": '{"OrderId": "A-1"}'}]}, None)
    # An execution has one outcome. After the outcome, it does not repeat its first write.
    is_over = before and before["Status"] in QUEUES
    outcomes = [before["Status"]] if before and is_over else list(QUEUES)
    for state in WRITING[1:] if is_over else WRITING:
        for outcome in outcomes:
            for claimed in (True, False):
                yield state, partial(run, state, before, claimed=claimed, outcome=outcome)


@pytest.fixture
def stored(order_table: Any) -> Callable[[], Row]:
    """Reads the row A-1."""
    return lambda: order_table.get_item(Key={"OrderId": "A-1"}).get("Item")


@pytest.fixture
def written(order_table: Any, stored: Callable[[], Row]) -> Changes:
    """Every change that a writer makes to a row."""
    changes = Changes()
    for before in rows():
        order_table.delete_item(Key={"OrderId": "A-1"})
        if before:
            order_table.put_item(Item=before)
        backup = Backup(order_table)
        for by, write in writers(before):
            backup.restore()
            write()
            if backup.is_changed():
                changes.add(by, before, stored())
    return changes


@pytest.fixture
def withdrawn(order_table: Any, stored: Callable[[], Row], monkeypatch: pytest.MonkeyPatch) -> Changes:
    """Every change that a function makes to a row after the workflow did not start."""
    claims: list[Row] = []

    def start_execution(**_: Any) -> None:
        claims.append(stored())
        raise refused("stepfunctions", "StartExecution", "throttled")

    monkeypatch.setattr(client_of(submission, "stepfunctions"), "start_execution", start_execution)
    changes = Changes()
    order_table.delete_item(Key={"OrderId": "A-1"})
    call(place_order.handler, ORDER)
    changes.add("PlaceOrder", claims.pop(), stored())
    for status in QUEUES.keys() - {"FULFILLMENT_QUEUED"} | {"PARKED"}:
        before = next(row for row in rows() if row and row["Status"] == status)
        order_table.put_item(Item=before)
        call(correct_order.handler, OTHER)
        changes.add("CorrectOrder", claims.pop(), stored())
    return changes


def test_the_page_names_every_change_of_an_order(written, withdrawn):
    said = documented(row="A row of OrderTable", statuses="The statuses of an order")

    assert not (wrong := differences(said, written, Changes(statuses=withdrawn.statuses))), wrong
    assert {by for _, by in said.attributes} == set(WRITERS)


def test_the_page_shows_an_order_as_it_is_stored(order_table, stored):
    call(place_order.handler, ORDER)
    claim = stored()
    for state in ("Update the order table", "Record the outcome"):
        order_table.update_item(
            Key={"OrderId": "A-1"},
            UpdateExpression="SET ExecutionName = :name",
            ExpressionAttributeValues={":name": NAME},
        )
        run(state, claim, claimed=True, outcome="FULFILLMENT_QUEUED")

    (example,) = examples("A row of OrderTable")

    assert (example["Status"], stored()["Status"]) == ("FULFILLMENT_QUEUED", "FULFILLMENT_QUEUED")
    assert kinds(example) == kinds(stored())


def test_the_page_says_how_long_redis_keeps_an_order():
    lives = [cells[2] for cells in rows_of(section("Keys in Redis"), "key", "value", "lives for", "written by")]

    assert lives == [
        f"{cache_entry.FINAL_MS // 1000} s",
        f"{cache_entry.IN_PROGRESS_MS // 1000} s",
        f"{cache_entry.UNKNOWN_MS / 1000} s",
        f"{cache.LOCK_SECONDS} s, or {cache.RELEASED} ms after the lookup has written the entry",
    ]
