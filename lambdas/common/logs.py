"""The functions' log. Every record goes through `Scrub` first, whether our code or a library writes it."""

import json
import logging
import traceback
from collections.abc import Sequence
from typing import TypeAlias

from common.cards import is_identifier, masked

Value: TypeAlias = str | int | float | Sequence[str] | None

FIELDS = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime"}
"""The attributes that every record has. All others came with `extra`."""

OURS: list[logging.Logger] = []
"""The loggers of our own modules."""


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
                record.__dict__[name] = hidden(value)
        return True


def logger_of(name: str) -> logging.Logger:
    """Returns the logger `name`, and adds `Scrub` to every handler of the root logger.

    The Lambda runtime installs its handler before it imports the function, so all later records are scrubbed.
    """
    for handler in logging.getLogger().handlers:
        if not any(isinstance(scrub, Scrub) for scrub in handler.filters):
            handler.addFilter(Scrub())
    OURS.append(logger := logging.getLogger(name))
    return logger


def event(name: str, **fields: Value) -> None:
    """Writes the line of a business event: `event("order received", OrderId="…", RequestId="…")`.

    The line is JSON, with the name as `message`. It hides possible card numbers and leaves out fields that are None.
    Never pass a person's name, text or address.

    See decision D197.
    """
    line = {"message": name, **{field: shown(value) for field, value in fields.items() if value is not None}}
    print(json.dumps(line, ensure_ascii=False, separators=(",", ":")))


def hidden(text: str) -> str:
    """A field with `#` for each possible card number. A UUID stays, although it may have a long run of digits."""
    return text if is_identifier(text) else masked(text)


def shown(value: Value) -> Value:
    """The value of a field, with `#` for each possible card number in it."""
    if isinstance(value, str):
        return hidden(value)
    return [hidden(one) for one in value] if isinstance(value, Sequence) else value
