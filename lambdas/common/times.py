"""Points in time as text. Pure."""

from datetime import datetime


def timestamp(now: datetime) -> str:
    """Returns `now`, which is in UTC, in the format of Step Functions' EnteredTime: `2026-11-21T04:00:00.000Z`."""
    return now.strftime("%Y-%m-%dT%H:%M:%S.") + f"{now.microsecond // 1000:03}Z"


def timestamp_in_full(now: datetime) -> str:
    """Returns `now`, which is in UTC, with its microseconds: `2026-11-21T04:00:00.000000Z`."""
    return now.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
