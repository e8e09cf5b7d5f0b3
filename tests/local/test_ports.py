"""Runs on one machine do not take each other's ports."""

import socket
import subprocess
import sys

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


def test_a_port_that_another_program_listens_on_is_passed_over() -> None:
    with socket.socket() as other:
        taken = free_port() + 2
        other.bind(("127.0.0.1", taken))

        assert free_port() > taken
