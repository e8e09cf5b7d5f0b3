"""An API Gateway event, and the error with which a function refuses it.

This module must import only the standard library and pure modules. Functions without the layer of third-party code
import `common.caller` and `common.paging`, and these import this module.
"""

import re
from collections.abc import Mapping
from typing import Any, TypeAlias

from common.codes import Detail

Event: TypeAlias = Mapping[str, Any]

# Not only digits, which could be a card number with its dashes in other places.
_ID = re.compile("(?=.*[a-f])[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def request_id(event: Event) -> str | None:
    """API Gateway's id of the request, a UUID. None if something other than API Gateway calls the function.

    A caller can choose the id with the header `x-amzn-RequestId`. API Gateway refuses text in another form only in its
    own log, so this leaves it out.
    https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-access-logging.html
    """
    id: str = (event.get("requestContext") or {}).get("requestId") or ""
    return id if _ID.fullmatch(id) else None


class RequestError(Exception):
    """A refused request: the HTTP status, a code for programs, and a message and details for people.

    It must not repeat a value of the request, because the value may be a card number. `retry_after` is in seconds.
    """

    def __init__(
        self,
        status: int,
        code: str,
        message: str,
        details: list[Detail] | None = None,
        *,
        retry_after: int | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.details = details or []
        self.retry_after = retry_after
