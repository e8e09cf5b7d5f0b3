"""Prints reminders: as they were understood, as they were scheduled, and as they are now."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from reminders.channels import addresses_of
from terminal import times
from tools.remindme.reminders import Reminder
from tools.remindme.when import When
from tools.show import Column, Columns, Output

OWN_ADDRESSES = {"email": "your own e-mail address", "phone": "your own phone number"}
"""The recipients that the API uses if the request leaves out these fields."""

ID = Column("reminder", "id")
STATUS = Column("status", "status")
AFTERWARDS = {
    "UNDELIVERED": "was not delivered",
    "REJECTED": "was refused as dangerous",
    "BOUNCED": "came back: the address accepts no mail",
    "COMPLAINED": "was marked as spam by its recipient",
}
"""What the API's kinds of feedback say about a message that was sent."""

MESSAGES = {"email": "the e-mail", "sms": "the text"}

LISTED: Columns = {
    "reminderId": ID,
    "dueAt": Column("due", "time"),
    "channels": "by",
    "status": STATUS,
    "every": "repeat",
    "afterwards": "afterwards",
    "message": "message",
}
ONE: Columns = {
    "reminderId": ID,
    "message": "message",
    "subject": "subject",
    "due": "due",
    "status": STATUS,
    "reason": "reason",
    "afterwards": "afterwards",
    "channels": "by",
    "email": "e-mail",
    "phone": "number",
    "repeats": "repeat",
    "occurrence": "occurrence",
    "updatedAt": Column("changed", "time"),
}


def listed(found: Sequence[Reminder], output: Output) -> None:
    rows = found
    if not output.as_json:
        rows = [
            {**one, "every": (one.get("repeat") or {}).get("every"), "afterwards": "; ".join(_afterwards(one))}
            for one in found
        ]
    output.rows(rows, LISTED, nothing="no reminders")


def one(reminder: Reminder, output: Output) -> None:
    output.fields(reminder if output.as_json else _for_people(reminder), ONE)


def scheduled(reminder: Reminder, due: When, output: Output) -> None:
    """Prints what the user does not know yet after `understood`."""
    new = ["reminderId", "status"]
    if due.is_soon or reminder.get("dueAt") != f"{due.instant:%Y-%m-%dT%H:%M:%SZ}":
        new.append("due")
    output.fields(reminder if output.as_json else _for_people(reminder), {name: ONE[name] for name in new})


def understood(request: dict[str, Any], due: When, output: Output) -> None:
    """Prints the reminder as it was understood."""
    shown = [f"{due.local:%a %Y-%m-%d %H:%M:%S} {due.zone.key}"]
    if due.zone.utcoffset(None) != timedelta(0):
        shown.append(f"{due.instant:%a %Y-%m-%d %H:%M:%S} UTC")
    if due.is_soon:
        # The API counts the span, so the exact time is not known yet.
        shown = [f"{due.seconds} {'second' if due.seconds == 1 else 'seconds'} after it is scheduled"]
    told = {
        "message": request["message"],
        "when": shown,
        "to": [
            *(request.get(field, OWN_ADDRESSES[field]) for field in addresses_of(request["channels"])),
            *(["the topic"] if "topic" in request["channels"] else []),
        ],
        "repeat": _repeats(request.get("repeat")),
    }
    output.fields({name: value for name, value in told.items() if value}, least=len(ID.title))


def _repeats(repeat: dict[str, Any] | None) -> str | None:
    if not repeat:
        return None
    last = [f"{repeat['times']} times"] if "times" in repeat else []
    last += [f"until {times.local(repeat['until'])}"] if "until" in repeat else []
    return ", ".join([f"every {repeat.get('every')}", *last])


def _for_people(reminder: Reminder) -> dict[str, Any]:
    return {
        **reminder,
        "repeats": _repeats(reminder.get("repeat")),
        "due": _due(reminder),
        "afterwards": _afterwards(reminder),
    }


def _afterwards(reminder: Reminder) -> list[str]:
    """What became of messages after they were sent: `the e-mail came back: the address accepts no mail`."""
    found = reminder.get("feedback") or {}
    return [
        f"{MESSAGES.get(channel, channel)} {AFTERWARDS.get(one.get('kind'), 'did not arrive')}"
        for channel, one in found.items()
    ]


def _due(reminder: Reminder) -> list[str]:
    """The due time on this machine's clocks, and on the clocks of the reminder's time zone if they differ."""
    due = str(reminder.get("dueAt"))
    try:
        there = datetime.fromisoformat(str(reminder.get("dueAtLocal")))
        here = there.astimezone()
    except ValueError:
        return [due]
    elsewhere = (
        [f"{there:%a %Y-%m-%d %H:%M:%S} {reminder.get('timeZone')}"] if there.utcoffset() != here.utcoffset() else []
    )
    return [times.local(due, seconds=True), *elsewhere]
