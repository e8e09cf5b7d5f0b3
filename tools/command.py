"""Shared by the command lines: common options, error messages and exit statuses."""

import inspect
import os
import re
import sys
from collections.abc import Callable
from dataclasses import dataclass
from difflib import get_close_matches
from inspect import Parameter, Signature
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Concatenate, ParamSpec

import typer
from botocore.exceptions import BotoCoreError, ClientError

from stacks.names import DEFAULT_STAGE as DEFAULT_STAGE
from stacks.names import LAPTOP_STAGE, STAGES, STAGES_IN_WORDS
from terminal import program
from terminal.errors import CommandError
from tools.errors import sentence

if TYPE_CHECKING:
    from tools.deployment import Deployment
    from tools.show import Output


def whole_number(least: int, most: int) -> Callable[[int | None], int | None]:
    """The callback of an option that takes these numbers."""

    def check(number: int | None) -> int | None:
        if number is not None and not least <= number <= most:
            raise typer.BadParameter(f"not a whole number from {least} to {most}")
        return number

    return check


def stage_named(context: typer.Context, text: str) -> str:
    """The callback of `--stage`.

    Without the option and the setting STAGE, the stage is the laptop cloud if AWS_ENDPOINT_URL is its address.
    """
    if text not in STAGES:
        like = get_close_matches(text.lower(), STAGES, n=1)
        meant = f". Did you mean {like[0]}?" if like else f"; the stages are {STAGES_IN_WORDS}"
        raise typer.BadParameter(f"unknown stage {text!r}{meant}")
    source = context.get_parameter_source("stage")
    endpoint = os.environ.get("AWS_ENDPOINT_URL")
    if source and source.name == "DEFAULT" and endpoint and not context.resilient_parsing:
        from tools import laptop

        return LAPTOP_STAGE if laptop.is_at(endpoint) else text
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
Limit = Annotated[int, typer.Option("--limit", metavar="N", callback=whole_number(1, 999_999), help="list at most N")]
Whole = Annotated[
    bool, typer.Option("--whole", help="read the logs of the whole time, not only around the times of the row")
]
"""The options that the programs share. Give them the defaults DEFAULT_STAGE, None, False and None."""


@dataclass(frozen=True)
class Shared:
    """The values of the options that the commands of a program share."""

    stage: str
    user: str | None
    home: str | None
    as_json: bool

    def deployment(self) -> "Deployment":
        # Imported late, because boto3 takes longer than a help text.
        from tools import deployment

        return deployment.find(self.stage, home=self.home)

    def output(self) -> "Output":
        from tools.show import Output

        return Output(as_json=self.as_json)


Options = ParamSpec("Options")


def shared(run: Callable[Concatenate[Shared, Options], int]) -> Callable[..., int]:
    """Gives a command the options `--stage`, `--user`, `--json` and `--home` too. It gets their values first."""

    def with_shared(
        stage: Stage = DEFAULT_STAGE, user: User = None, json: Json = False, home: Home = None, **own: Any
    ) -> int:
        return run(Shared(stage, user, home, json), **own)  # type: ignore[call-arg]  # the options of one command

    _, *own = inspect.signature(run).parameters.values()
    *more, _ = inspect.signature(with_shared).parameters.values()
    added = [one.replace(kind=Parameter.KEYWORD_ONLY) for one in more]
    # Typer reads the options of a command from its signature.
    with_shared.__signature__ = Signature([*own, *added])  # type: ignore[attr-defined]  # functions may have it
    return with_shared


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
