"""Calls the handler that places an order."""

from collections.abc import Mapping
from typing import Any

from orders import place_order
from tests.support.handlers.aws import Workflow
from tests.support.handlers.events import signed_in
from tests.support.orders import an_order

CARD = "4111111111111111"
ORDER = an_order(Name="Jo O'Brien 🐈", CC=CARD)


def handler(event: Mapping[str, Any], context: object, **claims: str) -> Any:
    """Calls the handler as PERSON; `claims` replace PERSON's."""
    return place_order.handler(signed_in(event, **claims), context)


def nothing_happened(order_table: Any, order_workflow: Workflow) -> bool:
    return order_table.scan()["Items"] == [] and order_workflow.executions() == []
