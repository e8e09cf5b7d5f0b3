"""When a recipient has nothing left to stop, and what the row gets."""

from datetime import UTC, datetime

import pytest

from feedback.refusal import is_refused, refused

AT = "2026-11-21T04:00:00.000Z"


@pytest.mark.parametrize(
    ("row", "is_over"),
    [
        ({"Status": "SCHEDULED"}, False),
        # Its owner's change has won against the stop.
        ({"Status": "SCHEDULED", "RefusedAt": AT}, False),
        ({"Status": "SENDING"}, False),
        ({"Status": "SENDING", "RefusedAt": AT}, True),
        ({"Status": "SENT"}, False),
        ({"Status": "SENT", "RefusedAt": AT}, True),
        ({"Status": "CANCELLED"}, True),
    ],
)
def test_a_reminder_that_was_cancelled_or_refused_is_not_stopped_again(row, is_over):
    assert is_refused(row) == is_over


@pytest.mark.parametrize(
    ("status", "changes"),
    [
        ("SCHEDULED", {"Status": "CANCELLED", "Reason": "because"}),
        ("SENDING", {"Stopped": True}),
        ("SENT", {"Stopped": True}),
    ],
)
def test_a_refused_reminder_is_cancelled_if_it_waits_and_never_sent_again_otherwise(status, changes):
    found = refused({"Status": status}, "because", now=datetime(2026, 11, 21, 4, tzinfo=UTC))

    assert found == {"RefusedAt": AT, "UpdatedAt": AT, **changes}
