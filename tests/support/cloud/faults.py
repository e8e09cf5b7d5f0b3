"""Injects faults into the deployed apps, and removes them again."""

import io
import json
import re
import zipfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, closing, contextmanager
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any, TypeAlias

from tests.support.cloud import faulty
from tests.support.cloud.apps import Apps

States: TypeAlias = dict[str, dict[str, Any]]

ALWAYS = 1_000
FUNCTION_SECONDS = 20
"""The timeout of the deployed faulty.py. A test waits this long for a hanging attempt. A good one may be slow."""

STATE_SECONDS = 60
"""The timeout of a state that calls faulty.py: far longer than the function's, which so ends every attempt."""

CALLS = {
    "arn:aws:states:::dynamodb:updateItem": ("dynamodb", "update_item"),
    "arn:aws:states:::sqs:sendMessage": ("sqs", "send_message"),
}


@contextmanager
def throttled(apps: Apps, url: str, *, rate: int = 0, burst: int = 0) -> Iterator[None]:
    """Limits the requests that the API at `url` accepts inside the block. By default it accepts none."""
    gateway = apps.cloud.engine.client("apigateway")
    *_, api_id, stage = url.split("/")
    settings = gateway.get_stage(restApiId=api_id, stageName=stage)["methodSettings"]["*/*"]
    usual = {name: settings[f"throttling{name[0].upper()}{name[1:]}"] for name in ("rateLimit", "burstLimit")}

    def allow(limits: dict[str, Any]) -> None:
        operations = [
            {"op": "replace", "path": f"/*/*/throttling/{name}", "value": str(limit)} for name, limit in limits.items()
        ]
        gateway.update_stage(restApiId=api_id, stageName=stage, patchOperations=operations)

    allow({"rateLimit": rate, "burstLimit": burst})
    try:
        yield
    finally:
        allow(usual)


def function_of(apps: Apps, construct: str, *, stack: str | None = None) -> dict[str, Any]:
    """The configuration of a deployed function. The default `stack` is the one of the orders app."""
    stack = stack or apps.places.order_table.partition("-OrderTable")[0]
    pages = apps.cloud.engine.client("lambda").get_paginator("list_functions").paginate()
    functions = [function for page in pages for function in page["Functions"]]
    [found] = [one for one in functions if re.match(f"{stack}-.*{construct}[0-9A-F]{{8}}-", one["FunctionName"])]
    return dict(found)


@contextmanager
def denied(apps: Apps, function: str, action: str) -> Iterator[None]:
    """Denies `action` to the role of a function inside the block."""
    iam, name = apps.cloud.engine.client("iam"), "DeniedByATest"
    role = function_of(apps, function)["Role"].rpartition("/")[2]
    statement = {"Effect": "Deny", "Action": action, "Resource": "*"}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    iam.put_role_policy(RoleName=role, PolicyName=name, PolicyDocument=policy)
    try:
        yield
    finally:
        iam.delete_role_policy(RoleName=role, PolicyName=name)


@contextmanager
def changed(
    apps: Apps, change: Callable[[States], object], *, workflow: str | None = None, **settings: Any
) -> Iterator[None]:
    """Changes the states of the order workflow, or of `workflow`, for executions that start inside the block.

    `settings` are further fields of the definition, such as TimeoutSeconds. Callers start the alias, so the changed
    states are a version, and the alias goes back to the version before.
    """
    workflows, arn = apps.cloud.engine.client("stepfunctions"), workflow or apps.places.order_workflow
    usual = workflows.describe_state_machine(stateMachineArn=arn)["definition"]
    definition = json.loads(usual) | settings
    change(definition["States"])
    alias = f"{arn}:live"
    routes = workflows.describe_state_machine_alias(stateMachineAliasArn=alias)["routingConfiguration"]
    made = workflows.update_state_machine(stateMachineArn=arn, definition=json.dumps(definition), publish=True)
    routed = [{"stateMachineVersionArn": made["stateMachineVersionArn"], "weight": 100}]
    workflows.update_state_machine_alias(stateMachineAliasArn=alias, routingConfiguration=routed)
    try:
        yield
    finally:
        workflows.update_state_machine(stateMachineArn=arn, definition=usual)
        workflows.update_state_machine_alias(stateMachineAliasArn=alias, routingConfiguration=routes)
        workflows.delete_state_machine_version(stateMachineVersionArn=made["stateMachineVersionArn"])


def waiting(states: States) -> None:
    """Makes executions wait for a minute instead of checking the order, and then go on."""
    states["Are details Proper"] = {"Type": "Wait", "Seconds": 60, "Next": "Put message in Queue"}


def look_at_orders(apps: Apps, *order_ids: str) -> None:
    """Makes ParkLostOrders look at orders, like a message of the queue OrdersToCheck."""
    bodies = [json.dumps({"OrderId": order_id}) for order_id in order_ids]
    call_function(apps, "ParkLostOrders", {"Records": [{"body": body} for body in bodies]})


def call_function(apps: Apps, name: str, event: Mapping[str, Any]) -> None:
    """Calls a function of the orders app with `event`, like AWS does. Raises AssertionError if it fails."""
    stack = apps.places.order_workflow.rpartition(":")[2].partition("-OrderFulfillment")[0]
    function = function_of(apps, name, stack=stack)["FunctionName"]
    answer = apps.cloud.engine.client("lambda").invoke(FunctionName=function, Payload=json.dumps(event).encode())
    assert "FunctionError" not in answer, answer["Payload"].read()


ANSWERS = {"throttled": (400, "ThrottlingException"), "failed": (500, "InternalServerException")}


@contextmanager
def start_fails(apps: Apps, fault: str, *, times: int) -> Iterator[None]:
    """Makes the first `times` attempts of PlaceOrder at StartExecution fail inside the block.

    `fault` is a key of ANSWERS, or `reply lost`: the execution starts, but the connection closes without an answer.
    """
    faults = [fault] * times

    class Between(BaseHTTPRequestHandler):
        """Passes requests on from the function to the engine, with their signatures."""

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            fault = faults.pop() if faults else None
            if fault in ANSWERS:
                status, error = ANSWERS[fault]
                answer = json.dumps({"__type": error}).encode()
            else:
                with closing(HTTPConnection("127.0.0.1", apps.cloud.settings.port)) as engine:
                    engine.request("POST", self.path, body, dict(self.headers))
                    response = engine.getresponse()
                    status, answer = response.status, response.read()
            if fault != "reply lost":
                self.send_response(status)
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

        def log_message(self, *_: object) -> None:
            pass

    functions, place = apps.cloud.engine.client("lambda"), function_of(apps, "PlaceOrder")
    usual = place["Environment"]["Variables"]
    with ThreadingHTTPServer(("127.0.0.1", 0), Between) as server:
        Thread(target=server.serve_forever).start()
        address = f"http://127.0.0.1:{server.server_port}"
        other = {**usual, "AWS_ENDPOINT_URL_SFN": address}
        functions.update_function_configuration(FunctionName=place["FunctionName"], Environment={"Variables": other})
        try:
            yield
        finally:
            functions.update_function_configuration(
                FunctionName=place["FunctionName"], Environment={"Variables": usual}
            )
            server.shutdown()
    assert not faults, f"PlaceOrder made only {times - len(faults)} attempts of the {times} that should fail"


class Faulty:
    """The deployed function of faulty.py, with a file that counts its attempts."""

    def __init__(self, name: str, attempts: Path) -> None:
        self._name = name
        self._attempts = attempts

    @property
    def attempts(self) -> int:
        return self._attempts.stat().st_size if self._attempts.exists() else 0

    def calls(self, state: dict[str, Any], *, failures: int, fault: str = "raise") -> None:
        """Makes `state` make its AWS call through the function, which first fails `failures` times."""
        service, operation = CALLS[state["Resource"]]
        call = {"Service": service, "Operation": operation, "Parameters": state["Arguments"]}
        self._ask(state, {"Call": call, "Failures": failures, "Fault": fault})

    def answers(self, state: dict[str, Any], answer: Any, *, failures: int = 0, fault: str = "raise") -> None:
        """Makes `state` call the function, which first fails `failures` times and then returns `answer`."""
        self._ask(state, {"Answer": answer, "Failures": failures, "Fault": fault})

    def _ask(self, state: dict[str, Any], event: dict[str, Any]) -> None:
        state["Resource"] = "arn:aws:states:::lambda:invoke"
        state["TimeoutSeconds"] = STATE_SECONDS
        state["Arguments"] = {"FunctionName": self._name, "Payload": {**event, "Attempts": str(self._attempts)}}


@contextmanager
def deployed_faulty(apps: Apps, name: str) -> Iterator[str]:
    """Deploys faulty.py and yields the function's name. It may write to all queues and tables."""
    iam, functions = apps.cloud.engine.client("iam"), apps.cloud.engine.client("lambda")
    trust = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
    may = {"Effect": "Allow", "Action": ["dynamodb:UpdateItem", "sqs:SendMessage"], "Resource": "*"}
    role = iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps({"Statement": [trust]}))["Role"]
    policy = json.dumps({"Version": "2012-10-17", "Statement": [may]})
    iam.put_role_policy(RoleName=name, PolicyName="Call", PolicyDocument=policy)
    code = io.BytesIO()
    with zipfile.ZipFile(code, "w") as archive:
        archive.write(Path(faulty.__file__), "faulty.py")
    functions.create_function(
        FunctionName=name,
        Runtime="python3.13",
        Handler="faulty.handler",
        Role=role["Arn"],
        Timeout=FUNCTION_SECONDS,
        Code={"ZipFile": code.getvalue()},
    )
    try:
        yield name
    finally:
        functions.delete_function(FunctionName=name)
        # A deployment in the meantime may have given the role a policy more (local/gaps.py).
        for added in iam.list_role_policies(RoleName=name)["PolicyNames"]:
            iam.delete_role_policy(RoleName=name, PolicyName=added)
        iam.delete_role(RoleName=name)


@contextmanager
def unread(apps: Apps, queue: str) -> Iterator[None]:
    """Stops SendReminder from reading a queue inside the block. `queue` is the construct id, such as `EmailQueue`."""
    client, stack = apps.cloud.engine.client("lambda"), apps.places.reminder_table.partition("-ReminderTable")[0]
    name = function_of(apps, "SendReminder", stack=stack)["FunctionName"]
    mappings = client.list_event_source_mappings(FunctionName=name)["EventSourceMappings"]
    [mapping] = [one["UUID"] for one in mappings if queue in one["EventSourceArn"]]
    client.update_event_source_mapping(UUID=mapping, Enabled=False)
    try:
        yield
    finally:
        client.update_event_source_mapping(UUID=mapping, Enabled=True)


def unwatched(apps: Apps) -> AbstractContextManager[None]:
    """Stops WatchOrders from asking ParkLostOrders about an order while a test calls ParkLostOrders itself.

    Two calls at once may park the order twice.
    """
    return window(apps, "WatchOrders", seconds=300)


def without_window(apps: Apps, function: str) -> AbstractContextManager[None]:
    """Makes the function get the changes of its stream at once inside the block, instead of later."""
    return window(apps, function, seconds=0)


@contextmanager
def window(apps: Apps, function: str, *, seconds: int) -> Iterator[None]:
    """Makes the function get the changes of its stream inside the block when the oldest is so many seconds old."""
    client, name = apps.cloud.engine.client("lambda"), function_of(apps, function)["FunctionName"]
    [mapping] = client.list_event_source_mappings(FunctionName=name)["EventSourceMappings"]
    usual = mapping["MaximumBatchingWindowInSeconds"]
    client.update_event_source_mapping(UUID=mapping["UUID"], MaximumBatchingWindowInSeconds=seconds)
    try:
        yield
    finally:
        client.update_event_source_mapping(UUID=mapping["UUID"], MaximumBatchingWindowInSeconds=usual)
