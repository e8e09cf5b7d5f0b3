import fastjsonschema
import pytest

from orders import order
from orders.order import shown
from stacks import schemas
from tests.support.handlers.order_rows import ROW, SHOWN
from tests.support.workflows.asl import load

CLAIMED = {name: value for name, value in ROW.items() if name != "ExecutionId"} | {"Status": "RECEIVED"}
"""The row of an order that no execution has taken."""

TAKEN = CLAIMED | {"ExecutionId": "arn"}


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
