"""An event of API Gateway, and the error with which a function refuses it.

A separate module, because it needs only the standard library. Functions without the layer of third-party code import
`common.caller` and `common.paging`, which import this module.
"""

from collections.abc import Mapping
from typing import Any, TypeAlias

from common.codes import Detail

Event: TypeAlias = Mapping[str, Any]


class RequestError(Exception):
    """A refused request: the HTTP status, a code for programs, a message and details for people.

    Nothing in it may repeat a value that came with the request: values may be card numbers.
    """

    def __init__(self, status: int, code: str, message: str, details: list[Detail] | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.details = details or []
