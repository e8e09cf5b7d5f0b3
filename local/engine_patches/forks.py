"""Starts the processes of functions as forks of one process that has already imported boto3.

A process that imports boto3 by itself needs a quarter of a second of the processor until it is ready. A fork needs a
seventh of that. See `parent_process` and decision D192.
"""

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import weakref
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import IO

from ministack.core import lambda_runtime

from local.engine_patches import function_process, parent_process

SECONDS = 60
"""The longest that a parent may take to start, and to fork. This machine may be busy."""

READ_AT_START = (
    *("HOME", "LANG", "LC_", "PYTHON", "_PYTHON", "TZ"),
    *("GLIBC_", "LD_", "MALLOC_", "OPENSSL_"),
    *("AWS_NEW_RETRIES_", "BOTO"),
)
"""How variables begin that Python, the system's libraries and boto3 read when they are loaded. If a function sets one
of them, its processes are not forks."""

LONGEST = 16 * 2**10
"""The most bytes that an environment of a function may have. Lambda allows 4 KB for the function's own variables."""


def available() -> bool:
    """Whether processes of functions are forks on this system.

    On macOS, a process that has loaded the system's libraries must not fork. Other systems have no pidfd.
    """
    return sys.platform == "linux" and hasattr(os, "pidfd_open")


class GoneError(RuntimeError):
    """The parent does not answer."""


class Forked:
    """A process that a parent has forked, with the methods of Popen that the engine uses."""

    def __init__(self, pid: int, file: int, stdin: IO[bytes], stdout: IO[bytes], stderr: IO[bytes]) -> None:
        self.pid = pid
        self.stdin, self.stdout, self.stderr = stdin, stdout, stderr
        self._file = file
        weakref.finalize(self, _close, file, stdin, stdout, stderr)

    def poll(self) -> int | None:
        """None while the process runs, then 0: only its parent could know the exit status."""
        return 0 if parent_process.has_ended(self._file) else None

    def wait(self, timeout: float | None = None) -> int:
        """Waits for the end of the process. Raises TimeoutExpired."""
        if not parent_process.has_ended(self._file, timeout):
            raise subprocess.TimeoutExpired("a function's process", timeout or 0)
        return 0

    def terminate(self) -> None:
        self._send(signal.SIGTERM)

    def kill(self) -> None:
        self._send(signal.SIGKILL)

    def _send(self, number: signal.Signals) -> None:
        # The process may have ended.
        with contextlib.suppress(ProcessLookupError):
            signal.pidfd_send_signal(self._file, number)


def _close(file: int, *streams: IO[bytes]) -> None:
    os.close(file)
    for stream in streams:
        # It may hold the rest of a message to a process that has ended.
        with contextlib.suppress(OSError):
            stream.close()


class Parent:
    """A process that forks processes of functions for one Python.

    It ends by itself when the engine is gone, and kills its processes then.
    """

    def __init__(self, python: str, script: Path, environment: Mapping[str, str]) -> None:
        """Starts it with the variables that all functions have. Raises GoneError."""
        self._environment = environment
        self._control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._control.settimeout(SECONDS)
        self._lock = threading.Lock()
        program = [parent_process.__file__, str(theirs.fileno()), function_process.__file__, str(script)]
        with theirs:
            self._process = subprocess.Popen(
                [python, "-S", "-P", *program],
                cwd=script.parent,
                env={**environment, parent_process.ROOM: "." * LONGEST},
                # Pipes as functions have them, so that Python's own files for them have the same settings.
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                pass_fds=[theirs.fileno()],
            )
        try:
            self._imported = frozenset(json.loads(self._control.recv(2**20)))
        except (OSError, ValueError) as error:
            raise GoneError(self.end() or str(error)) from None

    @property
    def pid(self) -> int:
        return self._process.pid

    def suits(self, environment: Mapping[str, str], code: Path, layers: Sequence[Path]) -> bool:
        """Whether a fork sees the same as a new process with these variables, this code and these layers."""
        if sum(len(name) + len(value) for name, value in environment.items()) > LONGEST // 2:
            return False
        read = {name for name in {*environment, *self._environment} if name.startswith(READ_AT_START)}
        if any(environment.get(name) != self._environment.get(name) for name in read):
            return False
        packages = [layer / "python" for layer in layers]
        # Python reads settings from there.
        if any((folder / "lib").exists() for folder in packages):
            return False
        # A function may bring its own boto3, for example.
        folders = [folder for folder in (code, *layers, *packages) if folder.is_dir()]
        return self._imported.isdisjoint(name.partition(".")[0] for folder in folders for name in os.listdir(folder))

    def fork(self, environment: Mapping[str, str], folder: Path) -> Forked:
        """Returns a new process in this folder. Raises GoneError."""
        request = json.dumps({"environment": environment, "folder": str(folder)}).encode()
        ours: list[IO[bytes]] = []
        theirs: list[int] = []
        try:
            for is_input in (True, False, False):
                reading, writing = os.pipe()
                theirs.append(reading if is_input else writing)
                ours.append(open(writing, "wb") if is_input else open(reading, "rb"))
            with self._lock:
                socket.send_fds(self._control, [request], theirs)
                pid, files, _, _ = socket.recv_fds(self._control, 100, 1)
            if not pid:
                raise ConnectionResetError("it has ended")
            return Forked(int(pid), files[0], *ours)
        except OSError as error:
            for one in ours:
                one.close()
            raise GoneError(str(error)) from None
        finally:
            for file in theirs:
                os.close(file)

    def end(self) -> str:
        """Ends the parent and its processes. Returns what the parent wrote to its error output."""
        self._control.close()
        self._process.kill()
        return self._process.communicate()[1].decode(errors="replace")


class Parents:
    """The parents of the processes of functions: one for each Python that runs functions."""

    def __init__(self, start: Callable[[str], Parent]) -> None:
        """`start` starts the parent for a Python."""
        self._start = start
        self._parents: dict[str, Parent | None] = {}
        self._lock = threading.Lock()

    def fork(self, python: str, environment: Mapping[str, str], code: Path, layers: Sequence[Path]) -> Forked | None:
        """Returns a new process for a function. None if it must be started in the usual way."""
        # The second time with a new parent: somebody may have killed the first one.
        for _ in range(2):
            parent = self._of(python)
            if parent is None or not parent.suits(environment, code, layers):
                return None
            try:
                return parent.fork(environment, code)
            except GoneError:
                self._forget(python, parent)
        return None

    def end(self) -> None:
        """Ends all parents with their processes."""
        with self._lock:
            for parent in filter(None, self._parents.values()):
                parent.end()
            self._parents.clear()

    def _of(self, python: str) -> Parent | None:
        if not available():
            return None
        with self._lock:
            if python not in self._parents:
                try:
                    self._parents[python] = self._start(python)
                except GoneError as error:
                    # For example, a Python that was built without pidfd.
                    self._parents[python] = None
                    lambda_runtime.logger.warning("Functions start slowly: %s cannot fork: %s", python, error)
            return self._parents[python]

    def _forget(self, python: str, parent: Parent) -> None:
        with self._lock:
            if self._parents.get(python) is parent:
                del self._parents[python]
                if said := parent.end():
                    lambda_runtime.logger.warning("The parent of functions' processes has ended: %s", said)
