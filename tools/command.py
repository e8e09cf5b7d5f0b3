"""What the command lines share: their common options, complaints and exit statuses."""

import argparse
import os
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

from botocore.exceptions import BotoCoreError, ClientError

from common.cards import without_cards
from stacks.names import DEFAULT_STAGE, STAGES_IN_WORDS
from terminal import program
from terminal.errors import CommandError
from tools.errors import sentence
from tools.text import printable


class Parser(program.Parser):
    """Complains about arguments without repeating a card number among them."""

    def error(self, message: str) -> NoReturn:
        super().error(printable(message))


def common_options() -> Parser:
    """A parent with `--stage`, `--user`, `--json` and `--home`, which may stand before a command or after it.

    They keep no default of their own, since the later would undo the first: `defaults` has them.
    """
    common = Parser(add_help=False)
    common.add_argument(
        "--stage",
        type=_stage,
        default=argparse.SUPPRESS,
        help=f"the stage, {STAGES_IN_WORDS} (default: the setting STAGE, else {DEFAULT_STAGE})",
    )
    common.add_argument(
        "--user",
        metavar="EMAIL",
        type=_user,
        default=argparse.SUPPRESS,
        help="who signs in (default: the setting SIGN_IN_EMAIL, else the one signed in; on the laptop a demo user)",
    )
    common.add_argument("--json", action="store_true", default=argparse.SUPPRESS, help="print JSON")
    common.add_argument("--home", default=argparse.SUPPRESS, help="folder of the laptop cloud (default: .local)")
    return common


def defaults() -> argparse.Namespace:
    """Raises CommandError if a setting is wrong."""
    stage = os.environ.get("STAGE") or DEFAULT_STAGE
    try:
        _stage(stage)
    except argparse.ArgumentTypeError:
        raise CommandError(f"the setting STAGE is not the name of a stage: set it to {STAGES_IN_WORDS}") from None
    return argparse.Namespace(stage=stage, user=None, json=False, home=None)


def exit_status(action: Callable[[], int]) -> int:
    """What `action` returns; 1 with a sentence if it fails; 128 and a signal's number if a signal ends it."""
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
        raise argparse.ArgumentTypeError("not the name of a stage")
    return text


def _user(text: str) -> str:
    if not re.fullmatch(r"[^\s@]+@[^\s@]+", text) or len(text) > 128:
        raise argparse.ArgumentTypeError("not an e-mail address")
    return text
