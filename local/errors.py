"""What can go wrong, in words for whoever typed the command."""


class LocalError(Exception):
    """Shown without a traceback; the command ends with exit status 1."""


class NotRunningError(LocalError):
    """The command needs a running cloud."""

    def __init__(self) -> None:
        super().__init__("the laptop cloud is not running: start it with `python -m local up`")
