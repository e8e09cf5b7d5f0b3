"""The functions' log. Whatever is written, by our code or a library's, goes through `Scrub` first."""

import logging
import traceback

from common.cards import masked

FIELDS = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime"}
"""What every record has; all else came with `extra`."""


class Scrub(logging.Filter):
    """Takes what may be a card number out of a record: its message, its exception and what came with `extra`."""

    def filter(self, record: logging.LogRecord) -> bool:
        message = record.getMessage()
        if record.exc_info:
            # Written out here: a formatter further on would print the exception's own text.
            message += "\n" + "".join(traceback.format_exception(*record.exc_info))
        record.msg, record.args, record.exc_info, record.exc_text = masked(message), None, None, None
        for name in record.__dict__.keys() - FIELDS:
            if isinstance(value := record.__dict__[name], str):
                record.__dict__[name] = masked(value)
        return True


def logger_of(name: str) -> logging.Logger:
    """The logger `name`. From now on every handler of the root logger scrubs, whoever logs.

    The Lambda runtime installs that handler before it imports the function.
    """
    for handler in logging.getLogger().handlers:
        if not any(isinstance(scrub, Scrub) for scrub in handler.filters):
            handler.addFilter(Scrub())
    return logging.getLogger(name)
