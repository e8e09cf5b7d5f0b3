"""What can go wrong, in words for whoever typed the command."""

import shlex
from pathlib import Path

from terminal.errors import CommandError


class LocalError(CommandError):
    """What the laptop cloud cannot do, and what to do next."""


class DamagedError(LocalError):
    """A file of the cloud cannot be read as what it is. `after` says what happens without it."""

    def __init__(self, file: Path, after: str) -> None:
        super().__init__(f"{file} is damaged. Delete only this file: `rm {shlex.quote(str(file))}`. {after}")


class NotRunningError(LocalError):
    """The command needs a running cloud."""

    def __init__(self) -> None:
        super().__init__("the laptop cloud is not running: start it with `python -m local up`")
