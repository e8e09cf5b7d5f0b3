"""Requests and answers of the REST APIs, in the format of API Gateway's Lambda proxy integration."""

import base64
import functools
import json
import os
import re
import traceback
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from botocore.exceptions import BotoCoreError, ClientError

from common import calls, jsontext
from common.aws import error_name
from common.codes import Detail

# Imported under their own names, because handlers use http.Event and http.RequestError.
from common.events import Event as Event
from common.events import RequestError as RequestError
from common.events import request_id as request_id
from common.jsontext import MAX_BODY_BYTES
from common.logs import event as log_event
from common.logs import logger_of
from common.shape import Shape, ShapeError

Reply: TypeAlias = dict[str, Any]

TRY_AGAIN = {"Retry-After": "1"}
"""Every 503 has this header. It is in seconds."""

_TOKEN = r"[!#$%&'*+.^_`|~0-9A-Za-z-]+"
_QUOTED = r'"(?:[^"\\]|\\.)*"'
_MEDIA_TYPE = re.compile(
    rf"[ \t]*(?P<type>{_TOKEN}/{_TOKEN})[ \t]*(?:;[ \t]*(?:{_TOKEN}=(?:{_TOKEN}|{_QUOTED})[ \t]*)?)*"
)
"""As in RFC 9110, 8.3.1."""
_PARAMETER = re.compile(rf";[ \t]*(?P<name>{_TOKEN})=(?P<value>{_TOKEN}|{_QUOTED})")
_CHARSETS = {"utf-8", "utf8", "us-ascii", "ascii"}
"""RFC 8259, 8.1 requires UTF-8. ASCII is a part of it."""

logger = logger_of(__name__)


def api(handle: Callable[[Event], Reply]) -> Callable[[Event, object], Reply]:
    """Makes a Lambda handler of `handle`.

    A RequestError becomes the answer that it describes, an error of AWS becomes a 503, and a bug a 500. Every answer
    has the header `X-Request-Id`, and the body of an error has the same id.

    See decision D195.
    """

    @functools.wraps(handle)
    def handler(event: Event, context: object) -> Reply:
        call = calls.begin(handle.__module__, request_id(event))
        reply = answered(event)
        if id := request_id(event):
            reply["headers"]["X-Request-Id"] = id
        if call:
            _record(call, event, reply)
        return reply

    def answered(event: Event) -> Reply:
        try:
            return handle(event)
        except RequestError as error:
            problems = ", ".join(sorted({detail["code"] for detail in error.details}))
            log_event(
                "request refused",
                Status=error.status,
                Code=error.code,
                Problems=problems or None,
                RequestId=request_id(event),
            )
            return _refusal(error, event)
        except (ClientError, BotoCoreError) as error:
            logger.error("a call to AWS failed: %s", error_name(error), extra=_to_find(event))
            return _refusal(RequestError(503, "Unavailable", "A service is not available. Try again."), event)
        except Exception as error:
            # Log the place and not the message, because the message may quote the request.
            place = traceback.extract_tb(error.__traceback__)[-1]
            where = (type(error).__name__, place.filename, place.lineno)
            logger.error("a bug: %s in %s, line %s", *where, extra=_to_find(event))
            return _refusal(
                RequestError(
                    500,
                    "InternalError",
                    "The API failed and logged the error. Report it to the people who run the API.",
                ),
                event,
            )

    return handler


def reply(status: int, body: Mapping[str, Any], *, headers: Mapping[str, str] | None = None) -> Reply:
    """Returns an answer with a JSON body. Pages of the allowed web origin can read it."""
    return {
        "statusCode": status,
        "headers": {
            "Content-Type": "application/json",
            "Cache-Control": "no-store",
            "Access-Control-Allow-Origin": os.environ["ALLOWED_ORIGIN"],
            "Access-Control-Expose-Headers": "Location, Retry-After, X-Cache, X-Request-Id",
            **(headers or {}),
        },
        "body": json.dumps(body, ensure_ascii=False),
    }


def location(event: Event, at: str) -> dict[str, str]:
    """Returns the header `Location` for `at`, an address relative to the route's own address.

    Clients resolve it against the address of their request (RFC 9110, 10.2.2). That address contains the API's stage or
    the base path of a custom domain, so a path that begins with a slash would lose them. API Gateway also accepts
    addresses with slashes at the end. Each of these slashes needs one more `../`.
    """
    path = event.get("path") or ""
    return {"Location": "../" * (len(path) - len(path.rstrip("/"))) + at}


def json_body(event: Event, *, shape: Shape) -> dict[str, Any]:
    """Returns the request's JSON body if it fits `shape`. Numbers are int or Decimal.

    Raises RequestError: 415 for another content type, charset or encoding, 413 if the body is longer than
    MAX_BODY_BYTES, and 400 for any other fault.
    """
    _check_content_type(event)
    return checked(_parsed(event), shape=shape)


def checked(body: object, *, shape: Shape) -> dict[str, Any]:
    """Returns `body` as `shape` reads it. Raises RequestError with a detail for each faulty field."""
    try:
        return shape.fitted(body)
    except ShapeError as error:
        raise invalid(*error.details) from None


def invalid(*details: Detail) -> RequestError:
    """Returns the error that refuses a body."""
    return RequestError(400, "InvalidRequest", "The request body is invalid.", list(details))


def header_values(event: Event, name: str) -> list[str]:
    """Returns the values of a request header, in whichever case its name was sent. Empty if it is missing."""
    several = event.get("multiValueHeaders") or {name: [value] for name, value in (event.get("headers") or {}).items()}
    return [value for one, values in several.items() if one.lower() == name.lower() for value in values]


def _record(call: calls.Call, event: Event, answer: Reply) -> None:
    """Ends a recorded call with what people search traces for. The ids come from our own answers, so they are valid."""
    body = json.loads(answer["body"])
    found = {
        "RequestId": request_id(event),
        "OrderId": body.get("OrderId"),
        "ReminderId": body.get("reminderId"),
        "Outcome": body.get("error", {}).get("code") or body.get("Status") or body.get("status"),
    }
    call.annotations.update({name: text for name, text in found.items() if isinstance(text, str)})
    cache = {"Cache": answer["headers"]["X-Cache"]} if "X-Cache" in answer["headers"] else {}
    logger.debug("answered", extra={**call.annotations, **cache, "Status": answer["statusCode"]})
    call.end()


def _to_find(event: Event) -> dict[str, str]:
    """The field by which a person who has the id of the answer finds a log line."""
    id = request_id(event)
    return {"RequestId": id} if id else {}


def _refusal(error: RequestError, event: Event) -> Reply:
    body: dict[str, Any] = {"code": error.code, "message": error.message, "details": error.details}
    if id := request_id(event):
        body["requestId"] = id
    headers = {"Retry-After": str(error.retry_after)} if error.retry_after else None
    return reply(error.status, {"error": body}, headers=TRY_AGAIN if error.status == 503 else headers)


def _check_content_type(event: Event) -> None:
    values = header_values(event, "Content-Type")
    parsed = [_MEDIA_TYPE.fullmatch(value) for value in values]
    if not values or not all(one and one["type"].lower() == "application/json" for one in parsed):
        raise RequestError(415, "UnsupportedMediaType", "Send the body as application/json.")
    parameters = [parameter for value in values for parameter in _PARAMETER.finditer(value)]
    charsets = {one["value"].strip('"').lower() for one in parameters if one["name"].lower() == "charset"}
    if charsets - _CHARSETS:
        raise RequestError(415, "UnsupportedMediaType", "Send the body in UTF-8.")


def _parsed(event: Event) -> Any:
    try:
        text = _text(event)
        if "\ufffd" in text:
            # API Gateway writes U+FFFD for each byte that is not UTF-8. It looks like a U+FFFD that the caller sent.
            raise jsontext.NotJsonError(
                "is not in UTF-8, or contains the character U+FFFD, which stands for unreadable bytes."
            )
        return jsontext.read(text)
    except jsontext.NotJsonError as error:
        codings = {
            one.strip().lower() for value in header_values(event, "Content-Encoding") for one in value.split(",")
        }
        # API Gateway decompresses gzip and deflate, and keeps the header.
        if codings - {"", "identity"}:
            raise RequestError(
                415, "UnsupportedMediaType", "The body cannot be decompressed. Send it without Content-Encoding."
            ) from None
        raise RequestError(400, "InvalidJson", f"The body {error}") from None


def _text(event: Event) -> str:
    body = event.get("body") or ""
    # Check the length before decoding. Base64 has four characters for three bytes.
    if len(body) > MAX_BODY_BYTES * 4 // 3 + 4:
        raise _too_large()
    try:
        raw = base64.b64decode(body, validate=True) if event.get("isBase64Encoded") else body.encode()
        if len(raw) > MAX_BODY_BYTES:
            raise _too_large()
        return raw.decode()
    except UnicodeError:
        raise jsontext.NotJsonError("is not in UTF-8.") from None
    except ValueError:
        # binascii.Error is one, and so is the error about letters outside of ASCII.
        raise jsontext.NotJsonError("is not valid Base64.") from None


def _too_large() -> RequestError:
    return RequestError(413, "TooLarge", f"The body may have at most {MAX_BODY_BYTES} bytes.")
