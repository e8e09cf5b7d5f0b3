"""A proxy between deployed functions and the engine. It makes AWS calls fail in the ways of AWS and of networks."""

import contextlib
import json
import re
import select
import socket
from collections.abc import Callable, Collection, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Lock, Thread
from typing import Any, NamedTuple

import psutil
from botocore.exceptions import ClientError

from local.cloud import Cloud
from tests.support.cloud.aliases import calling_the_latest
from tests.support.cloud.balance import construct, functions_of
from tests.support.names import unique

REFUSED, LOST, SLOW, LATE, SILENT, KILLED = "refused", "answer lost", "answer late", "call late", "silent", "killed"
LOST_ONCE, LOST_THEN_KILLED = "answer lost once", "answer lost, then killed"
KINDS = {
    REFUSED: "AWS answers 500 and does nothing",
    LOST: "AWS does it, and the connection ends before the answer",
    SLOW: "AWS does it, and the answer comes after the client has given up",
    LATE: "AWS does it after the client has given up and the caller has an answer",
    SILENT: "AWS never gets the call, and no answer comes",
    KILLED: "AWS does it, and the function is killed before it has the answer",
    LOST_ONCE: "the first attempt loses its answer, and the second attempt gets one",
    LOST_THEN_KILLED: "the first attempt loses its answer, and the function is killed in the second attempt",
}

LONGEST_WAIT = 2
"""For how many seconds a message that a function has put back stays hidden. The functions ask for minutes."""

NOT_CALLS = ("logs:", "kms:", "ec2:", "elasticache:", "xray:")
"""Actions in a role that the function does not call itself. Lambda, DynamoDB and Step Functions need them."""

_SERVICE = re.compile(r"Credential=[^/]+/[0-9]+/[^/]+/([^/]+)/aws4_request")
# Not the key of a person's count, which all reminders of the person share.
_REMINDER = re.compile(r'eminderId\\*": *(?:\{\\*"S\\*": *)?\\*"(?!person#)([0-9A-Za-z-]+)')
_PATHS = {"/v2/email/account": "GetAccount", "/v2/email/outbound-emails": "SendEmail"}
"""The operations of services that name them only in the path."""


class Call(NamedTuple):
    """An AWS call: the construct id of the function that makes it, and its IAM action."""

    function: str
    action: str

    def __str__(self) -> str:
        return f"{self.function}, {self.action}"


@dataclass
class Fault:
    """Makes one call like `call` fail: the one with number `nth`, counted from 0.

    The fault meets every attempt of that call. botocore makes up to two.
    """

    call: Call
    kind: str
    nth: int = 0
    met: int = 0

    def __post_init__(self) -> None:
        self._ids: list[str] = []
        self._attempts: dict[str, int] = {}

    def meets(self, call: Call, invocation: str) -> str | None:
        """The fault of this attempt, or None. All attempts of one call have the same `invocation`."""
        if call != self.call:
            return None
        if invocation not in self._attempts:
            self._ids.append(invocation)
        number = self._attempts[invocation] = self._attempts.get(invocation, 0) + 1
        if self._ids.index(invocation) != self.nth:
            return None
        self.met += 1
        if self.kind == LOST_ONCE:
            return LOST if number == 1 else None
        if self.kind == LOST_THEN_KILLED:
            return LOST if number == 1 else KILLED
        return self.kind


@dataclass
class Case:
    """One order or reminder of a test. The AWS calls that name one of its markers belong to it."""

    markers: set[str]
    """Ids or words. A reminder's id in a call with a marker becomes a marker. Without markers, every call counts."""
    functions: Collection[str] | None = None
    """The functions whose calls count; None for all."""
    faults: list[Fault] = field(default_factory=list)
    calls: list[Call] = field(default_factory=list)
    answered: Event = field(default_factory=Event)
    """Set when the caller has its answer. Then the late calls are made."""
    _invocations: set[str] = field(default_factory=set)

    def is_of(self, call: Call, body: str) -> bool:
        if self.functions is not None and call.function not in self.functions:
            return False
        return not self.markers or any(marker in body for marker in self.markers)

    def learn(self, call: Call, body: str, invocation: str) -> None:
        if self.markers:
            self.markers |= set(_REMINDER.findall(body))
        if invocation not in self._invocations:
            self._invocations.add(invocation)
            self.calls.append(call)


class Between:
    """The proxy to which the functions send their calls. It can serve many cases at once."""

    def __init__(self, cloud: Cloud, renew: Callable[[str], None]) -> None:
        self.cloud = cloud
        self.renew = renew
        """Replaces the processes of a function, so that it starts without cached values."""
        self._cases: list[Case] = []
        self._lock = Lock()

    @contextmanager
    def case(self, *markers: str, functions: Collection[str] | None = None) -> Iterator[Case]:
        case = Case(set(markers), functions)
        with self._lock:
            self._cases.append(case)
        try:
            yield case
        finally:
            case.answered.set()
            with self._lock:
                self._cases.remove(case)

    def fault_of(self, call: Call, body: str, invocation: str) -> tuple[Case | None, str | None]:
        """The case that a call belongs to, and the call's fault. Both may be None."""
        with self._lock:
            for case in sorted(self._cases, key=lambda one: not one.markers):
                if case.is_of(call, body):
                    case.learn(call, body, invocation)
                    kinds = [one.meets(call, invocation) for one in case.faults]
                    return case, next((kind for kind in kinds if kind), None)
        return None, None

    def kill(self, function: str, port: int) -> None:
        """Kills the process of `function` that has a connection from this port."""
        engine = self.cloud.engine.daemon.process()
        assert engine
        for process in engine.children(recursive=True):
            with contextlib.suppress(psutil.Error):
                if process.environ().get("AWS_SDK_UA_APP_ID") != function:
                    continue
                # Reading the connections takes long, so look no further.
                if any(one.laddr.port == port for one in process.net_connections("tcp4")):
                    return process.kill()


@contextmanager
def between(cloud: Cloud, *stacks: str) -> Iterator[Between]:
    """Makes every function of the stacks call AWS through the proxy inside the block."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            call, text = _call(self, body), body.decode(errors="replace")
            case, fault = proxy.fault_of(call, text, self.headers.get("amz-sdk-invocation-id", ""))
            if fault is None:
                return self._answer(*_passed_on(cloud, self, body))
            if fault == REFUSED:
                return self._answer(500, *_error(self))
            if fault in (LOST, SLOW, KILLED):
                _passed_on(cloud, self, body)
            if fault == KILLED:
                proxy.kill(call.function, self.client_address[1])
            if fault in (SLOW, LATE, SILENT):
                self._until_the_client_hangs_up()
            if fault == LATE and case:
                case.answered.wait()
                _passed_on(cloud, self, body)
            self.close_connection = True
            with contextlib.suppress(OSError):
                self.connection.shutdown(socket.SHUT_RDWR)

        do_GET = do_PUT = do_DELETE = do_POST

        def _answer(self, status: int, headers: dict[str, str], answer: bytes) -> None:
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def _until_the_client_hangs_up(self) -> None:
            select.select([self.connection], [], [])

        def log_message(self, *_: object) -> None:
            pass

    class Server(ThreadingHTTPServer):
        request_queue_size = 128

        def handle_error(self, *_: object) -> None:
            """Ignores errors: a killed function does not read its answer."""

    names = {construct: name for stack in stacks for construct, name in functions_of(cloud, stack).items()}
    functions = cloud.engine.client("lambda")
    usual = {
        construct: functions.get_function_configuration(FunctionName=name).get("Environment", {}).get("Variables", {})
        for construct, name in names.items()
    }

    def set_variables(construct: str, further: dict[str, str]) -> None:
        variables = {**usual[construct], **further}
        functions.update_function_configuration(FunctionName=names[construct], Environment={"Variables": variables})

    def renew(construct: str) -> None:
        set_variables(construct, {**through_the_proxy, "AWS_SDK_UA_APP_ID": construct, "RENEWED": unique()})

    proxy = Between(cloud, renew)
    with Server(("127.0.0.1", 0), Handler) as server, ThreadPoolExecutor(4) as pool:
        # botocore sends AWS_SDK_UA_APP_ID with each request. So one proxy can serve all functions.
        through_the_proxy = {"AWS_ENDPOINT_URL": f"http://127.0.0.1:{server.server_port}"}
        Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        try:
            with calling_the_latest(functions, names.values()):
                list(pool.map(renew, usual))
                yield proxy
        finally:
            list(pool.map(set_variables, usual, [{} for _ in usual]))
            server.shutdown()


@contextmanager
def instances(cloud: Cloud, number: int, function: str) -> Iterator[None]:
    """Lets Lambda use so many instances of the function for each of its queues inside the block."""
    client = cloud.engine.client("lambda")
    usual = {
        one["UUID"]: one["ScalingConfig"]
        for one in client.list_event_source_mappings(FunctionName=function)["EventSourceMappings"]
    }
    for mapping in usual:
        client.update_event_source_mapping(UUID=mapping, ScalingConfig={"MaximumConcurrency": number})
    try:
        yield
    finally:
        for mapping, before in usual.items():
            client.update_event_source_mapping(UUID=mapping, ScalingConfig=before)


def _call(request: BaseHTTPRequestHandler, body: bytes) -> Call:
    """The AWS call of a request."""
    function = re.search(r"app/([0-9A-Za-z]+)", request.headers.get("User-Agent", ""))
    service = _SERVICE.search(request.headers.get("Authorization", ""))
    operation = request.headers.get("X-Amz-Target", "").rpartition(".")[2]
    if not operation and (action := re.search(rb"(?:^|&)Action=([A-Za-z]+)", body)):
        operation = action[1].decode()
    operation = operation or _PATHS.get(request.path, f"{request.command} {request.path}")
    if service and service[1] == "sqs":
        # IAM has the same action for one message and for a batch.
        operation = operation.removesuffix("Batch")
    return Call(function[1] if function else "", f"{service[1] if service else ''}:{operation}")


def _passed_on(cloud: Cloud, request: BaseHTTPRequestHandler, body: bytes) -> tuple[int, dict[str, str], bytes]:
    """Passes a request on to the engine, with its signature. Returns the status, the headers and the body."""
    with closing(HTTPConnection("127.0.0.1", cloud.settings.port)) as engine:
        engine.request(request.command, request.path, body, dict(request.headers))
        response = engine.getresponse()
        kept = {name: value for name, value in response.getheaders() if name.lower() in ("content-type", "x-amz-crc32")}
        answer = response.status, kept, response.read()
    if request.headers.get("X-Amz-Target") == "AmazonSQS.ChangeMessageVisibility" and answer[0] == 200:
        _show_soon(cloud, json.loads(body))
    return answer


def _show_soon(cloud: Cloud, hidden: dict[str, Any]) -> None:
    """Shows a message after LONGEST_WAIT if a function hides it for longer."""
    if hidden["VisibilityTimeout"] > LONGEST_WAIT:
        sqs = cloud.engine.client("sqs")
        # The message may have been deleted meanwhile.
        with contextlib.suppress(ClientError):
            sqs.change_message_visibility(**{**hidden, "VisibilityTimeout": LONGEST_WAIT})


@contextmanager
def hidden_for(cloud: Cloud, seconds: int, *queues: str) -> Iterator[None]:
    """Shows messages again after so many seconds inside the block if the function that received them is killed."""
    sqs, name = cloud.engine.client("sqs"), "VisibilityTimeout"
    usual = {url: sqs.get_queue_attributes(QueueUrl=url, AttributeNames=[name])["Attributes"][name] for url in queues}
    for url in queues:
        sqs.set_queue_attributes(QueueUrl=url, Attributes={name: str(seconds)})
    try:
        yield
    finally:
        for url, before in usual.items():
            sqs.set_queue_attributes(QueueUrl=url, Attributes={name: before})


def _error(request: BaseHTTPRequestHandler) -> tuple[dict[str, str], bytes]:
    """The headers and the body of a failed AWS service's answer, in the protocol of the request."""
    if "x-www-form-urlencoded" in request.headers.get("Content-Type", ""):
        error = "<ErrorResponse><Error><Type>Receiver</Type><Code>InternalFailure</Code></Error></ErrorResponse>"
        return {"Content-Type": "text/xml"}, error.encode()
    return {"X-Amzn-ErrorType": "InternalServerError"}, json.dumps({"__type": "InternalServerError"}).encode()


def calls_granted(cloud: Cloud, stack: str) -> set[Call]:
    """Every call that the functions' roles allow, from the template of the stack with this construct id."""
    resources = json.loads((cloud.settings.assembly / f"{stack}.template.json").read_text())["Resources"]
    calls = set()
    for name, function in resources.items():
        if function["Type"] != "AWS::Lambda::Function":
            continue
        role = {"Ref": function["Properties"]["Role"]["Fn::GetAtt"][0]}
        for policy in resources.values():
            if policy["Type"] == "AWS::IAM::Policy" and role in policy["Properties"]["Roles"]:
                for statement in policy["Properties"]["PolicyDocument"]["Statement"]:
                    actions = statement["Action"]
                    calls |= {
                        Call(construct(name), one) for one in ([actions] if isinstance(actions, str) else actions)
                    }
    return {one for one in calls if not one.action.startswith(NOT_CALLS)}
