"""Shared by the command lines: common options, error messages and exit statuses."""

import argparse
import os
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, NoReturn

import typer
from botocore.exceptions import BotoCoreError, ClientError

from common.cards import without_cards
from stacks.names import DEFAULT_STAGE as DEFAULT_STAGE
from stacks.names import STAGES, STAGES_IN_WORDS
from terminal import program
from terminal.errors import CommandError
from terminal.text import printable
from tools.errors import sentence


def stage_named(text: str) -> str:
    """The callback of `--stage`."""
    if not re.fullmatch("[A-Za-z][A-Za-z0-9-]{0,63}", text):
        raise typer.BadParameter(f"not a valid name of a stage: use {STAGES_IN_WORDS}")
    return text


def _email(text: str | None) -> str | None:
    if text is not None and (not re.fullmatch(r"[^\s@]+@[^\s@]+", text) or len(text) > 128):
        raise typer.BadParameter("not an e-mail address")
    return text


Stage = Annotated[
    str,
    typer.Option(
        "--stage",
        metavar="STAGE",
        envvar="STAGE",
        callback=stage_named,
        autocompletion=lambda: list(STAGES),
        help=f"the stage: {STAGES_IN_WORDS}",
    ),
]
User = Annotated[
    str | None,
    typer.Option(
        "--user",
        metavar="EMAIL",
        callback=_email,
        help="the user who signs in (default: the setting SIGN_IN_EMAIL, or the only user who is signed in; on the "
        "laptop cloud, a demo user)",
    ),
]
Json = Annotated[bool, typer.Option("--json", help="print JSON")]
Home = Annotated[
    str | None, typer.Option("--home", metavar="FOLDER", help="folder of the laptop cloud (default: .local)")
]
"""The options that the programs share. Give them the defaults DEFAULT_STAGE, None, False and None."""


class Parser(program.Parser):
    """Reports wrong arguments without repeating a card number."""

    def error(self, message: str) -> NoReturn:
        super().error(printable(message))


def common_options() -> Parser:
    """A parent parser with `--stage`, `--user`, `--json` and `--home`, which may stand before or after a command.

    The options have no default here, because the default of the command would overwrite a value before the command.
    `defaults` has the defaults.
    """
    common = Parser(add_help=False)
    common.add_argument(
        "--stage",
        type=_stage,
        default=argparse.SUPPRESS,
        help=f"the stage: {STAGES_IN_WORDS} (default: the setting STAGE, or {DEFAULT_STAGE})",
    )
    common.add_argument(
        "--user",
        metavar="EMAIL",
        type=_user,
        default=argparse.SUPPRESS,
        help="the user who signs in (default: the setting SIGN_IN_EMAIL, or the only user who is signed in; on the "
        "laptop cloud, a demo user)",
    )
    common.add_argument("--json", action="store_true", default=argparse.SUPPRESS, help="print JSON")
    common.add_argument(
        "--home", metavar="FOLDER", default=argparse.SUPPRESS, help="folder of the laptop cloud (default: .local)"
    )
    return common


def defaults() -> argparse.Namespace:
    """The defaults of the common options. Raises CommandError if the setting STAGE is wrong."""
    stage = os.environ.get("STAGE") or DEFAULT_STAGE
    try:
        _stage(stage)
    except argparse.ArgumentTypeError:
        raise CommandError(f"the setting STAGE is not a valid name of a stage: set it to {STAGES_IN_WORDS}") from None
    return argparse.Namespace(stage=stage, user=None, json=False, home=None)


def exit_status(action: Callable[[], int]) -> int:
    """Runs `action` and returns its exit status. Prints a message and returns 1 if it fails.

    Returns 128 plus the signal's number if a signal ends it.
    """
    return program.run(action, said_of=_said_of)


def _said_of(error: Exception) -> str | None:
    match error:
        case CommandError():
            return str(error)
        case BotoCoreError() | ClientError():
            return sentence(error)
        case _:
            return None


def find_node() -> None:
    """Lets CDK find the Node that `make setup` installed, even if the environment is not activated."""
    os.environ["PATH"] = os.pathsep.join([os.environ.get("PATH", os.defpath), str(Path(sys.executable).parent)])


def limit(text: str) -> int:
    """The type of `--limit`."""
    if not re.fullmatch("[1-9][0-9]{0,5}", text):
        raise argparse.ArgumentTypeError(f"{without_cards(text)!r} is not a number from 1 to 999999")
    return int(text)


def _stage(text: str) -> str:
    if not re.fullmatch("[A-Za-z][A-Za-z0-9-]{0,63}", text):
        raise argparse.ArgumentTypeError(f"not a valid name of a stage: use {STAGES_IN_WORDS}")
    return text


def _user(text: str) -> str:
    if not re.fullmatch(r"[^\s@]+@[^\s@]+", text) or len(text) > 128:
        raise argparse.ArgumentTypeError("not an e-mail address")
    return text
