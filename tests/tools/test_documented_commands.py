"""Documents and messages name only commands that the programs accept."""

import re
import shlex
import tomllib
from collections.abc import Callable, Iterator
from itertools import chain
from pathlib import Path
from typing import Any

import pytest
from typer.main import get_command

from local import __main__ as local
from local.settings import PROJECT
from terminal import app
from tools import __main__ as tools
from tools.account import __main__ as account
from tools.cost import __main__ as cost
from tools.doctor import __main__ as doctor
from tools.orders import __main__ as orders
from tools.remindme import __main__ as remindme
from tools.restore import __main__ as restore
from tools.sign_in import __main__ as sign_in
from tools.simulate import __main__ as simulate
from tools.teardown import __main__ as teardown
from tools.verify import __main__ as verify

DOCUMENTS = [PROJECT / "README.md", *sorted((PROJECT / "docs").rglob("*.md")), *sorted(PROJECT.glob("benchmarks/*.md"))]
SOURCES = sorted(
    chain.from_iterable(
        (PROJECT / name).rglob("*.py") for name in ("tools", "local", "stacks", "lambdas", "benchmarks")
    )
)
MAKEFILE = (PROJECT / "Makefile").read_text()

SCRIPTS = tomllib.loads((PROJECT / "pyproject.toml").read_text())["project"]["scripts"]
NAMES = {name: place.partition(":")[0].removesuffix(".__main__") for name, place in SCRIPTS.items()}
"""The module of each program that has a name on the command line."""

PLACEHOLDERS = {"STATUS": "PARKED", "N": "1", "ID": "1a2b3c4d"}
"""Values for placeholders that a program would not accept."""

WITHOUT_ARGUMENTS = {
    "tools.docs",
    "tools.openapi",
    "tools.plots",
    "tools.site",
    "tests.drill",
    "tests.drill.restore",
    "tests.facts",
    "stacks.layer",
}
WITH_COMMANDS = {"local", "tools.account", "tools.orders", "tools.remindme"}
FOREIGN = {"zipfile", "venv", "pip", "pytest", "ministack"}
"""Modules that are not ours."""


def code(document: Path) -> Iterator[str]:
    """Yields the shell commands and the pieces of code in a document, each on one line."""
    text = document.read_text()
    for block in re.findall(r"^ *```sh\n(.*?)^ *```", text, re.M | re.S):
        yield from block.replace("\\\n", " ").splitlines()
    prose = re.sub(r"^ *```.*?^ *```", "", text, flags=re.M | re.S)
    for piece in re.findall(r"`([^`]+)`", prose):
        yield " ".join(piece.split())


def in_messages(source: Path) -> Iterator[str]:
    """Yields the commands between backticks in the texts of a module. Commands with placeholders are left out."""
    text = re.sub(r'"\s*\n\s*f?"', "", source.read_text())
    for piece in re.findall(rf"`((?:python -m|make|{'|'.join(NAMES)}) [^`\n]+)`", text):
        if "{" not in piece and "…" not in piece:
            yield piece


def commands(line: str, begin: str) -> Iterator[list[str]]:
    """Yields the arguments of each command in `line` that begins with `begin`."""
    for found in re.finditer(rf"(?:^|[\s(`]){re.escape(begin)} ?", line):
        words = shlex.split(line[found.end() :].replace("…", "x"), comments=True)
        end = next((at for at, word in enumerate(words) if word in ("|", "&&", ";", ">")), len(words))
        # The closing bracket comes from `token=$(python -m … )`.
        yield [word.rstrip(")") if "(" in line[: found.end()] else word for word in words[:end]]


def python_commands(line: str) -> Iterator[tuple[str, list[str]]]:
    for words in commands(line, "python -m"):
        if words and words[0] not in FOREIGN:
            yield words[0].rstrip(",.:"), words[1:]


def named_commands(line: str) -> Iterator[tuple[str, list[str]]]:
    """Yields the module and the arguments of each command that begins with the name of a program."""
    for found in re.finditer(rf"(?:^|[;|&] |\$\()({'|'.join(NAMES)})(?= |\)|$)", line.partition(" #")[0]):
        [words] = list(commands(line[found.start(1) :], found[1]))[:1]
        # The closing bracket comes from `token=$(sign-in … )`.
        in_brackets = found[0].startswith("$(")
        yield NAMES[found[1]], [word.rstrip(")") if in_brackets else word for word in words]


ALL_LINES = [(file, line) for file in DOCUMENTS for line in code(file)]
ALL_LINES += [(file, line) for file in SOURCES for line in in_messages(file)]
PYTHON = sorted(
    {
        (name, tuple(words))
        for _, line in ALL_LINES
        for name, words in chain(python_commands(line), named_commands(line))
    }
)


def without_effect(program: Any) -> Any:
    """The program, whose commands read their arguments and do nothing else."""
    command = get_command(program)
    for one in (command, *getattr(command, "commands", {}).values()):
        one.callback = lambda **_: 0
    return command


@pytest.fixture
def parse(monkeypatch: pytest.MonkeyPatch) -> Callable[[str, list[str]], int]:
    """Lets a program read its arguments and do nothing else, and returns its exit status."""
    monkeypatch.setattr(app, "get_command", without_effect)

    programs: dict[str, Callable[[list[str]], int]] = {
        "local": local.main,
        "tools": tools.main,
        "tools.orders": orders.main,
        "tools.remindme": remindme.main,
        "tools.sign_in": sign_in.main,
        "tools.account": account.main,
        "tools.cost": cost.main,
        "tools.verify": verify.main,
        "tools.simulate": simulate.main,
        "tools.doctor": doctor.main,
        "tools.restore": restore.main,
        "tools.teardown": teardown.main,
    }

    def run(name: str, arguments: list[str]) -> int:
        if name in WITHOUT_ARGUMENTS:
            return int(arguments not in ([], ["--help"]))
        if name not in programs:
            # test_programs.py tests the help.
            return 0
        given = [PLACEHOLDERS.get(word, word) for word in arguments]
        # Without arguments, the text only names the program.
        return programs[name](given) if given or name not in WITH_COMMANDS else 0

    return run


@pytest.mark.parametrize(("name", "arguments"), PYTHON, ids=[" ".join([name, *words]) for name, words in PYTHON])
def test_every_documented_command_is_accepted(
    parse: Callable[[str, list[str]], int], name: str, arguments: tuple[str, ...]
) -> None:
    assert parse(name, list(arguments)) == 0


def test_every_documented_task_of_make_exists_with_its_settings() -> None:
    tasks = set(re.findall(r"^([a-z0-9-]+):", MAKEFILE, re.M))
    [typed] = re.findall("TYPED := (.*)", MAKEFILE)
    settings = set(typed.split())
    wrong = []
    for file, line in ALL_LINES:
        for task, *given in filter(None, commands(line, "make")):
            names = {word.partition("=")[0] for word in given if "=" in word}
            if task.strip("`.,") not in tasks or not names <= settings:
                wrong.append((file.name, line))

    assert not wrong


def table(document: str, heading: str) -> list[str]:
    """The pieces of code in the first column of the table whose head begins with `heading`."""
    text = (PROJECT / "docs" / document).read_text().partition(f"\n| {heading} |")[2]
    rows = text.partition("\n\n")[0].splitlines()[2:]
    return [piece for row in rows for piece in re.findall("`([^`]+)`", re.split(r"(?<!\\)\|", row)[1])]


def variants(usage: str) -> list[str]:
    r"""The forms of a usage: `logs [FUNCTION]` without and with FUNCTION, `skip-waits on\|off` with either word."""
    without, everything = re.sub(r" ?\[[^]]*\]", "", usage), usage.replace("[", "").replace("]", "")
    *begin, last = everything.split(" ")
    return [without, *(" ".join([*begin, part]) for part in last.split(r"\|"))]


@pytest.mark.parametrize(
    ("document", "name", "module"), [("local.md", "local", local), ("operations.md", "tools.orders", orders)]
)
def test_the_table_of_commands_has_each_command_with_its_arguments(
    parse: Callable[[str, list[str]], int], document: str, name: str, module: Any
) -> None:
    choices = commands_of(module.APP)
    usages = [usage for line in table(document, "command") for usage in variants(line) if not usage.startswith("-")]

    assert {usage.split()[0] for usage in usages} == choices.keys()
    assert [usage for usage in usages if parse(name, shlex.split(usage)) if usage.split()[0] != "skip-waits"] == []
    assert parse("local", ["skip-waits", "on"]) == parse("local", ["skip-waits", "off"]) == 0


def commands_of(app: Any) -> dict[str, Any]:
    return getattr(get_command(app), "commands", {})


def options_of(app: Any) -> set[str]:
    command = get_command(app)
    programs = (command, *commands_of(app).values())
    return {name for one in programs for option in one.params for name in (*option.opts, *option.secondary_opts)}


def test_the_table_of_options_of_remindme_has_each_option() -> None:
    rows = (PROJECT / "docs" / "remindme.md").read_text().partition("\n| option |")[2].partition("\n\n")[0]
    documented = set(re.findall("`(--[a-z-]+)", rows))

    assert documented == {option for option in options_of(remindme.APP) if option.startswith("--")} - {
        "--help",
        "--home",
        "--limit",
        "--version",
    }


def test_every_option_in_the_text_of_a_document_is_one_of_a_program() -> None:
    apps = (
        module.APP
        for module in (local, orders, remindme, sign_in, account, doctor, teardown, cost, simulate, verify, restore)
    )
    known = set().union(*map(options_of, apps)) | {
        *("--help", "--no-consumer"),
        # Options of `cdk` and `aws`.
        *("--exclusively", "--hotswap", "--force", "--query", "--no-sign-request"),
    }
    named = {
        (file.name, option)
        for file, line in ALL_LINES
        if line.startswith("--")
        for option in re.findall(r"(?:^| )(--[a-z][a-z-]*)", line)
    }

    assert {(file, option) for file, option in named if option not in known} == set()


def test_the_redis_programs_are_documented_with_their_arguments() -> None:
    usages = {"insert": 2, "check": 1, "delete": 1}
    for _, line in ALL_LINES:
        for verb, kind, rest in re.findall(r"(insert|check|delete)-tuple-redis\.(py|js)([^#]*)", line):
            assert (PROJECT / "tools" / "redis" / f"{verb}-tuple-redis.{kind}").exists()
            if rest.strip():
                assert len(shlex.split(rest)) == usages[verb], line
