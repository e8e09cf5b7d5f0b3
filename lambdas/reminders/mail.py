"""Writes a reminder as an e-mail. Pure."""

import re
from collections.abc import Mapping
from html import escape
from typing import Any, NamedTuple

from common import codes
from reminders.errors import InvalidReminderError

SUBJECT = "Whiskers Commands You to attend!"
"""The subject of the original app, for a reminder without a subject."""

STOP = "Stop this reminder"
ONE_CLICK = "List-Unsubscribe=One-Click"
"""The value of `List-Unsubscribe-Post` in RFC 8058."""

LONGEST_SUBJECT = 100
LONGEST_ADDRESS = 254
"""RFC 5321, 4.5.3.1.3, without the angle brackets."""

# The same as in reminder.schema.json: one address, without quotes, comments, commas or a display name.
ADDRESS = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+")
UNITS = {"m": "minute", "h": "hour", "d": "day", "w": "week", "M": "month", "y": "year"}
_ENDS_A_HEADER = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]")


class Mail(NamedTuple):
    """The mail that SES sends. `text` and `html` say the same."""

    recipient: str
    subject: str
    text: str
    html: str
    headers: Mapping[str, str]


def mail_of(reminder: Mapping[str, Any], *, stop_url: str = "", request_id: str = "") -> Mail:
    """Returns the mail for `reminder`, which has `email`, `message` and perhaps `subject`, `reminderId` and `repeat`.

    `request_id` is the id of the request that set the reminder. Support finds the reminder in the logs with it.

    `stop_url` is the address where the recipient can stop the reminder. Mail programs find it in the headers, too, and
    can stop the reminder with a POST (RFC 8058).

    Raises InvalidReminderError if `email` is not exactly one address, or if the subject is invalid.
    """
    recipient, subject = reminder["email"], reminder.get("subject", SUBJECT)
    check_address(recipient)
    check_subject(subject)
    message, closing = reminder["message"], _closing(reminder)
    link = [f"{STOP}: {stop_url}"] if stop_url else []
    return Mail(
        recipient=recipient,
        subject=subject,
        # A line of two dashes and a space tells mail programs where the message ends.
        text=f"{message}\n\n-- \n" + "\n".join([*closing, *link]) + "\n",
        html=(
            '<!DOCTYPE html>\n<html>\n<head><meta charset="utf-8"></head>\n<body>\n'
            f'<p dir="auto">{_paragraph(message.splitlines())}</p>\n<hr>\n<p>{_paragraph(closing)}</p>\n'
            + (f'<p><a href="{escape(stop_url)}">{STOP}</a></p>\n' if stop_url else "")
            + "</body>\n</html>\n"
        ),
        headers={
            **({"List-Unsubscribe": f"<{stop_url}>", "List-Unsubscribe-Post": ONE_CLICK} if stop_url else {}),
            **({"X-Request-Id": request_id} if request_id else {}),
        },
    )


def check_address(address: str) -> None:
    """Raises InvalidReminderError if `address` is not exactly one e-mail address of at most 254 characters."""
    if len(address) > LONGEST_ADDRESS or not ADDRESS.fullmatch(address):
        raise InvalidReminderError("email", codes.NOT_AN_EMAIL_ADDRESS())


def identities_of(address: str) -> list[str]:
    """Returns the SES identities that verify `address`: the address, its domain and each parent domain."""
    labels = address.rpartition("@")[2].lower().split(".")
    return [address, *(".".join(labels[i:]) for i in range(len(labels) - 1))]


def check_subject(subject: str) -> None:
    """Raises InvalidReminderError if the subject is empty, too long or more than one line."""
    if not subject:
        raise InvalidReminderError("subject", codes.EMPTY())
    if len(subject) > LONGEST_SUBJECT:
        raise InvalidReminderError("subject", codes.TOO_LONG(longest=LONGEST_SUBJECT))
    if _ENDS_A_HEADER.search(subject):
        raise InvalidReminderError("subject", codes.NOT_ONE_LINE())


def _closing(reminder: Mapping[str, Any]) -> list[str]:
    """Returns the footer: how to stop this reminder, and how to stop all.

    The recipient may be another person than the owner, without access to the API. Everybody can reply: the sender is a
    mailbox, because its owner has opened the link that SES mailed to it.

    See decision D047.
    """
    lines = [f"This is reminder {reminder['reminderId']}."] if reminder.get("reminderId") else []
    if again := reminder.get("repeat"):
        lines.append(f"It repeats every {_in_words(again['every'])}. The person who set it can cancel it.")
    return [
        *lines,
        "You get this mail because you or somebody else entered this address for a reminder.",
        "To get no more reminders, reply to this mail.",
    ]


def _in_words(every: str) -> str:
    """Returns the words after "every": `1d` becomes `day`, `2w` becomes `2 weeks`."""
    count, unit = every[:-1], UNITS[every[-1]]
    return unit if count == "1" else f"{count} {unit}s"


def _paragraph(lines: list[str]) -> str:
    return "<br>\n".join(escape(line) for line in lines)
