"""What all command lines of the project have in common: help, streams, signals and exit statuses."""

import json
import os
import pty
import re
import signal
import subprocess
import sys
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from local.settings import PROJECT
from terminal import program
from tools.__main__ import NAMED, OTHERS

FOLDERS = (
    *("tools", "local", "terminal", "costs", "benchmarks", "stacks"),
    *("tests/drill", "tests/facts", "tests/rehearsal", "tests/corpora"),
)
OF_OTHER_PROGRAMS = {
    *("local.reading", "local.start_engine", "local.engine_patches.unpacked"),
    *("local.engine_patches.function_process", "local.engine_patches.parent_process"),
    *("benchmarks.one_start", "benchmarks.unpatched_engine"),
}
"""Programs that only other programs start."""

OF_MAKE = {
    "tools.install",
    "tools.security.install",
    "tools.plots",
    "tools.remindme.from_make",
    "tools.validation",
    "tools.versions",
}
"""Programs that the Makefile starts for people."""

NAMES = {
    place.partition(":")[0].removesuffix(".__main__"): name
    for name, place in tomllib.loads((PROJECT / "pyproject.toml").read_text())["project"]["scripts"].items()
}
"""The name on the command line of each module that has one."""

HELP_OF_EACH = """\
import os, runpy, signal, sys

sys.dont_write_bytecode = True

# Most programs import these packages. They are imported once.
import boto3, typer, typer.rich_utils


def watch(event, arguments):
    writes = event == "open" and isinstance(arguments[0], str) and set(str(arguments[1])) & set("wax+")
    if writes or event in ("subprocess.Popen", "os.fork", "os.posix_spawn", "os.mkdir", "socket.connect"):
        os.write(2, f"{event} {arguments[0]}\\n".encode())


folder, *modules = sys.argv[1:]
for module in modules:
    child = os.fork()
    if not child:
        break
    _, status = os.waitpid(child, 0)
    with open(f"{folder}/{module}.status", "w") as file:
        file.write(str(os.waitstatus_to_exitcode(status)))
else:
    sys.exit()

for stream, name in ((1, "out"), (2, "err")):
    os.dup2(os.open(f"{folder}/{module}.{name}", os.O_WRONLY | os.O_CREAT), stream)
signal.alarm(60)
sys.addaudithook(watch)
sys.argv[:] = [module, "--help"]
runpy.run_module(module, run_name="__main__", alter_sys=True)
"""
"""Runs each module with --help in a process of its own, and prints each file that it writes, process that it starts or
address that it calls. The first argument is the folder for what they print.
"""


def modules() -> list[str]:
    found = {
        ".".join(file.relative_to(PROJECT).with_suffix("").parts).removesuffix(".__main__")
        for folder in FOLDERS
        for file in (PROJECT / folder).rglob("*.py")
        if "-" not in file.name and re.search('^if __name__ == "__main__"', file.read_text(), re.M)
    }
    return sorted(found - OF_OTHER_PROGRAMS)


def settings(**more: str) -> dict[str, str]:
    """An environment without the settings of the developer who runs the tests."""
    return {"PATH": os.environ["PATH"], "HOME": "/nonexistent", "LANG": "C.UTF-8", **more}


def run(*command: str, **options: Any) -> "subprocess.CompletedProcess[str]":
    options = {"env": settings(), "cwd": PROJECT, "text": True, "timeout": 60, **options}
    if "stdout" not in options:
        options |= {"capture_output": True}
    return subprocess.run([sys.executable, *command], **options)


@pytest.fixture(scope="module")
def helped(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder in which HELP_OF_EACH writes."""
    folder = tmp_path_factory.mktemp("help")
    done = run("-c", HELP_OF_EACH, str(folder), *modules(), env=settings(COLUMNS="80"), timeout=600)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    return folder


@pytest.mark.long
@pytest.mark.parametrize("module", modules())
def test_the_help_of_every_program_only_prints(module: str, helped: Path) -> None:
    """The help starts no process, writes no file and connects to no server."""
    status, out, err = ((helped / f"{module}.{name}").read_text() for name in ("status", "out", "err"))

    assert (status, err) == ("0", "")
    name = NAMES.get(module, f"python -m {module}")
    assert out.lstrip().startswith((f"usage: {name} ", f"Usage: {name} ", f"usage: python -m {module} "))
    assert [line for line in out.splitlines() if len(line) > 80] == []


def test_the_programs_of_tools_are_listed() -> None:
    others = {one for one in modules() if one.startswith("tools.") and one not in OF_MAKE}
    assert ({*NAMED}, {*OTHERS}) == ({*NAMES.values()}, others - NAMES.keys())
    shown = run("-m", "tools").stdout.splitlines()
    assert [line.partition("  ")[0] for line in shown] == [*NAMED, *(f"python -m {name}" for name in OTHERS)]


@pytest.mark.parametrize("module", ["local", "tools.remindme"])
def test_without_a_command_the_help_is_printed(module: str) -> None:
    shown = run("-m", module)

    assert (shown.returncode, shown.stdout) == (2, "")
    assert shown.stderr.strip() == run("-m", module, "--help").stdout.strip()


@pytest.mark.parametrize(
    ("command", "meant"),
    [
        (["local", "staus"], "Did you mean status?"),
        (["local", "skip_waits", "on"], "Did you mean skip-waits?"),
    ],
)
def test_the_closest_command_is_suggested(command: list[str], meant: str) -> None:
    shown = run("-m", *command)

    assert (shown.returncode, shown.stdout) == (2, "")
    assert shown.stderr.rstrip().endswith(meant)


SAYING = """\
import sys
import tools
from terminal import program
from tools import command

def act():
    {action}
    return {status}

sys.exit(command.exit_status(act))
"""


def saying(action: str, *, status: int = 0, **options: Any) -> "subprocess.CompletedProcess[str]":
    return run("-c", SAYING.format(action=action, status=status), **options)


def closed(*streams: int) -> Any:
    def close() -> None:
        for stream in streams:
            os.close(stream)

    return close


FULL = Path("/dev/full")
needs_full = pytest.mark.skipif(not FULL.exists(), reason="this system has no /dev/full")


@needs_full
@pytest.mark.parametrize("action", ["print('x')", "print('x' * 100_000)"])
@pytest.mark.parametrize("ending", ["pass", "raise SystemExit(0)", "raise KeyboardInterrupt"])
def test_a_full_disk_behind_standard_output_is_reported_once(action: str, ending: str) -> None:
    with FULL.open("w") as full:
        done = saying(f"{action}; {ending}" if "raise" in ending else action, stdout=full, stderr=subprocess.PIPE)

    full_disk = "error: standard output: no space left on device\n"
    interrupted = "error: interrupted\n" * ("Keyboard" in ending)
    # A long text is written at once, so the command fails before the interrupt.
    assert done.stderr in (full_disk, interrupted + full_disk)
    assert done.returncode == (130 if interrupted in done.stderr and interrupted else 1)


@needs_full
def test_a_full_disk_behind_another_file_is_not_reported_as_standard_output() -> None:
    done = saying("open('/dev/full', 'w').write('x' * 100_000)")

    assert "standard output" not in done.stderr and "No space left on device" in done.stderr


@pytest.mark.parametrize("streams", [(1,), (2,), (0, 1, 2)])
@pytest.mark.parametrize(("action", "status"), [("print('Zoë', sys.stdin.isatty())", 0), ("program.complain('x')", 3)])
def test_a_closed_stream_causes_no_error(streams: tuple[int, ...], action: str, status: int) -> None:
    done = saying(action, status=status, preexec_fn=closed(*streams))

    assert done.returncode == status
    assert "Traceback" not in done.stderr
    if 1 not in streams and not status:
        assert done.stdout == "Zoë False\n"


@needs_full
def test_a_message_that_cannot_be_written_does_not_change_the_status() -> None:
    with FULL.open("w") as full:
        done = saying("program.complain('x')", status=3, stdout=subprocess.PIPE, stderr=full)

    assert done.returncode == 3


def test_with_pythonunbuffered_a_reader_gets_each_line_at_once() -> None:
    done = saying("print('x'); __import__('os')._exit(3)", env=settings(PYTHONUNBUFFERED="1"))

    assert done.stdout == "x\n"


@pytest.mark.parametrize("text", ["x", "x" * 100_000])
def test_a_reader_that_closes_the_pipe_gets_no_message(text: str) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "w") as pipe:
        done = saying(f"print({text!r})", stdout=pipe, stderr=subprocess.PIPE)

    assert (done.returncode, done.stderr) == (1, "")


@pytest.mark.parametrize(
    "odd",
    [
        {"PYTHONIOENCODING": "ascii"},
        {"PYTHONIOENCODING": "latin-1:strict"},
        {"LC_ALL": "C", "PYTHONUTF8": "0"},
        {"TERM": "dumb", "NO_COLOR": "1", "PYTHONIOENCODING": "ascii"},
    ],
)
def test_a_character_that_the_terminals_encoding_lacks_is_printed_as_its_code(odd: Mapping[str, str]) -> None:
    odd = settings(**odd)
    # A dry run prints the message and connects to no server.
    command = ["-m", "tools.remindme", "-n", "--zone", "UTC", "--email", "me", "cat \U0001f408", "2030-01-01 09:00"]
    done = run(*command, env=odd, encoding="latin-1")
    complaint = run("-c", SAYING.format(action="program.complain('cat \\U0001f408')", status=1), env=odd)

    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.isascii() and re.search(r"cat \\[uU]", done.stdout)
    assert complaint.stderr == "error: cat \\U0001f408\n"


def test_a_message_that_is_not_text_is_refused() -> None:
    done = run(
        "-m", "tools.remindme", "-n", "--zone", "UTC", "--email", "me", os.fsdecode(b"caf\xe9"), "2030-01-01 09:00"
    )

    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("error: the message contains broken characters")


def test_a_message_in_utf8_is_read_in_any_locale() -> None:
    odd = settings(LC_ALL="C", PYTHONUTF8="0", PYTHONCOERCECLOCALE="0")
    message = os.fsdecode("café 🐈".encode())

    done = run("-m", "tools.remindme", "-n", "--json", "--zone", "UTC", message, "2030-01-01 09:00", env=odd)

    assert (done.returncode, json.loads(done.stdout)["message"]) == (0, "café 🐈")


ENDINGS = {signal.SIGINT: 130, signal.SIGTERM: 143, signal.SIGHUP: 129}


@pytest.mark.parametrize(("ending", "status"), ENDINGS.items())
def test_a_signal_ends_the_command_with_one_sentence_and_its_status(ending: signal.Signals, status: int) -> None:
    action = f"import os, signal, time; os.kill(os.getpid(), {int(ending)}); time.sleep(60)"

    done = saying(action, preexec_fn=lambda: signal.signal(ending, signal.SIG_DFL))

    assert (done.returncode, done.stdout, done.stderr) == (status, "", "error: interrupted\n")


@pytest.mark.parametrize("ending", [signal.SIGHUP, signal.SIGTERM])
def test_a_signal_that_the_caller_ignores_stays_ignored(ending: signal.Signals) -> None:
    """`nohup` ignores SIGHUP, for example."""
    action = f"import os; os.kill(os.getpid(), {int(ending)}); print('continues')"

    done = saying(action, preexec_fn=lambda: signal.signal(ending, signal.SIG_IGN))

    assert (done.returncode, done.stdout) == (0, "continues\n")


@pytest.mark.parametrize("package", ["local", "tools"])
def test_an_interrupt_before_the_command_begins_gives_the_same_message(package: str) -> None:
    """Python is still importing at this moment."""
    done = run("-c", f"import {package}; raise KeyboardInterrupt")

    assert (done.returncode, done.stderr) == (130, "error: interrupted\n")


@pytest.mark.parametrize(
    ("columns", "wide"), [("60", 60), ("120", 120), (None, program.ROOMY), ("0", program.ROOMY), ("x", program.ROOMY)]
)
def test_piped_output_has_the_width_in_columns(columns: str | None, wide: int) -> None:
    done = saying("print(program.width())", env=settings(**({"COLUMNS": columns} if columns else {})))

    assert done.stdout == f"{wide}\n"


def test_the_output_has_the_width_of_the_terminal() -> None:
    terminal, end = pty.openpty()
    subprocess.run(["stty", "cols", "72"], stdin=end, check=True)

    saying("print(program.width())", stdin=end, stdout=end, stderr=end)
    os.close(end)
    shown = os.read(terminal, 1000)
    os.close(terminal)

    assert shown.split() == [b"72"]
