"""A proxy between deployed functions and the engine. It makes AWS calls fail in the ways of AWS and of networks."""

import contextlib
import json
import multiprocessing
import os
import re
import select
import socket
from collections.abc import Callable, Collection, Iterator
from concurrent.futures import Executor, ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Lock, Thread

import psutil

from local.cloud import Cloud
from tests.support.cloud.aliases import calling_the_latest
from tests.support.cloud.balance import construct, functions_of
from tests.support.cloud.service_errors import ServiceError
from tests.support.cloud.troubles import (
    CORRUPT,
    CUT,
    EMPTY,
    HTML,
    KILLED,
    LATE,
    RESET,
    SILENT,
    SLOW,
    TRUNCATED,
    Call,
    Fault,
    Trouble,
)
from tests.support.cloud.wire import Reply, Sent, corrupt, page, passed_on, sent_in, truncated
from tests.support.names import unique
from tests.support.waiting import PATIENCE_SECONDS

NOT_CALLS = ("logs:", "kms:", "ec2:", "elasticache:", "xray:")
"""Actions in a role that the function does not call itself. Lambda, DynamoDB and Step Functions need them."""

# Not the key of a person's count, which all reminders of the person share.
_REMINDER = re.compile(r'eminderId\\*": *(?:\{\\*"S\\*": *)?\\*"(?!person#)([0-9A-Za-z-]+)')


@dataclass
class Case:
    """One order or reminder of a test. The AWS calls that name one of its markers belong to it."""

    markers: set[str]
    """Ids or words. A reminder's id in a call with a marker becomes a marker. Without markers, every call counts."""
    functions: Collection[str] | None = None
    """The functions whose calls count; None for all."""
    faults: list[Fault] = field(default_factory=list)
    sent: list[Sent] = field(default_factory=list)
    """The first attempt of each call."""
    answered: Event = field(default_factory=Event)
    """Set when the caller has its answer. Then the late calls are made."""
    late: list[Event] = field(default_factory=list)
    """One for each late call. It is set when the call has been made."""
    _invocations: set[str] = field(default_factory=set)

    def is_of(self, call: Call, body: str) -> bool:
        if self.functions is not None and call.function not in self.functions:
            return False
        return not self.markers or any(marker in body for marker in self.markers)

    def make_late_calls(self) -> None:
        """Makes the late calls, and waits until AWS has done them."""
        self.answered.set()
        for one in self.late:
            assert one.wait(PATIENCE_SECONDS)

    def learn(self, sent: Sent, body: str) -> None:
        if self.markers:
            self.markers |= set(_REMINDER.findall(body))
        if sent.invocation not in self._invocations:
            self._invocations.add(sent.invocation)
            self.sent.append(sent)


class Between:
    """The proxy to which the functions send their calls. It can serve many cases at once."""

    def __init__(self, cloud: Cloud, renew: Callable[[str], None], killer: Executor) -> None:
        self.cloud = cloud
        self.renew = renew
        """Replaces the processes of a function, so that it starts without cached values."""
        self._killer = killer
        self._cases: list[Case] = []
        self._lock = Lock()

    @contextmanager
    def case(self, *markers: str, functions: Collection[str] | None = None) -> Iterator[Case]:
        case = Case(set(markers), functions)
        with self._lock:
            # A call that names the order or reminder of a case is not a call of a case without markers.
            self._cases.insert(0 if markers else len(self._cases), case)
        try:
            yield case
        finally:
            case.answered.set()
            with self._lock:
                self._cases.remove(case)

    def fault_of(self, sent: Sent, body: str) -> tuple[Case | None, Fault | None, Trouble | None]:
        """The case that a call belongs to, the fault that this attempt meets, and its trouble. Each may be None."""
        with self._lock:
            for case in self._cases:
                if case.is_of(sent.call, body):
                    case.learn(sent, body)
                    # Each fault counts the attempts, so each of them must see all.
                    met = [(one, one.meets(sent.call, sent.invocation, sent.most)) for one in case.faults]
                    return case, *next(((one, trouble) for one, trouble in met if trouble), (None, None))
        return None, None, None

    def kill(self, function: str, port: int) -> bool:
        """Kills the process of `function` that has a connection from this port. Returns whether there is one."""
        engine = self.cloud.engine.daemon.process()
        assert engine
        return self._killer.submit(kill_client, engine.pid, function, port).result()


def kill_client(engine: int, function: str, port: int) -> bool:
    """Kills the process below the engine that runs `function` and has a connection from this port."""
    for process in psutil.Process(engine).children(recursive=True):
        with contextlib.suppress(psutil.Error):
            if process.environ().get("AWS_SDK_UA_APP_ID") != function:
                continue
            # Reading the connections takes long, so look no further.
            if any(one.laddr.port == port for one in process.net_connections("tcp4")):
                process.kill()
                return True
    return False


@contextmanager
def between(cloud: Cloud, *stacks: str) -> Iterator[Between]:
    """Makes every function of the stacks call AWS through the proxy inside the block."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            sent = sent_in(self, body)
            case, fault, trouble = proxy.fault_of(sent, body.decode(errors="replace"))
            if trouble is None or fault is None:
                return self._answer(passed_on(cloud, self, body))
            if isinstance(trouble, ServiceError):
                return self._answer(Reply(*trouble.answer()))
            if trouble == HTML:
                return self._answer(page(fault.status_of_page))
            reply = passed_on(cloud, self, body) if trouble not in (RESET, SILENT, LATE) else None
            if reply and trouble == CORRUPT:
                return self._answer(corrupt(reply))
            if reply and trouble == TRUNCATED:
                return self._answer(truncated(reply))
            if reply and trouble == EMPTY:
                return self._answer(reply._replace(body=b""))
            if reply and trouble == CUT:
                self._answer(truncated(reply), length=len(reply.body))
            if trouble == KILLED:
                fault.survived = not proxy.kill(sent.call.function, self.client_address[1])
            made = Event()
            if trouble == LATE and case:
                case.late.append(made)
            if trouble in (SLOW, LATE, SILENT):
                self._until_the_client_hangs_up()
            if trouble == LATE and case:
                case.answered.wait()
                try:
                    passed_on(cloud, self, body)
                finally:
                    made.set()
            self.close_connection = True
            with contextlib.suppress(OSError):
                self.connection.shutdown(socket.SHUT_RDWR)

        do_GET = do_PUT = do_DELETE = do_POST

        def _answer(self, reply: Reply, *, length: int | None = None) -> None:
            self.send_response(reply.status)
            for name, value in reply.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(reply.body) if length is None else length))
            self.end_headers()
            self.wfile.write(reply.body)

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

    # The search reads hundreds of files. Between the threads of many cases it would take longer than a client waits.
    killer = ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn"))
    with Server(("127.0.0.1", 0), Handler) as server, ThreadPoolExecutor(4) as pool, killer:
        proxy = Between(cloud, renew, killer)
        # botocore sends AWS_SDK_UA_APP_ID with each request. So one proxy can serve all functions.
        through_the_proxy = {"AWS_ENDPOINT_URL": f"http://127.0.0.1:{server.server_port}"}
        Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        # Starts its process now, not when a client waits.
        started = killer.submit(kill_client, os.getpid(), "", 0)
        try:
            with calling_the_latest(functions, names.values()):
                list(pool.map(renew, usual))
                started.result()
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
