"""A simulated AWS with the orders app in it, a user pool, and the commands `tools.orders` and `remindme`."""

import getpass
import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import tzlocal
from moto import mock_aws

from common import queues
from tests.support import quick_moto
from tests.support.cognito import ADA, PASSWORDS, FakeCognito
from tests.support.commands import Command, run_inside
from tests.support.orders_stack import REGION, Stack, client, template
from tests.support.remindme import NOW, FakeApi
from tests.support.servers import served
from tools.orders.__main__ import main
from tools.remindme import requests
from tools.remindme.__main__ import main as remindme_main

quick_moto.apply()

UNSET = (
    *("AWS_ENDPOINT_URL", "AWS_PROFILE", "AWS_SESSION_TOKEN", "AWS_REGION", "STAGE"),
    *("SIGN_IN_EMAIL", "SIGN_IN_PASSWORD"),
)


@pytest.fixture
def command(capsys: pytest.CaptureFixture[str]) -> Command:
    """Runs a command of `tools.orders`."""
    return lambda *arguments: run_inside(capsys, main, arguments)


@pytest.fixture
def cognito(aws: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeCognito]:
    """The user pool of stage `dev`. A question at the terminal fails the test."""
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


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for name in UNSET:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_DEFAULT_REGION", REGION)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    with mock_aws():
        yield


@pytest.fixture
def stack(aws: None, monkeypatch: pytest.MonkeyPatch) -> Stack:
    # The simulated SQS has only one server, so nobody has to wait to know that a queue is empty.
    monkeypatch.setattr(queues, "WAIT_SECONDS", 0)
    return Stack(template())


@pytest.fixture
def orders_file(tmp_path: Path) -> Callable[[Any], str]:
    """Writes orders as JSON, or raw bytes, into a file, and returns its name."""

    def write(content: Any) -> str:
        file = tmp_path / "orders.json"
        file.write_bytes(content if isinstance(content, bytes) else json.dumps(content).encode())
        return str(file)

    return write


@pytest.fixture
def api() -> FakeApi:
    return FakeApi()


@pytest.fixture
def paris() -> Iterator[None]:
    """Sets the machine's time zone to Paris. The C library and tzlocal both cache it, so both have to reload it."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("TZ", "Europe/Paris")
        time.tzset()
        tzlocal.reload_localzone()
        yield
    time.tzset()
    tzlocal.reload_localzone()


@pytest.fixture
def remindme(
    paris: None, cognito: FakeCognito, api: FakeApi, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Iterator[Command]:
    """Runs `remindme` for Ada in Paris, where the stack `dev-reminders` is deployed."""
    monkeypatch.setenv("SIGN_IN_EMAIL", ADA)
    monkeypatch.setenv("SIGN_IN_PASSWORD", PASSWORDS[ADA])
    monkeypatch.setattr("time.sleep", lambda _: None)
    with served(api.answer, keys=api.keys) as url:
        template = {"Resources": {"T": {"Type": "AWS::SNS::Topic"}}, "Outputs": {"ApiUrl": {"Value": url}}}
        cloudformation = client("cloudformation")
        cloudformation.create_stack(StackName="dev-reminders", TemplateBody=json.dumps(template))
        monkeypatch.setattr(requests, "now", lambda: NOW)
        yield lambda *arguments: run_inside(capsys, remindme_main, arguments)
