"""Runs a command line: handles its streams, its errors and its exit status."""

import errno
import io
import os
import shutil
import signal
import sys
from collections.abc import Callable
from contextlib import suppress
from types import FrameType
from typing import Any, NoReturn, TextIO

from rich.console import Console
from rich.text import Text

ROOMY = 200
"""The width of tables in a pipe or a file, in columns, unless COLUMNS says otherwise."""


class OutputError(OSError):
    """Standard output cannot be written. The class distinguishes this from errors of other files."""


def run(action: Callable[[], int], *, said_of: Callable[[Exception], str | None]) -> int:
    """Runs `action` and returns the exit status: its own, 1 after an error, or 128 plus the number of a signal.

    `said_of` returns the message for an error, or None for an unexpected error, which is then raised.
    """
    _prepare_streams()
    for ending in (signal.SIGTERM, signal.SIGHUP):
        # `nohup` makes the command ignore SIGHUP, and this stays so. Otherwise it cleans up as after Ctrl-C.
        if signal.getsignal(ending) != signal.SIG_IGN:
            signal.signal(ending, _interrupt)
    status = _status(action, said_of)
    try:
        sys.stdout.flush()
    except OutputError as error:
        unwritten = _without_output(error)
        status = status or unwritten
    with suppress(OSError):
        sys.stderr.flush()
    return status


def complain(message: str) -> None:
    """Prints `message` as an error. If standard error cannot be written, only the exit status shows the error."""
    try:
        Console(stderr=True, soft_wrap=True, highlight=False).print(Text.assemble(("error: ", "red"), message))
    except OSError:
        _discard(sys.stderr)


def width() -> int:
    """The width of tables, in columns: from COLUMNS, otherwise from the terminal, otherwise ROOMY."""
    return shutil.get_terminal_size(fallback=(ROOMY, 24)).columns


def _status(action: Callable[[], int], said_of: Callable[[Exception], str | None]) -> int:
    try:
        return action()
    except SystemExit as end:
        # Completion ends with it.
        return end.code if isinstance(end.code, int) else 0
    except OutputError as error:
        return _without_output(error)
    except KeyboardInterrupt as interrupt:
        complain("interrupted")
        return 128 + int(interrupt.args[0] if interrupt.args else signal.SIGINT)
    except Exception as error:
        if (said := said_of(error)) is None:
            raise
        complain(said)
        return 1


def _without_output(error: OutputError) -> int:
    """Discards the rest of the output. Otherwise Python would try to write it on exit, and print a second error."""
    _discard(sys.stdout)
    # A reader that closes the pipe has seen enough, so this is not an error to report.
    if error.errno != errno.EPIPE:
        complain(f"standard output: {(error.strerror or '').lower()}")
    return 1


def _discard(stream: TextIO) -> None:
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, stream.fileno())
    os.close(nowhere)


def _interrupt(number: int, frame: FrameType | None) -> NoReturn:
    raise KeyboardInterrupt(number)


def _prepare_streams() -> None:
    """Opens streams that the caller has closed, and makes each stream escape characters that it cannot encode."""
    for name, mode in {"stdin": "r", "stdout": "w", "stderr": "w"}.items():
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, mode))
    if sys.stdout is sys.__stdout__ and isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout = _with_errors_of_its_own(sys.stdout)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def _with_errors_of_its_own(stream: io.TextIOWrapper) -> io.TextIOWrapper:
    return io.TextIOWrapper(
        io.BufferedWriter(_StandardOutput(stream.fileno(), "w", closefd=False)),
        encoding=stream.encoding,
        # With PYTHONUNBUFFERED a reader behind a pipe gets each line at once.
        line_buffering=stream.line_buffering or stream.write_through,
    )


class _StandardOutput(io.FileIO):
    def write(self, data: Any, /) -> int:
        try:
            return super().write(data)
        except OSError as error:
            raise OutputError(error.errno, error.strerror) from None
