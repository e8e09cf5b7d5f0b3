"""Events as API Gateway's Lambda proxy integration sends them, and how to read the answers."""

import json
from collections.abc import Mapping
from typing import Any


def post(body: object, *, content_type: str | None = "application/json") -> dict[str, Any]:
    """A POST of `body`: text as it is, anything else as JSON."""
    return {
        "headers": {"Content-Type": content_type} if content_type else {},
        "body": body if isinstance(body, str) or body is None else json.dumps(body),
        "isBase64Encoded": False,
    }


def status_and_body(reply: Mapping[str, Any]) -> tuple[int, Any]:
    return reply["statusCode"], json.loads(reply["body"])


def refused_field(reply: Mapping[str, Any]) -> str:
    """The one field that a 400 complains about."""
    status, body = status_and_body(reply)
    assert status == 400, body
    (detail,) = body["error"]["details"]
    return str(detail["field"])
