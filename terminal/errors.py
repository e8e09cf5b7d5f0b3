"""The error that a command line expects."""


class CommandError(Exception):
    """Shown without a traceback; the command ends with exit status 1."""
