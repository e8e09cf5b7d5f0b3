"""docs/troubleshooting.md quotes messages that the programs print."""

import ast
import re
from collections.abc import Iterator
from itertools import chain

from local.settings import PROJECT

PAGE = PROJECT / "docs" / "troubleshooting.md"
SOURCES = ("tools", "local", "stacks", "lambdas", "terminal", "costs")
COMMANDS = ("make ", "python -m ", "laptop ", "orders ", "remindme ", "doctor ", "sign-in ")


def quoted() -> Iterator[str]:
    """The messages in the first column of the tables: pieces of code with several words, apart from commands."""
    for row in re.findall(r"^\| (.*?) \|", PAGE.read_text(), re.M):
        for piece in re.findall("`([^`]+)`", row):
            if " " in piece and not piece.startswith(COMMANDS):
                # Every program puts this before its messages.
                yield piece.removeprefix("error: ")


def texts() -> Iterator[str]:
    """The texts in the programs, with `…` where a program puts a value."""
    yield from re.split(r"\n|\$\(error ", (PROJECT / "Makefile").read_text().replace("error: ", "").replace("%s", "…"))
    for file in chain.from_iterable((PROJECT / name).rglob("*.py") for name in SOURCES):
        for node in ast.walk(ast.parse(file.read_text())):
            match node:
                case ast.Constant(value=str(text)):
                    yield text
                case ast.JoinedStr(values=values):
                    yield "".join(str(one.value) if isinstance(one, ast.Constant) else "…" for one in values)


def test_every_quoted_message_is_one_that_a_program_prints() -> None:
    messages = {message: ".*".join(map(re.escape, message.split("…"))) for message in quoted()}
    printed = [*texts()]
    unknown = [
        message
        for message, pattern in messages.items()
        if not any(re.search(rf"(^|'){pattern}($|[\s')])", text.strip(), re.S) for text in printed)
    ]

    assert len(messages) > 30
    assert unknown == [], "quote these messages on the page as the programs print them now"
