"""Makes the processes of functions start quickly and answer without delay.

The engine's own `Worker` (`core/lambda_runtime.py:1117`):

- unpacks the function and its layer for each process, inside the engine (`_spawn`, line 1142);
- lets the function see the engine's environment and all packages of the engine's Python (lines 1103 and 1242), and
  always runs it on that Python;
- waits up to 50 ms for log lines after each call (`_drain_stderr_bounded`, line 1362);
- keeps the first process of each function for ever (`reap_idle_workers`, line 1659);
- makes a class for the context of each call (line 312), 4 KB that stay until Python searches for garbage;
- puts the id of each call's trace where the C library keeps it for ever (line 291);
- ends the process after an exception, unlike AWS (`invoke`, line 1484), and drops the exception's class
  (`services/lambda_svc.py:5435`).

Each concurrent call gets its own process (`acquire_worker`, line 1591), so 32 callers start 32 processes at once.
"""

import contextlib
import functools
import json
import os
import select
import subprocess
import tempfile
import threading
import time
import uuid
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeAlias

from ministack.core import lambda_runtime
from ministack.services import lambda_svc

from local import pythons
from local.engine_patches import forks, function_process, lines, runtime, turned_time
from local.engine_patches.unpacked import unpacked

LIMIT = max(2, min(8, 2 * (os.cpu_count() or 1)))
"""The most processes of one function: two for each processor, at most eight. Further calls wait for their turn."""

OVERFLOW_SECONDS = 10
"""A call that waits longer gets a process beyond LIMIT. Otherwise functions that call each other might wait forever."""

INIT_SECONDS = 60
"""The longest that the import of a function may take. AWS allows ten seconds, but this machine may be busy."""

LAST_LINES_SECONDS = 5
"""The longest wait for a log line. It ends sooner, unless a process that the function started keeps its log open."""

CHANGES = {
    'context = type("Context", (), {': "context = Context({",
    "\n        })()\n": "\n        })\n",
    'os.environ["_X_AMZN_TRACE_ID"] = _xray_tid': "set_trace(_xray_tid)",
}
"""Parts of the engine's script, and ours, with the names of `function_process`."""


def apply() -> None:
    """Makes the engine run Python functions in `FunctionProcess`, at most LIMIT of each function at once."""
    end()
    runtime.build(_folder() / "runtime")
    script = lambda_runtime._PYTHON_WORKER_SCRIPT
    for line, by in CHANGES.items():
        script = lines.replaced(script, line, by, where="_PYTHON_WORKER_SCRIPT")
    _script().write_text(script)
    of_the_engine = lambda_runtime._worker_class_for

    def worker_class_for(config: dict[str, Any]) -> type[lambda_runtime.Worker]:
        return FunctionProcess if str(config.get("Runtime", "")).startswith("python") else of_the_engine(config)

    lambda_runtime._worker_class_for = worker_class_for
    # On AWS the name of an exception's class is the error that a workflow sees.
    name = 'error_type = "Runtime.HandlerError"'
    lines.replace(lambda_svc, "_execute_function_warm", name, 'error_type = result["errorType"]')
    lambda_svc._execute_function_warm = in_turn(lambda_svc._execute_function_warm)
    lines.replace(lambda_runtime, "reap_idle_workers", " or (i == 0 and not snapstart_version)", "")
    lambda_svc.reap_idle_workers = lambda_runtime.reap_idle_workers


def end() -> None:
    """Ends the parents of the functions' processes. A new engine makes a new folder."""
    _parents.end()
    _folder.cache_clear()


def in_turn(execute: Callable[..., Any]) -> Callable[..., Any]:
    """Returns `execute`, changed to run only as many calls of a function at once as its Turns allow."""

    @functools.wraps(execute)
    def waiting(function: dict[str, Any], event: Any, request_id: str) -> Any:
        turns = turns_of((function.get("config") or function)["FunctionArn"])
        turns.take()
        try:
            return execute(function, event, request_id)
        finally:
            turns.give_back()

    return waiting


class Turns:
    """Limits how many calls of a function run at once. Other calls wait, first come, first served.

    The number begins with one, and grows by one with each process that is ready, up to `limit`. So one process starts
    at a time, while the ready ones answer. Starting many at once would not be faster.
    """

    def __init__(self, *, limit: int = LIMIT, overflow_seconds: float = OVERFLOW_SECONDS) -> None:
        self._limit = limit
        self._overflow_seconds = overflow_seconds
        self._allowed = 1
        self._taken = 0
        self._waiting: deque[threading.Event] = deque()
        self._lock = threading.Lock()

    def running(self) -> int:
        """How many calls run."""
        return self._taken

    def waiting(self) -> int:
        """How many calls wait."""
        return len(self._waiting)

    def take(self) -> None:
        """Returns when it is the caller's turn, or after `overflow_seconds` without one."""
        turn = threading.Event()
        with self._lock:
            self._waiting.append(turn)
            self._next()
        if turn.wait(self._overflow_seconds):
            return
        with self._lock:
            if turn in self._waiting:
                self._waiting.remove(turn)
                self._taken += 1

    def give_back(self) -> None:
        with self._lock:
            self._taken -= 1
            self._next()

    def allow_one_more(self) -> None:
        with self._lock:
            self._allowed = min(self._allowed + 1, self._limit)
            self._next()

    def _next(self) -> None:
        while self._waiting and self._taken < self._allowed:
            self._taken += 1
            self._waiting.popleft().set()


_turns: dict[str, Turns] = {}


def turns_of(function: str) -> Turns:
    """The turns of the function with this ARN."""
    return _turns.setdefault(function, Turns())


Process: TypeAlias = "subprocess.Popen[bytes] | forks.Forked"


# MiniStack has no types, so mypy knows nothing of the class.
class FunctionProcess(lambda_runtime.Worker):  # type: ignore[misc]
    """A process that runs one function, one call after the other.

    It reads calls from a pipe of the engine, so it ends by itself when the engine is gone.
    """

    _proc: "Process | None"
    _output: "Output"
    _of_the_import = ""
    """The lines that the function logged during its import. They come with the first call, as on AWS."""

    def invoke(
        self,
        event: Any,
        request_id: str,
        *,
        trace_id: str | None = None,
        depth: int | None = None,
        durable: dict[str, str] | None = None,
        invoked_function_arn: str | None = None,
    ) -> dict[str, Any]:
        """Returns the function's answer in the form of the engine's own worker, and the type of the error."""
        with self._lock:
            process = self._proc
            cold = False
            if process is None or process.poll() is not None:
                cold = True
                self._proc = process = self._started()
                answer = self._answer(process, timeout=INIT_SECONDS)
                if answer["status"] == "error":
                    return {
                        **answer,
                        "error": f"Unable to import the function: {answer['error']}",
                        "log": self._lines(),
                    }
                self._of_the_import = self._lines()
                turns_of(self.config["FunctionArn"]).allow_one_more()
            context = {
                "request_id": request_id,
                "invoked_function_arn": invoked_function_arn or self.config["FunctionArn"],
                "trace_id": trace_id,
                "depth": depth,
                "durable": durable or {},
            }
            self._send(process, {"event": event, "ctx": context})
            answer = self._answer(process, timeout=self.config.get("Timeout", 3))
            return {**answer, "cold_start": cold, "log": self._lines()}

    def _started(self) -> Process:
        """Returns a new process, which imports the function and then answers that it is ready."""
        runtime = self.config["Runtime"]
        python = pythons.of(runtime, os.environ["PATH"]).executable
        below = _folder() / "unpacked" / runtime
        code = unpacked(self.code_zip, below=below, python=python, compiled=True)
        # Functions import a small part of a layer: compiling all of it would take longer than they take to start.
        layers = [
            unpacked(self._layer(one), below=below, python=python, compiled=False)
            for one in self.config.get("Layers") or ()
        ]
        environment = self._environment(code, layers)
        process: Process = _parents.fork(python, environment, code, layers) or subprocess.Popen(
            # -S and -P leave only the standard library and PYTHONPATH to import from.
            [python, "-S", "-P", function_process.__file__, str(_script())],
            cwd=code,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        self._output = Output(process)
        module, _, handler = self.config["Handler"].rpartition(".")
        function = {
            "code_dir": str(code),
            "module": module.replace("/", "."),
            "handler": handler,
            "function_name": self.config["FunctionName"],
            "memory": self.config.get("MemorySize", 128),
            "arn": self.config["FunctionArn"],
        }
        self._send(process, function)
        lambda_runtime.logger.info("Lambda worker spawned for %s (cold start)", self.func_name)
        return process

    def _layer(self, layer: str | dict[str, str]) -> bytes:
        content: bytes | None = lambda_svc._resolve_layer_zip(layer)
        if not content:
            raise RuntimeError(f"there is no layer {layer}")
        return content

    def _environment(self, code: Path, layers: list[Path]) -> dict[str, str]:
        """The variables of Lambda and of the function, without the variables of the engine or its user."""
        config = self.config
        _, region = lambda_runtime._account_region_from_function_config(config)
        own = config.get("Environment", {}).get("Variables", {})
        return {
            **_of_all(),
            "AWS_ENDPOINT_URL": f"http://127.0.0.1:{os.environ['GATEWAY_PORT']}",
            lambda_runtime.HOST_PREFIX_ENV: "true",
            **{name: value for name, value in own.items() if name not in lambda_runtime._RESERVED_RUNTIME_ENV_VARS},
            **lambda_runtime.execution_credentials(config),
            "AWS_REGION": region,
            "AWS_DEFAULT_REGION": region,
            "AWS_EXECUTION_ENV": f"AWS_Lambda_{config['Runtime']}",
            "AWS_LAMBDA_FUNCTION_NAME": config["FunctionName"],
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(config.get("MemorySize", 128)),
            "AWS_LAMBDA_FUNCTION_VERSION": config.get("Version", "$LATEST"),
            "AWS_LAMBDA_LOG_STREAM_NAME": str(uuid.uuid4()),
            **_log_settings(config.get("LoggingConfig") or {}),
            "LAMBDA_TASK_ROOT": str(code),
            "_HANDLER": config["Handler"],
            # The engine's script reads these.
            "_LAMBDA_TIMEOUT": str(config.get("Timeout", 3)),
            "_LAMBDA_LAYERS_DIRS": os.pathsep.join(map(str, layers)),
        }

    def _send(self, process: Process, message: dict[str, Any]) -> None:
        """Sends a message to the process, and the cloud's clock. If the process is gone, no answer will come."""
        message = {**message, "ahead": turned_time.ahead()}
        assert process.stdin
        # The pipe may be broken or closed.
        with contextlib.suppress(BrokenPipeError, ValueError):
            process.stdin.write(json.dumps(message).encode() + b"\n")
            process.stdin.flush()

    def _answer(self, process: Process, *, timeout: float) -> dict[str, Any]:
        """Returns the answer to the last message. If the process is late or has ended, it is not used again."""
        try:
            answer = self._output.answer(timeout)
            missing = {"errorType": "Runtime.ExitError", "error": "Runtime exited without providing a reason"}
        except TimeoutError:
            answer = None
            missing = {"errorType": "Sandbox.Timedout", "error": f"Task timed out after {timeout}.00 seconds"}
        if answer is None:
            process.kill()
            process.wait()
        return answer or {"status": "error", **missing}

    def _lines(self) -> str:
        """The lines that the function logged during the last call, and since the call before it."""
        lines = [self._of_the_import] if self._of_the_import else []
        self._of_the_import = ""
        return "\n".join(lines + self._output.lines())


def _log_settings(config: dict[str, str]) -> dict[str, str]:
    """The variables with which Lambda tells its runtime the form of log lines, and their lowest level."""
    form = config.get("LogFormat", "Text")
    # https://docs.aws.amazon.com/lambda/latest/dg/monitoring-cloudwatchlogs-log-level.html
    level = {"AWS_LAMBDA_LOG_LEVEL": config.get("ApplicationLogLevel", "INFO")} if form == "JSON" else {}
    return {"AWS_LAMBDA_LOG_FORMAT": form, **level}


class Output:
    """What a process writes: answers to its standard output, and the lines of its log to standard error.

    The thread that waits for an answer reads both. Other threads would have to wait for Python's lock in turn.
    """

    def __init__(self, process: Process) -> None:
        assert process.stdout and process.stderr
        self._answers, self._log = process.stdout.fileno(), process.stderr.fileno()
        self._unfinished = {self._answers: b"", self._log: b""}
        self._read: dict[int, deque[bytes]] = {self._answers: deque(), self._log: deque()}
        self._poll = select.poll()
        for file in self._read:
            self._poll.register(file, select.POLLIN)

    def answer(self, seconds: float) -> dict[str, Any] | None:
        """The next answer. None if the process has ended. Ignores any other output. Raises TimeoutError."""
        deadline = time.monotonic() + seconds
        while (line := self._line(self._answers, deadline)) is not None:
            try:
                answer = json.loads(line)
            except ValueError:
                continue
            if isinstance(answer, dict) and answer.get("status") in ("ready", "ok", "error"):
                return answer
        return None

    def lines(self) -> list[str]:
        """The lines of the log until the end of the call, or of the process, or until no line comes any more."""
        lines = []
        with contextlib.suppress(TimeoutError):
            while (line := self._line(self._log, time.monotonic() + LAST_LINES_SECONDS)) is not None:
                text, end, _ = line.decode(errors="replace").rstrip("\r").partition(function_process.END)
                if text or not end:
                    lines.append(text)
                if end:
                    break
        return lines

    def _line(self, file: int, deadline: float) -> bytes | None:
        """The next line from `file`, or None at its end. Raises TimeoutError at the deadline."""
        while not self._read[file]:
            if file not in self._unfinished:
                return None
            ready = self._poll.poll(max(0, 1000 * (deadline - time.monotonic())))
            if not ready:
                raise TimeoutError
            for one, _ in ready:
                self._take(one)
        return self._read[file].popleft()

    def _take(self, file: int) -> None:
        """Reads what is there."""
        found = os.read(file, 2**16)
        *lines, rest = (self._unfinished[file] + found).split(b"\n")
        self._read[file].extend(lines)
        self._unfinished[file] = rest
        if not found:
            self._poll.unregister(file)
            if last := self._unfinished.pop(file):
                self._read[file].append(last)


def _of_all() -> dict[str, str]:
    """The variables of the system that all functions have."""
    return {
        "PATH": os.defpath,
        "HOME": str(_folder()),
        "TMPDIR": tempfile.gettempdir(),
        "LANG": "C.UTF-8",
        "TZ": ":UTC",
        # Lambda's system has no time zones. Functions that need them have `tzdata` in their layer.
        "PYTHONTZPATH": "",
        "PYTHONPATH": str(_folder() / "runtime"),
    }


_parents = forks.Parents(lambda python: forks.Parent(python, _script(), _of_all()))


@functools.cache
def _folder() -> Path:
    """The folder that all processes share. Each engine makes a new one: the old one may hold files of others."""
    return Path(tempfile.mkdtemp(prefix="functions-"))


def _script() -> Path:
    return _folder() / "worker.py"
