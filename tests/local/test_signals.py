"""The suite passes in the background of a script and under `nohup`, where programs start with some signals ignored."""

import subprocess
import sys
from pathlib import Path

import pytest

from local.settings import PROJECT

STARTED = """
import signal, subprocess, sys
import tests.conftest
child = "import signal; print([int(one) for one in signal.Signals if signal.getsignal(one) == signal.SIG_IGN])"
print(subprocess.run([sys.executable, "-c", child], check=True, capture_output=True, text=True).stdout)
"""


@pytest.mark.parametrize("ignored", ["INT", "INT HUP TERM QUIT CHLD"])
def test_programs_that_a_test_starts_do_not_inherit_ignored_signals(ignored: str) -> None:
    script = f"trap '' {ignored}; exec \"$@\""

    usual, here = (
        subprocess.run([*shell, sys.executable, "-c", STARTED], cwd=PROJECT, check=True, capture_output=True, text=True)
        for shell in ([], ["/bin/sh", "-c", script, "sh"])
    )

    assert here.stdout == usual.stdout != ""


FAILED = """
import pathlib, signal, sys
from local.processes import run_to_the_end
signal.signal(signal.SIGCHLD, signal.SIG_IGN)
home = pathlib.Path(sys.argv[1])
print(run_to_the_end(["/bin/sh", "-c", "exit 7"], cwd=home, env={}, log=home / "log", pid_file=home / "pid"))
"""


def test_the_exit_status_of_cdk_is_known_even_if_the_caller_ignores_sigchld(tmp_path: Path) -> None:
    command = [sys.executable, "-c", FAILED, str(tmp_path)]

    done = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True)

    assert (done.stdout, done.stderr) == ("7\n", "")
