import json
from datetime import UTC, datetime, timedelta

import pytest

from reminders import schedule_reminder
from reminders.due import utc_text
from reminders.reminder import SLICE
from reminders.schedule_reminder import NO_ID, NO_OBJECT, handler
from reminders.table import find
from tests.support.handlers.reminder_rows import REQUEST, ahead, row

FIRST, SECOND = (f"arn:aws:states:us-east-1:123456789012:execution:reminders:{name}" for name in ("r-1", "r-1-0a1b"))
TOPIC = {"message": "Feed the cat", "preference": "topic"}
EMAIL, PHONE = {"email": REQUEST["email"]}, {"phone": REQUEST["phone"]}
ADDRESSES = EMAIL | PHONE
TEXT_OF_ORIGINAL = "remind me of something"

pytestmark = pytest.mark.usefixtures("reminder_table")


def schedule(asked, execution=FIRST):
    return handler({"Input": asked, "ExecutionId": execution}, None)


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


@pytest.mark.parametrize(
    "when", [{"waitSeconds": "3600"}, {"timestamp": "2027-01-27 09:00", "timeZone": "Europe/Paris"}]
)
def test_an_execution_claims_a_row_of_the_api(when, reminder_table):
    kept = row()
    reminder_table.put_item(Item=kept)

    answer = schedule(REQUEST | when | {"reminderId": "r-1"})

    assert answer["Outcome"] == "SCHEDULED"
    assert answer["Reminder"].items() >= {**REQUEST, "text": REQUEST["message"], "reminderId": "r-1"}.items()
    assert (answer["Reminder"]["waitUntil"], answer["Reminder"]["goOn"]) == (kept["DueAt"], False)
    assert answer["Reminder"]["waitSeconds"] == (3600 if "waitSeconds" in when else None)
    assert find("r-1") == kept | {"ExecutionId": FIRST}


def test_a_reminder_that_became_due_after_it_was_written_is_not_refused(reminder_table):
    due = ahead(seconds=-5)
    reminder_table.put_item(Item=row(due=due))

    answer = schedule(REQUEST | {"timestamp": utc_text(due), "reminderId": "r-1"})
    assert (answer["Outcome"], answer["Reminder"]["waitUntil"]) == ("SCHEDULED", utc_text(due))


def test_a_second_execution_continues_after_the_first(reminder_table):
    reminder_table.put_item(Item=row(ExecutionId=FIRST))
    going_on = REQUEST | {"reminderId": "r-1", "after": FIRST}

    assert schedule(going_on, SECOND)["Outcome"] == "SCHEDULED"
    assert find("r-1")["ExecutionId"] == SECOND
    # A retry gets the same answer. A third execution from the same state is refused.
    assert schedule(going_on, SECOND)["Outcome"] == "SCHEDULED"
    assert schedule(going_on, SECOND + "c")["Outcome"] == "TAKEN"
    assert find("r-1")["ExecutionId"] == SECOND


def test_a_wait_of_more_than_a_year_is_cut(reminder_table):
    now = ahead()
    due = now + timedelta(days=366)
    reminder_table.put_item(Item=row(due=due, ExecutionId=FIRST))

    answer = schedule(REQUEST | {"reminderId": "r-1", "after": FIRST}, SECOND)["Reminder"]
    assert answer["goOn"]
    assert SLICE <= datetime.fromisoformat(answer["waitUntil"]) - now <= SLICE + timedelta(seconds=30)

    last = schedule(REQUEST | {"reminderId": "r-1", "after": SECOND, "waitedUntil": answer["waitUntil"]}, SECOND + "c")
    assert (last["Reminder"]["goOn"], last["Reminder"]["waitUntil"]) == (False, utc_text(due))


@pytest.mark.parametrize("status", ["CANCELLED", "SENDING", "SENT", "PARTLY_SENT", "FAILED"])
@pytest.mark.parametrize("execution", [{}, {"ExecutionId": FIRST}])
def test_a_reminder_that_is_not_scheduled_is_not_claimed(status, execution, reminder_table):
    kept = row(Status=status, **execution)
    reminder_table.put_item(Item=kept)

    assert schedule(REQUEST | {"waitSeconds": 1, "reminderId": "r-1"}) == {"Outcome": "TAKEN"}
    assert find("r-1") == kept


@pytest.mark.parametrize("after", [{}, {"after": None}, {"after": "arn:other"}, {"after": 7}, {"after": {}}])
def test_a_reminder_of_another_execution_is_not_claimed(after, reminder_table):
    kept = row(ExecutionId=FIRST)
    reminder_table.put_item(Item=kept)

    assert schedule(REQUEST | {"waitSeconds": 1, "reminderId": "r-1"} | after, SECOND) == {"Outcome": "TAKEN"}
    assert find("r-1") == kept


def test_no_row_is_written_for_an_unknown_reminder():
    assert schedule(REQUEST | {"waitSeconds": 1, "reminderId": "r-1"}) == {"Outcome": "TAKEN"}
    assert find("r-1") is None


@pytest.mark.parametrize("reminder_id", [None, 7, "", [], {}, True, "x" * 129], ids=lambda one: repr(one)[:10])
def test_an_invalid_id_is_refused(reminder_id):
    assert schedule(REQUEST | {"waitSeconds": 1, "reminderId": reminder_id}) == {
        "Outcome": "INVALID",
        "Problem": NO_ID,
    }


@pytest.mark.parametrize("preference", ["email", "sms", "both"])
@pytest.mark.parametrize("wait", [0, 2, "120", "31449000"])
def test_the_original_pages_body_is_recorded_and_waits_in_seconds(preference, wait):
    asked = {"waitSeconds": wait, "preference": preference, "message": "Feed the cat 🐈", **ADDRESSES}

    answer = schedule(asked)

    found = find("r-1")
    expected = {**asked, "text": asked["message"], "reminderId": "r-1", "waitSeconds": int(wait)}
    assert answer["Outcome"] == "SCHEDULED"
    assert answer["Reminder"].items() >= expected.items()
    assert (answer["Reminder"]["waitUntil"], answer["Reminder"]["goOn"]) == (found["DueAt"], False)
    assert (found["Owner"], found["Status"], found["ExecutionId"]) == ("workflow", "SCHEDULED", FIRST)
    assert (found["Email"], found["Phone"]) == ("j…@example.com", "+49…5678")
    assert abs(datetime.fromisoformat(found["DueAt"]) - ahead(seconds=int(wait))) < timedelta(seconds=30)


def test_the_original_command_lines_body_goes_to_the_topic():
    due = utc_text(ahead(days=30))

    answer = schedule({"message": TEXT_OF_ORIGINAL, "timestamp": due})

    assert (answer["Outcome"], answer["Reminder"]["preference"]) == ("SCHEDULED", "topic")
    assert (answer["Reminder"]["waitSeconds"], answer["Reminder"]["waitUntil"]) == (None, due)
    assert (find("r-1")["Preference"], find("r-1")["DueAt"]) == ("topic", due)


def test_a_wait_of_a_whole_year_is_split_and_not_in_seconds():
    reminder = schedule(TOPIC | {"waitSeconds": 31_536_000})["Reminder"]

    assert (reminder["waitSeconds"], reminder["goOn"]) == (None, True)
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
        (TOPIC | {"waitSeconds": 1, "after": FIRST}, "after is not a field of this request."),
        (
            TOPIC | {"waitSeconds": 1, "waitedUntil": "2027-01-27T09:00:00Z"},
            "waitedUntil is not a field of this request.",
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
    assert schedule(asked) == {"Outcome": "INVALID", "Problem": problem}
    assert reminder_table.scan()["Items"] == []


@pytest.mark.parametrize("local", ["2027-01-27 09:00:00", "2027-01-27T09:00"])
def test_a_local_time_without_a_zone_is_refused_if_started_by_hand(local, clock):
    assert schedule(TOPIC | {"timestamp": local})["Problem"].startswith("timeZone is required")
    assert schedule(TOPIC | {"timestamp": local, "timeZone": "Europe/Paris"})["Reminder"]["waitUntil"] == (
        "2027-01-27T08:00:00Z"
    )


@pytest.mark.parametrize("when", [{"waitSeconds": 60}, {"timestamp": "2026-11-21T04:01:00Z"}])
@pytest.mark.parametrize(("later", "left"), [(2, 58), (300, 0)], ids=["soon", "when it is due"])
def test_a_retry_of_an_execution_started_by_hand_waits_for_the_same_time(when, later, left, clock, reminder_table):
    first, kept = schedule(TOPIC | when), find("r-1")
    clock.instant += timedelta(seconds=later)

    again = schedule(TOPIC | when)

    in_seconds = {"waitSeconds": left} if "waitSeconds" in when else {}
    assert again == first | {"Reminder": first["Reminder"] | in_seconds}
    assert first["Reminder"]["waitUntil"] == "2026-11-21T04:01:00Z"
    assert reminder_table.scan()["Items"] == [kept]


def test_a_retry_claims_a_row_that_was_only_written(clock, reminder_table):
    kept = row("r-1", owner="workflow", due=clock.instant + timedelta(seconds=60), request=TOPIC)
    reminder_table.put_item(Item=kept)
    clock.instant += timedelta(minutes=5)

    assert schedule(TOPIC | {"timestamp": "2026-11-21T04:01:00Z"})["Outcome"] == "SCHEDULED"
    assert find("r-1") == kept | {"ExecutionId": FIRST}


def test_a_later_execution_with_the_same_name_sends_nothing_twice(reminder_table):
    reminder_table.put_item(Item=row(owner="workflow", Status="SENT", ExecutionId=FIRST))

    assert schedule(TOPIC | {"waitSeconds": 1}) == {"Outcome": "TAKEN"}


@pytest.mark.parametrize("change", [{"message": None}, {"message": 7}, {"nonsense": 1}, {"preference": "fax"}])
def test_an_input_with_only_an_id_claims_no_reminder(change, reminder_table):
    asked = {name: value for name, value in (REQUEST | {"waitSeconds": 1} | change).items() if value is not None}

    assert schedule(asked | {"reminderId": "r-1"})["Outcome"] == "INVALID"


@pytest.mark.parametrize("change", [{"email": "a@b"}, {"email": "ada@exämple.com"}, {"phone": "0151"}, {"x": 1}])
@pytest.mark.parametrize(
    ("kept", "given", "execution"),
    [
        ({}, {}, FIRST),
        ({"ExecutionId": FIRST}, {"after": FIRST}, SECOND),
        ({"ExecutionId": FIRST}, {}, FIRST),
    ],
    ids=["first", "follows", "retried"],
)
def test_the_row_of_a_refused_reminder_has_failed_and_has_the_reason(kept, given, execution, change, reminder_table):
    reminder_table.put_item(Item=row(**kept))

    answer = schedule(REQUEST | {"waitSeconds": 1, "reminderId": "r-1"} | given | change, execution)

    assert answer["Outcome"] == "INVALID"
    found = find("r-1")
    assert (found["Status"], found["Reason"], found["ExecutionId"]) == ("FAILED", answer["Problem"], execution)


@pytest.mark.parametrize(
    "kept",
    [{"Status": "CANCELLED"}, {"Status": "SENT", "ExecutionId": FIRST}, {"ExecutionId": FIRST}],
    ids=["cancelled", "sent", "another execution's"],
)
def test_a_refused_execution_leaves_a_row_of_another_one_unchanged(kept, reminder_table):
    kept = row(**kept)
    reminder_table.put_item(Item=kept)

    assert schedule(REQUEST | {"waitSeconds": 1, "reminderId": "r-1", "x": 1}, SECOND)["Outcome"] == "INVALID"
    assert find("r-1") == kept


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ({"waitSeconds": 60.0}, {"waitSeconds": 60}),
        ({"waitSeconds": 6e1, "repeat": {"every": "1d", "times": 3.0}}, {"repeat": {"every": "1d", "times": 3}}),
        ({"timestamp": "2099-10-25 02:30", "timeZone": "Europe/Paris", "fold": 1.0}, None),
    ],
)
def test_an_integer_may_be_written_with_a_point(given, kept):
    answer = schedule(TOPIC | given)

    if kept is None:
        assert answer["Problem"] == "timestamp is more than 365 days ahead."
    else:
        reminder = answer["Reminder"]
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
    answer = schedule({**TOPIC, "waitSeconds": 1, **texts})

    assert (answer["Outcome"], answer["Problem"].split()[0]) == ("INVALID", field)
    assert not any(text in answer["Problem"] for text in texts.values() if text != field and text != "email")
    assert reminder_table.scan()["Items"] == []
