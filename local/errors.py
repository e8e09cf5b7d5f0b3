"""The errors of the laptop cloud. Their messages are for the user of the command."""

import shlex
from pathlib import Path

from terminal.errors import CommandError


class LocalError(CommandError):
    """The command cannot be carried out. The message says why, and what to do next."""


class DamagedError(LocalError):
    """A file of the cloud has invalid content. `after` says what follows after the user has deleted it."""

    def __init__(self, file: Path, after: str) -> None:
        super().__init__(f"{file} is damaged. Delete only this file: `rm {shlex.quote(str(file))}`. {after}")


class NotRunningError(LocalError):
    """The command needs a running cloud."""

    def __init__(self) -> None:
        super().__init__("the laptop cloud is not running: start it with `laptop up`")
