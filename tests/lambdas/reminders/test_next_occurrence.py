from datetime import UTC, datetime, timedelta

import pytest

from common.times import timestamp
from reminders import next_occurrence, table
from reminders.due import utc_text
from reminders.next_occurrence import handler
from tests.support.handlers.reminder_rows import KEPT, ahead, row

EXECUTION, OTHER = "arn:execution:r-1", "arn:execution:r-2"

pytestmark = pytest.mark.usefixtures("reminder_table")


def asked(every="1d", **limits):
    return {"message": "Feed the cat", "preference": "topic", "repeat": {"every": every, **limits}}


def goes_on(reminder, execution=EXECUTION):
    answer = handler({"Reminder": reminder | {"reminderId": "r-1"}, "ExecutionId": execution}, None)
    assert answer.keys() == {"GoesOn"}
    return answer["GoesOn"]


@pytest.fixture
def sent(reminder_table):
    """Writes r-1 in the state that the workflow leaves after it has sent an occurrence."""

    def write(reminder, due, *, first=None, zone="Europe/Paris", **changes):
        made = row(request=reminder, due=due, zone=zone, Status="SENT", ExecutionId=EXECUTION)
        reminder_table.put_item(Item=made | {"FirstDueAt": utc_text(first or due)} | changes)

    return write


@pytest.mark.parametrize(
    ("zone", "due", "every", "following"),
    [
        ("Europe/Paris", "2027-03-27T08:00:00Z", "1d", "2027-03-28T07:00:00Z"),
        ("Europe/Paris", "2027-10-30T07:00:00Z", "1d", "2027-10-31T08:00:00Z"),
        ("Europe/Paris", "2027-03-27T08:00:00Z", "24h", "2027-03-28T08:00:00Z"),
        ("America/New_York", "2027-03-13T14:00:00Z", "1d", "2027-03-14T13:00:00Z"),
        ("Australia/Lord_Howe", "2027-04-03T14:30:00Z", "1d", "2027-04-04T15:00:00Z"),
        ("UTC", "2027-01-31T09:00:00Z", "1M", "2027-02-28T09:00:00Z"),
        ("UTC", "2027-03-28T09:00:00Z", "1y", "2028-03-28T09:00:00Z"),
    ],
)
def test_the_next_occurrence_is_scheduled_by_the_clocks_of_its_zone(zone, due, every, following, sent):
    due, following = datetime.fromisoformat(due), datetime.fromisoformat(following)
    sent(asked(every), due, zone=zone)

    assert goes_on(asked(every))
    found = table.find("r-1")
    assert (found["DueAt"], found["Occurrence"], found["Status"]) == (utc_text(following), 2, "SCHEDULED")
    assert found["ExpiresAt"] == (following + KEPT).timestamp()
    assert (found["FirstDueAt"], found["ExecutionId"]) == (utc_text(due), EXECUTION)


def test_the_31st_comes_back_after_a_short_month(sent):
    first, february = (datetime.fromisoformat(f"2027-{day}T09:00:00Z") for day in ("01-31", "02-28"))
    sent(asked("1M"), february, first=first, zone="UTC", Occurrence=2)

    assert goes_on(asked("1M"))
    assert table.find("r-1")["DueAt"] == "2027-03-31T09:00:00Z"


@pytest.mark.parametrize("status", ["SENT", "PARTLY_SENT", "FAILED"])
def test_a_reminder_goes_on_after_every_outcome_of_an_occurrence(status, sent):
    sent(asked(), ahead(), Status=status)

    assert goes_on(asked())
    assert table.find("r-1")["Status"] == "SCHEDULED"


def test_a_reminder_ends_after_the_last_of_its_times(sent):
    sent(asked(times=3), ahead(), Occurrence=3, first=ahead(days=-2), zone="UTC")
    before = table.find("r-1")

    assert not goes_on(asked(times=3))
    assert table.find("r-1") == before


@pytest.mark.parametrize(("hours", "expected"), [(24, True), (23, False)])
def test_a_reminder_ends_if_the_next_occurrence_is_after_its_end(hours, expected, sent):
    due = ahead()
    until = utc_text(due + timedelta(hours=hours))
    sent(asked(until=until), due, zone="UTC")

    assert goes_on(asked(until=until)) is expected
    assert table.find("r-1")["Status"] == ("SCHEDULED" if expected else "SENT")


def test_a_reminder_skips_missed_occurrences_and_goes_on(sent):
    """The workflow could not run for three and a half days."""
    first = ahead(days=-3, hours=-12)
    sent(asked(), first, zone="UTC")

    assert goes_on(asked())
    found = table.find("r-1")
    assert (found["Occurrence"], found["DueAt"]) == (5, utc_text(first + timedelta(days=4)))


def test_skipped_occurrences_count_towards_times(sent):
    sent(asked(times=4), ahead(days=-3, hours=-12), zone="UTC")

    assert not goes_on(asked(times=4))


@pytest.mark.parametrize("status", ["CANCELLED", "SENDING"])
def test_a_cancelled_or_unfinished_reminder_does_not_go_on(status, sent):
    sent(asked(), ahead(), Status=status)

    assert not goes_on(asked())
    assert table.find("r-1")["Status"] == status


def test_a_reminder_that_is_cancelled_between_read_and_write_does_not_go_on(sent, reminder_table, monkeypatch):
    sent(asked(), ahead())
    found = table.find("r-1")
    reminder_table.put_item(Item=found | {"Status": "CANCELLED"})
    monkeypatch.setattr(next_occurrence.table, "find", lambda _: found)

    assert not goes_on(asked())
    assert reminder_table.get_item(Key={"ReminderId": "r-1"})["Item"]["Status"] == "CANCELLED"


def test_a_reminder_of_another_execution_does_not_go_on(sent):
    sent(asked(), ahead(), ExecutionId=OTHER)

    assert not goes_on(asked())
    assert table.find("r-1")["Status"] == "SENT"


def test_a_missing_or_unrepeated_reminder_does_not_go_on(sent):
    assert not goes_on(asked())

    once = {"message": "x", "preference": "topic"}
    sent(once, ahead())
    assert not goes_on(once)


@pytest.mark.parametrize("due", [{}, {"days": -3}], ids=["on time", "late"])
def test_a_retry_schedules_nothing_twice_and_goes_on(due, sent):
    sent(asked(times=9), ahead(**due), zone="UTC")

    assert goes_on(asked(times=9))
    found = table.find("r-1")
    assert goes_on(asked(times=9))
    assert table.find("r-1") == found


def test_a_retry_before_the_last_occurrence_goes_on(sent):
    sent(asked(times=2), ahead(), zone="UTC")

    assert [goes_on(asked(times=2)) for _ in range(3)] == [True, True, True]
    assert table.find("r-1")["Occurrence"] == 2


def test_two_calls_at_once_schedule_one_occurrence(sent, monkeypatch):
    """The first call has timed out for the workflow but continues. Both calls have read the same row."""
    sent(asked(), ahead())
    found = table.find("r-1")
    with monkeypatch.context() as patch:
        patch.setattr(next_occurrence.table, "find", lambda _: found)
        assert goes_on(asked()) and goes_on(asked())

    assert table.find("r-1")["Occurrence"] == 2


def test_a_retry_after_a_cancel_does_not_go_on(sent, reminder_table):
    sent(asked(), ahead())
    assert goes_on(asked())
    assert table.cancel("r-1", owner=table.find("r-1")["Owner"], now=timestamp(datetime.now(UTC)))

    assert not goes_on(asked())
    assert table.find("r-1")["Status"] == "CANCELLED"
