"""The limits of a person, and what the API answers above them."""

from datetime import UTC, datetime

import pytest

from reminders import limits


@pytest.mark.parametrize(("at", "left"), [("T00:00:00", 86_401), ("T12:00:00", 43_201), ("T23:59:59.900000", 1)])
def test_the_seconds_until_the_next_day_are_never_too_few(at, left):
    assert limits.seconds_left(datetime.fromisoformat(f"2026-11-21{at}+00:00")) == left


def test_a_day_begins_at_midnight_in_utc():
    assert limits.day_of(datetime(2026, 12, 31, 23, 59, 59, tzinfo=UTC)) == "2026-12-31"
    assert limits.seconds_left(datetime(2026, 12, 31, 23, tzinfo=UTC)) == 3601


def test_a_person_learns_the_limit_and_when_to_try_again():
    today = limits.too_many_today(50, now=datetime(2026, 11, 21, 23, 59, tzinfo=UTC))
    waiting = limits.too_many_waiting(20)

    assert (today.status, today.code, today.retry_after) == (429, "TooManyToday", 61)
    assert "50 reminders today" in today.message
    assert (waiting.status, waiting.code, waiting.retry_after) == (429, "TooManyWaiting", 30)
    assert "20 reminders that wait" in waiting.message and "30 seconds" in waiting.message
