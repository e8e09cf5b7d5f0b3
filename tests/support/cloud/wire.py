"""The HTTP requests that botocore sends: which call each is, and how it reaches the engine."""

import contextlib
import json
import re
import zlib
from contextlib import closing
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler
from typing import Any, NamedTuple

from botocore.exceptions import ClientError

from local.cloud import Cloud
from tests.support.cloud.troubles import Call

LONGEST_WAIT = 2
"""For how many seconds a message that a function has put back stays hidden. The functions ask for minutes."""

HTML = b"<html>\r\n<head><title>%d</title></head>\r\n<body><center><h1>%d</h1></center></body>\r\n</html>\r\n"
"""The page of a load balancer that reaches no server."""

_SERVICE = re.compile(r"Credential=[^/]+/[0-9]+/[^/]+/([^/]+)/aws4_request")
_PATHS = {"/v2/email/account": "GetAccount", "/v2/email/outbound-emails": "SendEmail"}
"""The operations of services that name them only in the path."""


class Sent(NamedTuple):
    """A request of botocore."""

    call: Call
    operation: str
    """The operation in botocore's model. IAM has the same action for one message of SQS and for a batch."""
    invocation: str
    """The same for all attempts of one call."""
    most: int
    """The number of attempts that botocore makes at most. 1 if the request does not say."""


class Reply(NamedTuple):
    """An answer on the wire."""

    status: int
    headers: dict[str, str]
    body: bytes


def sent_in(request: BaseHTTPRequestHandler, body: bytes) -> Sent:
    """The call of a request."""
    function = re.search(r"app/([0-9A-Za-z]+)", request.headers.get("User-Agent", ""))
    service = _SERVICE.search(request.headers.get("Authorization", ""))
    operation = request.headers.get("X-Amz-Target", "").rpartition(".")[2]
    if not operation and (action := re.search(rb"(?:^|&)Action=([A-Za-z]+)", body)):
        operation = action[1].decode()
    operation = operation or _PATHS.get(request.path, f"{request.command} {request.path}")
    name = service[1] if service else ""
    call = Call(function[1] if function else "", f"{name}:{operation.removesuffix('Batch' * (name == 'sqs'))}")
    most = re.search("max=([0-9]+)", request.headers.get("amz-sdk-request", ""))
    return Sent(call, operation, request.headers.get("amz-sdk-invocation-id", ""), int(most[1]) if most else 1)


def passed_on(cloud: Cloud, request: BaseHTTPRequestHandler, body: bytes) -> Reply:
    """Passes a request on to the engine, with its signature. Returns its answer."""
    with closing(HTTPConnection("127.0.0.1", cloud.settings.port)) as engine:
        engine.request(request.command, request.path, body, dict(request.headers))
        response = engine.getresponse()
        kept = {name: value for name, value in response.getheaders() if name.lower() == "content-type"}
        reply = Reply(response.status, kept, response.read())
    target = request.headers.get("X-Amz-Target", "")
    if target == "AmazonSQS.ChangeMessageVisibility" and reply.status == 200:
        _show_soon(cloud, json.loads(body))
    if target.startswith("DynamoDB_"):
        # As DynamoDB does. The engine does not.
        kept["x-amz-crc32"] = str(zlib.crc32(reply.body))
    return reply


def page(status: int) -> Reply:
    """The answer of a load balancer."""
    return Reply(status, {"Content-Type": "text/html"}, HTML % (status, status))


def corrupt(reply: Reply) -> Reply:
    """The answer with wrong bytes in its middle. They are neither UTF-8 nor JSON nor XML."""
    middle = len(reply.body) // 2
    return reply._replace(body=reply.body[: middle - 2] + b"\xff\x00\xfe\x01" + reply.body[middle + 2 :])


def truncated(reply: Reply) -> Reply:
    """The first half of the answer, as if it were the whole."""
    return reply._replace(body=reply.body[: (len(reply.body) + 1) // 2])


def _show_soon(cloud: Cloud, hidden: dict[str, Any]) -> None:
    """Shows a message after LONGEST_WAIT if a function hides it for longer."""
    if hidden["VisibilityTimeout"] > LONGEST_WAIT:
        sqs = cloud.engine.client("sqs")
        # The message may have been deleted meanwhile.
        with contextlib.suppress(ClientError):
            sqs.change_message_visibility(**{**hidden, "VisibilityTimeout": LONGEST_WAIT})
