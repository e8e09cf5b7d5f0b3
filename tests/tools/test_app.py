"""Command lines made with Typer: options before or after the command, suggestions, errors, completion."""

import os
import re
import shutil
import subprocess
from collections.abc import Callable
from typing import Annotated

import pytest
import typer

from local.settings import PROJECT
from terminal import app
from terminal.app import UsageError, add, invoke, one_of, with_commands
from tests.support.commands import Run, run_inside

PROGRAMS = PROJECT / ".venv" / "bin"

Program = Callable[..., Run]
"""Runs a program with these arguments."""

Home = Annotated[str, typer.Option("--home", metavar="FOLDER", help="a folder")]
Status = Annotated[str | None, typer.Option("--status", callback=one_of("ESCALATED", "PARKED", upper=True))]


def listing(home: Home = ".local", status: Status = None, json: Annotated[bool, typer.Option("--json")] = False) -> int:
    print("list", home, status, json)
    return 0


def close(order: Annotated[str, typer.Argument(metavar="ORDER")], home: Home = ".local") -> int:
    if home == "none":
        raise UsageError("a folder is needed for 4111 1111 1111 1111")
    print("close", order, home)
    return 3


def remind(words: Annotated[list[str], typer.Argument()], home: Home = ".local") -> int:
    print("remind", words, home)
    return 0


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Program:
    def run(*arguments: str, default: str | None = None) -> Run:
        program = with_commands(help="A program.", default=default)
        add(program, "list", listing, help="list orders")
        add(program, "close", close, help="close an order")
        add(program, "remind", remind, help="set a reminder", hidden=True)
        return run_inside(capsys, lambda given: invoke(program, "shop", given), arguments)

    return run


@pytest.mark.parametrize(
    "words",
    ["--home x --json list", "list --home x --json", "--json list --home=x", "--home=y --json list --home x"],
)
def test_options_stand_before_or_after_the_command(run: Program, words: str) -> None:
    assert run(*words.split()) == Run(0, "list x None True\n", "")


def test_the_status_of_a_command_is_the_status_of_the_program(run: Program) -> None:
    assert run("close", "7") == Run(3, "close 7 .local\n", "")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("lst", "no such command 'lst'. Did you mean list?"),
        ("xyz", "no such command 'xyz'. See `shop --help`"),
        ("list --jsn", "no such option: --jsn. Did you mean --json?"),
        ("--hom x list", "no such option: --hom. Did you mean --home?"),
        ("--frob list", "no such option: --frob. See `shop --help`"),
        ("list --home", "option '--home' requires an argument"),
        ("list 4111111111111111", "got unexpected extra argument(s) (#). See `shop list --help`"),
        ("close", "missing argument 'ORDER'. See `shop close --help`"),
        ("list --status park", "invalid value for '--status': 'park'. Did you mean PARKED?"),
        (
            "list --status x",
            "invalid value for '--status': use ESCALATED or PARKED, not 'x'. See `shop list --help`",
        ),
        ("close 7 --home none", "a folder is needed for #"),
    ],
)
def test_wrong_usage_is_explained_in_one_line(run: Program, words: str, said: str) -> None:
    assert run(*words.split()) == Run(2, "", f"error: {said}\n")


@pytest.mark.parametrize("words", ["", "--home x"])
def test_without_a_command_the_help_goes_to_standard_error(run: Program, words: str) -> None:
    shown = run(*words.split())

    assert (shown.status, shown.out) == (2, "")
    assert "Usage: shop [OPTIONS] COMMAND" in shown.err and "list orders" in shown.err


def test_the_help_shows_the_options_that_all_commands_have(run: Program) -> None:
    shown = run("--help").out

    assert "--home" in shown and "--json" not in shown
    assert "<bool>" not in shown and "set a reminder" not in shown


@pytest.mark.parametrize(
    ("words", "done"),
    [
        (["tea", "in", "20m"], "remind ['tea', 'in', '20m'] .local"),
        (["--home", "x", "tea", "now"], "remind ['tea', 'now'] x"),
        (["list"], "list .local None False"),
        (["--", "list", "--now"], "remind ['list', '--now'] .local"),
    ],
)
def test_the_default_command_gets_words_that_are_not_a_command(run: Program, words: list[str], done: str) -> None:
    assert run(*words, default="remind").out == f"{done}\n"


def test_the_usage_shows_arguments_without_braces_and_types(run: Program) -> None:
    shown = run("close", "--help").out

    assert "Usage: shop close [OPTIONS] ORDER  " in shown and "<str>" not in shown


def test_the_version_is_the_projects(run: Program) -> None:
    [version] = re.findall(r'^version = "(.+)"$', (PROJECT / "pyproject.toml").read_text(), re.M)
    assert run("--version").out == f"orders-and-reminders {version}\n"
    installed = subprocess.run([PROGRAMS / "sign-in", "--version"], cwd="/", capture_output=True, text=True)
    assert installed.stdout == f"orders-and-reminders {version}\n"
    unreleased, last = re.findall("^## (.+)$", (PROJECT / "CHANGELOG.md").read_text(), re.M)[:2]
    assert (unreleased, last.split(" - ")[0]) == ("Unreleased", version)


COMPLETED = {
    "bash": """COMP_WORDS=(sign-in --pr); COMP_CWORD=1; _sign_in_completion sign-in; echo "${COMPREPLY[@]}" """,
    "zsh": "words=(sign-in --pr); CURRENT=2; _arguments() { print -r -- $* }; _sign_in_completion",
    "fish": "complete --do-complete 'sign-in --pr'",
}
"""Lets a shell complete `sign-in --pr`."""


@pytest.mark.parametrize("shell", COMPLETED)
def test_the_script_of_each_shell_completes_options(shell: str) -> None:
    path = {"PATH": f"{PROGRAMS}{os.pathsep}{os.environ['PATH']}", "HOME": "/nonexistent"}
    command = [shell, "-c", f"{app.completion(shell)}\n{COMPLETED[shell]}"]
    if not shutil.which(shell):
        # The script asks the program like this.
        path |= {"_SIGN_IN_COMPLETE": f"complete_{shell}", "_TYPER_COMPLETE_ARGS": "sign-in --pr"}
        command = ["env", "_TYPER_COMPLETE_FISH_ACTION=get-args", "sign-in"]

    done = subprocess.run(command, env=path, capture_output=True, text=True)

    assert "--print-token" in done.stdout, done.stderr
