"""The messages in the queues of the channels. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from common.jsontext import NotJsonError, read_leniently
from reminders.channels import CHANNELS


class BadMessageError(ValueError):
    """A message that the workflow did not write. The text quotes nothing of it."""


@dataclass(frozen=True, kw_only=True)
class Message:
    """A reminder that is due, and one of its channels."""

    execution: str
    """The ARN of the execution that waited. The row must still name it."""

    channel: str
    reminder: Mapping[str, Any]
    """The execution's input: the request with its addresses."""

    receives: int
    """How often SQS has delivered the message, this time included."""

    @property
    def reminder_id(self) -> str:
        return str(self.reminder["reminderId"])

    @property
    def waited_until(self) -> str:
        return str(self.reminder["waitUntil"])


def read(body: str, *, receives: int) -> Message:
    """Returns the message in `body`. Raises BadMessageError."""
    try:
        found = read_leniently(body)
        message = Message(
            execution=found["ExecutionId"], channel=found["Channel"], reminder=found["Reminder"], receives=receives
        )
        names = message.execution, message.reminder["reminderId"], message.reminder["waitUntil"]
    except (NotJsonError, LookupError, TypeError):
        raise BadMessageError("has no execution, channel or reminder") from None
    if not all(isinstance(name, str) for name in names) or message.channel not in CHANNELS:
        raise BadMessageError("has an invalid execution, channel or reminder")
    return message
