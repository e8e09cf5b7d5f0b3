import json
from datetime import UTC, datetime, timedelta

import pytest

from reminders import schedule_reminder
from reminders.channels import PREFERENCES
from reminders.due import utc_text
from reminders.schedule_reminder import NO_OBJECT, InvalidInputError, ReminderTakenError, handler
from reminders.table import find
from tests.support.handlers.reminder_rows import REQUEST, ahead, all_in, row

FIRST, SECOND = (f"arn:aws:states:us-east-1:123456789012:execution:reminders:{name}" for name in ("r-1", "r-1-0a1b"))
TOPIC = {"message": "Feed the cat", "preference": "topic"}
EMAIL, PHONE = {"email": REQUEST["email"]}, {"phone": REQUEST["phone"]}
ADDRESSES = EMAIL | PHONE
TEXT_OF_ORIGINAL = "remind me of something"

pytestmark = pytest.mark.usefixtures("reminder_table")


def schedule(asked, execution=FIRST):
    return handler({"Input": asked, "ExecutionId": execution}, None)


def refused(asked):
    """The text of the error with which the function refuses the input."""
    with pytest.raises(InvalidInputError) as caught:
        schedule(asked)
    return str(caught.value)


class At(datetime):
    """A clock that does not move."""

    instant = datetime(2026, 11, 21, 4, tzinfo=UTC)

    @classmethod
    def now(cls, tz=None):
        return cls.instant.astimezone(tz)


@pytest.fixture
def clock(monkeypatch):
    monkeypatch.setattr(schedule_reminder, "datetime", At)
    monkeypatch.setattr(At, "instant", At.instant)
    return At


@pytest.mark.parametrize("preference", ["email", "sms", "both"])
@pytest.mark.parametrize("wait", [0, 2, "120", "31449000"])
def test_the_original_pages_body_is_recorded_and_waits_in_seconds(preference, wait):
    asked = {"waitSeconds": wait, "preference": preference, "message": "Feed the cat 🐈", **ADDRESSES}

    answer = schedule(asked)

    found = find("r-1")
    assert answer == {
        "message": asked["message"],
        **ADDRESSES,
        "channels": PREFERENCES[preference],
        "reminderId": "r-1",
        "waitSeconds": int(wait),
        "waitUntil": found["DueAt"],
    }
    assert (found["Owner"], found["Status"], found["ExecutionId"]) == ("workflow", "SCHEDULED", FIRST)
    assert (found["Email"], found["Phone"]) == ("j…@example.com", "+49…5678")
    assert abs(datetime.fromisoformat(found["DueAt"]) - ahead(seconds=int(wait))) < timedelta(seconds=30)


def test_the_original_command_lines_body_goes_to_the_topic():
    due = utc_text(ahead(days=30))

    answer = schedule({"message": TEXT_OF_ORIGINAL, "timestamp": due})

    assert (answer["channels"], answer["waitUntil"], "waitSeconds" in answer) == (["topic"], due, False)
    assert (find("r-1")["Preference"], find("r-1")["DueAt"]) == ("topic", due)


def test_a_wait_of_a_whole_year_is_split():
    reminder = schedule(TOPIC | {"waitSeconds": 31_536_000})

    assert reminder["waitSeconds"] == 363 * 86_400
    assert reminder["waitUntil"] < find("r-1")["DueAt"]


@pytest.mark.parametrize(
    ("asked", "problem"),
    [
        (TOPIC | {"timestamp": "2019-01-27T09:00:00Z"}, "timestamp has passed."),
        (TOPIC | {"timestamp": "9999-01-27T09:00:00Z"}, "timestamp is more than 365 days ahead."),
        (TOPIC | {"timestamp": "2027-02-30T09:00:00Z"}, "timestamp is not a valid date and time."),
        (TOPIC | {"waitSeconds": 1.5}, "waitSeconds must be a whole number from 0 to 31536000."),
        (TOPIC | {"waitSeconds": -1}, "waitSeconds must be a whole number from 0 to 31536000."),
        (TOPIC | {"waitSeconds": "60.0"}, "waitSeconds must be a whole number from 0 to 31536000."),
        (TOPIC, "waitSeconds is an alternative to timestamp: send exactly one of the two."),
        (REQUEST, "waitSeconds is an alternative to timestamp: send exactly one of the two."),
        (EMAIL | {"message": "x", "preference": "sms", "waitSeconds": 1}, "phone is required for the channel sms."),
        (PHONE | {"message": "x", "preference": "both", "waitSeconds": 1}, "email is required for the channel email."),
        (
            TOPIC | {"waitSeconds": 1, "repeat": {"every": "1m"}},
            "repeat.every must be at least 5m.",
        ),
        (
            TOPIC | {"waitSeconds": 1, "message": "\0"},
            "message must not contain control characters other than tabs and line breaks.",
        ),
        (TOPIC | {"waitSeconds": 1, "bcc": "jo@example.com"}, "bcc is not a field of this request."),
        (TOPIC | {"waitSeconds": "1", "reminderId": "r-1"}, "reminderId is not a field of this request."),
        (
            TOPIC | {"waitSeconds": 1, "waitUntil": "2027-01-27T09:00:00Z"},
            "waitUntil is not a field of this request.",
        ),
        (TOPIC | {"waitSeconds": 1, "preference": None}, "preference must be text."),
        (TOPIC | {"waitSeconds": 1, "message": ""}, "message must not be empty."),
        (TOPIC | {"waitSeconds": 1, "message": " \u200b"}, "message must contain visible text."),
        ({"waitSeconds": 1}, "message is missing."),
        (
            REQUEST | {"waitSeconds": 1, "email": "jo at example.com"},
            "email must be one e-mail address such as ada@example.com.",
        ),
        ({}, "message is missing."),
        (
            {"message": "x", "preference": "both", "timestamp": "2019-01-27T09:00:00Z"},
            "email is required for the channel email; phone is required for the channel sms; timestamp has passed.",
        ),
        (
            {"waitSeconds": -1.5, "preference": "fax", "repeat": {"every": "1d", "times": 2.5}},
            "message is missing; preference must be email, sms, both or topic; "
            "waitSeconds must be a whole number from 0 to 31536000; repeat.times must be a whole number.",
        ),
    ]
    + [(nothing, NO_OBJECT) for nothing in (None, True, 7, 1.5, "remind me", [], [TOPIC])],
)
def test_an_invalid_reminder_is_refused_in_words_and_not_recorded(asked, problem, reminder_table):
    assert refused(asked) == problem
    assert all_in(reminder_table) == []


@pytest.mark.parametrize("local", ["2027-01-27 09:00:00", "2027-01-27T09:00"])
def test_a_local_time_without_a_zone_is_refused_if_started_by_hand(local, clock):
    assert refused(TOPIC | {"timestamp": local}).startswith("timeZone is required")
    assert schedule(TOPIC | {"timestamp": local, "timeZone": "Europe/Paris"})["waitUntil"] == "2027-01-27T08:00:00Z"


@pytest.mark.parametrize("when", [{"waitSeconds": 60}, {"timestamp": "2026-11-21T04:01:00Z"}])
@pytest.mark.parametrize(("later", "left"), [(2, 58), (300, 0)], ids=["soon", "when it is due"])
def test_a_retry_of_an_execution_started_by_hand_waits_for_the_same_time(when, later, left, clock, reminder_table):
    first, kept = schedule(TOPIC | when), find("r-1")
    clock.instant += timedelta(seconds=later)

    again = schedule(TOPIC | when)

    in_seconds = {"waitSeconds": left} if "waitSeconds" in when else {}
    assert again == first | in_seconds
    assert first["waitUntil"] == "2026-11-21T04:01:00Z"
    assert all_in(reminder_table) == [kept]


@pytest.mark.parametrize("asked", [{"waitSeconds": 1}, {"timestamp": "2020-01-27T09:00:00Z"}])
def test_an_execution_whose_name_is_the_id_of_another_reminder_sends_nothing(asked, reminder_table):
    kept = row(Status="SENT", ExecutionId=SECOND)
    reminder_table.put_item(Item=kept)

    with pytest.raises((ReminderTakenError, InvalidInputError)):
        schedule(TOPIC | asked)
    assert find("r-1") == kept


def test_a_problem_repeats_no_address():
    """Lambda logs the text of the error."""
    assert refused(TOPIC | {"waitSeconds": 1, "ann@example.com": 1}) == "#…@#######.### is not a field of this request."


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ({"waitSeconds": 60.0}, {"waitSeconds": 60}),
        ({"waitSeconds": 6e1, "repeat": {"every": "1d", "times": 3.0}}, {"repeat": {"every": "1d", "times": 3}}),
        ({"timestamp": "2099-10-25 02:30", "timeZone": "Europe/Paris", "fold": 1.0}, None),
    ],
)
def test_an_integer_may_be_written_with_a_point(given, kept):
    if kept is None:
        assert refused(TOPIC | given) == "timestamp is more than 365 days ahead."
    else:
        reminder = schedule(TOPIC | given)
        assert json.dumps({name: reminder[name] for name in kept}) == json.dumps(kept)


@pytest.mark.parametrize(
    ("texts", "field"),
    [
        ({"message": "4242 4242 4242 4242"}, "message"),
        ({"subject": "④②④②④②④②④②④②④②④②"}, "subject"),
        ({"message": "4242", "subject": "424242424242"}, "subject"),
        ({"preference": "email", "email": "4242424242424242@example.com"}, "email"),
    ],
)
def test_an_execution_started_by_hand_records_no_card_number(texts, field, reminder_table):
    problem = refused({**TOPIC, "waitSeconds": 1, **texts})

    assert problem.split()[0] == field
    assert not any(text in problem for text in texts.values() if text not in (field, "email"))
    assert all_in(reminder_table) == []
