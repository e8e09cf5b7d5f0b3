"""Tests do not invent errors of AWS. aws_answers.py builds them from recorded answers with botocore's parser."""

import ast
from collections.abc import Iterator
from pathlib import Path

import botocore.session
import pytest
from botocore.exceptions import ClientError

from tests.support.aws_answers import REFUSALS, refused

TESTS = Path(__file__).parents[1]
NAMES = ("ClientError", "add_client_error", "exceptions", "Code")
"""Code that builds an error of AWS has one of these names. Most files have none, and need not be parsed."""


def made_up(code: str) -> Iterator[int]:
    """Yields each line that builds an error of AWS by hand: an exception, a stub's error, or a parsed answer."""
    if not any(name in code for name in NAMES):
        return
    for node in ast.walk(ast.parse(code)):
        match node:
            case ast.Call(func=ast.Name(id="ClientError") | ast.Attribute(attr="ClientError" | "add_client_error")):
                yield node.lineno
            case ast.Call(func=ast.Attribute(value=ast.Attribute(attr="exceptions"), attr=name)) if name[:1].isupper():
                yield node.lineno
            case ast.Dict(keys=[*keys], values=[*values]):
                for key, value in zip(keys, values, strict=True):
                    match key, value:
                        case ast.Constant(value="Error"), ast.Dict(keys=[*inner]):
                            if "Code" in [one.value for one in inner if isinstance(one, ast.Constant)]:
                                yield node.lineno


@pytest.mark.parametrize(
    "code",
    [
        "raise ClientError(answer, 'PutItem')",
        "exceptions.ClientError(answer, 'PutItem')",
        "raise client.exceptions.ExecutionAlreadyExists(answer, 'StartExecution')",
        "stub.add_client_error('put_item', 'ThrottlingException')",
        "answer = {'Error': {'Code': 'ThrottlingException', 'Message': ''}}",
    ],
)
def test_an_invented_error_is_found(code: str) -> None:
    assert list(made_up(f"import x\n{code}")) == [2]


def test_no_test_invents_an_error_of_aws() -> None:
    files = [file for file in TESTS.rglob("*.py") if file.name not in ("aws_answers.py", Path(__file__).name)]

    assert [f"{file.relative_to(TESTS)}:{line}" for file in files for line in made_up(file.read_text())] == []


@pytest.mark.parametrize(
    ("service", "operation", "code", "name", "status"),
    [
        ("sqs", "SendMessageBatch", "AWS.SimpleQueueService.BatchRequestTooLong", "BatchRequestTooLong", 400),
        ("sns", "GetSMSSandboxAccountStatus", "throttled", "ClientError", 400),
        ("ses", "SendEmail", "MailFromDomainNotVerifiedException", "MailFromDomainNotVerifiedException", 400),
        ("s3", "GetObject", "NoSuchKey", "NoSuchKey", 404),
        ("iam", "GetRole", "NoSuchEntity", "NoSuchEntityException", 404),
        ("sesv2", "GetAccount", "throttled", "TooManyRequestsException", 400),
        ("stepfunctions", "RedriveExecution", "ExecutionNotRedrivable", "ExecutionNotRedrivable", 400),
    ],
)
def test_each_protocols_error_is_parsed_by_botocore(
    service: str, operation: str, code: str, name: str, status: int
) -> None:
    error = refused(service, operation, code, 'of "x" & <y>')

    (known,) = [one for one in REFUSALS if service in one["services"] and code in (one["code"], one.get("kind"))]
    assert isinstance(error, ClientError) and type(error).__name__ == name
    assert error.response["Error"]["Code"] == known["code"]
    assert error.response["Error"]["Message"] == 'of "x" & <y>'
    assert error.response["ResponseMetadata"]["HTTPStatusCode"] == status


def test_sqs_answers_the_short_code_only_together_with_the_long_code() -> None:
    error = refused("sqs", "SendMessageBatch", "AWS.SimpleQueueService.BatchRequestTooLong").response["Error"]

    assert error["QueryErrorCode"] == "BatchRequestTooLong"


def test_every_refusal_has_a_service_and_a_source() -> None:
    services = botocore.session.get_session().get_available_services()

    for known in REFUSALS:
        assert set(known["services"]) <= set(services), known
        assert known["source"] and known["how"] in ("recorded", "documented", "by analogy", "the engine"), known
        assert ("date" in known) == (known["how"] == "recorded"), known
