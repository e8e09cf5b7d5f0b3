"""Placing an order by calling its handler."""

from collections.abc import Mapping
from typing import Any

from orders import place_order
from tests.support.handlers.aws import Workflow
from tests.support.handlers.events import signed_in

CARD = "4111111111111111"
ORDER = {"OrderId": "A-1", "Name": "Jo O'Brien 🐈", "ItemName": "Keyboard", "Price": "12.50", "CC": CARD}


def handler(event: Mapping[str, Any], context: object, **claims: str) -> Any:
    """The handler, called by PERSON where no `claims` say otherwise."""
    return place_order.handler(signed_in(event, **claims), context)


def nothing_happened(order_table: Any, order_workflow: Workflow) -> bool:
    return order_table.scan()["Items"] == [] and order_workflow.executions() == []
