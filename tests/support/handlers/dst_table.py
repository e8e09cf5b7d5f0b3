"""Local times near clock changes, and the API's answer to each.

`python -m tests.support.handlers.dst_table` prints them as a table.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta

from reminders.due import due_at, local_text, utc_text
from reminders.errors import InvalidReminderError

FIRST, SECOND = {"fold": 0}, {"fold": 1}

PARIS_SPRING = "does not exist in Europe/Paris: clocks jump from 2027-03-28 02:00 to 2027-03-28 03:00"
NEW_YORK_SPRING = "does not exist in America/New_York: clocks jump from 2027-03-14 02:00 to 2027-03-14 03:00"
LORD_HOWE_SPRING = "does not exist in Australia/Lord_Howe: clocks jump from 2027-10-03 02:00 to 2027-10-03 02:30"
APIA_DAY = "does not exist in Pacific/Apia: clocks jump from 2011-12-30 00:00 to 2011-12-31 00:00"


def twice(zone: str, offsets: str) -> str:
    return f"happens twice in {zone}, at {offsets}: send fold, 0 for the first or 1 for the second"


CASES: list[tuple[str, str, dict[str, int], str]] = [
    ("Europe/Paris", "2027-01-27 09:00", {}, "2027-01-27T08:00:00Z"),
    ("Europe/Paris", "2027-03-28 01:59:59", {}, "2027-03-28T00:59:59Z"),
    ("Europe/Paris", "2027-03-28 02:00", {}, PARIS_SPRING),
    ("Europe/Paris", "2027-03-28 02:59:59", SECOND, PARIS_SPRING),
    ("Europe/Paris", "2027-03-28 03:00", {}, "2027-03-28T01:00:00Z"),
    ("Europe/Paris", "2027-10-31 01:59:59", {}, "2027-10-30T23:59:59Z"),
    ("Europe/Paris", "2027-10-31 02:00", {}, twice("Europe/Paris", "+02:00 and again at +01:00")),
    ("Europe/Paris", "2027-10-31 02:00", FIRST, "2027-10-31T00:00:00Z"),
    ("Europe/Paris", "2027-10-31 02:00", SECOND, "2027-10-31T01:00:00Z"),
    ("Europe/Paris", "2027-10-31 02:59:59", {}, twice("Europe/Paris", "+02:00 and again at +01:00")),
    ("Europe/Paris", "2027-10-31 03:00", {}, "2027-10-31T02:00:00Z"),
    ("America/New_York", "2027-03-14 01:59:59", {}, "2027-03-14T06:59:59Z"),
    ("America/New_York", "2027-03-14 02:30", {}, NEW_YORK_SPRING),
    ("America/New_York", "2027-03-14 03:00", {}, "2027-03-14T07:00:00Z"),
    ("America/New_York", "2027-11-07 01:30", {}, twice("America/New_York", "-04:00 and again at -05:00")),
    ("America/New_York", "2027-11-07 01:30", FIRST, "2027-11-07T05:30:00Z"),
    ("America/New_York", "2027-11-07 01:30", SECOND, "2027-11-07T06:30:00Z"),
    ("Australia/Lord_Howe", "2027-04-04 01:30", {}, twice("Australia/Lord_Howe", "+11:00 and again at +10:30")),
    ("Australia/Lord_Howe", "2027-04-04 01:30", FIRST, "2027-04-03T14:30:00Z"),
    ("Australia/Lord_Howe", "2027-04-04 01:30", SECOND, "2027-04-03T15:00:00Z"),
    ("Australia/Lord_Howe", "2027-10-03 02:15", {}, LORD_HOWE_SPRING),
    ("Australia/Lord_Howe", "2027-10-03 02:30", {}, "2027-10-02T15:30:00Z"),
    ("Pacific/Apia", "2011-12-29 23:59:59", {}, "2011-12-30T09:59:59Z"),
    ("Pacific/Apia", "2011-12-30 00:00", {}, APIA_DAY),
    ("Pacific/Apia", "2011-12-30 23:59:59", {}, APIA_DAY),
    ("Pacific/Apia", "2011-12-31 00:00", {}, "2011-12-30T10:00:00Z"),
    ("Pacific/Apia", "2026-12-31 23:59:59", {}, "2026-12-31T10:59:59Z"),
]
"""Time zone, local time, fold, and the answer: `dueAt`, or why the time is refused."""


def answer(zone: str, local: str, fold: dict[str, int]) -> str:
    """`dueAt`, or why the time is refused, if the request comes half a year before."""
    now = datetime.fromisoformat(local + "+00:00") - timedelta(days=180)
    try:
        return utc_text(due_at({"timestamp": local, "timeZone": zone} | fold, now=now).instant)
    except InvalidReminderError as error:
        return str(error)


def lines() -> Iterator[str]:
    yield "| time zone | local time | fold | due |"
    yield "|---|---|---|---|"
    for zone, local, fold, _ in CASES:
        due = answer(zone, local, fold)
        if due.endswith("Z"):
            due = f"{due} = {local_text(datetime.fromisoformat(due), zone)}"
        yield f"| {zone} | {local} | {fold.get('fold', '')} | {due} |"


if __name__ == "__main__":
    print(*lines(), sep="\n")
