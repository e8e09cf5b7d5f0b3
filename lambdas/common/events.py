"""An API Gateway event, and the error with which a function refuses it.

This module must import only the standard library and pure modules. Functions without the layer of third-party code
import `common.caller` and `common.paging`, and these import this module.
"""

from collections.abc import Mapping
from typing import Any, TypeAlias

from common.codes import Detail

Event: TypeAlias = Mapping[str, Any]


def request_id(event: Event) -> str | None:
    """API Gateway's id of the request, a UUID. None only if something other than API Gateway calls the function."""
    id: str | None = (event.get("requestContext") or {}).get("requestId")
    return id


class RequestError(Exception):
    """A refused request: the HTTP status, a code for programs, and a message and details for people.

    It must not repeat a value of the request, because the value may be a card number.
    """

    def __init__(self, status: int, code: str, message: str, details: list[Detail] | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.details = details or []
