"""What schemathesis has to know in addition to the documents: the rules in words, and ids of real orders and reminders.

Runs in the environment of the contract's own tools.
"""

import json
import os
from datetime import UTC, datetime

import schemathesis
from schemathesis.core.failures import Failure
from schemathesis.generation import GenerationMode
from schemathesis.generation.meta import TestPhase
from schemathesis.openapi.checks import UseAfterFree

from tests.contract import unsaid

REAL: dict[str, list[str]] = json.loads(os.environ["CONTRACT_IDS"])
"""Ids by the name of their path parameter."""


@schemathesis.hook
def map_case(context: schemathesis.HookContext, case: schemathesis.Case) -> schemathesis.Case:
    """Follows the rules in words, if the case is one that has to be accepted."""
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
                # Chosen by the value, so that the same case is the same request again.
                number = sum(map(ord, str(case.path_parameters[name])))
                if number % 4:
                    case.path_parameters[name] = ids[number % len(ids)]
    if operation == "CorrectOrder" and isinstance(case.body, dict):
        case.body["OrderId"] = case.path_parameters["OrderId"]
    return case


@schemathesis.check
def the_code_is_listed(
    context: schemathesis.CheckContext, response: schemathesis.Response, case: schemathesis.Case
) -> None:
    """The code of every error is one that the document lists for its status, or one of API Gateway's own."""
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
    """Takes a cancelled reminder that can still be looked up for what it is: the document says so in words."""
    is_cancelled = response.status_code == 200 and response.json().get("status") == "CANCELLED"
    return not (isinstance(failure, UseAfterFree) and is_cancelled)
