import json
import re
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feedback import effects
from local.settings import PROJECT
from reminders import reminder
from reminders.due import LONGEST_WAIT, Due, from_utc_text, utc_text
from sending import delivery
from sweep import settle_lost_reminders
from tests.support.handlers.reminder_rows import REQUEST

NOW = datetime(2026, 11, 21, 4, tzinfo=UTC)
KEPT = timedelta(days=30)
TOPIC = {"message": "Feed the cat", "preference": "topic"}
PHONE_ALONE = {"message": "x", "preference": "sms", "phone": "+4915112345678"}


def row_of(request=REQUEST, *, due=NOW + timedelta(hours=1), zone="Europe/Paris"):
    return reminder.row_of(
        request, Due(due, zone), reminder_id="r-1", execution="arn:this", owner="jo", stop_key="key", now=NOW, kept=KEPT
    )


def carried(request=REQUEST, *, due=NOW + timedelta(hours=1), now=NOW, waited_until=""):
    return reminder.execution_input(request, row_of(request, due=due), now=now, waited_until=waited_until)


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


def test_the_workflow_has_the_request_with_its_addresses_and_the_time_to_wait():
    repeat = {"every": "1d"}
    asked = REQUEST | {"subject": "Cats", "repeat": repeat, "waitSeconds": "3600", "fold": 0, "timeZone": "UTC"}

    assert carried(asked) == {
        "message": REQUEST["message"],
        "subject": "Cats",
        "channels": ["email", "sms"],
        "email": REQUEST["email"],
        "phone": REQUEST["phone"],
        "repeat": repeat,
        "reminderId": "r-1",
        "waitSeconds": 3600,
        "waitUntil": "2026-11-21T05:00:00Z",
    }


@pytest.mark.parametrize(
    ("ahead", "waits"),
    [
        (timedelta(0), timedelta(0)),
        (timedelta(days=364), timedelta(days=364)),
        (timedelta(days=364, seconds=1), timedelta(days=363)),
        (timedelta(days=366, hours=1), timedelta(days=363)),
    ],
)
@pytest.mark.parametrize("seconds", [{}, {"waitSeconds": 400 * 86_400}], ids=["time", "seconds"])
def test_an_execution_waits_at_most_364_days_and_leaves_a_day_for_the_next(seconds, ahead, waits):
    found = carried(REQUEST | seconds, due=NOW + ahead)

    assert found["waitUntil"] == utc_text(NOW + waits)
    assert found.get("waitSeconds") == (waits.total_seconds() if seconds else None)


@given(st.integers(0, 3 * 366 * 86_400), st.booleans())
def test_every_wait_ends_in_steps_that_one_execution_can_wait(seconds, skipped):
    """If a test skips waits, the clock does not move."""
    due, now, waited, steps = NOW + timedelta(seconds=seconds), NOW, "", 0
    while (until := carried(due=due, now=now, waited_until=waited)["waitUntil"]) < utc_text(due):
        begun = from_utc_text(waited) if waited else now
        assert timedelta(days=363) == from_utc_text(until) - begun < LONGEST_WAIT
        waited, now, steps = until, now if skipped else from_utc_text(until), steps + 1

    assert until == utc_text(due)
    assert steps <= seconds // timedelta(days=363).total_seconds()


def test_an_overdue_reminder_does_not_wait():
    found = carried(REQUEST | {"waitSeconds": 5}, due=NOW - timedelta(days=3))

    assert (found["waitSeconds"], found["waitUntil"]) == (0, "2026-11-18T04:00:00Z")


@pytest.mark.parametrize("reminder_id", ["r-1", "5f0c8a52-6f0e-4f57-9d0b-0f6f3f3b6a11", "n" * 80])
def test_a_later_execution_has_a_valid_name(reminder_id):
    """The id of a reminder that was started by hand is its execution's name, which has at most 80 characters."""
    name = reminder.another_name({"ReminderId": reminder_id}, suffix="0f6f3f3b")

    assert name == f"{reminder_id[:71]}-0f6f3f3b"
    assert len(name) <= 80


@pytest.mark.parametrize(
    ("results", "status", "reason"),
    [
        ([""], "SENT", ""),
        (["no mail"], "FAILED", "no mail"),
        (["", ""], "SENT", ""),
        (["no mail", ""], "PARTLY_SENT", "no mail"),
        (["no mail", "no text"], "FAILED", "no mail; no text"),
    ],
)
def test_the_results_of_all_channels_make_the_status(results, status, reason):
    changes = reminder.outcome(results, now=NOW)

    assert changes == {"Status": status, "Reason": reason, "UpdatedAt": "2026-11-21T04:00:00.000Z"}


@pytest.mark.parametrize(
    ("fields", "results"),
    [
        ({}, None),
        ({"EmailResult": ""}, None),
        ({"EmailResult": "", "SmsResult": "no text"}, ["", "no text"]),
    ],
)
def test_a_reminder_has_results_when_every_channel_has_one(fields, results):
    assert reminder.results_on(row_of() | fields) == results


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


def test_a_reminder_is_shown_with_its_texts_and_hidden_addresses():
    feedback = {"kind": "UNDELIVERED", "at": "2026-11-21T04:00:00.000Z", "occurrence": 1}
    row = row_of(REQUEST | {"subject": "Cats"}) | {"Reason": "because", "SmsFeedback": json.dumps(feedback)}

    assert reminder.shown(row) == {
        "reminderId": "r-1",
        "status": "SCHEDULED",
        "message": REQUEST["message"],
        "subject": "Cats",
        "channels": ["email", "sms"],
        "preference": "both",
        "email": "j…@example.com",
        "phone": "+49…5678",
        "dueAt": "2026-11-21T05:00:00Z",
        "dueAtLocal": "2026-11-21T06:00:00+01:00",
        "timeZone": "Europe/Paris",
        "occurrence": 1,
        "updatedAt": "2026-11-21T04:00:00.000Z",
        "reason": "because",
        "feedback": {"sms": feedback},
    }


def test_a_repeated_reminder_is_counted_from_its_first_time_in_its_zone():
    row = row_of() | {"DueAt": "2026-11-23T05:00:00Z"}

    assert reminder.first_due(row) == Due(NOW + timedelta(hours=1), "Europe/Paris")


def test_an_optional_field_that_a_reminder_lacks_is_not_shown():
    shown = reminder.shown(row_of(TOPIC))

    assert not {"subject", "email", "phone", "reason", "repeat", "feedback"} & shown.keys()


@pytest.mark.parametrize(
    ("fields", "request_"),
    [
        ({}, {"message": REQUEST["message"], "channels": ["email", "sms"]}),
        ({"Subject": "Cats"}, {"message": REQUEST["message"], "channels": ["email", "sms"], "subject": "Cats"}),
        (
            {"Repeat": '{"every": "1d"}'},
            {"message": REQUEST["message"], "channels": ["email", "sms"], "repeat": {"every": "1d"}},
        ),
    ],
)
def test_a_row_has_the_request_without_its_addresses(fields, request_):
    assert reminder.request_on(row_of() | fields) == request_


def test_a_row_of_an_earlier_version_has_only_a_preference():
    old = row_of(REQUEST | {"preference": "both"})
    del old["Channels"]

    assert reminder.channels_on(old) == ["email", "sms"]


@pytest.mark.parametrize(
    ("channel", "kind", "found"),
    [("email", "BOUNCED", True), ("email", "UNDELIVERED", False), ("sms", "BOUNCED", False)],
)
def test_an_address_bounces_if_its_last_report_says_so(channel, kind, found):
    row = row_of() | {"EmailFeedback": json.dumps({"kind": kind, "at": "", "occurrence": 1})}

    assert reminder.bounces(row, channel) == found


@pytest.mark.parametrize(
    ("request_id", "found"), [("c6af9ac6", {"RequestId": "c6af9ac6"}), (None, {})], ids=["by the API", "by hand"]
)
def test_a_new_row_has_everything_that_sends_and_stops_the_reminder(request_id, found):
    row = reminder.row_of(
        REQUEST | {"subject": "Cats", "repeat": {"every": "1d"}},
        Due(NOW + timedelta(hours=1), "Europe/Paris"),
        reminder_id="r-1",
        execution="arn:this",
        owner="jo",
        stop_key="key",
        now=NOW,
        kept=KEPT,
        request_id=request_id,
    )

    assert row == {
        "ReminderId": "r-1",
        "Owner": "jo",
        "Message": REQUEST["message"],
        "Subject": "Cats",
        "Channels": ["email", "sms"],
        "Preference": "both",
        "Email": "j…@example.com",
        "Phone": "+49…5678",
        "Repeat": '{"every": "1d"}',
        "FirstDueAt": "2026-11-21T05:00:00Z",
        "DueAt": "2026-11-21T05:00:00Z",
        "Occurrence": 1,
        "TimeZone": "Europe/Paris",
        "Status": "SCHEDULED",
        "ExecutionId": "arn:this",
        "StopKey": "key",
        "CreatedAt": "2026-11-21T04:00:00.000Z",
        "UpdatedAt": "2026-11-21T04:00:00.000Z",
        "ExpiresAt": int((NOW + timedelta(hours=1) + KEPT).timestamp()),
        **found,
    }


def test_a_failed_reminder_has_its_reason():
    assert reminder.failed("because", now=NOW) == {
        "Status": "FAILED",
        "Reason": "because",
        "UpdatedAt": "2026-11-21T04:00:00.000Z",
    }


def test_the_workflow_has_the_id_of_the_request_if_the_row_has_one():
    row = row_of() | {"RequestId": "c6af9ac6"}

    assert reminder.execution_input(REQUEST, row, now=NOW)["requestId"] == "c6af9ac6"
    assert "requestId" not in reminder.execution_input(REQUEST, row_of(), now=NOW)


def test_a_list_may_ask_for_each_status():
    assert reminder.STATUSES == ("SCHEDULED", "SENDING", "CANCELLED", "SENT", "PARTLY_SENT", "FAILED")


def test_an_occurrence_is_over_if_it_was_sent_partly_sent_or_failed():
    assert set(reminder.OVER) == {"SENT", "PARTLY_SENT", "FAILED"}


def test_the_page_has_its_own_words_for_each_reason():
    """For any other reason it says that the reminder could not be sent."""
    page = (PROJECT / "website" / "reminders.js").read_text()
    rules = re.findall(r"^ +\[?/(.+)/,", page.partition("const REASONS = [")[2].partition("];")[0], re.M)

    for reason in (
        reminder.BY_RECIPIENT,
        effects.BY_COMPLAINT,
        effects.AFTER_BOUNCE,
        delivery.TOO_LATE,
        delivery.DAMAGED,
        settle_lost_reminders.TOO_LATE,
        settle_lost_reminders.MAY_HAVE_ARRIVED,
        settle_lost_reminders.NOT_KNOWN,
        settle_lost_reminders.NO_MORE.removeprefix("; "),
    ):
        assert [rule for rule in rules if re.search(rule, reason)], reason


@pytest.mark.parametrize("qualifier", ["", ":live", ":12"])
def test_the_arn_of_an_execution_does_not_have_the_alias_that_started_it(qualifier):
    workflow = "arn:aws:states:us-east-1:123456789012:stateMachine:reminders"

    assert reminder.execution_arn(workflow + qualifier, "r-1") == f"{workflow.replace('stateMachine', 'execution')}:r-1"
    assert reminder.without_alias(workflow + qualifier) == workflow


@pytest.mark.parametrize("channels", [["email"], ["email", "sms"], ["email", "topic"], ["email", "sms", "topic"]])
def test_a_row_says_its_channels_and_a_row_of_an_earlier_version_those_of_its_preference(channels):
    asked = {name: value for name, value in REQUEST.items() if name != "preference"} | {"channels": channels}
    row = row_of(asked)
    old = {name: value for name, value in row_of(REQUEST).items() if name != "Channels"}

    assert reminder.channels_on(row) == reminder.request_on(row)["channels"] == channels
    assert reminder.channels_on(old) == ["email", "sms"]
