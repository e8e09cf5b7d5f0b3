"""Command lines run inside this process: what people run, without the second that each Python takes to start."""

import io
import os
import sys
from collections.abc import Callable, Sequence
from subprocess import CompletedProcess
from unittest.mock import patch

import pytest

Main = Callable[[list[str]], int]


def run_inside(
    capsys: pytest.CaptureFixture[str], main: Main, arguments: Sequence[str], *, stdin: str = "", **settings: str
) -> "CompletedProcess[str]":
    """Runs `main` with `settings` in its environment, which is afterwards what it was."""
    given = io.TextIOWrapper(io.BytesIO(stdin.encode()), encoding="utf-8")
    with patch.dict(os.environ, settings), patch.object(sys, "stdin", given):
        status = main(list(arguments))
    captured = capsys.readouterr()
    return CompletedProcess(list(arguments), status, captured.out, captured.err)
