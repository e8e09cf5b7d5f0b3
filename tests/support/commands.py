"""Command lines run inside this process: what people run, without the second that each Python takes to start."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import pytest


@dataclass(frozen=True)
class Run:
    """What a command did."""

    status: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


Command = Callable[..., Run]


def run_inside(capsys: pytest.CaptureFixture[str], main: Callable[[list[str]], int], arguments: Sequence[str]) -> Run:
    """A command, with its standard output and its complaints."""
    try:
        status = main(list(arguments))
    except SystemExit as wrong_usage:
        status = int(wrong_usage.code or 0)
    captured = capsys.readouterr()
    return Run(status, captured.out, captured.err)
