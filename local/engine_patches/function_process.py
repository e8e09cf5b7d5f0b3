"""Starts the engine's worker script in a function's process: `python function_process.py SCRIPT`.

If the function's log has the format JSON, its log lines have the form in which Lambda's own runtime writes them.

The script writes an answer to its standard output for each call, as a line of JSON. Before each answer, this module
ends the call's log lines with END on standard error, so that the engine knows when it has read all of them. To an
answer that reports an exception it adds the name of the exception's class.
"""

import importlib.util
import json
import logging
import os
import sys
import time
import traceback
from pathlib import Path
from types import ModuleType
from typing import Any, TextIO

END = "\x1eend of the call\x1e"


FIELDS = frozenset(vars(logging.makeLogRecord({})))
"""The attributes that every record has. All others came with `extra`."""


class Calls:
    """The script's standard input, a line of JSON for each call. Remembers the id of the call.

    Each line also says how far the cloud's clock is ahead of the real time.
    """

    def __init__(self, given: TextIO) -> None:
        self._given = given
        self._clock: ModuleType | None = None
        self.request_id: str | None = None

    def readline(self) -> str:
        line = self._given.readline()
        if line:
            message = json.loads(line)
            self.request_id = (message.get("ctx") or {}).get("request_id")
            self._turn(message.get("ahead", 0))
        return line

    def _turn(self, ahead: int) -> None:
        """Gives this process the cloud's time."""
        if self._clock is None and ahead:
            self._clock = turned_time()
        if self._clock:
            self._clock.turn(ahead)


def turned_time() -> ModuleType:
    """The module of that name. Functions must not see its folder, so they find neither of them."""
    spec = importlib.util.spec_from_file_location("turned_time", Path(__file__).with_name("turned_time.py"))
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


class Context:
    """A function's context, with the attributes that the script gives to it.

    A function may remember its context, or change it, so each call has a new one, as on AWS.
    """

    def __init__(self, attributes: dict[str, Any]) -> None:
        self._left = attributes.pop("get_remaining_time_in_millis")
        vars(self).update(attributes)

    def get_remaining_time_in_millis(self) -> int:
        left: int = self._left(self)
        return left


def set_trace(header: str) -> None:
    """Sets the variable with the header of a call's trace, for Python only.

    The C library keeps each value that a variable has had. With the memory that is lost between them, a process would
    grow by 1.2 KB a call.
    """
    variables: Any = os.environ
    variables._data[variables.encodekey("_X_AMZN_TRACE_ID")] = variables.encodevalue(header)


class Lines(logging.Formatter):
    """Log lines as Lambda's runtime writes them: its own fields, and then those from `extra`.

    https://github.com/aws/aws-lambda-python-runtime-interface-client/blob/main/awslambdaric/lambda_runtime_log_utils.py
    """

    def __init__(self, calls: Calls) -> None:
        super().__init__()
        self._calls = calls

    def format(self, record: logging.LogRecord) -> str:
        time_of_day = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(record.created))
        error = record.exc_info[1] if record.exc_info else None
        line = {
            "timestamp": f"{time_of_day}.{int(record.msecs):03}Z",
            "level": record.levelname,
            "message": record.getMessage(),
            "logger": record.name,
            "errorType": type(error).__name__ if error else None,
            "errorMessage": str(error) if error else None,
            "requestId": self._calls.request_id,
        }
        line |= {name: value for name, value in vars(record).items() if name not in FIELDS and name not in line}
        return json.dumps({name: value for name, value in line.items() if value is not None}, ensure_ascii=False)


def log_as_lambda(calls: Calls) -> None:
    """Makes the root logger write as Lambda's runtime does, before the function is imported."""
    if os.environ.get("AWS_LAMBDA_LOG_FORMAT") == "JSON":
        handler = logging.StreamHandler(sys.stderr)
        handler.setFormatter(Lines(calls))
        logging.getLogger().addHandler(handler)
        logging.getLogger().setLevel(os.environ["AWS_LAMBDA_LOG_LEVEL"])


class Answers:
    """The script's standard output. The script writes each answer at once."""

    def __init__(self, output: TextIO, calls: Calls) -> None:
        self._output = output
        self._calls = calls

    def _line_of(self, error: BaseException) -> str:
        """The line that Lambda's runtime logs about an exception that the function did not catch."""
        line = {
            "timestamp": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
            "level": "ERROR",
            "errorMessage": str(error),
            "errorType": type(error).__name__,
            "requestId": self._calls.request_id,
            "stackTrace": traceback.format_tb(error.__traceback__),
        }
        return json.dumps(line, ensure_ascii=False)

    def write(self, answer: str) -> None:
        if error := sys.exception():
            if os.environ.get("AWS_LAMBDA_LOG_FORMAT") == "JSON":
                print(self._line_of(error), file=sys.stderr)
            answer = json.dumps(json.loads(answer) | {"errorType": type(error).__name__}) + "\n"
        print(END, file=sys.stderr, flush=True)
        self._output.write(answer)

    def flush(self) -> None:
        self._output.flush()


if __name__ == "__main__":
    script = Path(sys.argv[1])
    sys.stdin = calls = Calls(sys.stdin)
    log_as_lambda(calls)
    # The script answers through this object, and redirects print() to standard error.
    sys.stdout = Answers(sys.stdout, calls)
    exec(
        compile(script.read_text(), script, "exec"),
        {"__name__": "__main__", "Context": Context, "set_trace": set_trace},
    )
