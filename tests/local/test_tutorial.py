"""A reader who follows docs/tutorial.md sees what it shows."""

import os
import shutil
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from local.settings import PROJECT
from tests.support import curl
from tests.support.cloud.checkout import Checkout, installed_copy_of_the_project
from tests.support.pages import Step, Terminal, agrees, steps
from tests.support.waiting import PATIENCE_SECONDS

pytestmark = pytest.mark.long

TUTORIAL = PROJECT / "docs" / "tutorial.md"

OF_THE_READER = ("PATH", "HOME", "TMPDIR", "no_proxy", "NO_PROXY", "http_proxy", "https_proxy")
"""Settings that the reader's terminal has from the machine that runs the tests."""


@pytest.fixture
def checkout(tmp_path: Path) -> Iterator[Checkout]:
    root = tmp_path / "project"
    root.mkdir()
    checkout = installed_copy_of_the_project(root)
    yield checkout
    checkout.local("down")


@pytest.fixture
def terminal(checkout: Checkout, tmp_path: Path) -> Iterator[Terminal]:
    environment = {name: os.environ[name] for name in OF_THE_READER if name in os.environ}
    # Tables are as wide as on the page. No browser opens.
    environment |= {"COLUMNS": "120", "BROWSER": "true"}
    if not shutil.which("curl"):
        environment["PATH"] = f"{tmp_path}{os.pathsep}{environment['PATH']}"
        (tmp_path / "curl").write_text(f'#!/bin/sh\nexec "{sys.executable}" "{curl.__file__}" "$@"\n')
        (tmp_path / "curl").chmod(0o755)
    terminal = Terminal(checkout.root, scratch=tmp_path, environment=environment)
    yield terminal
    terminal.close()


def follow(step: Step, terminal: Terminal) -> None:
    """Runs a step, and again if the page says so. Raises AssertionError if it does not print what the page shows."""
    end = time.monotonic() + PATIENCE_SECONDS if step.repeated else 0
    while not agrees(output := terminal.run(step.commands, may_fail=step.repeated), shown=step.shown):
        assert time.monotonic() < end, f"{TUTORIAL}:{step.line} shows\n\n{step.shown}\nbut it is\n\n{output}"


def test_every_command_of_the_tutorial_prints_what_the_page_shows(terminal: Terminal) -> None:
    for step in steps(TUTORIAL.read_text()):
        follow(step, terminal)
