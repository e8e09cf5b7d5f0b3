import json
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reminders import reminder
from reminders.due import LONGEST_WAIT, Due, from_utc_text, utc_text
from tests.support.handlers.reminder_rows import REQUEST

NOW = datetime(2026, 11, 21, 4, tzinfo=UTC)
KEPT = timedelta(days=30)
TOPIC = {"message": "Feed the cat", "preference": "topic"}
PHONE_ALONE = {"message": "x", "preference": "sms", "phone": "+4915112345678"}


def row_of(request=REQUEST, *, due=NOW + timedelta(hours=1), zone="Europe/Paris"):
    return reminder.row_of(request, Due(due, zone), reminder_id="r-1", owner="jo", now=NOW, kept=KEPT)


def carried(request=REQUEST, *, due=NOW + timedelta(hours=1), now=NOW):
    return reminder.for_the_workflow(request, row_of(request, due=due), now=now)


@pytest.mark.parametrize(
    ("asked", "addresses"),
    [
        (REQUEST, {"Email": "j…@example.com", "Phone": "+49…5678"}),
        (PHONE_ALONE, {"Phone": "+49…5678"}),
        (TOPIC, {}),
    ],
)
def test_a_row_has_only_hidden_addresses(asked, addresses):
    row = row_of(asked)

    assert {name: row[name] for name in ("Email", "Phone") if name in row} == addresses
    assert "jo@" not in str(row) and "15112345678" not in str(row)


def test_a_row_expires_after_the_time_kept_since_it_was_due():
    due = NOW + timedelta(days=200)

    assert row_of(due=due)["ExpiresAt"] == int((due + KEPT).timestamp())


def test_the_next_occurrence_keeps_the_time_of_the_first():
    changes = reminder.due_fields(NOW, number=2, now=NOW, kept=KEPT)

    assert changes == {
        "DueAt": "2026-11-21T04:00:00Z",
        "Occurrence": 2,
        "UpdatedAt": "2026-11-21T04:00:00.000Z",
        "ExpiresAt": int((NOW + KEPT).timestamp()),
    }


def test_the_workflow_has_whole_addresses_and_the_text_to_send():
    repeat = {"every": "1d"}
    asked = REQUEST | {"message": "Feed “Tom”…", "subject": "Cats", "repeat": repeat, "waitSeconds": "3600", "fold": 0}

    found = carried(asked)

    assert found.items() >= REQUEST.items() - {("message", REQUEST["message"])}
    assert (found["message"], found["text"]) == ("Feed “Tom”…", 'Feed "Tom"...')
    assert (found["subject"], found["repeat"], found["reminderId"]) == ("Cats", repeat, "r-1")
    assert (found["waitSeconds"], found["waitUntil"], found["goOn"]) == (3600, "2026-11-21T05:00:00Z", False)


def test_the_next_execution_gets_the_request_without_the_waiting_time():
    asked = REQUEST | {"subject": "Cats", "repeat": {"every": "1d"}, "waitSeconds": 3600, "fold": 0}

    found = reminder.for_the_workflow(asked, row_of(asked) | {"ExecutionId": "arn:this"}, now=NOW)["next"]

    kept = {name: value for name, value in asked.items() if name not in ("waitSeconds", "fold")}
    assert found == {**kept, "reminderId": "r-1", "after": "arn:this"}
    assert carried(found)["waitSeconds"] is None


def test_the_next_execution_gets_only_fields_of_the_request():
    assert carried(TOPIC)["next"] == {**TOPIC, "reminderId": "r-1"}


@pytest.mark.parametrize(
    ("ahead", "cut"),
    [
        (timedelta(0), False),
        (timedelta(days=364), False),
        (timedelta(days=364, seconds=1), True),
        (timedelta(days=364, hours=23), True),
        (timedelta(days=365), True),
        (timedelta(days=366, hours=1), True),
    ],
)
@pytest.mark.parametrize("form", [{}, {"waitSeconds": 1}], ids=["time", "seconds"])
def test_an_execution_waits_at_most_364_days(form, ahead, cut):
    reminder_ = carried(REQUEST | form, due=NOW + ahead)

    assert reminder_["goOn"] is cut
    assert reminder_["next"].get("waitedUntil") == (reminder_["waitUntil"] if cut else None)
    assert reminder_["waitUntil"] == utc_text(NOW + min(ahead, reminder.SLICE))
    assert reminder_["waitSeconds"] == (min(1, ahead.total_seconds()) if form and not cut else None)


@given(st.integers(0, 3 * 366 * 86_400), st.booleans())
def test_every_wait_ends_in_steps_that_one_execution_can_wait(seconds, skipped):
    """If a test skips waits, the clock does not move."""
    due, now, asked, steps = NOW + timedelta(seconds=seconds), NOW, dict(REQUEST), 0
    while (step := carried(asked, due=due, now=now))["goOn"]:
        until = from_utc_text(step["waitUntil"])
        begun = from_utc_text(asked["waitedUntil"]) if steps and skipped else now
        assert until - begun == reminder.SLICE < LONGEST_WAIT
        asked["waitedUntil"], now, steps = step["waitUntil"], now if skipped else until, steps + 1

    assert from_utc_text(step["waitUntil"]) == due
    assert steps <= seconds // reminder.SLICE.total_seconds()


def test_an_overdue_reminder_does_not_wait():
    reminder_ = carried(due=NOW - timedelta(days=3))

    assert (reminder_["goOn"], reminder_["waitUntil"]) == (False, "2026-11-18T04:00:00Z")


def test_the_answer_to_a_new_reminder_has_its_time_in_utc_and_local():
    found = reminder.scheduled(row_of())

    assert (found["dueAt"], found["dueAtLocal"]) == ("2026-11-21T05:00:00Z", "2026-11-21T06:00:00+01:00")
    assert (found["reminderId"], found["timeZone"], found["status"]) == ("r-1", "Europe/Paris", "SCHEDULED")


def test_a_reminder_is_shown_without_internal_fields():
    shown = reminder.shown(
        row_of(REQUEST | {"repeat": {"every": "1d", "times": 3}}) | {"Reason": "", "ExecutionId": "arn"}
    )

    assert json.loads(json.dumps(shown)) == shown
    assert shown["repeat"] == {"every": "1d", "times": 3}
    assert not {"reason", "owner", "Owner", "ExecutionId", "executionId", "expiresAt"} & shown.keys()


def test_an_occurrence_is_over_if_it_was_sent_partly_sent_or_failed():
    assert set(reminder.OVER) == {"SENT", "PARTLY_SENT", "FAILED"}
