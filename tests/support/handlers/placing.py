"""Placing an order by calling its handler."""

from collections.abc import Mapping
from typing import Any

from orders import place_order
from tests.support.handlers.aws import Workflow
from tests.support.handlers.events import signed_in
from tests.support.orders import an_order

CARD = "4111111111111111"
ORDER = an_order(Name="Jo O'Brien 🐈", CC=CARD)


def handler(event: Mapping[str, Any], context: object, **claims: str) -> Any:
    """The handler, called by PERSON where no `claims` say otherwise."""
    return place_order.handler(signed_in(event, **claims), context)


def nothing_happened(order_table: Any, order_workflow: Workflow) -> bool:
    return order_table.scan()["Items"] == [] and order_workflow.executions() == []
