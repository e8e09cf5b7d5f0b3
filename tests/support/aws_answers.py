"""AWS errors for tests, parsed by botocore. A test names the service and the code.

aws_answers.json lists the errors that a test may use, with status, code and source. The service's model decides the
wire format: JSON, JSON with a query code in a header, query XML, REST XML or REST JSON.
"""

import functools
import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from xml.sax.saxutils import escape

import botocore.session
from botocore.errorfactory import ClientExceptionsFactory
from botocore.exceptions import ClientError
from botocore.model import OperationModel, ServiceModel
from botocore.parsers import create_parser
from botocore.stub import Stubber

REFUSALS = json.loads(Path(__file__).with_suffix(".json").read_text())


def refused(service: str, operation: str, code: str, message: str = "") -> ClientError:
    """The exception that a client of `service` raises if AWS refuses `operation` with `code` (or a kind: `denied`)."""
    _, parsed = refusal(model_of(service).operation_model(operation), code, message)
    name = parsed["Error"].get("QueryErrorCode") or parsed["Error"]["Code"]
    return _exceptions(service).from_code(name)(parsed, operation)


def code_of(service: str, kind: str) -> str:
    """The code that `service` uses for a kind of refusal (`denied`, `throttled`, …). Services name them differently."""
    return str(_known(service, kind)["code"])


def refusal(operation: OperationModel, code: str, message: str = "") -> tuple[Any, dict[str, Any]]:
    """The HTTP response and the parsed body. A handler of botocore's event `before-call` may return them."""
    service = operation.service_model
    known = _known(service.service_name, code)
    code = known["code"]
    headers, body = on_the_wire(service, code, message, shape=known.get("type") or shape_of(service, code))
    answer = {"status_code": known["status"], "headers": headers, "body": body.encode()}
    parsed = create_parser(service.resolved_protocol).parse(answer, operation.output_shape)
    return SimpleNamespace(status_code=known["status"]), parsed


def add_refusal(stub: Stubber, operation: str, code: str, message: str = "", **expected: Any) -> None:
    """Makes AWS refuse the next call of the stubbed client.

    `operation` is its name, like `PutItem`; `expected` are its parameters.
    """
    client = stub.client
    error = refused(client.meta.service_model.service_name, operation, code, message).response
    (method,) = [name for name, of in client.meta.method_to_api_mapping.items() if of == operation]
    stub.add_client_error(
        method,
        error["Error"]["Code"],
        error["Error"]["Message"],
        error["ResponseMetadata"]["HTTPStatusCode"],
        expected_params=expected or None,
    )


def _known(service: str, code: str) -> Any:
    found = [one for one in REFUSALS if service in one["services"] and code in (one["code"], one.get("kind"))]
    assert len(found) == 1, (
        f"aws_answers.json has {len(found)} entries for {service} with {code}, not 1: look up the error in AWS's docs"
    )
    return found[0]


def shape_of(service: ServiceModel, code: str) -> str:
    """The name of the error in the service's model, or else the last part of the code."""
    return next((str(one.name) for one in service.error_shapes if one.error_code == code), code.rpartition(".")[2])


def on_the_wire(service: ServiceModel, code: str, message: str, *, shape: str) -> tuple[dict[str, str], str]:
    """The headers and the body of an error, in the protocol of the service."""
    match service.resolved_protocol:
        case "json":
            query = {"x-amzn-query-error": f"{code};Sender"} if "awsQueryCompatible" in service.metadata else {}
            kind = f"com.amazonaws.{service.service_name}#{shape}"
            return query, json.dumps({"__type": kind, "message": message})
        case "rest-json":
            return {"x-amzn-errortype": f"{shape}:http://internal.amazon.com/"}, json.dumps({"message": message})
        case "query":
            error = f"<Type>Sender</Type><Code>{code}</Code><Message>{escape(message)}</Message>"
            return {}, f"<ErrorResponse><Error>{error}</Error><RequestId>1</RequestId></ErrorResponse>"
        case "rest-xml":
            return {}, f"<Error><Code>{code}</Code><Message>{escape(message)}</Message></Error>"
    raise AssertionError(f"the protocol {service.resolved_protocol} is new to the tests: add it to {__file__}")


@functools.cache
def model_of(service: str) -> ServiceModel:
    return botocore.session.get_session().get_service_model(service)


@functools.cache
def _exceptions(service: str) -> Any:
    return ClientExceptionsFactory().create_client_exceptions(model_of(service))
