"""What the row gets for the next occurrence of a repeated reminder."""

from datetime import UTC, datetime, timedelta

import pytest

from reminders.following import next_of
from tests.support.handlers.reminder_rows import REPEATED, REQUEST, row

FIRST = datetime(2027, 1, 27, 8, tzinfo=UTC)
NOW = FIRST + timedelta(seconds=3)


def test_the_next_occurrence_is_counted_from_the_first():
    later = (FIRST + timedelta(days=3)).strftime("%Y-%m-%dT%H:%M:%SZ")

    assert next_of(row(request=REPEATED, due=FIRST, Occurrence=3, DueAt=later), now=NOW) == {
        "DueAt": "2027-01-30T08:00:00Z",
        "Occurrence": 4,
        "UpdatedAt": "2027-01-27T08:00:03.000Z",
        "ExpiresAt": int((FIRST + timedelta(days=33)).timestamp()),
    }


@pytest.mark.parametrize(
    ("request_", "changes"),
    [
        (REQUEST, {}),
        (REPEATED, {"Stopped": True}),
        (REQUEST | {"repeat": {"every": "1d", "times": 3}}, {"Occurrence": 3}),
    ],
    ids=["not repeated", "stopped", "the last"],
)
def test_a_reminder_that_does_not_go_on_has_no_next_occurrence(request_, changes):
    assert next_of(row(request=request_, due=FIRST, **changes), now=NOW) is None


@pytest.mark.parametrize("missing", ["FirstDueAt", "TimeZone", "Occurrence"])
def test_a_damaged_row_is_an_error(missing):
    damaged = row(request=REPEATED, due=FIRST)
    del damaged[missing]

    with pytest.raises(KeyError):
        next_of(damaged, now=NOW)
