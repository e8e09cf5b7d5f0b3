"""The suite passes in the background of a script and under `nohup`, which ignore signals for what they start."""

import subprocess
import sys

import pytest

from local.settings import PROJECT

STARTED = """
import signal, subprocess, sys
import tests.conftest
child = "import signal; print([int(one) for one in signal.Signals if signal.getsignal(one) == signal.SIG_IGN])"
print(subprocess.run([sys.executable, "-c", child], check=True, capture_output=True, text=True).stdout)
"""


@pytest.mark.parametrize("ignored", ["INT", "INT HUP TERM QUIT CHLD"])
def test_what_a_test_starts_ignores_no_signal_that_the_caller_ignores(ignored: str) -> None:
    script = f"trap '' {ignored}; exec \"$@\""

    usual, here = (
        subprocess.run([*shell, sys.executable, "-c", STARTED], cwd=PROJECT, check=True, capture_output=True, text=True)
        for shell in ([], ["/bin/sh", "-c", script, "sh"])
    )

    assert here.stdout == usual.stdout != ""
