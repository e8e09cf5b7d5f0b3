"""What the stage sets."""

import os
from datetime import timedelta


def kept() -> timedelta:
    """How long a reminder is kept after it was due."""
    return timedelta(days=int(os.environ["DAYS_KEPT"]))


def grace() -> timedelta:
    """How late a reminder is still sent if its execution was lost."""
    return timedelta(hours=int(os.environ["HOURS_LATE"]))


def listed() -> frozenset[str]:
    """Addresses and numbers that anybody signed in may have reminders sent to, in small letters."""
    return frozenset(f"{os.environ['ALLOWED_EMAILS']} {os.environ['ALLOWED_PHONES']}".lower().split())
