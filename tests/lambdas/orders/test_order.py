import json

import fastjsonschema
import pytest

from common.caller import Caller
from orders import order
from orders.order import shown
from stacks import schemas
from tests.support.handlers.events import PERSON, REQUEST_ID
from tests.support.handlers.order_rows import ROW, SHOWN
from tests.support.workflows.asl import load

CLAIMED = {name: value for name, value in ROW.items() if name != "ExecutionId"} | {"Status": "RECEIVED"}
"""The row of an order that no execution has taken."""

TAKEN = CLAIMED | {"ExecutionId": "arn"}


def a_caller(id: str, *, is_operator: bool = False) -> Caller:
    return Caller(id=id, email=None, phone=None, is_operator=is_operator)


def test_an_order_is_in_the_first_state_until_an_execution_takes_its_row():
    assert shown(CLAIMED) == SHOWN | {"Status": "RECEIVED", "State": "Update the order table"}


def test_an_order_whose_row_belongs_to_an_execution_is_being_checked():
    assert shown(TAKEN) == SHOWN | {"Status": "RECEIVED", "State": "Are details Proper"}


@pytest.mark.parametrize("row", [CLAIMED, TAKEN, TAKEN | {"ExecutionId": ""}])
@pytest.mark.parametrize("status", sorted(order.FINAL))
def test_a_settled_order_shows_no_state(status, row):
    """A parked row may belong to no execution yet, and a closed row no longer belongs to one."""
    assert shown(row | {"Status": status}) == SHOWN | {"Status": status}


def test_the_first_state_shown_writes_the_execution_and_leads_to_the_second():
    states = load("order_fulfillment.asl.json")["States"]

    assert "ExecutionId = :id" in states[order.UPDATE_THE_TABLE]["Arguments"]["UpdateExpression"]
    assert states[order.UPDATE_THE_TABLE]["Next"] == order.ARE_DETAILS_PROPER


@pytest.mark.parametrize("row", [CLAIMED, TAKEN])
def test_a_shown_order_fits_the_schemas_of_the_api(row):
    one, many = (schemas.load(f"orders/{name}.schema.json") for name in ("order_state", "list"))

    fastjsonschema.compile(one)(shown(row))
    fastjsonschema.compile(many)({"orders": [shown(row)], "next": None})


@pytest.mark.parametrize(
    ("row", "waits"),
    [
        (CLAIMED, True),
        (TAKEN, False),
        (CLAIMED | {"Status": "PARKED"}, False),
        (TAKEN | {"Status": "ESCALATED"}, False),
    ],
)
def test_only_a_received_order_without_an_execution_waits_for_one(row, waits):
    assert order.is_waiting(row) == waits


@pytest.mark.parametrize(
    ("change", "is_escalated"),
    [
        ({"Status": "ESCALATED"}, True),
        ({"Status": "PARKED", "Queue": "EscalationQueue"}, True),
        ({"Status": "PARKED", "Queue": "OrderFulfillmentQueue"}, False),
        ({"Status": "PARKED", "Queue": ""}, False),
        ({"Status": "PARKED"}, False),
        ({"Status": "CLOSED", "Queue": "EscalationQueue"}, False),
    ],
)
def test_a_parked_order_counts_as_escalated_if_it_is_in_the_escalation_queue(change, is_escalated):
    assert order.is_escalated(ROW | change) == is_escalated


@pytest.mark.parametrize(
    ("change", "queue"),
    [
        ({"Status": "PARKED", "Queue": "EscalationQueue"}, {"Queue": "EscalationQueue"}),
        ({"Status": "PARKED", "Queue": ""}, {}),
        ({"Status": "PARKED"}, {}),
        ({"Status": "CLOSED", "Queue": "EscalationQueue"}, {}),
    ],
)
def test_a_parked_order_shows_the_queue_that_it_is_in(change, queue):
    status = {"Status": change["Status"]}

    assert shown(ROW | change) == SHOWN | status | queue


@pytest.mark.parametrize(
    ("change", "by"),
    [
        ({}, None),
        ({"CorrectedBy": PERSON["sub"], "CorrectedAt": "2026-11-21T05:00:00.000Z"}, "owner"),
        ({"CorrectedBy": "olga", "CorrectedAt": "2026-11-21T05:00:00.000Z"}, "operator"),
    ],
)
def test_a_corrected_order_shows_when_and_by_which_role(change, by):
    expected = {"CorrectedBy": by, "CorrectedAt": change["CorrectedAt"]} if by else {}

    assert (order.corrected_by(ROW | change), shown(ROW | change)) == (by, SHOWN | expected)


@pytest.mark.parametrize(
    ("caller", "may_see"),
    [
        (a_caller(PERSON["sub"]), True),
        (a_caller("another"), False),
        (a_caller("another", is_operator=True), True),
    ],
)
def test_only_the_owner_and_operators_see_an_order(caller, may_see):
    assert order.may_see(caller, ROW) == may_see
    assert order.may_see(caller, {name: ROW[name] for name in ROW if name != "Owner"}) == caller.is_operator


@pytest.mark.parametrize("odd", [None, "", 7, "4242424242424242", f"{REQUEST_ID}x", [REQUEST_ID]])
def test_only_the_id_of_a_request_is_read_as_one(odd):
    """Somebody may write a row by hand."""
    assert order.request_id_of({"RequestId": REQUEST_ID}) == REQUEST_ID
    assert (order.request_id_of({"RequestId": odd}), order.request_id_of({})) == (None, None)


def test_the_note_of_a_closed_order_is_shown():
    assert shown(ROW | {"Status": "CLOSED", "Note": "called her"}) == SHOWN | {"Status": "CLOSED", "Note": "called her"}


def test_stored_rows_stay_in_their_parts_of_the_indexes():
    """With fewer parts, lists would lack the rows of the others. The workflow writes 0 to 9."""
    written = json.dumps(load("order_fulfillment.asl.json")).count("$floor($random() * 10)")

    assert (order.SHARDS, order.OWN_SHARDS, written > 0) == (10, 4, True)
    assert (order.todo("PARKED", 3), order.own_part("ada", 2)) == ("PARKED#3", "ada#2")


def test_an_order_that_waits_for_an_operator_can_be_listed_and_corrected():
    assert set(order.LISTED) == order.CORRECTABLE == {"ESCALATED", "PARKED"}
    assert order.FINAL == set(order.STATUSES) - {"RECEIVED"}
