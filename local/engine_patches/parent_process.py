"""The parent of functions' processes: it imports what nearly all functions import, and forks a process for each.

`python -S -P parent_process.py SOCKET PROGRAM SCRIPT`: the parent reads requests from its end of a socket. Each
request has the environment and the folder of a new process, and three files: its input, output and error output. The
answer is the process's id and a file that stands for the process. The new process runs PROGRAM, function_process.py.

Nothing here may depend on the environment of a function. So no session and no client of boto3 is made here.
See decision D192.
"""

import contextlib
import functools
import gc
import json
import os
import select
import signal
import socket
import sys
from types import CodeType, ModuleType
from typing import Any

SERVICES = (
    "cloudfront",
    "cognito-idp",
    "dynamodb",
    "s3",
    "secretsmanager",
    "ses",
    "sesv2",
    "sns",
    "sqs",
    "stepfunctions",
)
"""The services of which functions make clients. Reading their models takes most of the time of making a client."""

ROOM = "_ROOM"
"""A variable that makes the parent's environment at least as long as a function's: see `_show`."""


def prepare() -> None:
    """Imports the modules, and reads what botocore reads when it makes a client."""
    import unicodedata  # noqa: F401 - the forks find it imported
    import zoneinfo  # noqa: F401 - the forks find it imported

    import boto3.dynamodb.conditions
    import boto3.dynamodb.table
    import boto3.dynamodb.transform
    import botocore.handlers
    import botocore.session
    from botocore.loaders import Loader

    loader = Loader()
    # As each session of boto3 does.
    loader.search_paths.append(os.path.join(os.path.dirname(boto3.__file__), "data"))
    # The loader remembers an answer for these arguments, as botocore and boto3 give them.
    for service in SERVICES:
        for kind in ("service-2", "endpoint-rule-set-1"):
            loader.load_service_model(service, kind, api_version=None)
    for kind in ("endpoints", "partitions", "sdk-default-configuration", "_retry"):
        loader.load_data(kind)
    # For `boto3.resource("dynamodb")`, which makes a client of a certain version.
    loader.load_service_model("dynamodb", "resources-1", None)
    version = loader.determine_latest_version("dynamodb", "resources-1")
    for kind in ("service-2", "endpoint-rule-set-1"):
        loader.load_service_model("dynamodb", kind, api_version=version)
    make = botocore.session.create_loader

    @functools.wraps(make)
    def create_loader(search_path_string: str | None = None) -> Any:
        made = make(search_path_string)
        # With a search path of its own, a function may have other models.
        if search_path_string is None:
            made._cache.update(loader._cache)
        return made

    botocore.session.create_loader = create_loader


def serve(control: socket.socket) -> tuple[dict[str, Any], list[int], list[int]] | None:
    """Forks a process for each request. When the engine is gone, kills the processes and returns None.

    In a new process, returns the request, the request's files, and the files that the process does not need.
    """
    children: list[int] = []
    while True:
        request, files, _, _ = socket.recv_fds(control, 2**20, 3)
        if not request:
            for child in children:
                with contextlib.suppress(ProcessLookupError):
                    signal.pidfd_send_signal(child, signal.SIGKILL)
            return None
        for child in [one for one in children if has_ended(one)]:
            children.remove(child)
            os.close(child)
        # A child that ends before there is a file for it waits for its parent.
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        pid = os.fork()
        if pid == 0:
            return json.loads(request), files, [*children, control.detach()]
        children.append(os.pidfd_open(pid))
        # Later children do not wait for their parent: they are gone when they end.
        signal.signal(signal.SIGCHLD, signal.SIG_IGN)
        with contextlib.suppress(ChildProcessError):
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass
        for file in files:
            os.close(file)
        socket.send_fds(control, [str(pid).encode()], children[-1:])


def has_ended(process: int, seconds: float | None = 0) -> bool:
    """Whether the process of this file has ended, or ends within so many seconds. None waits until it ends."""
    ready = select.poll()
    ready.register(process, select.POLLIN)
    return bool(ready.poll(None if seconds is None else max(0, 1000 * seconds)))


def become(request: dict[str, Any], files: list[int], others: list[int], program: CodeType) -> None:
    """Makes this new process the same as if the system had started `program` in it."""
    for number, file in enumerate(files):
        os.dup2(file, number)
    for file in (*files, *others):
        os.close(file)
    os.chdir(request["folder"])
    os.environ.clear()
    os.environ.update(request["environment"])
    # The system may not allow it. It is only for those who look.
    with contextlib.suppress(OSError):
        _show(request["environment"])
    sys.argv = sys.argv[2:]
    sys.orig_argv = [*sys.orig_argv[:-4], *sys.argv]
    main = ModuleType("__main__")
    main.__file__ = sys.argv[0]
    # `multiprocessing` has a second name for it.
    sys.modules.update({name: main for name in ("__main__", "__mp_main__") if name in sys.modules})
    exec(program, main.__dict__)


def _show(environment: dict[str, str]) -> None:
    """Makes `ps` and other programs show these variables for this process, and not its parent's variables.

    The system shows the memory in which a process had its variables when it started.
    """
    with open("/proc/self/stat", "rb") as stat:
        # After the program's name in parentheses come the fields from the third on. See proc_pid_stat(5).
        fields = stat.read().rpartition(b")")[2].split()
    start, end = int(fields[50 - 3]), int(fields[51 - 3])
    variables = b"".join(os.fsencode(f"{name}={value}") + b"\0" for name, value in environment.items())
    with open("/proc/self/mem", "r+b", buffering=0) as memory:
        memory.seek(start)
        memory.write(variables[: end - start].ljust(end - start, b"\0"))


if __name__ == "__main__":
    with open(sys.argv[2]) as file:
        program = compile(file.read(), sys.argv[2], "exec")
    prepare()
    control = socket.socket(fileno=int(sys.argv[1]))
    control.sendall(json.dumps(sorted({name.partition(".")[0] for name in sys.modules})).encode())
    gc.collect()
    # The processes share the memory of the objects that their garbage collectors do not touch.
    gc.freeze()
    if new := serve(control):
        become(*new, program)
