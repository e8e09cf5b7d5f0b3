"""Test runs at the same time on one machine use different ports."""

import socket
import subprocess
import sys

import pytest

from local import processes
from local.errors import LocalError
from local.processes import free_port
from local.settings import PROJECT

TAKE_FIVE = "from local.processes import free_port; print(*[free_port() for _ in range(5)], flush=True); input()"


def test_two_runs_at_once_never_get_the_same_port() -> None:
    with subprocess.Popen(
        [sys.executable, "-c", TAKE_FIVE], cwd=PROJECT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as other:
        assert other.stdout
        theirs = set(map(int, other.stdout.readline().split()))
        ours = {free_port() for _ in range(5)}
        other.communicate("\n")

    assert len(theirs) == len(ours) == 5
    assert not theirs & ours


def test_a_port_that_another_program_uses_is_not_returned(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        taken = other.getsockname()[1]
        monkeypatch.setattr(processes, "PORTS", range(taken, taken + 2, 2))

        with pytest.raises(LocalError, match="no port between"):
            free_port()
