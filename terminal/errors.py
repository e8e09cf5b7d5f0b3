"""The base class of errors with a message for the user."""

import re
import shlex


class CommandError(Exception):
    """The command prints the message without a traceback, and ends with exit status 1."""


def naming_home(message: str, home: str | None) -> str:
    """The message, whose commands of `laptop` name the folder `home`, unless it is None."""
    return re.sub("`laptop (?=[a-z])", f"`laptop --home {shlex.quote(home)} ", message) if home else message
