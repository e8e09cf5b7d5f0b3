"""Judges answers to hostile requests by the OpenAPI documents and by RFC 8259. Calls nothing."""

import json
from collections.abc import Callable
from typing import Any, NoReturn

import fastjsonschema

from tests.proof.requests.client import Reply
from tests.proof.requests.request import STOP_LINK, Request
from tests.support import refusals
from tests.support.cloud.contract import checked
from tests.support.documents import Operation

WRITES = ("POST", "PUT", "PATCH", "DELETE")


class NotJsonError(ValueError):
    """Bytes that RFC 8259 does not allow, or with a name twice."""


def faults(request: Request, reply: Reply) -> list[str]:
    """What is wrong with an answer, one sentence each."""
    found = []
    if reply.status >= 500:
        found.append(f"the status is {reply.status}")
    if request.statuses and reply.status not in request.statuses:
        found.append(f"the status is {reply.status}, not {' or '.join(map(str, sorted(request.statuses)))}")
    try:
        _check_form(request, reply)
    except (AssertionError, ValueError, TypeError, LookupError) as error:
        found.append(f"the form is wrong: {type(error).__name__} {error}"[:300])
    if reply.status >= 400 and request.mark in reply.text:
        found.append("the error repeats a value of the request")
    if is_accepted(request, reply) and (problem := _not_acceptable(request)):
        found.append(f"{problem} was accepted with {reply.status}")
    return [
        f"{request.caller or 'nobody'}: {request.method} {request.path[:200]} ({request.kind}): {one}" for one in found
    ]


def is_accepted(request: Request, reply: Reply) -> bool:
    """Whether the request was to change something, and did."""
    return request.operation is not None and request.method in WRITES and reply.status < 300


def value_in(raw: bytes) -> Any:
    """The value in a body. Raises NotJsonError."""
    try:
        return json.loads(raw.decode(), object_pairs_hook=_once_each, parse_constant=_refuse)
    except (UnicodeDecodeError, ValueError, RecursionError) as error:
        raise NotJsonError(str(error)) from None


def _check_form(request: Request, reply: Reply) -> None:
    operation, headers = request.operation, reply.headers
    if operation:
        checked(operation.document, operation.method, operation.path, reply.status, headers, reply.text)
        return
    if request.kind == STOP_LINK:
        assert headers["Content-Type"] == "text/html; charset=utf-8"
        assert headers["Content-Security-Policy"].startswith("default-src 'none'")
        assert request.mark not in reply.text
        return
    assert headers["Access-Control-Allow-Origin"] == "*"
    if request.method == "HEAD" or reply.status == 204:
        assert reply.text == ""
        return
    answer = json.loads(reply.text)
    refusals.check(answer)
    assert answer["error"]["code"] == "NotFound"


def _not_acceptable(request: Request) -> str:
    """Why no API may accept the body of a request. Empty if it may."""
    operation = request.operation
    assert operation
    if "requestBody" not in operation.said or request.headers.get("Content-Encoding"):
        return ""
    if request.headers["Content-Type"].partition(";")[0].strip().lower() != "application/json":
        return "a body that is not declared as JSON"
    try:
        value = value_in(request.body or b"")
    except NotJsonError:
        return "a body that is not JSON"
    try:
        _validator(operation.id, operation)(value)
    except fastjsonschema.JsonSchemaValueException as error:
        return f"a body that does not fit the document ({error.name})"
    return ""


_VALIDATORS: dict[str, Callable[[Any], Any]] = {}


def _validator(id: str, operation: Operation) -> Callable[[Any], Any]:
    if id not in _VALIDATORS:
        _VALIDATORS[id] = fastjsonschema.compile(dict(operation.body_schema()))
    return _VALIDATORS[id]


def _once_each(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len(dict(pairs)) < len(pairs):
        raise NotJsonError("a name twice")
    return dict(pairs)


def _refuse(name: str) -> NoReturn:
    raise NotJsonError(name)
