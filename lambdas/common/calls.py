"""What one call of a function does, and how long each part takes: as a trace for X-Ray, and as lines at DEBUG.

A call is recorded if X-Ray samples it, or if its debug lines are written. All other calls only look whether they are.
The parts are the calls of AWS, which botocore reports, and what runs within `part`.

Lambda drops lines below the function's level before anybody sees them. So a stage that samples debug lines sets the
level DEBUG at Lambda, and the level of all other lines in LOG_LEVEL.

See decisions D208 and D210.
"""

import contextlib
import functools
import json
import logging
import os
import re
import socket
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeVar

import boto3
import botocore.session

from common import answers
from common.logs import OURS, hidden, logger_of

SHARE = float(os.environ.get("DEBUG_SAMPLE", "0"))
"""The share of calls whose debug lines are written, from 0 to 1."""

MOST_PARTS = 100
"""A document has at most 64 KB. https://docs.aws.amazon.com/xray/latest/devguide/xray-api-segmentdocuments.html"""

Document = dict[str, Any]
"""A segment document of X-Ray, or a part of one."""

Handler = TypeVar("Handler", bound=Callable[..., Any])

logger = logger_of(__name__)
_is_debugging = False


class Call:
    """A recorded call: its parts, and what people search for."""

    def __init__(self, name: str, trace: Mapping[str, str]) -> None:
        self.trace = trace
        self.annotations: dict[str, str] = {}
        self.document = _begun(name)
        self.parts: list[Document] = []

    def begin(self, name: str, **details: Any) -> Document:
        part = {**_begun(name), **details}
        if len(self.parts) < MOST_PARTS:
            self.parts.append(part)
        return part

    def end(self) -> None:
        """Sends the trace to the daemon, which runs beside a sampled call. A part that has not ended is left out."""
        if not self.trace:
            return
        done = [part for part in self.parts if "end_time" in part]
        document = {
            **self.document,
            "end_time": time.time(),
            "type": "subsegment",
            "trace_id": self.trace["Root"],
            "parent_id": self.trace["Parent"],
            "annotations": {name: hidden(value)[:1000] for name, value in self.annotations.items()},
            "subsegments": done,
        }
        host, _, port = os.environ["AWS_XRAY_DAEMON_ADDRESS"].rpartition(":")
        # A trace must never make a call fail.
        with contextlib.suppress(OSError), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as daemon:
            daemon.sendto(b'{"format": "json", "version": 1}\n' + json.dumps(document).encode(), (host, int(port)))


_call: Call | None = None
"""The call that is recorded now. Lambda makes one call at a time in a process."""


def begin(name: str, id: str | None) -> Call | None:
    """Begins a call of the function `name`, and returns it if it is recorded. `id` decides about debug lines."""
    global _call
    trace = _trace(os.environ.get("_X_AMZN_TRACE_ID", ""))
    _call = Call(name, trace) if _debugs(id) or trace else None
    return _call


def recorded(handler: Handler) -> Handler:
    """Records the calls of a handler that no API calls. Its module is its name."""

    @functools.wraps(handler)
    def record(event: Any, context: Any) -> Any:
        call = begin(handler.__module__, getattr(context, "aws_request_id", None))
        try:
            return handler(event, context)
        finally:
            if call:
                call.end()

    return record  # type: ignore[return-value]  # it has the parameters of every handler


@contextlib.contextmanager
def part(name: str) -> Iterator[None]:
    """Records a part of the current call that is not a call of AWS. An exception counts as its error."""
    if not (call := _call):
        yield
        return
    document = call.begin(name, namespace="remote")
    try:
        yield
    except BaseException as error:
        _end(document, error=type(error).__name__)
        raise
    _end(document, error="")


# For botocore's events, in their order.


def began(params: Mapping[str, Any], model: Any, context: dict[str, Any], **_: Any) -> None:
    if _call:
        of = {"table_name": "TableName", "queue_url": "QueueUrl"}
        where = {name: params[key] for name, key in of.items() if key in params}
        context["part"] = _call.begin(
            model.service_model.service_id, namespace="aws", aws={"operation": model.name, **where}
        )


def ended(http_response: Any, parsed: Mapping[str, Any], context: Mapping[str, Any], **_: Any) -> None:
    if document := context.get("part"):
        document["http"] = {"response": {"status": http_response.status_code}}
        if id := parsed.get("ResponseMetadata", {}).get("RequestId"):
            document["aws"]["request_id"] = id
        _end(document, error=parsed.get("Error", {}).get("Code", ""), status=http_response.status_code)


def failed(exception: BaseException, context: Mapping[str, Any], **_: Any) -> None:
    if document := context.get("part"):
        _end(document, error=type(exception).__name__)


def report_calls() -> None:
    """Makes all clients that are made from now on report their calls, and check AWS's answers.

    A client copies the handlers of its session.
    """
    session = botocore.session.get_session()
    loader = session.get_component("data_loader")
    loader.list_available_services = functools.partial(services, loader)
    boto3.setup_default_session(botocore_session=session)
    events = boto3.DEFAULT_SESSION.events
    events.register("before-parameter-build", began)
    events.register("after-call", ended)
    events.register("after-call-error", failed)
    answers.check_answers(events)


def services(loader: Any, type_name: str) -> list[str]:
    """The names of all services that have models, whether or not a service has a model of this type.

    For each type, botocore's own loader looks into the folders of all 400 services. That took a sixth of a cold start.
    See decision D239.
    """
    return [name for folder in loader.search_paths if os.path.isdir(folder) for name in os.listdir(folder)]


def is_sampled(id: str | None, share: float) -> bool:
    """Whether a UUID is in the share. Its last 32 bits are random, so all functions that know it say the same."""
    try:
        return int((id or "")[-8:], 16) < share * 2**32
    except ValueError:
        return share >= 1


def _debugs(id: str | None) -> bool:
    """Whether the debug lines of this call are written. Only our own loggers write them."""
    global _is_debugging
    sampled = bool(SHARE) and is_sampled(id, SHARE)
    # Most calls are not sampled, and the calls before them were not either.
    if sampled or _is_debugging:
        for one in OURS:
            one.setLevel(logging.DEBUG if sampled else logging.NOTSET)
    _is_debugging = sampled
    return sampled


def _begun(name: str) -> Document:
    return {"id": os.urandom(8).hex(), "name": name, "start_time": time.time()}


def _end(document: Document, *, error: str, status: int = 500) -> None:
    document["end_time"] = time.time()
    if error:
        document["error" if status < 500 else "fault"] = True
    logger.debug(
        "call",
        extra={
            "Call": ".".join(filter(None, (document["name"], document.get("aws", {}).get("operation")))),
            "Milliseconds": round((document["end_time"] - document["start_time"]) * 1000, 1),
            **({"Error": error} if error else {}),
        },
    )


def _trace(header: str) -> Mapping[str, str]:
    """The fields of Lambda's trace header if X-Ray samples this call, otherwise nothing.

    https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html
    """
    if "Sampled=1" not in header or "AWS_XRAY_DAEMON_ADDRESS" not in os.environ:
        return {}
    fields = dict(re.findall(r"(Root|Parent)=([0-9a-f-]+)", header))
    return fields if len(fields) == 2 else {}


if SHARE:
    # The debug lines of libraries have the bodies of requests.
    logging.getLogger().setLevel(os.environ["LOG_LEVEL"])
report_calls()
