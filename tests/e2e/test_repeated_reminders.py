"""Repeated reminders, and reminders in a year, in the time zone of their request."""

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from local.users import EMAILS, OPERATOR, PHONES
from tests.support.cloud.apps import Apps
from tests.support.cloud.contract import Api
from tests.support.cloud.reminders import (
    executions,
    row_of,
    settled,
    times_published,
    waited_until,
)
from tests.support.waiting import eventually

pytestmark = pytest.mark.usefixtures("skipped_waits", "balanced")

EMAIL, PHONE = EMAILS[OPERATOR], PHONES[OPERATOR]
MOST_EVENTS = 60
"""A limit for the history of one execution. AWS allows 25,000 events."""


def day_before_the_next_change(zone: str) -> datetime:
    """Nine in the morning, local time, on the day before the next clock change."""
    day = datetime.now(ZoneInfo(zone)).replace(tzinfo=None, hour=9, minute=0, second=0, microsecond=0)
    days = [day + timedelta(days=n) for n in range(2, 364)]
    offsets = [one.replace(tzinfo=ZoneInfo(zone)).utcoffset() for one in days]
    return next(one for one, now, then in zip(days, offsets, offsets[1:], strict=False) if now != then)


@pytest.mark.parametrize("zone", ["Europe/Paris", "America/New_York", "Australia/Lord_Howe"])
def test_a_daily_reminder_at_nine_stays_at_nine_across_a_clock_change(
    apps: Apps, api: Api, message: str, zone: str
) -> None:
    first = day_before_the_next_change(zone)
    repeat = {"every": "1d", "times": 3}
    body = {"message": message, "preference": "topic", "timestamp": f"{first}", "timeZone": zone, "repeat": repeat}

    status, posted, _ = api.call("POST", "/reminders", body=body)
    row = settled(apps, posted["reminderId"], occurrence=3)

    local = [
        datetime.fromisoformat(waited_until(one)).astimezone(ZoneInfo(zone))
        for one in executions(apps, posted["reminderId"])
    ]
    assert status == 202
    assert [one.replace(tzinfo=None) for one in local] == [first + timedelta(days=n) for n in range(3)]
    assert len({one.utcoffset() for one in local}) == 2
    assert row["Status"] == "SENT"
    assert times_published(apps, message) == 3


def test_the_31st_falls_back_to_the_last_day_of_a_short_month(apps: Apps, api: Api, message: str) -> None:
    today = datetime.now(UTC)
    year = today.year + (today.month > 1 or today.day > 30)
    timestamp, repeat = f"{year}-01-31T09:00:00Z", {"every": "1M", "times": 4}
    body = {"message": message, "preference": "topic", "timestamp": timestamp, "repeat": repeat}

    _, posted, _ = api.call("POST", "/reminders", body=body)
    settled(apps, posted["reminderId"], occurrence=4)

    found = executions(apps, posted["reminderId"])
    february = "02-29" if year % 4 == 0 else "02-28"
    days = ["01-31", february, "03-31", "04-30"]
    assert [waited_until(one) for one in found] == [f"{year}-{day}T09:00:00Z" for day in days]
    assert times_published(apps, message) == 4
    assert max(len(one["events"]) for one in found) < MOST_EVENTS, "the history grows with each occurrence"


@pytest.mark.usefixtures("real_waits")
def test_cancelling_a_repeated_reminder_cancels_the_rest(apps: Apps, api: Api, message: str) -> None:
    body = {"message": message, "preference": "topic", "waitSeconds": 0, "repeat": {"every": "1d"}}
    _, posted, _ = api.call("POST", "/reminders", body=body)
    reminder_id = posted["reminderId"]

    def started() -> tuple[str, list[str]]:
        """The execution that the row names, and all executions, oldest first."""
        found = executions(apps, reminder_id)
        return row_of(apps, reminder_id)["ExecutionId"], [one["executionArn"] for one in found]

    eventually(started, until=lambda found: len(found[1]) == 2 and found[0] == found[1][1])

    status, cancelled, _ = api.call("DELETE", "/reminders/{reminderId}", reminderId=reminder_id)

    first, second, *more = executions(apps, reminder_id)
    assert not more, [(one["name"], one["status"], one["input"], one["startDate"]) for one in (first, second, *more)]
    assert (status, cancelled["status"], cancelled["occurrence"]) == (200, "CANCELLED", 2)
    assert (first["status"], apps.finished(second["executionArn"])["status"]) == ("SUCCEEDED", "ABORTED")
    assert times_published(apps, message) == 1


def test_an_endlessly_repeated_reminder_can_be_cancelled_at_any_moment(apps: Apps, api: Api, message: str) -> None:
    """Without waits, occurrences follow each other at once, so the cancellation comes at any moment of one."""
    body = {"message": message, "preference": "topic", "waitSeconds": 0, "repeat": {"every": "1d"}}
    _, posted, _ = api.call("POST", "/reminders", body=body)
    reminder_id = posted["reminderId"]
    eventually(lambda: row_of(apps, reminder_id), until=lambda row: int(row["Occurrence"]) > 2)

    def cancelled() -> dict[str, Any] | None:
        status, answer, _ = api.call("DELETE", "/reminders/{reminderId}", reminderId=reminder_id)
        return answer if status == 200 else None

    last = eventually(cancelled)

    eventually(
        lambda: [one["status"] for one in executions(apps, reminder_id)],
        until=lambda statuses: "RUNNING" not in statuses,
    )
    # If the cancellation comes while an occurrence is being sent, that occurrence is the last one.
    status, sent = {"CANCELLED": ("CANCELLED", 0), "SENDING": ("SENT", 1)}[last["status"]]
    eventually(lambda: row_of(apps, reminder_id)["Status"], until=lambda found: found == status)
    assert times_published(apps, message) == last["occurrence"] - 1 + sent


@pytest.mark.parametrize(
    ("wait", "expected"),
    [(timedelta(days=364, hours=-1), 1), (timedelta(days=364, hours=23), 2), (timedelta(days=365), 2)],
)
def test_a_reminder_in_a_year_continues_in_a_second_execution(
    apps: Apps, api: Api, message: str, wait: timedelta, expected: int
) -> None:
    body = {"message": message, "preference": "topic", "waitSeconds": int(wait.total_seconds())}

    _, posted, _ = api.call("POST", "/reminders", body=body)

    assert settled(apps, posted["reminderId"])["Status"] == "SENT"
    found = executions(apps, posted["reminderId"])
    assert (len(found), waited_until(found[-1])) == (expected, posted["dueAt"])
    assert times_published(apps, message) == 1


def test_a_yearly_reminder_comes_once_a_year(apps: Apps, api: Api, message: str) -> None:
    repeat = {"every": "1y", "times": 3}
    body = {"message": message, "preference": "topic", "waitSeconds": 3600, "repeat": repeat}

    _, posted, _ = api.call("POST", "/reminders", body=body)
    row = settled(apps, posted["reminderId"], occurrence=3)

    years = [int(due[:4]) for due in (posted["dueAt"], row["DueAt"])]
    assert row["Status"] == "SENT"
    assert times_published(apps, message) == 3
    assert years[1] - years[0] == 2
