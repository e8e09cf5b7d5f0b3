"""Long-running processes that outlive the command that started them. See decision D114."""

import atexit
import contextlib
import fcntl
import json
import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO, Any

import psutil

from local.errors import DamagedError, LocalError
from local.homes import LOCK, write

ADVICE = "If {} still runs, `laptop up` then names its process, so that you can end it"

START_SECONDS = 120
STOP_SECONDS = 60
POLL_SECONDS = 0.05
LOOK_SECONDS = 0.5
INTERRUPTS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
"""The signals that end a command: Ctrl-C, `kill`, and closing the terminal."""

PORTS = range(20_000, 32_000, 2)
"""The ports that `free_port` tries. Systems use ports from 32768 upwards for outgoing connections."""


class Daemon:
    """One process. A file holds its id and its start time, because the system reuses ids.

    The file also holds the number of its folder, so that a copy of the folder does not refer to the process.
    """

    def __init__(self, name: str, *, pid_file: Path, log: Path) -> None:
        self.name = name
        self.log = log
        self._pid_file = pid_file
        self._child: subprocess.Popen[bytes] | None = None

    def process(self) -> psutil.Process | None:
        """The running process, or None."""
        known = self._known()
        if known is None:
            return None
        try:
            process = psutil.Process(int(known["pid"]))
            same = abs(process.create_time() - known["started"]) < 1 and process.status() != psutil.STATUS_ZOMBIE
        except psutil.NoSuchProcess:
            return None
        return process if same else None

    def code(self) -> str | None:
        """The `code` that `start` got for the process that was started last; None if it got none."""
        known = self._known()
        return known["code"] if known else None

    def _known(self) -> dict[str, Any] | None:
        """The id, start time and code of the process that was started last, unless it was stopped."""
        if not self._pid_file.exists():
            return None
        try:
            known = json.loads(self._pid_file.read_text())
            of_this_folder = known.get("folder", self._folder) == self._folder
            pid, started = int(known["pid"]), float(known["started"])
            if pid <= 0:
                raise ValueError
            return {"pid": pid, "started": started, "code": known.get("code")} if of_this_folder else None
        except (ValueError, TypeError, LookupError, AttributeError, OverflowError):
            raise DamagedError(self._pid_file, ADVICE.format(self.name)) from None

    @property
    def _folder(self) -> int:
        return self._pid_file.parent.stat().st_ino

    def died(self) -> bool:
        """Whether the process has ended without being stopped."""
        return self._pid_file.exists() and self.process() is None

    def require_alive(self) -> None:
        """Raises LocalError if the process has died."""
        if self.died():
            raise LocalError(f"{self.name} has died (its log: {self.log}); `laptop up` starts it again")

    def start(
        self, command: Sequence[str], *, env: Mapping[str, str], ready: Callable[[], bool], code: str | None = None
    ) -> None:
        """Starts `command` in its own session and returns when it is `ready`. `code` identifies what it runs.

        If it ends, or is not ready within START_SECONDS, raises LocalError with the end of its log.
        """
        self.log.parent.mkdir(parents=True, exist_ok=True)
        with self.log.open("ab") as log, _uninterrupted():
            self._child = child = _begun(
                command, env=env, cwd=self.log.parent, log=log, pid_file=self._pid_file, code=code
            )
        deadline = time.monotonic() + START_SECONDS
        while not ready():
            if child.poll() is not None or time.monotonic() > deadline:
                self.stop()
                raise LocalError(f"{self.name} did not start; the end of {self.log}:\n{tail(self.log, lines=15)}")
            time.sleep(POLL_SECONDS)

    def stop(self) -> bool:
        """Stops the process and its children. Returns False if it did not run.

        The process has STOP_SECONDS to save its state.
        """
        process = self.process()
        if process is None and self._child and self._child.poll() is None:
            process = psutil.Process(self._child.pid)  # Somebody has deleted the file with its id.
        if process:
            family = [process, *process.children(recursive=True)]
            process.terminate()
            psutil.wait_procs([process], timeout=STOP_SECONDS)
            for member in family:
                with contextlib.suppress(psutil.NoSuchProcess):
                    member.kill()
            psutil.wait_procs(family, timeout=STOP_SECONDS)
        elif self.died():
            self._kill_orphans()
        if self._child:
            self._child.wait()
        self._pid_file.unlink(missing_ok=True)
        return process is not None

    def _kill_orphans(self) -> None:
        """Kills the children of a killed process, which still run in its session."""
        known = self._known()
        session = int(known["pid"]) if known else 0
        if session and not psutil.pid_exists(session):
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(session, signal.SIGKILL)


@contextlib.contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Holds the lock of `folder` during the block. Raises LocalError if another command holds it."""
    with (folder / LOCK).open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise LocalError(f"another command is at work on the cloud in {folder}: wait until it is done") from None
        yield


HOLD = 'read -r go && exec "$@" </dev/null'
"""A shell script that waits for a line on its input, and then becomes the command. If its input is closed before that,
the script ends."""


def _begun(
    command: Sequence[str],
    *,
    env: Mapping[str, str],
    cwd: Path,
    log: IO[bytes],
    pid_file: Path,
    code: str | None = None,
) -> "subprocess.Popen[bytes]":
    """Starts `command` in its own session, after `pid_file` is written.

    So if this process is killed meanwhile, either the file names the command's process, or the command never starts.
    """
    # If the caller made this program ignore SIGCHLD, the exit status of the child would be lost.
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    child = subprocess.Popen(
        ["/bin/sh", "-c", HOLD, "sh", *command],
        cwd=cwd,
        env=dict(env),
        stdin=subprocess.PIPE,
        stdout=log,
        stderr=subprocess.STDOUT,
        # Ctrl-C in the terminal then reaches only this process, which stops the child.
        start_new_session=True,
        umask=0o077,
    )
    assert child.stdin
    try:
        # Somebody may have killed the child.
        with contextlib.suppress(BrokenPipeError), child.stdin:
            folder = pid_file.parent.stat().st_ino
            started = psutil.Process(child.pid).create_time()
            known = {"pid": child.pid, "started": started, "folder": folder, "code": code}
            write(pid_file, json.dumps(known))
            child.stdin.write(b"go\n")
    except BaseException:
        child.kill()
        child.wait()
        raise
    return child


def run_to_the_end(
    command: Sequence[str], *, cwd: Path, env: Mapping[str, str], log: Path, pid_file: Path, needs: Daemon | None = None
) -> int:
    """Runs `command`, with its output in `log`, and returns its exit status. An interrupt ends all its processes.

    If this program is killed, `pid_file` stays, with which a Daemon can stop the processes that still run. Raises
    LocalError if `needs` dies, because the command might wait for it for minutes.
    """
    child = None
    try:
        with log.open("wb") as output, _uninterrupted():
            child = _begun(command, env=env, cwd=cwd, log=output, pid_file=pid_file)
        while (status := _status_of(child)) is None:
            if needs:
                needs.require_alive()
    except BaseException:
        if child:
            os.killpg(child.pid, signal.SIGKILL)
            child.wait()
        raise
    finally:
        pid_file.unlink(missing_ok=True)
    return status


def _status_of(child: "subprocess.Popen[bytes]") -> int | None:
    try:
        return child.wait(timeout=LOOK_SECONDS)
    except subprocess.TimeoutExpired:
        return None


@contextlib.contextmanager
def _uninterrupted() -> Iterator[None]:
    """Delays INTERRUPTS until the block ends. A process that was started in the block is then known and can be stopped.

    Raises ValueError outside the main thread, because only the main thread may handle signals.
    """
    came: list[int] = []
    usual = {number: signal.signal(number, lambda number, _: came.append(number)) for number in INTERRUPTS}
    try:
        yield
    finally:
        for number, handler in usual.items():
            signal.signal(number, handler)
        if came:
            signal.raise_signal(came[0])


def free_port() -> int:
    """Returns a free port of 127.0.0.1 that no other caller on this machine gets while this process lives.

    The caller's server binds the port a moment later. The next higher port is the lock, and this process keeps it
    bound. Raises LocalError if no port is left.

    See decision D126.
    """
    for port in PORTS:
        lock = socket.socket()
        try:
            lock.bind(("127.0.0.1", port + 1))
            with socket.socket() as probe:
                probe.bind(("127.0.0.1", port))
        except OSError:
            lock.close()
        else:
            atexit.register(lock.close)
            return port
    raise LocalError(f"no port between {PORTS.start} and {PORTS.stop} is free")


def require_free(port: int, *, option: str) -> None:
    """Raises LocalError if `port` is in use. The message names the owner, and the `option` for another port."""
    with socket.socket() as probe:
        # Connections of an earlier server may linger. They do not count.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            raise LocalError(
                f"port {port} is in use by {_owner(port)}; stop that process, or choose another port with {option} PORT"
            ) from None


def _owner(port: int) -> str:
    try:
        for connection in psutil.net_connections(kind="tcp"):
            local_port = connection.laddr.port if connection.laddr else None
            if connection.status == psutil.CONN_LISTEN and local_port == port and connection.pid:
                process = psutil.Process(connection.pid)
                return f"{process.name()} (process {process.pid}: {' '.join(process.cmdline())[:100]})"
    except psutil.Error:
        pass  # Some systems show the sockets of other processes only to root.
    return "another process"


def tail(file: Path, *, lines: int) -> str:
    """The last `lines` lines of a text file. Empty if there is no file."""
    return "\n".join(file.read_text(errors="replace").splitlines()[-lines:]) if file.exists() else ""
