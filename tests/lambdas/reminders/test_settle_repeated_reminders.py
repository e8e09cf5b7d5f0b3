"""A lost repeated reminder goes on with its next occurrence, or has a reason that says why not."""

from datetime import timedelta

import pytest

from reminders.due import utc_text
from reminders.table import find
from sweep.settle_lost_reminders import (
    MAY_HAVE_ARRIVED,
    NO_MORE,
    OVERDUE,
    TOO_LATE,
    handler,
)
from tests.support.handlers.reminder_rows import REPEATED, REQUEST, ahead, named_by_their_rows

pytestmark = pytest.mark.usefixtures("reminder_table", "reminder_workflow")
WAITING = {"Waiting": True}


@pytest.mark.parametrize(
    ("status", "ago", "reason", "occurrence"),
    [
        ("SENDING", timedelta(hours=1), MAY_HAVE_ARRIVED, 2),
        ("SENDING", timedelta(days=3, hours=1), MAY_HAVE_ARRIVED, 5),
        ("SCHEDULED", timedelta(days=1, hours=1), TOO_LATE, 3),
    ],
)
def test_a_lost_repeated_reminder_continues_with_its_next_occurrence(
    status, ago, reason, occurrence, write, started, reminder_workflow
):
    kept = write(request=REPEATED, ago=ago, Status=status)

    assert handler({}, None)["Lost"] == 1

    found = find("r-1")
    assert (found["Status"], found["Reason"], found["Occurrence"]) == ("SCHEDULED", reason, occurrence)
    assert found["DueAt"] > utc_text(ahead())
    (given,) = started()
    assert (given["waitUntil"], given["email"], found["After"]) == (
        found["DueAt"],
        REPEATED["email"],
        kept["ExecutionId"],
    )
    assert named_by_their_rows(reminder_workflow) == [True]
    assert handler({}, None)["Lost"] == 0


@pytest.mark.parametrize("repeat", [{"every": "1d", "times": 1}, {"every": "1d", "until": utc_text(ahead(hours=1))}])
def test_the_last_occurrence_has_no_successor(repeat, write, started):
    write(request=REQUEST | {"repeat": repeat}, Status="SENDING")

    handler({}, None)

    assert (find("r-1")["Status"], find("r-1")["Reason"], started()) == ("FAILED", MAY_HAVE_ARRIVED, [])


def test_a_reminder_that_was_stopped_while_it_was_sent_does_not_go_on(write, started):
    write(request=REPEATED, Status="SENDING", Stopped=True)

    handler({}, None)

    assert (find("r-1")["Status"], started()) == ("FAILED", [])


def test_a_repeated_reminder_that_cannot_go_on_has_that_reason(write, started):
    write(request=REPEATED, ended=None, Status="SENDING")

    handler({}, None)

    assert (find("r-1")["Status"], find("r-1")["Reason"]) == ("FAILED", MAY_HAVE_ARRIVED + NO_MORE)


@pytest.mark.parametrize(
    ("status", "reason"),
    [
        ("SENT", ""),
        ("PARTLY_SENT", "the text was not sent: SNS.OptedOutException"),
        ("FAILED", "the e-mail was not sent: MessageRejected"),
        ("FAILED", "the delivery was not started: States.Timeout"),
    ],
)
@pytest.mark.parametrize(
    ("event", "ago"),
    [({}, timedelta(hours=1)), ({}, timedelta(hours=24, minutes=40)), (WAITING, timedelta(seconds=1))],
)
def test_a_repeated_reminder_without_a_scheduled_next_occurrence_goes_on(status, reason, event, ago, write, started):
    write(request=REPEATED, ago=ago, Status=status, Reason=reason)

    assert handler(event, None)["Lost"] == 1

    found = find("r-1")
    assert (found["Status"], found["Reason"]) == ("SCHEDULED", "")
    assert found["DueAt"] > utc_text(ahead())
    assert len(started()) == 1
    assert handler({}, None)["Lost"] == 0


@pytest.mark.parametrize(
    "changes",
    [
        {"Stopped": True},
        {"asked": REQUEST},
        {"asked": REQUEST | {"repeat": {"every": "1d", "times": 1}}},
        {"ended": "RUNNING"},
        {"ended": None},
        {"ago": OVERDUE["SENDING"] - timedelta(minutes=1)},
    ],
    ids=["cancelled", "not repeated", "the last", "still running", "no addresses", "a moment ago"],
)
@pytest.mark.parametrize("status", ["SENT", "FAILED"])
def test_a_reminder_that_has_ended_is_not_changed(status, changes, write, started):
    kept = write(**{"asked": REPEATED, "Status": status, **changes})

    assert handler({}, None)["Lost"] == 0
    assert (find("r-1"), started()) == (kept, [])
