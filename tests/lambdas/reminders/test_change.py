"""What a change makes of a reminder: its request, its time and its row."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from common import codes
from reminders.change import TIMES, content_of, due_after, request_after, row_after
from reminders.due import Due, utc_text
from reminders.errors import InvalidReminderError
from tests.support.handlers.reminder_rows import DAILY, REPEATED, REQUEST, row

NOW = datetime(2027, 1, 27, 8, tzinfo=UTC)
DUE = NOW + timedelta(days=2)
KEPT = timedelta(days=30)
BEFORE = {
    "message": "Feed the cat",
    "subject": "Cat",
    "channels": ["email", "sms"],
    "email": "jo@example.com",
    "phone": "+4915112345678",
    "repeat": DAILY,
}


@pytest.mark.parametrize(
    ("change", "changed", "gone"),
    [
        ({}, {}, set()),
        ({"message": "New"}, {"message": "New"}, set()),
        ({"subject": "New"}, {"subject": "New"}, set()),
        ({"subject": None, "repeat": None}, {}, {"subject", "repeat"}),
        ({"repeat": {"every": "1w"}}, {"repeat": {"every": "1w"}}, set()),
        ({"email": "desk@example.com"}, {"email": "desk@example.com"}, set()),
        ({"email": None}, {}, {"email"}),
        ({"channels": ["sms"]}, {"channels": ["sms"]}, {"email"}),
        ({"preference": "email"}, {"preference": "email"}, {"phone", "channels"}),
        ({"channels": ["topic"]}, {"channels": ["topic"]}, {"email", "phone"}),
        ({"waitSeconds": 60, "timeZone": "UTC"}, {}, set()),
    ],
)
def test_a_change_wins_over_the_earlier_request(change, changed, gone):
    expected = {name: value for name, value in (BEFORE | changed).items() if name not in gone}

    assert request_after(change, BEFORE) == expected


def test_an_earlier_request_may_name_its_channels_in_its_preference():
    assert request_after({}, {"message": "x", "preference": "sms", "phone": "+4915112345678"}) == {
        "message": "x",
        "channels": ["sms"],
        "phone": "+4915112345678",
    }


def test_the_content_is_the_same_for_channels_and_preference_and_has_no_time():
    both = {name: value for name, value in BEFORE.items() if name != "channels"} | {"preference": "both"}

    assert content_of(both | {"waitSeconds": 60}) == content_of(BEFORE) == BEFORE


@pytest.mark.parametrize(
    ("change", "instant", "zone"),
    [
        ({}, DUE, "Europe/Paris"),
        ({"message": "New"}, DUE, "Europe/Paris"),
        ({"waitSeconds": 60}, NOW + timedelta(seconds=60), "Europe/Paris"),
        ({"timestamp": "2027-02-01T09:00:00Z"}, datetime(2027, 2, 1, 9, tzinfo=UTC), "Europe/Paris"),
        ({"timestamp": "2027-02-01 09:00", "timeZone": "Asia/Tokyo"}, datetime(2027, 2, 1, tzinfo=UTC), "Asia/Tokyo"),
        (
            {"timestamp": "2027-10-31 02:30", "timeZone": "Europe/Paris", "fold": 1},
            datetime(2027, 10, 31, 1, 30, tzinfo=UTC),
            "Europe/Paris",
        ),
        ({"sendNow": True}, NOW, "Europe/Paris"),
        ({"sendNow": True, "timeZone": "Asia/Tokyo"}, NOW, "Asia/Tokyo"),
        ({"repeat": DAILY}, DUE, "Europe/Paris"),
        ({"repeat": DAILY, "timeZone": "Asia/Tokyo"}, DUE, "Asia/Tokyo"),
        ({"repeat": None}, DUE, "Europe/Paris"),
    ],
)
def test_a_reminder_keeps_its_time_and_its_zone_unless_the_change_names_others(change, instant, zone):
    assert due_after(change, row(due=DUE), now=NOW + timedelta(milliseconds=0)) == Due(instant, zone)


def test_a_reminder_that_is_sent_now_is_not_due_later_than_now():
    assert due_after({"sendNow": True}, row(), now=NOW + timedelta(milliseconds=700)).instant == NOW


@pytest.mark.parametrize(
    ("change", "detail"),
    [
        ({"fold": 1}, codes.EXACTLY_ONE_OF(fields=["waitSeconds", "timestamp"]).of("waitSeconds")),
        ({"timeZone": "UTC"}, codes.EXACTLY_ONE_OF(fields=["waitSeconds", "timestamp"]).of("waitSeconds")),
        (
            {"timeZone": "UTC", "repeat": None},
            codes.EXACTLY_ONE_OF(fields=["waitSeconds", "timestamp"]).of("waitSeconds"),
        ),
        ({"repeat": {"every": "1m"}}, codes.INTERVAL_TOO_SHORT(count=5, unit="m").of("repeat.every")),
        (
            {"repeat": {"every": "1d", "until": "2027-01-28T00:00:00Z"}},
            codes.BEFORE_FIRST().of("repeat.until"),
        ),
        (
            {"repeat": {"every": "1d", "until": "2027-03-01 09:00"}},
            codes.NEEDS_TIME_ZONE(fields=["repeat.until"]).of("timeZone"),
        ),
    ],
)
def test_an_invalid_time_or_rule_is_refused(change, detail):
    with pytest.raises(InvalidReminderError) as caught:
        due_after(change, row(due=DUE), now=NOW)

    assert caught.value.details == [detail]


MOVED = Due(DUE, "Asia/Tokyo")


def changed(change, before, request):
    return row_after(change, before, request, MOVED, now=NOW, kept=KEPT)


def test_a_new_time_moves_one_occurrence_and_keeps_the_rule():
    changes, gone = changed({"waitSeconds": 60}, row(request=REPEATED, Occurrence=3), REPEATED)

    assert (changes["DueAt"], changes["Occurrence"], changes["Status"]) == (utc_text(DUE), 3, "SCHEDULED")
    assert (changes["UpdatedAt"], changes["ExpiresAt"]) == ("2027-01-27T08:00:00.000Z", (DUE + KEPT).timestamp())
    assert not {"TimeZone", "FirstDueAt"} & changes.keys()
    assert gone == ["Claim", "Subject"]


def test_a_new_rule_begins_with_the_new_time_in_its_zone():
    before = row(request=REPEATED, Occurrence=3, Stopped=True)

    changes, gone = changed({"repeat": DAILY}, before, REPEATED)

    assert (changes["Occurrence"], changes["FirstDueAt"], changes["TimeZone"]) == (1, utc_text(DUE), "Asia/Tokyo")
    assert json.loads(changes["Repeat"]) == DAILY
    assert gone == ["Claim", "Stopped", "Subject"]


def test_a_reminder_without_a_rule_takes_the_zone_of_its_new_time():
    changes, gone = changed({"repeat": None}, row(request=REPEATED, Occurrence=3), REQUEST)

    assert (changes["TimeZone"], changes["Occurrence"], "FirstDueAt" in changes) == ("Asia/Tokyo", 3, False)
    assert gone == ["Claim", "Repeat", "Stopped", "Subject"]


@pytest.mark.parametrize(
    ("status", "gone"),
    [
        ("SCHEDULED", ["Claim", "Email", "Phone", "Repeat", "Stopped", "Subject"]),
        ("SENT", ["Claim", "Email", "Phone", "Reason", "Repeat", "Stopped", "Subject"]),
        ("PARTLY_SENT", ["Claim", "Email", "Phone", "Reason", "Repeat", "Stopped", "Subject"]),
        ("FAILED", ["Claim", "Email", "Phone", "Reason", "Repeat", "Stopped", "Subject"]),
    ],
)
def test_the_row_loses_what_the_reminder_has_no_more(status, gone):
    before = row(request=REPEATED | {"subject": "Cat"}, Status=status)

    assert changed({}, before, {"message": "x", "channels": ["topic"]})[1] == gone


def test_a_reminder_that_is_over_takes_only_a_new_time():
    assert {"waitSeconds", "timestamp", "timeZone", "fold", "sendNow"} == TIMES
