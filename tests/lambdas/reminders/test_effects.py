"""What a report about a message changes in the row of its reminder."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from feedback.effects import AFTER_BOUNCE, BY_COMPLAINT, effects
from tests.support.handlers.reminder_rows import REPEATED, REQUEST, row

NOW = datetime(2026, 11, 21, 4, tzinfo=UTC)
AT = "2026-11-21T04:00:00.000Z"
MAILED = {"message": "Feed the cat", "channels": ["email"], "email": "jo@example.com"}
DAILY = MAILED | {"repeat": {"every": "1d"}}


def after(kind: str, made: dict[str, Any], *, channel: str = "email", occurrence: int = 1) -> dict[str, Any]:
    """The changes after a report, without the report itself."""
    changes = effects(made, channel, kind, occurrence=occurrence, now=NOW)
    return {name: value for name, value in changes.items() if not name.endswith("Feedback")}


def reported(kind: str, occurrence: int) -> dict[str, str]:
    return {"EmailFeedback": json.dumps({"kind": kind, "at": AT, "occurrence": occurrence})}


@pytest.mark.parametrize("channel", ["email", "sms"])
@pytest.mark.parametrize("kind", ["UNDELIVERED", "REJECTED", "BOUNCED", "COMPLAINED"])
def test_the_row_gets_the_report_about_each_channel(channel, kind):
    changes = effects(row(request=REQUEST), channel, kind, occurrence=2, now=NOW)

    assert json.loads(changes[f"{channel.capitalize()}Feedback"]) == {"kind": kind, "at": AT, "occurrence": 2}


@pytest.mark.parametrize(
    ("old", "new", "is_kept"),
    [
        (("UNDELIVERED", 2), ("REJECTED", 2), True),
        (("REJECTED", 2), ("BOUNCED", 2), True),
        (("BOUNCED", 2), ("COMPLAINED", 2), True),
        (("BOUNCED", 2), ("BOUNCED", 2), False),
        (("COMPLAINED", 2), ("BOUNCED", 2), False),
        (("UNDELIVERED", 2), ("COMPLAINED", 1), False),
        (("COMPLAINED", 2), ("UNDELIVERED", 3), True),
    ],
)
def test_the_latest_report_is_kept_and_of_one_occurrence_the_worst(old, new, is_kept):
    made = row(request=REQUEST, **reported(*old))
    kind, occurrence = new

    changes = effects(made, "email", kind, occurrence=occurrence, now=NOW)

    assert ("EmailFeedback" in changes) == is_kept


@pytest.mark.parametrize("kind", ["UNDELIVERED", "REJECTED"])
@pytest.mark.parametrize("status", ["SCHEDULED", "SENDING", "SENT", "CANCELLED"])
def test_only_a_bounce_or_a_complaint_stops_a_reminder(kind, status):
    assert after(kind, row(request=DAILY, Status=status)) == {}


@pytest.mark.parametrize("status", ["SENDING", "SENT", "PARTLY_SENT", "FAILED"])
def test_a_complaint_stops_a_reminder_that_does_not_wait(status):
    assert after("COMPLAINED", row(request=REPEATED, Status=status)) == {
        "RefusedAt": AT,
        "UpdatedAt": AT,
        "Stopped": True,
    }


def test_a_complaint_cancels_a_reminder_that_waits():
    assert after("COMPLAINED", row(request=REPEATED)) == {
        "RefusedAt": AT,
        "UpdatedAt": AT,
        "Status": "CANCELLED",
        "Reason": BY_COMPLAINT,
    }


@pytest.mark.parametrize("changes", [{"Status": "CANCELLED"}, {"Status": "SENT", "RefusedAt": AT}])
def test_a_complaint_about_a_stopped_reminder_stops_nothing_more(changes):
    assert after("COMPLAINED", row(request=REPEATED, **changes)) == {}


def test_a_bounce_cancels_a_reminder_that_waits_and_has_no_other_channel():
    assert after("BOUNCED", row(request=MAILED)) == {"Status": "CANCELLED", "Reason": AFTER_BOUNCE, "UpdatedAt": AT}


def test_a_bounce_during_a_delivery_stops_the_later_occurrences():
    assert after("BOUNCED", row(request=DAILY, Status="SENDING")) == {"Stopped": True, "UpdatedAt": AT}


@pytest.mark.parametrize(
    ("request_", "changes"),
    [
        (REQUEST, {}),
        (MAILED, {"Status": "SENDING"}),
        (DAILY, {"Status": "SENDING", "Stopped": True}),
        (DAILY, {"Status": "SENT"}),
        (DAILY, {"Status": "CANCELLED"}),
    ],
    ids=["another channel", "no later occurrence", "stopped", "over", "cancelled"],
)
def test_a_bounce_stops_nothing_else(request_, changes):
    assert after("BOUNCED", row(request=request_, **changes)) == {}
