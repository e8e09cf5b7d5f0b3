"""Builds events in the form of API Gateway's Lambda proxy integration, and reads the handlers' answers."""

import json
from collections.abc import Mapping
from typing import Any

from common.caller import OPERATORS

API = "https://0123456789.execute-api.us-east-1.amazonaws.com/v1"
"""The URL of an API, including its stage."""

PERSON = {
    "sub": "6f1c2d3e-0000-4000-8000-00000000000a",
    "token_use": "id",
    "email": "ada@example.com",
    "email_verified": "true",
    "phone_number": "+15555550100",
    "phone_number_verified": "true",
}
"""The claims of a signed-in person, as the authorizer passes them on."""

REQUEST_ID = "c6af9ac6-7b61-11e6-9a41-93e8deadbeef"
"""API Gateway's id of each request of `signed_in`."""

OPERATOR = {**PERSON, "sub": "6f1c2d3e-0000-4000-8000-00000000000b", "cognito:groups": OPERATORS}


def signed_in(event: Mapping[str, Any], **claims: str) -> dict[str, Any]:
    """`event` as a request of PERSON; `claims` replace PERSON's."""
    return {**event, "requestContext": {"requestId": REQUEST_ID, "authorizer": {"claims": {**PERSON, **claims}}}}


def post(body: object, *, content_type: str | None = "application/json") -> dict[str, Any]:
    """A POST of `body`. Text is sent unchanged, anything else as JSON."""
    return {
        "headers": {"Content-Type": content_type} if content_type else {},
        "body": body if isinstance(body, str) or body is None else json.dumps(body),
        "isBase64Encoded": False,
    }


def status_and_body(reply: Mapping[str, Any]) -> tuple[int, Any]:
    return reply["statusCode"], json.loads(reply["body"])


def refused_field(reply: Mapping[str, Any]) -> str:
    """The field that a 400 names. Fails if it names several."""
    status, body = status_and_body(reply)
    assert status == 400, body
    (detail,) = body["error"]["details"]
    return str(detail["field"])
