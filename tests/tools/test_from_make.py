"""`make remindme` passes the user's variables as arguments."""

import os
import subprocess
import sys

import pytest

from local.settings import PROJECT
from tools.remindme.from_make import arguments


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ({}, []),
        ({"STAGE": "", "ARGS": "", "MESSAGE": "", "WHEN": ""}, []),
        ({"ARGS": "list"}, ["list"]),
        (
            {"ARGS": "--email me -n", "MESSAGE": "$5 each", "WHEN": "in 20m"},
            ["--email", "me", "-n", "--", "$5 each", "in 20m"],
        ),
        ({"MESSAGE": "--help", "WHEN": "in 1m"}, ["--", "--help", "in 1m"]),
        ({"MESSAGE": "cats"}, ["--", "cats", ""]),
        ({"ARGS": """--subject 'my cats' "a b" c\\ d"""}, ["--subject", "my cats", "a b", "c d"]),
        ({"ARGS": "$(touch run) `run`; # $HOME *"}, ["$(touch", "run)", "`run`;", "#", "$HOME", "*"]),
    ],
)
def test_each_variable_becomes_arguments(typed: dict[str, str], words: list[str]) -> None:
    assert arguments(typed) == words


def test_a_quotation_mark_that_is_not_closed_is_refused() -> None:
    run = subprocess.run(
        [sys.executable, "-m", "tools.remindme.from_make"],
        cwd=PROJECT,
        env=os.environ | {"ARGS": "--subject 'cats"},
        capture_output=True,
        text=True,
    )

    assert run.returncode == 1
    assert run.stderr == (
        "error: ARGS=--subject 'cats cannot be split into words (no closing quotation): close each quotation mark\n"
    )
