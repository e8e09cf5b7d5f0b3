"""Hooks of schemathesis: they follow the rules that the documents say in words, and use ids of real orders.

This module runs in build/contract/venv, without the packages of the project.
"""

import json
import os
from datetime import UTC, datetime
from typing import Any

import schemathesis
from schemathesis.core.failures import Failure
from schemathesis.generation import GenerationMode
from schemathesis.generation.meta import TestPhase
from schemathesis.openapi.checks import UnsupportedMethodResponse, UseAfterFree

from tests.contract import unsaid

REAL: dict[str, list[str]] = json.loads(os.environ["CONTRACT_IDS"])
"""Real ids by the name of their path parameter."""


@schemathesis.hook
def map_case(context: schemathesis.HookContext, case: schemathesis.Case) -> schemathesis.Case:
    """Changes a valid case so that it also follows the rules in words."""
    if case.meta is None or case.meta.generation.mode is not GenerationMode.POSITIVE:
        return case
    operation, now = case.operation.definition.raw["operationId"], datetime.now(UTC)
    if isinstance(case.body, dict):
        case.body = unsaid.body(operation, case.body, now=now)
    if case.query:
        case.query = unsaid.query(operation, case.query, now=now)
    # In a stateful test an id comes from an earlier answer.
    if case.path_parameters and case.meta.phase.name != TestPhase.STATEFUL:
        for name, ids in REAL.items():
            if name in case.path_parameters and ids:
                # The value chooses the id, so that the same case always makes the same request.
                number = sum(map(ord, str(case.path_parameters[name])))
                if number % 4:
                    case.path_parameters[name] = ids[number % len(ids)]
    return case


@schemathesis.hook
def before_call(context: schemathesis.HookContext, case: schemathesis.Case, **kwargs: Any) -> None:
    """Changes a valid case where `map_case` could not.

    - The query with the examples of all parameters does not go through `map_case`.
    - A stateful test sets the path only now. So the OrderId of the path goes into the body of a correction.
    """
    if case.meta is None or case.meta.generation.mode is not GenerationMode.POSITIVE:
        return
    operation = case.operation.definition.raw["operationId"]
    if case.meta.phase.name == TestPhase.EXAMPLES and case.query:
        case.query = unsaid.query(operation, case.query, now=datetime.now(UTC))
    if operation == "CorrectOrder" and isinstance(case.body, dict):
        case.body["OrderId"] = case.path_parameters["OrderId"]


@schemathesis.check
def the_code_is_listed(
    context: schemathesis.CheckContext, response: schemathesis.Response, case: schemathesis.Case
) -> None:
    """Checks that the document lists the code of an error for its status, or that it is a code of API Gateway."""
    answers = case.operation.definition.raw["responses"]
    answer = answers.get(str(response.status_code))
    if answer is None or response.status_code < 400 or case.method.lower() != case.operation.method.lower():
        return
    code = response.json()["error"]["code"]
    listed = answer["content"]["application/json"]["examples"]
    assert code in listed or ("ACCESS_DENIED" in listed and code.isupper()), f"{code} is not listed"


@schemathesis.hook
def filter_failure(
    context: schemathesis.HookContext,
    failure: Failure,
    case: schemathesis.Case,
    response: schemathesis.Response,
) -> bool:
    """Drops two kinds of findings. The documents allow these answers in words, but no schema can say so.

    - A cancelled reminder can still be looked up.
    - An undeclared method gets a 404 like an unknown path, and not a 405, because API Gateway has one response type for
      both, MISSING_AUTHENTICATION_TOKEN.
    """
    answer = response.json() if response.status_code in (200, 404) else {}
    is_cancelled = isinstance(failure, UseAfterFree) and answer.get("status") == "CANCELLED"
    has_no_route = isinstance(failure, UnsupportedMethodResponse) and answer.get("error", {}).get("code") == "NotFound"
    return not (is_cancelled or has_no_route)
