"""The rules of a reminder. Pure: no clock, no environment, no AWS."""

from collections.abc import Mapping
from typing import Any

ADDRESSES = {"email": ("email",), "sms": ("phone",), "both": ("email", "phone"), "topic": ()}
"""The fields that each preference sends to."""


class InvalidReminderError(ValueError):
    """A reminder that cannot be kept. `field` names what is wrong; the message says why without repeating it."""

    def __init__(self, field: str, problem: str) -> None:
        super().__init__(problem)
        self.field = field


def check_addresses(request: Mapping[str, Any]) -> None:
    """Raises InvalidReminderError where the preferred channel has no address to send to."""
    for field in ADDRESSES[request["preference"]]:
        if field not in request:
            raise InvalidReminderError(field, f"is needed for the preference {request['preference']}")
