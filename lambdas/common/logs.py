"""The functions' log. Every record goes through `Scrub` first, whether our code or a library writes it."""

import logging
import traceback

from common.cards import masked

FIELDS = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime"}
"""The attributes that every record has. All others came with `extra`."""


class Scrub(logging.Filter):
    """Hides possible card numbers in a record: in its message, its exception and the fields from `extra`."""

    def filter(self, record: logging.LogRecord) -> bool:
        message = record.getMessage()
        if record.exc_info:
            # Format the exception here, because a later formatter would print its text unmasked.
            message += "\n" + "".join(traceback.format_exception(*record.exc_info))
        record.msg, record.args, record.exc_info, record.exc_text = masked(message), None, None, None
        for name in record.__dict__.keys() - FIELDS:
            if isinstance(value := record.__dict__[name], str):
                record.__dict__[name] = masked(value)
        return True


def logger_of(name: str) -> logging.Logger:
    """Returns the logger `name`, and adds `Scrub` to every handler of the root logger.

    The Lambda runtime installs its handler before it imports the function, so all later records are scrubbed.
    """
    for handler in logging.getLogger().handlers:
        if not any(isinstance(scrub, Scrub) for scrub in handler.filters):
            handler.addFilter(Scrub())
    return logging.getLogger(name)
