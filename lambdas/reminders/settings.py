"""The stage's settings for reminders."""

import os
from datetime import timedelta

from reminders.limits import Limits


def kept() -> timedelta:
    """Returns how long a reminder's row is kept after the reminder was due."""
    return timedelta(days=int(os.environ["DAYS_KEPT"]))


def grace() -> timedelta:
    """Returns how late a lost reminder may still be sent."""
    return timedelta(hours=int(os.environ["HOURS_LATE"]))


def stage() -> str:
    """Returns the name of the stage, for metrics."""
    return os.environ["STAGE"]


def listed() -> frozenset[str]:
    """Returns the addresses and numbers, in lower case, that every signed-in user may send reminders to."""
    return frozenset(f"{os.environ['ALLOWED_EMAILS']} {os.environ['ALLOWED_PHONES']}".lower().split())


def limits() -> Limits:
    """Returns the limits of each person."""
    return Limits(waiting=int(os.environ["MOST_WAITING"]), set_a_day=int(os.environ["MOST_SET_A_DAY"]))


def texts_a_day() -> int:
    """Returns the most text messages that the reminders of one person send on one day in UTC."""
    return int(os.environ["MOST_TEXTS_A_DAY"])


def stop_url() -> str:
    """Returns the address of the API below which the recipients of e-mails stop reminders."""
    return os.environ["STOP_URL"]


def pauses() -> dict[str, float]:
    """Returns for each channel how many seconds one instance of `SendReminder` leaves between two sends."""
    return {channel: float(os.environ[f"{prefix}_PAUSE"]) for channel, prefix in _PREFIXES.items()}


def queues() -> dict[str, str]:
    """Returns the URL of each channel's queue."""
    return {channel: os.environ[f"{prefix}_QUEUE"] for channel, prefix in _PREFIXES.items()}


_PREFIXES = {"email": "EMAIL", "sms": "SMS", "topic": "TOPIC"}
"""The beginnings of the environment variables of each channel."""
