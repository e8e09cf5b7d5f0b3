"""What the command lines share: their common options, complaints and exit statuses."""

import argparse
import io
import os
import re
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

from botocore.exceptions import BotoCoreError, ClientError

from common.cards import without_cards
from local import settings
from local.errors import LocalError
from tools.errors import CommandError, sentence
from tools.show import complain
from tools.text import printable

DEFAULT_STAGE = "dev"


class Parser(argparse.ArgumentParser):
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
        help=f"the stage, local, dev or prod (default: the setting STAGE, else {DEFAULT_STAGE})",
    )
    common.add_argument(
        "--user",
        metavar="EMAIL",
        type=_user,
        default=argparse.SUPPRESS,
        help="who signs in (default: the setting SIGN_IN_EMAIL, else who has signed in; on the laptop a demo user)",
    )
    common.add_argument("--json", action="store_true", default=argparse.SUPPRESS, help="print JSON")
    common.add_argument(
        "--home", type=Path, default=argparse.SUPPRESS, help="folder of the laptop cloud (default: .local)"
    )
    return common


def defaults() -> argparse.Namespace:
    stage = os.environ.get("STAGE") or DEFAULT_STAGE
    return argparse.Namespace(stage=stage, user=None, json=False, home=settings.PROJECT / ".local")


def exit_status(action: Callable[[], int]) -> int:
    """What `action` returns; 1 with a sentence where it fails, 130 where it is interrupted."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            # A terminal that has no such letter shows its number.
            stream.reconfigure(errors="backslashreplace")
    # Ended by `kill` or by a closed terminal, what is to be put in order is, as after Ctrl-C.
    for ending in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(ending, signal.default_int_handler)
    try:
        return action()
    except (CommandError, LocalError) as error:
        complain(str(error))
    except (BotoCoreError, ClientError) as error:
        complain(sentence(error))
    except BrokenPipeError:
        # Whoever read the output has seen enough; Python would complain once more when it closes it.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except KeyboardInterrupt:
        complain("interrupted")
        return 130
    return 1


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
