"""A pretended AWS with the orders app in it, real HTTP servers, and command lines run inside this process."""

import base64
import getpass
import json
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto import mock_aws

from common import queues
from tests.support import tables
from tools.orders.__main__ import main

REGION = "us-east-1"
CARD = "4242424242424242"
UNSET = (
    *("AWS_ENDPOINT_URL", "AWS_PROFILE", "AWS_SESSION_TOKEN", "AWS_REGION", "STAGE"),
    *("SIGN_IN_EMAIL", "SIGN_IN_PASSWORD"),
)
ADA, OLGA = "ada@example.com", "olga@example.com"
PASSWORDS = {ADA: "Correct-horse-1", OLGA: "Battery-staple-2"}
QUEUES = ("OrderFulfillmentQueue", "EscalationQueue", "ParkedQueue")


@dataclass(frozen=True)
class Run:
    """What a command did."""

    status: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


@cache
def client(service: str) -> Any:
    """The tests' own client, which moto answers; made once, because that takes longer than most tests."""
    return boto3.client(service, REGION, aws_access_key_id="testing", aws_secret_access_key="testing")


Command = Callable[..., Run]
Answering = Callable[[str, str, Any, str], tuple[int, Any]]
"""From method, path, body and the Authorization header to the status and the body: bytes as they are, the rest as JSON.
No answer at all for the status 0."""


def run_inside(capsys: pytest.CaptureFixture[str], main: Callable[[list[str]], int], arguments: Sequence[str]) -> Run:
    """A command, with its standard output and its complaints."""
    try:
        status = main(list(arguments))
    except SystemExit as wrong_usage:
        status = int(wrong_usage.code or 0)
    captured = capsys.readouterr()
    return Run(status, captured.out, captured.err)


@pytest.fixture
def command(capsys: pytest.CaptureFixture[str]) -> Command:
    """Runs a command of `tools.orders`."""
    return lambda *arguments: run_inside(capsys, main, arguments)


@contextmanager
def served(answering: Answering, *, keys: list[str | None] | None = None) -> Iterator[str]:
    """The address of a server on this machine that answers so. `keys` gets the Idempotency-Key of each request."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            length = int(self.headers["Content-Length"] or 0)
            body = json.loads(self.rfile.read(length)) if length else None
            if keys is not None:
                keys.append(self.headers["Idempotency-Key"])
            status, answer = answering(self.command, self.path, body, self.headers["Authorization"])
            if not status:
                self.close_connection = True
                return
            text = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        do_POST = do_PUT = do_DELETE = do_GET

        def log_message(self, *_: Any) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/v1/"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class FakeCognito:
    """A user pool that real HTTP requests are sent to: Ada is a person, Olga an operator."""

    def __init__(self) -> None:
        self.requests: list[tuple[dict[str, Any], str | None]] = []
        """The body of each request and its Authorization header."""

        self.passwords = dict(PASSWORDS)
        self.refresh_tokens: dict[str, str] = {}
        """Those that are valid, with the e-mail address of whom."""

        self.issued: dict[str, str] = {}
        """ID tokens, with the e-mail address of whom."""

        self.challenges: list[str] = []
        """What is wanted after the password."""

        self.refusal: str | tuple[str, str] | None = None
        """The code, or code and message, of the error that every request is answered with; "" for no answer."""

        self.lasts_seconds = 3600
        self._waiting = ""

    @property
    def asked(self) -> list[str]:
        """What each request was for."""
        return [body.get("AuthFlow") or body.get("ChallengeName") or "revoke" for body, _ in self.requests]

    def answer(self, method: str, path: str, body: Any, authorization: str) -> tuple[int, Any]:
        self.requests.append((body, authorization))
        match self.refusal:
            case "":
                return 0, None
            case str(code):
                return 400, {"__type": code, "message": f"No, {body}"}
            case (code, message):
                return 400, {"__type": code, "message": message}
        match self.asked[-1]:
            case "revoke":
                self.refresh_tokens.pop(body["Token"], None)
                return 200, {}
            case "REFRESH_TOKEN_AUTH":
                return self._tokens(self.refresh_tokens.get(body["AuthParameters"]["REFRESH_TOKEN"], ""), renewed=True)
            case "USER_PASSWORD_AUTH":
                email = body["AuthParameters"]["USERNAME"].lower()
                known = self.passwords.get(email) == body["AuthParameters"]["PASSWORD"]
                return self._next(email if known else "")
        return self._next(self._waiting)

    def _next(self, email: str) -> tuple[int, Any]:
        if not self.challenges:
            return self._tokens(email)
        self._waiting = email
        parameters = {"USER_ID_FOR_SRP": f"sub-of-{email}"}
        return 200, {"ChallengeName": self.challenges.pop(0), "Session": "s" * 20, "ChallengeParameters": parameters}

    def _tokens(self, email: str, *, renewed: bool = False) -> tuple[int, Any]:
        if not email:
            return 400, {"__type": "NotAuthorizedException", "message": "Incorrect username or password."}
        claims = {"email": email, "jti": len(self.requests), "cognito:groups": ["operators"] if email == OLGA else []}
        payload = base64.urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip("=")
        tokens: dict[str, Any] = {"IdToken": f"e30.{payload}.signed", "ExpiresIn": self.lasts_seconds}
        self.issued[tokens["IdToken"]] = email
        if not renewed:
            tokens["RefreshToken"] = f"refresh-{len(self.requests)}"
            self.refresh_tokens[tokens["RefreshToken"]] = email
        return 200, {"AuthenticationResult": tokens}


@pytest.fixture
def cognito(aws: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeCognito]:
    """The user pool of stage `dev`; nobody is at the terminal."""
    fake = FakeCognito()
    outputs = {"UserPoolId": {"Value": "us-east-1_pool"}, "WebClientId": {"Value": "client"}}
    identity = {"Resources": {"T": {"Type": "AWS::SNS::Topic"}}, "Outputs": outputs}
    client("cloudformation").create_stack(StackName="dev-identity", TemplateBody=json.dumps(identity))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    monkeypatch.setattr(getpass, "getpass", lambda question: pytest.fail(f"asked for {question}"))
    with served(fake.answer) as url:
        monkeypatch.setenv("AWS_ENDPOINT_URL_COGNITO_IDENTITY_PROVIDER", url)
        yield fake


class Signed:
    """Somebody who has signed in; each token is another than the one that was not taken."""

    email, how = ADA, "sign in"

    def __init__(self) -> None:
        self.forgotten = 0
        self.failures: list[Exception] = []
        """What the next tokens fail of."""

    def token(self) -> str:
        if self.failures:
            raise self.failures.pop(0)
        return f"token-{self.forgotten}"

    def forget(self) -> None:
        self.forgotten += 1


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for name in UNSET:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_DEFAULT_REGION", REGION)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    with mock_aws():
        yield


def template(*, workflow_type: str = "EXPRESS") -> dict[str, Any]:
    """The parts of the orders stack that operators deal with."""
    queues: dict[str, Any] = {name: {"Type": "AWS::SQS::Queue", "Properties": {}} for name in QUEUES}
    for name in QUEUES[:2]:
        queues[f"{name}DeadLetters"] = {"Type": "AWS::SQS::Queue"}
        arn = {"Fn::GetAtt": [f"{name}DeadLetters", "Arn"]}
        queues[name]["Properties"]["RedrivePolicy"] = {"deadLetterTargetArn": arn, "maxReceiveCount": 5}
    workflow = {
        "StateMachineType": workflow_type,
        "DefinitionString": json.dumps({"StartAt": "Only", "States": {"Only": {"Type": "Succeed"}}}),
        "RoleArn": "arn:aws:iam::123456789012:role/workflow",
    }
    return {
        "Resources": {
            **queues,
            "OrderTable": {"Type": "AWS::DynamoDB::Table", "Properties": dict(tables.ORDER_TABLE)},
            "Workflow": {"Type": "AWS::StepFunctions::StateMachine", "Properties": workflow},
        },
        "Outputs": {
            **{f"{name}Url": {"Value": {"Ref": name}} for name in QUEUES},
            "OrderTableName": {"Value": {"Ref": "OrderTable"}},
            "OrderFulfillmentStateMachineArn": {"Value": {"Ref": "Workflow"}},
        },
    }


@cache
def _dynamodb() -> Any:
    return boto3.resource("dynamodb", REGION, aws_access_key_id="testing", aws_secret_access_key="testing")


class Stack:
    """The deployed stack `dev-orders`, as its apps see it."""

    def __init__(self, template: dict[str, Any]) -> None:
        cloudformation = client("cloudformation")
        cloudformation.create_stack(StackName="dev-orders", TemplateBody=json.dumps(template))
        [stack] = cloudformation.describe_stacks(StackName="dev-orders")["Stacks"]
        self.outputs = {output["OutputKey"]: output["OutputValue"] for output in stack["Outputs"]}
        self.sqs = client("sqs")
        self.table = _dynamodb().Table(self.outputs["OrderTableName"])

    def queue(self, name: str) -> str:
        return self.outputs[f"{name}Url"]

    def dead_letters(self, name: str) -> str:
        policy = self.sqs.get_queue_attributes(QueueUrl=self.queue(name), AttributeNames=["RedrivePolicy"])
        arn = json.loads(policy["Attributes"]["RedrivePolicy"])["deadLetterTargetArn"]
        return str(self.sqs.get_queue_url(QueueName=arn.rpartition(":")[2])["QueueUrl"])

    def put(self, url: str, body: Any, **more: Any) -> None:
        text = body if isinstance(body, str) else json.dumps(body)
        self.sqs.send_message(QueueUrl=url, MessageBody=text, **more)

    def visible(self, url: str) -> list[dict[str, Any]]:
        """The messages that a consumer would get now."""
        found: list[dict[str, Any]] = []
        while batch := self.sqs.receive_message(
            QueueUrl=url, MaxNumberOfMessages=10, MessageAttributeNames=["All"], MessageSystemAttributeNames=["All"]
        ).get("Messages"):
            found += batch
        return found

    def order(self, order_id: str, status: str, *, minute: int = 0, reasons: tuple[str, ...] = ()) -> None:
        self.table.put_item(
            Item={
                "OrderId": order_id,
                "Name": "Jo",
                "Status": status,
                "UpdatedAt": f"2026-11-21T{minute // 60:02}:{minute % 60:02}:00.000Z",
                "Reasons": list(reasons),
                "ExecutionId": f"arn:execution:{order_id}",
                "ExecutionName": f"execution-{order_id}",
            }
        )


@pytest.fixture
def stack(aws: None, monkeypatch: pytest.MonkeyPatch) -> Stack:
    # The pretended SQS has one server, and an empty queue is known to be empty at once.
    monkeypatch.setattr(queues, "WAIT_SECONDS", 0)
    return Stack(template())


@pytest.fixture
def orders_file(tmp_path: Path) -> Callable[[Any], str]:
    """Writes orders, or text as it is, into a file and gives its name."""

    def write(content: Any) -> str:
        file = tmp_path / "orders.json"
        file.write_bytes(content if isinstance(content, bytes) else json.dumps(content).encode())
        return str(file)

    return write
