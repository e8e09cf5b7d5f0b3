"""Runs command lines inside this process. That saves the second that each Python process takes to start."""

import io
import json
import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from subprocess import CompletedProcess
from typing import Any
from unittest.mock import patch

import pytest

Main = Callable[[list[str]], int]


@dataclass(frozen=True)
class Run:
    """The exit status and the output of a command."""

    status: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


Command = Callable[..., Run]


def run_inside(
    capsys: pytest.CaptureFixture[str],
    main: Main,
    arguments: Sequence[str],
    *,
    stdin: str | None = None,
    alone: bool = False,
    **settings: str,
) -> Run:
    """Runs `main` with `settings` in its environment. `stdin` replaces the terminal's input.

    If `alone`, the environment has only `settings`.
    """
    given = sys.stdin if stdin is None else io.TextIOWrapper(io.BytesIO(stdin.encode()), encoding="utf-8")
    with patch.dict(os.environ, settings, clear=alone), patch.object(sys, "stdin", given):
        try:
            status = main(list(arguments))
        except SystemExit as wrong_usage:
            status = int(wrong_usage.code or 0)
    captured = capsys.readouterr()
    return Run(status, captured.out, captured.err)


def completed(
    capsys: pytest.CaptureFixture[str], main: Main, arguments: Sequence[str], *, stdin: str = "", **settings: str
) -> "CompletedProcess[str]":
    """Runs a command like `run_inside`, but returns what `subprocess.run` would return."""
    run = run_inside(capsys, main, arguments, stdin=stdin, alone=False, **settings)
    return CompletedProcess(list(arguments), run.status, run.out, run.err)
