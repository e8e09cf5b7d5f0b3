"""Calls the handlers of the parked queue, and has messages for it."""

from typing import Any

from orders import list_parked, remove_parked
from tests.support.handlers.events import OPERATOR, signed_in, status_and_body
from tests.support.orders import every_field, without_card

MESSAGE = {
    "OrderId": "A-1",
    "State": "Are details Proper",
    "Error": "States.Timeout",
    "ExecutionId": "arn:aws:states:us-east-1:123456789012:express:orders:A-1-0123456789ab:7",
    "Order": without_card(every_field() | {"OrderId": "A-1", "Name": "Zoë"}),
}
ADDED = {"ParkingId": None, "Queue": None, "Copies": 1}
"""Fields that are shown even if the message lacks them, such as a message of an earlier version."""

COPY = MESSAGE | {"ParkingId": "A-1-0123456789ab", "Queue": "OrderFulfillmentQueue"}
FROM_OUTSIDE = COPY | {"State": None, "Error": "NoOutcomeError", "ExecutionId": None, "Queue": None}


def listed() -> Any:
    """The answer to an operator who lists the parked messages."""
    status, body = status_and_body(list_parked.handler(signed_in({}, **OPERATOR), None))
    assert status == 200, body
    return body


def remove(message_id: str) -> tuple[int, Any]:
    """The answer to an operator who removes a parked message."""
    event = signed_in({"pathParameters": {"MessageId": message_id}}, **OPERATOR)
    return status_and_body(remove_parked.handler(event, None))
