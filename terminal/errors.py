"""The base class of errors with a message for the user."""


class CommandError(Exception):
    """The command prints the message without a traceback, and ends with exit status 1."""
