"""The processes of functions are forks of a process that has imported boto3. A function does not notice it."""

import io
import json
import os
import re
import signal
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest
from ministack.core import lambda_runtime
from ministack.services import lambda_svc

from local import pythons
from local.engine_patches import forks, parent_process, runtime, workers
from local.settings import ACCOUNT, PROJECT, REGION
from tests.support.marks import long
from tests.support.waiting import eventually

pytestmark = pytest.mark.skipif(not forks.available(), reason="this system has no forks of functions")

PROBE = """
import os, sys

LOADED = set(sys.modules)
FILES = {
    number: os.readlink(f"/proc/self/fd/{number}").partition(":")[0]
    for number in range(100)
    if os.path.islink(f"/proc/self/fd/{number}")
}
VARIABLES = dict(os.environ)
SHOWN = open("/proc/self/environ").read()

import atexit, gc, locale, logging, random, resource, signal, tempfile, threading, time, uuid, zoneinfo

import boto3, botocore.handlers, botocore.loaders


def handler(event, context):
    match event:
        case {"clients of": services}:
            botocore.loaders.JSONFileLoader._load_file = load_file
            boto3.resource("dynamodb")
            return [boto3.client(one).meta.region_name for one in services]
        case {"endpoint of": service}:
            return boto3.client(service).meta.endpoint_url
        case "hang":
            time.sleep(3600)
        case "exit":
            atexit.register(print, "at the exit")
            sys.exit(3)
        case "random":
            return [random.random(), str(uuid.uuid4()), os.urandom(4).hex(), next(tempfile._get_candidate_names())]
        case "loaded":
            return sorted(LOADED)
        case "seen":
            return seen()
    return {"pid": os.getpid(), "parent": os.getppid(), "boto3": boto3.__file__}


def load_file(_, path, *others):
    assert not os.path.exists(path), f"{path} is read"


def seen():
    main = sys.modules["__main__"]
    return {
        "variables": VARIABLES,
        "variables that the system shows": sorted(SHOWN.strip("\\0").split("\\0")),
        "path": sys.path,
        "folder": os.getcwd(),
        "program": [sys.argv, sys.orig_argv, sys.executable, str(sys.flags)],
        "main": [main.__name__, main.__file__, main.__dict__.get("END"), [one for one in dir(main) if one[:2] != "__"]],
        "files": FILES,
        "signals": {one.name: repr(signal.getsignal(one)).partition(" at ")[0] for one in signal.Signals},
        "blocked signals": sorted(signal.pthread_sigmask(signal.SIG_BLOCK, [])),
        "time": [time.tzname, time.timezone, time.daylight, zoneinfo.TZPATH, len(zoneinfo.available_timezones())],
        "locale": [locale.setlocale(locale.LC_ALL), locale.getpreferredencoding(), sys.getfilesystemencoding()],
        "streams": [
            [one.name, one.mode, one.encoding, one.errors, one.line_buffering, one.write_through, one.seekable()]
            for one in (sys.__stdin__, sys.__stdout__, sys.stderr, sys.__stderr__)
        ],
        "garbage": [gc.isenabled(), gc.get_threshold()],
        "threads": [[one.name, one.daemon] for one in threading.enumerate()],
        "in the main thread": threading.current_thread() is threading.main_thread(),
        "limits": [resource.getrlimit(getattr(resource, one)) for one in dir(resource) if one.startswith("RLIMIT_")],
        "process": [os.umask(0o022), os.nice(0), os.getpgid(0), os.getsid(0), sys.getrecursionlimit()],
        "log": [repr(logging.getLogger().handlers), logging.getLogger().level, logging.getLogger("boto3").level],
        "boto3": [boto3.__file__, boto3.DEFAULT_SESSION, botocore.loaders.Loader.CUSTOMER_DATA_PATH],
        "hooks": [one[0] for one in botocore.handlers.BUILTIN_HANDLERS],
        "temporary folder": tempfile.gettempdir(),
    }
"""

Make = Callable[..., Any]


@pytest.fixture
def make(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Make]:
    """Makes a worker of the probe, with variables, a layer, or more files in its code."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    monkeypatch.setenv("GATEWAY_PORT", "1")
    monkeypatch.setenv("PATH", os.pathsep.join(pythons.folders(os.environ)))
    for module, name in (
        (lambda_runtime, "_worker_class_for"),
        (lambda_runtime, "reap_idle_workers"),
        (lambda_svc, "reap_idle_workers"),
        (lambda_svc, "_execute_function_warm"),
    ):
        monkeypatch.setattr(module, name, getattr(module, name))
    # The time of the start differs, so no two processes would have the same.
    monkeypatch.setattr("uuid.uuid4", lambda: "an id")
    workers.apply()
    made = []

    def make(variables: dict[str, str] | None = None, layer: dict[str, str] | None = None, **files: str) -> Any:
        function = {
            "FunctionName": "probe",
            "FunctionArn": f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:probe",
            "Role": f"arn:aws:iam::{ACCOUNT}:role/probe",
            "Runtime": "python3.13",
            "Handler": "probe.handler",
            "Timeout": 60,
            "Environment": {"Variables": variables or {}},
            "Layers": ["a layer"] if layer else [],
        }
        code = archive({"probe.py": PROBE} | {f"{name}.py": text for name, text in files.items()})
        made.append(workers.FunctionProcess("probe", function, code))
        monkeypatch.setattr(made[-1], "_layer", lambda _: archive(layer or {}))
        return made[-1]

    yield make
    for stream in (one for worker in made if (process := worker._proc) for one in vars(process).values()):
        if isinstance(stream, io.IOBase):
            stream.close()
    lambda_runtime.kill_workers(made)
    workers.end()


def archive(files: dict[str, str]) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for name, text in files.items():
            # Without the current time, the same files are the same archive.
            archive.writestr(zipfile.ZipInfo(name), text)
    return content.getvalue()


def call(worker: Any, event: Any = None) -> Any:
    answer = worker.invoke(event, "call")
    assert answer["status"] == "ok", answer
    return answer["result"]


def is_fork(worker: Any) -> bool:
    return isinstance(worker._proc, forks.Forked)


def test_a_function_sees_the_same_in_a_fork_and_in_a_new_process(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    settings: dict[str, Any] = {
        "variables": {"MINE": "Zoë", "AWS_MAX_ATTEMPTS": "7"},
        "layer": {"python/of_the_layer.py": ""},
    }
    forked, started = make(**settings), make(**settings)
    with monkeypatch.context() as patch:
        patch.setattr(forks, "available", lambda: False)
        in_new = call(started, "seen")
    call(make())

    # The second fork of its parent.
    in_fork = call(forked, "seen")

    assert (is_fork(started), is_fork(forked)) == (False, True)
    assert in_fork == in_new
    assert in_fork["variables"]["MINE"] == "Zoë"


def test_a_fork_has_loaded_only_boto3_and_parts_of_the_standard_library_early(
    make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    forked, started = make(), make()
    with monkeypatch.context() as patch:
        patch.setattr(forks, "available", lambda: False)
        in_new = set(call(started, "loaded"))

    in_fork = set(call(forked, "loaded"))

    assert in_new <= in_fork
    early = {name.partition(".")[0] for name in in_fork - in_new}
    assert {"boto3", "zoneinfo"} <= early
    others = {
        name for name in early - sys.stdlib_module_names if not name.startswith(("_sysconfigdata", "__mp_main__"))
    }
    assert others <= {"boto3", "botocore", "s3transfer"}


def test_the_processes_of_functions_have_one_parent_and_differ(make: Make) -> None:
    one, other = make(), make()

    pids = [call(worker) for worker in (one, other)]
    draws = [call(worker, "random") for worker in (one, other)]

    parent = psutil.Process(pids[0]["parent"])
    assert [each["parent"] for each in pids] == [parent.pid] * 2
    assert parent.ppid() == os.getpid()
    # A process with several threads must not fork.
    assert parent.num_threads() == 1
    assert all(mine != others for mine, others in zip(*draws, strict=True))


def test_a_client_is_made_without_reading_a_file(make: Make) -> None:
    made = call(make(), {"clients of": parent_process.SERVICES})

    assert made == [REGION] * len(parent_process.SERVICES)


def test_the_parent_knows_every_service_of_which_a_function_makes_a_client() -> None:
    source = "\n".join(file.read_text() for file in (PROJECT / "lambdas").rglob("*.py"))

    named = set(re.findall(r'boto3\.(?:client|resource)\("([a-z0-9-]+)"', source))

    assert {"dynamodb", "sqs", "stepfunctions"} <= named <= {*parent_process.SERVICES}


WATCHED = """
import os, sys
import json, socket
class Watched(type(os.environ)):
    def __getitem__(self, name):
        read.add(name)
        return super().__getitem__(name)
read = set()
os.environ.__class__ = Watched
sys.path.append(sys.argv[1])
import parent_process
parent_process.prepare()
print(json.dumps([sorted(read), sys.modules["boto3"].DEFAULT_SESSION]))
"""


def test_what_boto3_reads_from_the_environment_when_it_is_imported_decides_whether_a_function_is_forked(
    tmp_path: Path,
) -> None:
    runtime.build(tmp_path / "runtime")
    python = pythons.of("python3.13", os.pathsep.join(pythons.folders(os.environ))).executable
    environment = {"PYTHONPATH": str(tmp_path / "runtime"), "HOME": str(tmp_path), "PYTHONTZPATH": ""}
    folder = Path(parent_process.__file__).parent

    done = subprocess.run(
        [python, "-S", "-P", "-c", WATCHED, str(folder)], env=environment, check=True, capture_output=True, text=True
    )

    read, session = json.loads(done.stdout)
    assert {"HOME", "PYTHONTZPATH"} <= set(read)
    assert [name for name in read if not name.startswith(forks.READ_AT_START)] == []
    assert session is None


OWN_BOTO3 = {"python/boto3/__init__.py": "DEFAULT_SESSION = None"}


@pytest.mark.parametrize(
    "different",
    [
        {"variables": {"PYTHONOPTIMIZE": "2"}},
        {"layer": OWN_BOTO3},
        *long(
            {"variables": {"TZ": "Europe/Zurich"}},
            {"variables": {"HOME": "/nowhere"}},
            {"variables": {"LC_ALL": "C"}},
            {"variables": {"LONG": "x" * forks.LONGEST}},
            {"layer": {"python/lib/python3.13/site-packages/anything.py": ""}},
            {"unicodedata": ""},
        ),
    ],
    ids=lambda different: "-".join(f"{kind}-{next(iter(value), '')}" for kind, value in different.items()),
)
def test_a_function_that_would_notice_is_started_as_a_new_process(make: Make, different: dict[str, Any]) -> None:
    worker = make(**different)

    answer = call(worker)

    assert not is_fork(worker)
    assert answer["parent"] == os.getpid()
    assert ("/python/boto3/" in answer["boto3"]) is (different == {"layer": OWN_BOTO3})


def test_the_variables_of_a_function_decide_about_its_clients(make: Make) -> None:
    usual, own = make(), make({"AWS_ENDPOINT_URL_SQS": "http://127.0.0.1:2"})

    endpoints = [call(worker, {"endpoint of": "sqs"}) for worker in (usual, own)]

    assert is_fork(own)
    assert endpoints == ["http://127.0.0.1:1", "http://127.0.0.1:2"]


def test_functions_start_as_new_processes_if_the_parent_does_not_start(
    make: Make, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, tmp_path: Path
) -> None:
    broken = tmp_path / "broken.py"
    broken.write_text("raise SystemExit('no pidfd here')")
    monkeypatch.setattr(parent_process, "__file__", str(broken))
    worker = make()

    call(worker)

    assert not is_fork(worker)
    assert "no pidfd here" in caplog.text


def test_after_the_parent_is_killed_functions_continue_and_others_start(make: Make) -> None:
    one, other = make(), make()
    before = call(one)
    os.kill(before["parent"], signal.SIGKILL)

    after, new = call(one), call(other)

    assert after["pid"] == before["pid"]
    assert is_fork(other)
    assert new["parent"] not in (before["parent"], os.getpid())
    assert not psutil.pid_exists(before["parent"]), "the engine has not waited for it"


def test_a_process_that_ends_runs_its_exit_handlers_and_leaves_nothing(make: Make) -> None:
    one, other = make(), make()
    ended, parent = call(one)["pid"], psutil.Process(call(other)["parent"])

    answer = one.invoke("exit", "call")

    assert answer["errorType"] == "Runtime.ExitError"
    assert "at the exit" in answer["log"]
    eventually(lambda: not psutil.pid_exists(ended))
    assert call(one)["pid"] != ended
    assert psutil.STATUS_ZOMBIE not in {process.status() for process in parent.children()}
    assert len(parent.children()) == 2


ENGINE = """
import json, sys, threading
from pathlib import Path
from local.engine_patches import forks
python, script, path = sys.argv[1:]
environment = {"PYTHONPATH": path, "HOME": path}
parent = forks.Parent(python, Path(script), environment)
children = [parent.fork(environment, Path(path)) for _ in range(2)]
print(json.dumps([parent.pid, *(child.pid for child in children)]), flush=True)
threading.Event().wait()
"""


def test_a_killed_engine_leaves_no_process_not_even_one_that_hangs(tmp_path: Path) -> None:
    """The script ignores its input. It would run for an hour."""
    runtime.build(tmp_path / "runtime")
    script = tmp_path / "script.py"
    script.write_text("import signal, time\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\ntime.sleep(3600)")
    python = pythons.of("python3.13", os.pathsep.join(pythons.folders(os.environ))).executable
    command = [sys.executable, "-c", ENGINE, python, str(script), str(tmp_path / "runtime")]
    with subprocess.Popen(command, cwd=PROJECT, stdout=subprocess.PIPE) as engine:
        assert engine.stdout
        pids = json.loads(engine.stdout.readline())
        assert len(pids) == 3 and all(map(psutil.pid_exists, pids))

        engine.kill()

    eventually(lambda: not any(psutil.pid_exists(pid) for pid in pids))


def test_a_process_that_does_not_end_is_reported_and_can_be_killed(make: Make) -> None:
    worker = make()
    call(worker)
    process = worker._proc

    with pytest.raises(subprocess.TimeoutExpired):
        process.wait(0.01)
    running = process.poll()
    process.kill()

    assert (running, process.wait(), process.poll()) == (None, 0, 0)
    process.terminate()
