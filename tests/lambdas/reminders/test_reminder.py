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
def test_a_row_has_no_address_whole(asked, addresses):
    row = row_of(asked)

    assert {name: row[name] for name in ("Email", "Phone") if name in row} == addresses
    assert "jo@" not in str(row) and "15112345678" not in str(row)


def test_a_row_expires_when_it_has_been_kept_since_it_was_due():
    due = NOW + timedelta(days=200)

    assert row_of(due=due)["ExpiresAt"] == int((due + KEPT).timestamp())


def test_from_one_occurrence_to_the_next_the_first_is_not_forgotten():
    changes = reminder.due_fields(NOW, number=2, now=NOW, kept=KEPT)

    assert changes == {
        "DueAt": "2026-11-21T04:00:00Z",
        "Occurrence": 2,
        "UpdatedAt": "2026-11-21T04:00:00.000Z",
        "ExpiresAt": int((NOW + KEPT).timestamp()),
    }


def test_the_workflow_carries_the_addresses_whole_and_the_text_as_it_is_sent():
    repeat = {"every": "1d"}
    asked = REQUEST | {"message": "Feed “Tom”…", "subject": "Cats", "repeat": repeat, "waitSeconds": "3600", "fold": 0}

    found = carried(asked)

    assert found.items() >= REQUEST.items() - {("message", REQUEST["message"])}
    assert (found["message"], found["text"]) == ("Feed “Tom”…", 'Feed "Tom"...')
    assert (found["subject"], found["repeat"], found["reminderId"]) == ("Cats", repeat, "r-1")
    assert (found["waitSeconds"], found["waitUntil"], found["goOn"]) == (3600, "2026-11-21T05:00:00Z", False)


def test_the_next_execution_is_given_what_was_asked_for_and_nothing_of_this_wait():
    asked = REQUEST | {"subject": "Cats", "repeat": {"every": "1d"}, "waitSeconds": 3600, "fold": 0}

    found = reminder.for_the_workflow(asked, row_of(asked) | {"ExecutionId": "arn:this"}, now=NOW)["next"]

    kept = {name: value for name, value in asked.items() if name not in ("waitSeconds", "fold")}
    assert found == {**kept, "reminderId": "r-1", "after": "arn:this"}
    assert carried(found)["waitSeconds"] is None


def test_the_next_execution_is_given_no_field_that_nobody_asked_for():
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
def test_an_execution_waits_for_364_days_at_the_most(form, ahead, cut):
    reminder_ = carried(REQUEST | form, due=NOW + ahead)

    assert reminder_["goOn"] is cut
    assert reminder_["next"].get("waitedUntil") == (reminder_["waitUntil"] if cut else None)
    assert reminder_["waitUntil"] == utc_text(NOW + min(ahead, reminder.SLICE))
    assert reminder_["waitSeconds"] == (min(1, ahead.total_seconds()) if form and not cut else None)


@given(st.integers(0, 3 * 366 * 86_400), st.booleans())
def test_however_long_the_wait_it_comes_to_an_end_in_steps_that_an_execution_lives(seconds, skipped):
    """Where waits are skipped, the clock does not move."""
    due, now, asked, steps = NOW + timedelta(seconds=seconds), NOW, dict(REQUEST), 0
    while (step := carried(asked, due=due, now=now))["goOn"]:
        until = from_utc_text(step["waitUntil"])
        begun = from_utc_text(asked["waitedUntil"]) if steps and skipped else now
        assert until - begun == reminder.SLICE < LONGEST_WAIT
        asked["waitedUntil"], now, steps = step["waitUntil"], now if skipped else until, steps + 1

    assert from_utc_text(step["waitUntil"]) == due
    assert steps <= seconds // reminder.SLICE.total_seconds()


def test_what_is_long_due_is_not_waited_for():
    reminder_ = carried(due=NOW - timedelta(days=3))

    assert (reminder_["goOn"], reminder_["waitUntil"]) == (False, "2026-11-18T04:00:00Z")


def test_the_answer_to_a_new_reminder_says_when_it_is_due_by_both_clocks():
    found = reminder.scheduled(row_of())

    assert (found["dueAt"], found["dueAtLocal"]) == ("2026-11-21T05:00:00Z", "2026-11-21T06:00:00+01:00")
    assert (found["reminderId"], found["timeZone"], found["status"]) == ("r-1", "Europe/Paris", "SCHEDULED")


def test_a_reminder_is_shown_as_json_without_what_the_table_needs_alone():
    shown = reminder.shown(
        row_of(REQUEST | {"repeat": {"every": "1d", "times": 3}}) | {"Reason": "", "ExecutionId": "arn"}
    )

    assert json.loads(json.dumps(shown)) == shown
    assert shown["repeat"] == {"every": "1d", "times": 3}
    assert not {"reason", "owner", "Owner", "ExecutionId", "executionId", "expiresAt"} & shown.keys()


def test_what_is_over_is_what_a_repeated_reminder_goes_on_after():
    assert set(reminder.OVER) == {"SENT", "PARTLY_SENT", "FAILED"}
