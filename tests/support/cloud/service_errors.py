"""The errors that AWS may answer to a call: what botocore models for it, and what every service may answer.

Nothing here is a list by hand, except common_errors.json, which AWS documents and botocore does not have.
"""

import functools
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from botocore.parsers import create_parser
from botocore.retries import standard

from tests.support.aws_answers import REFUSALS, model_of, on_the_wire, shape_of

COMMON: dict[str, Any] = json.loads(Path(__file__).with_name("common_errors.json").read_text())
SERVICES = {"states": "stepfunctions"}
"""The names of services in botocore that differ from those in IAM."""
SECOND_SES = {"GetAccount", "SendEmail"}
"""The operations that functions call in the second API of SES. Both APIs have the same name in IAM."""

THROTTLED, FAILED, OF_THE_CALL, REFUSED = "throttled", "failed", "refused for the call", "refused for the caller"
THROTTLES = frozenset(standard.ThrottledRetryableChecker._THROTTLED_ERROR_CODES)
CLASSES = {
    THROTTLED: "AWS, or the key service behind it, throttles",
    FAILED: "AWS answers 5xx",
    OF_THE_CALL: "an error that botocore models for this operation, such as a missing row or queue",
    REFUSED: "an error of every operation, such as a missing permission, or an expired or invalid token",
}


@dataclass(frozen=True)
class ServiceError:
    """An error of an AWS service."""

    service: str
    """The service's name in botocore."""
    operation: str
    code: str
    shape: str
    """The name of the error in botocore's model, or else its code."""
    status: int
    kind: str
    """One of CLASSES."""

    def __str__(self) -> str:
        return f"{self.shape} {self.status}"

    def answer(self) -> tuple[int, dict[str, str], bytes]:
        """The status, the headers and the body, in the service's protocol."""
        model = model_of(self.service)
        headers, body = on_the_wire(model, self.code, "The test wants this error.", shape=self.shape)
        kind = (
            "text/xml" if body.startswith("<") else f"application/x-amz-json-{model.metadata.get('jsonVersion', 1.1)}"
        )
        return self.status, {"Content-Type": kind, "x-amzn-RequestId": "of-the-test", **headers}, body.encode()

    def is_repeated(self) -> bool:
        """Whether botocore's standard mode repeats a call after this error."""
        status, headers, body = self.answer()
        answer = {"status_code": status, "headers": headers, "body": body}
        parsed = create_parser(model_of(self.service).resolved_protocol).parse(answer, None)
        context = standard.RetryContext(
            attempt_number=1,
            operation_model=model_of(self.service).operation_model(self.operation),
            parsed_response=parsed,
            http_response=SimpleNamespace(status_code=status, headers=headers),
        )
        return bool(standard.StandardRetryConditions(max_attempts=2).is_retryable(context))


def service_of(action: str) -> str:
    """The name in botocore of the service of an IAM action, like `states:StartExecution`."""
    prefix, operation = action.split(":")
    if prefix == "ses" and operation in SECOND_SES:
        return "sesv2"
    return SERVICES.get(prefix, prefix)


@functools.cache
def errors_of(service: str, operation: str) -> tuple[ServiceError, ...]:
    """Every error that AWS may answer to the operation, each code once."""
    found: dict[str, ServiceError] = {}
    for code, shape, status, kind in (*_modelled(service, operation), *_documented(service), *_common()):
        if code in THROTTLES or "throttl" in code.lower():
            kind = THROTTLED
        elif status >= 500:
            kind = FAILED
        found.setdefault(code, ServiceError(service, operation, code, shape, status, kind))
    return tuple(found.values())


def _modelled(service: str, operation: str) -> Iterator[tuple[str, str, int, str]]:
    """The code, the shape, the status and a kind of each error."""
    for shape in model_of(service).operation_model(operation).error_shapes:
        # botocore's shapes do not show this member of the model.
        fails = shape._shape_model.get("fault")
        status = shape.metadata.get("error", {}).get("httpStatusCode") or (500 if fails else 400)
        yield shape.error_code, shape.name, status, OF_THE_CALL


def _documented(service: str) -> Iterator[tuple[str, str, int, str]]:
    """The errors of the service that the tests have a source for."""
    for one in REFUSALS:
        if service in one["services"] and one.get("kind"):
            shape = one.get("type") or shape_of(model_of(service), one["code"])
            yield one["code"], shape, one["status"], REFUSED


def _common() -> Iterator[tuple[str, str, int, str]]:
    for one in COMMON["errors"]:
        yield one["code"], one["code"], one["status"], REFUSED
