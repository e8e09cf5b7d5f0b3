"""Requests and answers of the REST APIs, in the shapes of API Gateway's Lambda proxy integration."""

import base64
import binascii
import functools
import json
import os
import re
import traceback
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any, NoReturn, TypeAlias

from aws_lambda_powertools.utilities.validation import SchemaValidationError, validate
from botocore.exceptions import BotoCoreError, ClientError

from common.aws import error_name

# Imported under their own names, because handlers use http.Event and http.RequestError.
from common.events import Event as Event
from common.events import RequestError as RequestError
from common.logs import logger_of

Reply: TypeAlias = dict[str, Any]

MAX_BODY_BYTES = 16_384
"""Far above any valid request, far below what could hurt: the schemas' longest texts take about 4 KB."""

TRY_AGAIN = {"Retry-After": "1"}
"""In seconds, with every 503."""

logger = logger_of(__name__)


def api(handle: Callable[[Event], Reply]) -> Callable[[Event, object], Reply]:
    """Makes a Lambda handler of `handle`.

    A RequestError becomes its answer, a failing AWS service a 503, a bug a 500.
    """

    @functools.wraps(handle)
    def handler(event: Event, context: object) -> Reply:
        try:
            return handle(event)
        except RequestError as error:
            return _refusal(error)
        except (ClientError, BotoCoreError) as error:
            # The class alone: botocore's messages can quote the parameters of the call.
            logger.error("a call to AWS failed: %s", error_name(error))
            return _refusal(RequestError(503, "Unavailable", "A service is not available. Try again."))
        except Exception as error:
            # Where it happened, and not the message, which may quote the request.
            place = traceback.extract_tb(error.__traceback__)[-1]
            logger.error("a bug: %s in %s, line %s", type(error).__name__, place.filename, place.lineno)
            return _refusal(RequestError(500, "InternalError", "This should not have happened; it has been logged."))

    return handler


def reply(status: int, body: Mapping[str, Any], *, headers: Mapping[str, str] | None = None) -> Reply:
    """An answer with a JSON body that the allowed web origin may read.

    A `Location` is relative to the request's own address (RFC 9110, 10.2.2). That address contains the API's stage or
    the base path of a custom domain; a path that begins with a slash would leave them out.
    """
    return {
        "statusCode": status,
        "headers": {
            "Content-Type": "application/json",
            "Cache-Control": "no-store",
            "Access-Control-Allow-Origin": os.environ["ALLOWED_ORIGIN"],
            "Access-Control-Expose-Headers": "Location, Retry-After, X-Cache",
            **(headers or {}),
        },
        "body": json.dumps(body, ensure_ascii=False),
    }


def json_body(event: Event, *, schema: Mapping[str, Any]) -> dict[str, Any]:
    """The request's JSON body, checked against `schema`. Numbers come as int or Decimal.

    Raises RequestError: 415 for another content type, 413 above MAX_BODY_BYTES, 400 for the rest.
    """
    if "".join(header_values(event, "Content-Type")[-1:]).partition(";")[0].strip().lower() != "application/json":
        raise RequestError(415, "UnsupportedMediaType", "Send the body as application/json.")
    body = _parse(_raw_body(event))
    check_body(body, schema=schema)
    assert isinstance(body, dict)
    return body


def check_body(body: Any, *, schema: Mapping[str, Any]) -> None:
    """Raises RequestError, which names the field, unless `body` fits `schema`."""
    try:
        validate(event=body, schema=dict(schema))
    except SchemaValidationError as error:
        raise RequestError(400, "InvalidRequest", "The body does not fit.", [_detail(error, body, schema)]) from None


def header_values(event: Event, name: str) -> list[str]:
    """The values of a request header, whose name may be in any case; empty if the request does not have it."""
    several = event.get("multiValueHeaders") or {name: [value] for name, value in (event.get("headers") or {}).items()}
    return [value for one, values in several.items() if one.lower() == name.lower() for value in values]


def _refusal(error: RequestError) -> Reply:
    body = {"code": error.code, "message": error.message, "details": error.details}
    return reply(error.status, {"error": body}, headers=TRY_AGAIN if error.status == 503 else None)


def _raw_body(event: Event) -> bytes:
    body = event.get("body") or ""
    # Base64 is four characters for three bytes: bounded before it is decoded.
    if len(body) > MAX_BODY_BYTES * 4 // 3 + 4:
        raise RequestError(413, "TooLarge", f"The body may have {MAX_BODY_BYTES} bytes.")
    try:
        raw = base64.b64decode(body, validate=True) if event.get("isBase64Encoded") else body.encode()
    except (binascii.Error, UnicodeEncodeError):
        raise RequestError(400, "InvalidJson", "The body is not JSON in UTF-8.") from None
    if len(raw) > MAX_BODY_BYTES:
        raise RequestError(413, "TooLarge", f"The body may have {MAX_BODY_BYTES} bytes.")
    return raw


def _parse(raw: bytes) -> Any:
    try:
        text = raw.decode()
        body = json.loads(
            text,
            parse_float=Decimal,
            parse_constant=_refuse_constant,
            object_pairs_hook=_object_without_duplicates,
        )
        json.dumps(body, default=str, ensure_ascii=False).encode()  # refuses lone surrogates, which nothing can store
    except (ValueError, RecursionError, ArithmeticError):
        raise RequestError(400, "InvalidJson", "The body is not JSON in UTF-8.") from None
    return body


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


def _object_without_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len(result := dict(pairs)) != len(pairs):
        raise ValueError("a name is repeated")
    return result


def _detail(error: SchemaValidationError, body: Any, schema: Mapping[str, Any]) -> dict[str, str]:
    path = [str(part) for part in (error.path or [])[1:]]
    field, within = ".".join(path), "".join(f"{part}." for part in path)
    for part in path if error.rule in ("additionalProperties", "required") else []:
        body, schema = body[part], schema["properties"][part]
    if error.rule == "additionalProperties" and isinstance(body, dict):
        # Digits of every script are hidden: somebody may send a card number as a name.
        unknown = sorted(re.sub(r"\d", "#", name)[:64] for name in body.keys() - schema["properties"].keys())
        return {"field": ", ".join(within + name for name in unknown), "problem": "is not a field of this request"}
    if error.rule == "required" and isinstance(body, dict):
        missing = [name for name in schema["required"] if name not in body]
        return {"field": ", ".join(within + name for name in missing), "problem": "is missing"}
    problems = {
        "type": f"must be of type {' or '.join(map(str, _listed(error.rule_definition)))}",
        "minLength": f"must have at least {error.rule_definition} characters",
        "maxLength": f"may have at most {error.rule_definition} characters",
        "minimum": f"must be {error.rule_definition} at the least",
        "maximum": f"must be {error.rule_definition} at the most",
        "enum": f"must be one of {', '.join(map(str, _listed(error.rule_definition)))}",
        "pattern": f"must match {error.rule_definition}",
    }
    return {"field": field or "(body)", "problem": problems.get(str(error.rule), f"breaks the rule {error.rule}")}


def _listed(definition: Any) -> list[Any]:
    return definition if isinstance(definition, list) else [definition]
