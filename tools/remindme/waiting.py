"""Waits until a reminder is sent, and shows the time left."""

import time
from datetime import UTC, datetime, timedelta

from rich.console import Console

from terminal.text import printable
from tools import laptop
from tools.api import Api
from tools.remindme import reminders, shown
from tools.remindme.reminders import UNDER_WAY, Reminder
from tools.show import Output


def wait_for(api: Api, scheduled: Reminder, output: Output) -> int:
    """Shows the time left until the reminder is sent. Returns the exit status: 0 if it was sent."""
    reminder_id = str(scheduled["reminderId"])
    output.say(f"waiting for reminder {reminder_id}: Ctrl-C stops the waiting but does not cancel the reminder")
    first, last = None, scheduled

    def pause(seconds: float) -> None:
        end = time.monotonic() + seconds
        # The status line is shown only during pauses. Otherwise it would hide a question for the password.
        with Console(stderr=True).status("waiting") as line:
            while (left := end - time.monotonic()) > 0:
                line.update(_progress(last))
                time.sleep(min(1.0, left))
                if laptop.follow_clock():
                    return

    for last in reminders.watched(api, reminder_id, pause=pause):
        first = first or last
    shown.one(last, output)
    # If the reminder repeats, the command waits for its first occurrence only.
    went_out = last.get("occurrence") != (first or last).get("occurrence")
    return 0 if last.get("status") == "SENT" or (last.get("status") in UNDER_WAY and went_out) else 1


def _progress(reminder: Reminder) -> str:
    left = timedelta(seconds=round(reminders.seconds_left(reminder, now=datetime.now(UTC))))
    return f"{printable(reminder.get('status'))}, due in {left}"
