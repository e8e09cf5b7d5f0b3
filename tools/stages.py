"""The stage that a command works on."""

import difflib
import os

from stacks.names import DEFAULT_STAGE, STAGES, STAGES_IN_WORDS
from terminal.errors import CommandError
from tools import laptop
from tools.aws import LOCAL_STAGE


class UnknownStageError(CommandError):
    """No stage in stacks/config.py has this name."""


def named(text: str) -> str:
    """The stage with the name `text`. Raises UnknownStageError if there is none."""
    if text in STAGES:
        return text
    # A name that a user typed may be anything, even a card number, so the message does not repeat it.
    like = difflib.get_close_matches(text.lower(), STAGES, n=1)
    raise UnknownStageError(
        f"there is no such stage: use {STAGES_IN_WORDS}" + (f"; did you mean {like[0]}?" if like else "")
    )


def default() -> str:
    """The stage if no option names one: the setting STAGE, or the laptop cloud if AWS_ENDPOINT_URL is its address.

    Raises CommandError if the setting STAGE is wrong.
    """
    if setting := os.environ.get("STAGE"):
        try:
            return named(setting)
        except UnknownStageError as error:
            raise CommandError(f"the setting STAGE is wrong: {error}") from None
    endpoint = os.environ.get("AWS_ENDPOINT_URL")
    return LOCAL_STAGE if endpoint and laptop.is_at(endpoint) else DEFAULT_STAGE
