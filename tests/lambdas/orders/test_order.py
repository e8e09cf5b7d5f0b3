import fastjsonschema
import pytest

from orders import order
from orders.order import shown
from stacks import schemas
from tests.support.handlers.order_rows import ROW, SHOWN
from tests.support.workflows.asl import load

CLAIMED = {name: value for name, value in ROW.items() if name != "ExecutionId"} | {"Status": "RECEIVED"}
"""The row of an order that no execution has taken up."""

TAKEN_UP = CLAIMED | {"ExecutionId": "arn"}

BY_OWNER = {name: value for name, value in CLAIMED.items() if name != "ExecutionName"}
"""What the index by owner has of a row: of its execution nothing, whether one has taken it up or not."""


def test_an_order_is_in_the_first_state_until_an_execution_has_taken_it_up():
    assert shown(CLAIMED) == SHOWN | {"Status": "RECEIVED", "State": "Update the order table"}


def test_an_order_that_is_taken_up_is_being_checked_as_far_as_its_row_tells():
    assert shown(TAKEN_UP) == SHOWN | {"Status": "RECEIVED", "State": "Are details Proper"}


def test_a_row_out_of_the_index_by_owner_does_not_claim_to_be_in_the_first_state():
    assert shown(BY_OWNER) == SHOWN | {"Status": "RECEIVED"}


@pytest.mark.parametrize("row", [CLAIMED, TAKEN_UP, TAKEN_UP | {"ExecutionId": ""}])
@pytest.mark.parametrize("status", sorted(order.FINAL))
def test_an_order_that_came_to_its_end_is_in_no_state(status, row):
    """A parked one need not have been taken up; a closed one belongs to no execution any more."""
    assert shown(row | {"Status": status}) == SHOWN | {"Status": status}


def test_the_states_are_the_workflows_first_one_that_writes_and_the_one_after_it():
    states = load("order_fulfillment.asl.json")["States"]

    assert "ExecutionId = :id" in states[order.UPDATE_THE_TABLE]["Arguments"]["UpdateExpression"]
    assert states[order.UPDATE_THE_TABLE]["Next"] == order.ARE_DETAILS_PROPER


@pytest.mark.parametrize("row", [CLAIMED, TAKEN_UP, BY_OWNER])
def test_what_is_shown_is_what_the_api_promises(row):
    one, many = (schemas.load(f"orders/{name}.schema.json") for name in ("order_state", "list"))

    fastjsonschema.compile(one)(shown(row))
    fastjsonschema.compile(many)({"orders": [shown(row)], "next": None})
