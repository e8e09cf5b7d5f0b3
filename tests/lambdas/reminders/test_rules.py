from datetime import UTC, datetime, timedelta, timezone

import pytest

from reminders.rules import InvalidReminderError, check_addresses, due_at, utc_text

NOW = datetime(2026, 11, 21, 4, 0, 0, tzinfo=UTC)
YEAR = 365 * 24 * 60 * 60


def refusal(request) -> InvalidReminderError:
    with pytest.raises(InvalidReminderError) as caught:
        due_at(request, now=NOW)
    return caught.value


@pytest.mark.parametrize("seconds", [0, "0", 1, "60", "00000060", 3600, YEAR, str(YEAR)])
def test_seconds_are_counted_from_now(seconds):
    assert due_at({"waitSeconds": seconds}, now=NOW) == NOW + timedelta(seconds=int(seconds))


@pytest.mark.parametrize("seconds", [-1, YEAR + 1, str(YEAR + 1), "99999999", 10**4000], ids=lambda one: str(one)[:10])
def test_seconds_of_the_past_or_beyond_a_year_are_refused(seconds):
    error = refusal({"waitSeconds": seconds})

    assert (error.field, str(error)) == ("waitSeconds", "must be from 0 to 31536000")


@pytest.mark.parametrize(
    ("timestamp", "due"),
    [
        ("2026-11-21T04:00:01Z", "2026-11-21T04:00:01Z"),
        ("2026-11-21t04:00:01z", "2026-11-21T04:00:01Z"),
        ("2026-11-21T04:00:00.5Z", "2026-11-21T04:00:00Z"),
        ("2026-11-21T05:00:01+01:00", "2026-11-21T04:00:01Z"),
        ("2026-11-20T23:00:01-05:00", "2026-11-21T04:00:01Z"),
        ("2026-11-22T03:59:01+23:59", "2026-11-21T04:00:01Z"),
        ("2026-12-31T23:59:59-00:30", "2027-01-01T00:29:59Z"),
        ("2027-11-21T04:00:00Z", "2027-11-21T04:00:00Z"),
    ],
)
def test_a_time_is_taken_with_its_offset(timestamp, due):
    assert utc_text(due_at({"timestamp": timestamp}, now=NOW)) == due


def test_a_leap_day_is_a_time_that_exists():
    now = datetime(2027, 6, 1, tzinfo=UTC)

    assert due_at({"timestamp": "2028-02-29T00:00:00Z"}, now=now) == datetime(2028, 2, 29, tzinfo=UTC)


@pytest.mark.parametrize(
    "timestamp",
    [
        "2026-11-21T04:00:00Z",
        "2026-11-21T03:59:59Z",
        "2026-11-21T05:00:00+01:00",
        "2019-01-27T09:00:00Z",
        "0001-01-01T00:00:00Z",
    ],
)
def test_a_time_that_has_passed_is_refused(timestamp):
    error = refusal({"timestamp": timestamp})

    assert (error.field, str(error)) == ("timestamp", "has passed")


@pytest.mark.parametrize("timestamp", ["2027-11-21T04:00:01Z", "2027-11-21T04:00:00.000001Z", "9999-12-31T23:59:59Z"])
def test_a_time_beyond_a_year_is_refused(timestamp):
    assert str(refusal({"timestamp": timestamp})) == "is more than 365 days ahead"


@pytest.mark.parametrize(
    "timestamp",
    [
        "2027-01-27T09:00:60Z",
        "2027-01-27T09:60:00Z",
        "2027-02-30T09:00:00Z",
        "2027-02-29T09:00:00Z",
        "2027-13-01T09:00:00Z",
        "2027-00-00T09:00:00Z",
        "2027-01-27T09:00:00+25:00",
        "0000-01-01T00:00:00Z",
        "0001-01-01T00:00:00+23:59",
        "9999-12-31T23:59:59-23:59",
    ],
)
def test_a_time_that_does_not_exist_is_refused(timestamp):
    assert str(refusal({"timestamp": timestamp})) == "is not a time that exists"


@pytest.mark.parametrize(
    "timestamp",
    [
        "",
        "tomorrow",
        "2027-01-27",
        "2027-01-27 09:00:00Z",
        "2027-01-27T09:00:00",
        "2027-01-27T09:00Z",
        "2027-01-27T09:00:00 Z",
        "2027-01-27T09:00:00Z\n",
        " 2027-01-27T09:00:00Z",
        "2027-01-27T09:00:00+0100",
        "2027-01-27T09:00:00.0000001Z",
        "2027-W04-3T09:00:00Z",
        "2027-01-27T24:00:00Z",
        "2027-01-27T25:00:00Z",
        "20270127T090000Z",
        "+2027-01-27T09:00:00Z",
        "２０２７-01-27T09:00:00Z",
        "٢٠٢٧-01-27T09:00:00Z",
    ],
)
def test_a_time_in_another_form_is_refused_with_the_right_form(timestamp):
    error = refusal({"timestamp": timestamp})

    assert error.field == "timestamp"
    assert "such as 2027-01-27T09:00:00Z" in str(error)


@pytest.mark.parametrize("request_", [{}, {"waitSeconds": 60, "timestamp": "2027-01-27T09:00:00Z"}])
def test_either_seconds_or_a_time_is_needed(request_):
    assert str(refusal(request_)) == "is needed, or timestamp, and not both"


def test_a_time_is_written_as_a_wait_state_takes_it():
    noon_in_berlin = datetime(2027, 1, 27, 12, 0, 0, 999_999, tzinfo=timezone(timedelta(hours=1)))

    assert utc_text(noon_in_berlin) == "2027-01-27T11:00:00Z"


@pytest.mark.parametrize(
    ("preference", "given", "missing"),
    [
        ("email", {"phone"}, "email"),
        ("sms", {"email"}, "phone"),
        ("both", {"email"}, "phone"),
        ("both", {"phone"}, "email"),
    ],
)
def test_a_preference_needs_its_address(preference, given, missing):
    with pytest.raises(InvalidReminderError) as caught:
        check_addresses({"preference": preference, **dict.fromkeys(given, "x")})

    assert caught.value.field == missing


@pytest.mark.parametrize(
    ("preference", "given"), [("email", {"email"}), ("sms", {"phone"}), ("both", {"email", "phone"}), ("topic", set())]
)
def test_a_preference_with_its_address_is_accepted(preference, given):
    check_addresses({"preference": preference, **dict.fromkeys(given, "x")})
