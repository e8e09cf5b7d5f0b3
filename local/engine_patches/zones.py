"""Gives a schedule of EventBridge's Scheduler the time zone that it names.

The engine (`services/scheduler.py:555`) saves ScheduleExpressionTimezone, but takes each time in `at()` and `cron()`
for a time in UTC. On AWS a schedule skips a time that its clocks skip, and starts once at a time that they show twice.
https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html
"""

from collections.abc import Mapping
from datetime import UTC, datetime, tzinfo
from typing import Any
from zoneinfo import ZoneInfo

from ministack.services import eventbridge, scheduler

from local.engine_patches import lines


def apply() -> None:
    scheduler.at_in_zone, scheduler.next_in_zone = at, following
    for line, by in (
        ("_at_time_epoch(expr)", "at_in_zone(expr, sched)"),
        ("_eb._cron_next_fire(fields, last_dt)", "next_in_zone(fields, last_dt, sched)"),
    ):
        lines.replace(scheduler, "_tick_schedules", line, by)


def at(expression: str, schedule: Mapping[str, Any]) -> float | None:
    """The time of an `at()` expression in seconds since 1970. None if the expression has another form."""
    epoch = scheduler._at_time_epoch(expression)
    return None if epoch is None else datetime.fromtimestamp(epoch, UTC).replace(tzinfo=_zone(schedule)).timestamp()


def following(fields: Any, after: datetime, schedule: Mapping[str, Any]) -> datetime | None:
    """The next time of a schedule. `fields` is its parsed `cron()` expression. None if it has no time any more."""
    zone = _zone(schedule)
    found: datetime | None = eventbridge._cron_next_fire(fields, after.astimezone(zone))
    while found and (found.timestamp() <= after.timestamp() or _is_skipped(found, zone)):
        # The clocks skip this time, or show it for the second time.
        found = eventbridge._cron_next_fire(fields, found)
    return found


def _is_skipped(time: datetime, zone: tzinfo) -> bool:
    return time.astimezone(UTC).astimezone(zone).replace(tzinfo=None) != time.replace(tzinfo=None)


def _zone(schedule: Mapping[str, Any]) -> tzinfo:
    """UTC for a rule, which has no zone, and for an unknown zone, which AWS would refuse."""
    try:
        return ZoneInfo(schedule.get("ScheduleExpressionTimezone") or "UTC")
    except (KeyError, ValueError, OSError):
        return UTC
