"""Documents name only commands and options that the AWS command line has, by the models of botocore."""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import botocore.session
import pytest
from botocore import xform_name

from local.settings import PROJECT

GLOBAL = {
    "--region",
    "--query",
    "--output",
    "--no-sign-request",
    "--cli-binary-format",
    "--cli-read-timeout",
    "--profile",
}
RENAMED = {("sns", "subscribe", "--notification-endpoint"): "Endpoint"}
"""Options that the AWS command line names in its own way: `awscli/customizations/argrename.py`."""

OTHER_MODELS = {"s3", "configure", "sso"}
"""Commands of the AWS command line that are not one call of an API."""

SESSION = botocore.session.Session()


def commands() -> Iterator[tuple[Path, tuple[str, ...]]]:
    """The words of each command in the blocks of a document, and in backticks with at least one option."""
    for document in [PROJECT / "README.md", *sorted((PROJECT / "docs").rglob("*.md"))]:
        text = document.read_text()
        blocks = re.findall(r"^ *```sh\n(.*?)^ *```", text, re.M | re.S)
        lines = [line for block in blocks for line in block.replace("\\\n", " ").splitlines()]
        lines += [" ".join(piece.split()) for piece in re.findall(r"`(aws [^`]+ --[^`]+)`", text)]
        for line in lines:
            if found := re.search(r"(?:^|[\s(])aws ([a-z].*)", line):
                words = shlex.split(found[1].partition(" | ")[0].rstrip(")"), comments=True)
                end = next((at for at, word in enumerate(words) if word in (">", "&&", ";")), len(words))
                if words[0] not in OTHER_MODELS:
                    yield document, tuple(words[:end])


def problem(words: tuple[str, ...]) -> str | None:
    """What is wrong with a command; None if nothing is."""
    service, operation, *rest = words
    if service not in SESSION.get_available_services():
        return f"no service {service}"
    model = SESSION.get_service_model(service)
    if operation == "wait":
        waiters = SESSION.get_waiter_model(service)
        by_name = {xform_name(name, "-"): waiters.get_waiter(name).operation for name in waiters.waiter_names}
        if rest[0] not in by_name:
            return f"no waiter {rest[0]}"
        name = by_name[rest[0]]
    else:
        names = {xform_name(one, "-"): one for one in model.operation_names}
        if operation not in names:
            return f"no operation {operation}"
        name = names[operation]
    shape = model.operation_model(name).input_shape
    members = {f"--{xform_name(one, '-')}": one for one in (shape.members if shape else ())}
    members |= {option: one for (*call, option), one in RENAMED.items() if call == [service, operation]}
    words_of_options = (word.partition("=")[0] for word in rest if word.startswith("--"))
    # A switch has two forms: --enable-it and --no-enable-it.
    given = [
        word if word in members else word.replace("--no-", "--", 1) for word in words_of_options if word not in GLOBAL
    ]
    for option in given:
        if option not in members:
            return f"no option {option}"
    needed = {f"--{xform_name(one, '-')}" for one in (shape.required_members if shape else ())}
    return f"without {', '.join(sorted(needed - {*given}))}" if needed - {*given} else None


COMMANDS = sorted({words for _, words in commands()})


def test_documents_have_commands() -> None:
    assert {"restore-table-to-point-in-time", "list-users", "enable-key"} <= {words[1] for words in COMMANDS}


@pytest.mark.parametrize("words", COMMANDS, ids=lambda words: " ".join(words[:2]))
def test_a_documented_command_of_aws_exists(words: tuple[str, ...]) -> None:
    assert problem(words) is None


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        ("dynamodb restore-table --target-table-name x", "no operation restore-table"),
        ("dynamodb wait table-restored --table-name x", "no waiter table-restored"),
        ("dynamodb delete-table --name x", "no option --name"),
        ("dynamodb restore-table-to-point-in-time --source-table-name x", "without --target-table-name"),
        ("dynamo list-tables", "no service dynamo"),
    ],
)
def test_a_wrong_command_is_noticed(command: str, expected: str) -> None:
    assert problem(tuple(command.split())) == expected
