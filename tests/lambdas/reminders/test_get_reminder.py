from datetime import datetime

import fastjsonschema
import pytest

from reminders.get_reminder import handler
from stacks import schemas
from tests.support.handlers.callers import FLO, JO, OLGA, of
from tests.support.handlers.events import status_and_body
from tests.support.handlers.reminder_rows import REQUEST, row

DUE = datetime.fromisoformat("2027-01-27T08:00:00Z")


def get(caller, reminder_id):
    return status_and_body(handler(of(caller, reminder_id), None))


def test_a_reminder_is_shown_with_its_addresses_hidden(reminder_table):
    kept = row(due=DUE)
    reminder_table.put_item(Item=kept)

    assert get(JO, "r-1") == (
        200,
        {
            "reminderId": "r-1",
            "message": REQUEST["message"],
            "channels": ["email", "sms"],
            "preference": "both",
            "email": "j…@example.com",
            "phone": "+49…5678",
            "dueAt": "2027-01-27T08:00:00Z",
            "dueAtLocal": "2027-01-27T09:00:00+01:00",
            "timeZone": "Europe/Paris",
            "status": "SCHEDULED",
            "occurrence": 1,
            "updatedAt": kept["UpdatedAt"],
        },
    )


def test_an_old_row_without_channels_is_shown_with_the_channels_of_its_preference(reminder_table):
    kept = row(due=DUE)
    del kept["Channels"]
    reminder_table.put_item(Item=kept)

    _, body = get(JO, "r-1")
    assert (body["channels"], body["preference"]) == (["email", "sms"], "both")


def test_a_repeated_reminder_is_shown_with_its_rule(reminder_table):
    repeat = {"every": "1M", "until": "2027-12-31 09:00"}
    reminder_table.put_item(Item=row(request=REQUEST | {"repeat": repeat}, Occurrence=4))

    _, body = get(JO, "r-1")
    assert (body["repeat"], body["occurrence"]) == (repeat, 4)


@pytest.mark.parametrize("status", ["SCHEDULED", "SENDING", "SENT", "PARTLY_SENT", "CANCELLED", "FAILED"])
@pytest.mark.parametrize(
    "asked", [REQUEST, {"message": "x", "preference": "topic", "repeat": {"every": "1d", "times": 2}}]
)
@pytest.mark.parametrize("reason", [{}, {"Reason": "the text was not sent"}])
def test_every_answer_fits_the_schema(status, asked, reason, reminder_table):
    reminder_table.put_item(Item=row(request=asked, Status=status, **reason))

    _, body = get(JO, "r-1")
    fastjsonschema.compile(schemas.load("reminders/reminder_state.schema.json"))(body)
    fastjsonschema.compile(schemas.load("reminders/list.schema.json"))({"reminders": [body], "next": None})
    assert body["status"] == status
    assert ("reason" in body, "email" in body) == (bool(reason), asked is REQUEST)


def test_a_reminder_without_a_failure_has_no_reason(reminder_table):
    """The workflow writes an empty reason."""
    reminder_table.put_item(Item=row(Status="SENT", Reason=""))

    assert "reason" not in get(JO, "r-1")[1]


def test_another_persons_reminder_is_answered_like_an_unknown_reminder(reminder_table):
    reminder_table.put_item(Item=row())

    anothers, none = get(FLO, "r-1"), get(FLO, "r-2")
    assert anothers == none
    assert (none[0], none[1]["error"]["code"]) == (404, "NotFound")


@pytest.mark.parametrize("reminder_id", ["", "x" * 129, "é" * 5000])
def test_an_invalid_id_is_not_looked_up(reminder_id):
    """This test has no table, so a query would fail."""
    assert get(JO, reminder_id)[0] == 404


def test_operators_see_every_reminder(reminder_table):
    reminder_table.put_item(Item=row())

    assert get(OLGA, "r-1")[0] == 200
    assert get(FLO, "r-1")[0] == 404


@pytest.mark.parametrize("reminder_id", ["r-1", "r-2", ""])
def test_an_anonymous_caller_sees_no_reminder(reminder_id, reminder_table):
    reminder_table.put_item(Item=row())

    status, body = status_and_body(handler({"pathParameters": {"reminderId": reminder_id}}, None))
    assert (status, body["error"]["code"]) == (401, "NotSignedIn")


def test_a_failing_table_gives_503_with_retry_after():
    assert get(JO, "r-1")[0] == 503
