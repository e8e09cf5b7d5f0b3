"""Checks that the answers of AWS arrived whole.

botocore takes an answer in JSON that it cannot read for an answer without results, such as a table without the row. It
does the same if the body is missing. Other answers that it cannot read raise exceptions that are not botocore's errors.
It notices wrong bytes in an answer of DynamoDB and asks again, but uses the last answer even if that one is wrong, too.

See decision D246.
"""

import json
from collections.abc import Mapping
from typing import Any
from zlib import crc32

from botocore.exceptions import BotoCoreError

_DAMAGED = "AnswerIsDamaged"


class DamagedAnswerError(BotoCoreError):  # type: ignore[misc]  # botocore has no types
    """AWS may have done what it was asked to do, as after a timeout."""

    fmt = "The answer of {service} to {operation} is damaged."


def check_answers(events: Any) -> None:
    """Makes clients with these event handlers raise DamagedAnswerError instead."""
    events.register("before-parse", before_parse)
    events.register("after-call", after_call)


def before_parse(
    operation_model: Any, response_dict: dict[str, Any], customized_response_dict: dict[str, Any], **_: Any
) -> None:
    """Hides a damaged answer from botocore's parser. botocore still repeats the call if it would repeat it anyway."""
    body = response_dict["body"]
    # A stream is read later.
    if not isinstance(body, bytes) or (not body and _may_be_empty(operation_model, response_dict["status_code"])):
        return
    in_json = "json" in operation_model.service_model.resolved_protocol
    if _is_readable(body, in_json) and _has_its_checksum(body, response_dict["headers"]):
        return
    if not in_json and response_dict["status_code"] < 500:
        raise _error(operation_model)
    # The status says enough about an error.
    response_dict["body"] = b""
    if response_dict["status_code"] < 300:
        customized_response_dict[_DAMAGED] = True


def after_call(model: Any, parsed: dict[str, Any], **_: Any) -> None:
    if parsed.pop(_DAMAGED, False):
        raise _error(model)


def _may_be_empty(operation: Any, status: int) -> bool:
    """Whether a whole answer to the operation may have no body."""
    if operation.service_model.resolved_protocol == "query":
        return False
    # SQS has answered without a body if it had no messages: https://github.com/async-aws/aws/pull/1708
    if status >= 300 or operation.output_shape is None or operation.name == "ReceiveMessage":
        return True
    return all("location" in member.serialization for member in operation.output_shape.members.values())


def _is_readable(body: bytes, in_json: bool) -> bool:
    try:
        if in_json:
            return isinstance(json.loads(body), dict)
        # Few functions call a service that answers in XML.
        from xml.etree import ElementTree

        ElementTree.fromstring(body)  # noqa: S314 - botocore parses the same answer
    except (ValueError, SyntaxError):
        return False
    return True


def _has_its_checksum(body: bytes, headers: Mapping[str, str]) -> bool:
    """https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Programming.LowLevelAPI.html"""
    expected = headers.get("x-amz-crc32")
    return expected is None or crc32(body) == int(expected)


def _error(operation: Any) -> DamagedAnswerError:
    return DamagedAnswerError(service=operation.service_model.service_id, operation=operation.name)
