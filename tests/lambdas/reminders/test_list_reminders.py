import base64
import json

import pytest

from reminders.due import utc_text
from reminders.list_reminders import handler
from tests.support.handlers.callers import FLO, JO, OLGA, by
from tests.support.handlers.events import refused_field, status_and_body
from tests.support.handlers.reminder_rows import ahead, row


def listed(caller, **query):
    status, body = status_and_body(handler(by(caller, {"queryStringParameters": query or None}), None))
    assert status == 200, body
    return [one["reminderId"] for one in body["reminders"]], body["next"]


def pages(caller, limit):
    """Returns the ids of each page, in order."""
    found, token = listed(caller, limit=limit)
    yield found
    while token:
        found, token = listed(caller, limit=limit, next=token)
        yield found


def token(text):
    return base64.urlsafe_b64encode(text.encode()).decode()


@pytest.fixture
def five(reminder_table):
    """Five reminders of Jo, not written in due order, and one of Flo between them."""
    for number in (3, 1, 5, 2, 4):
        reminder_table.put_item(Item=row(f"r-{number}", due=ahead(hours=number)))
    reminder_table.put_item(Item=row("flo", owner=FLO, due=ahead(hours=2.5)))


def test_without_reminders_the_list_is_empty(reminder_table):
    assert listed(JO) == ([], None)


def test_reminders_are_listed_in_due_order(five):
    assert listed(JO) == (["r-1", "r-2", "r-3", "r-4", "r-5"], None)


@pytest.mark.parametrize("caller", [FLO, FLO + "x", JO.upper(), "workflow"])
def test_people_do_not_see_another_persons_reminders(caller, five):
    assert listed(caller) == (["flo"] if caller == FLO else [], None)


def test_a_list_has_pages(five):
    assert [found for found in pages(JO, "2")] == [["r-1", "r-2"], ["r-3", "r-4"], ["r-5"]]


def test_pages_of_one_row_omit_nothing_if_all_reminders_are_due_at_the_same_time(reminder_table):
    due = ahead(hours=1)
    for number in range(7):
        reminder_table.put_item(Item=row(f"r-{number}", due=due))

    assert sorted(one for found in pages(JO, "1") for one in found) == [f"r-{number}" for number in range(7)]


def test_a_page_continues_after_a_deleted_reminder(five, reminder_table):
    _, following = listed(JO, limit="2")
    reminder_table.delete_item(Key={"ReminderId": "r-2"})

    assert listed(JO, next=following) == (["r-3", "r-4", "r-5"], None)


def test_a_page_without_a_limit_has_100_reminders(reminder_table):
    for number in range(101):
        reminder_table.put_item(Item=row(f"r-{number:03}", due=ahead(minutes=number)))

    found, following = listed(JO)
    assert len(found) == 100 and listed(JO, limit="100")[0] == found
    assert listed(JO, next=following) == (["r-100"], None)


def test_another_persons_next_shows_only_the_callers_own_reminders(five):
    _, following = listed(JO, limit="2")

    assert listed(FLO, next=following) == (["flo"], None)


def test_lists_hide_addresses(five):
    reply = handler(by(JO, {"queryStringParameters": None}), None)

    assert "j…@example.com" in reply["body"] and "+49…5678" in reply["body"]
    assert "jo@example.com" not in reply["body"] and "4915112345678" not in reply["body"]


@pytest.mark.parametrize(
    "limit", ["", "0", "-1", "101", "1000", "1.5", "1e3", "1e1.0", "ten", " 5", "5\n", "05", "５", "9" * 5000]
)
def test_an_invalid_limit_is_refused(limit):
    assert refused_field(handler(by(JO, {"queryStringParameters": {"limit": limit}}), None)) == "limit"


@pytest.mark.parametrize("limit", ["1", "1.0", "1e0", "10E-1", "100", "1e2"])
def test_a_limit_may_be_written_with_a_point_or_an_exponent(limit, reminder_table):
    assert status_and_body(handler(by(JO, {"queryStringParameters": {"limit": limit}}), None))[0] == 200


DUE = '"2027-01-27T08:00:00Z"'


@pytest.mark.parametrize(
    "next_",
    ["", "r-1", "é", "A", "====", "%00", "x" * 8000]
    + [
        token(text)
        for text in (
            "",
            "null",
            "7",
            "[]",
            "{}",
            f"[{DUE}]",
            f"[{DUE}, 7]",
            f"[{DUE}, null]",
            f"[{DUE}, []]",
            f'[{DUE}, ""]',
            f'[{DUE}, "r-1", "jo"]',
            '["", "r-1"]',
            '["tomorrow", "r-1"]',
            '[7, "r-1"]',
            f'[{DUE}, "{"x" * 5000}"]',
            f'[{DUE}, "\\ud800"]',
            "[" * 5000,
        )
    ],
    ids=lambda text: ascii(text[:30]),
)
def test_an_invented_next_is_refused_without_a_query(next_):
    """This test has no table, so a query would fail."""
    reply = handler(by(JO, {"queryStringParameters": {"next": next_}}), None)

    assert refused_field(reply) == "next"


def test_a_next_does_not_choose_the_owner_of_the_list(five):
    forged = token(json.dumps(["2000-01-01T00:00:00Z", "flo"]))

    assert listed(JO, next=forged)[0] == ["r-1", "r-2", "r-3", "r-4", "r-5"]


@pytest.fixture
def around_now(reminder_table):
    """Reminders of Jo and Flo that are due one and two hours before and after now."""
    for owner, name in ((JO, "jo"), (FLO, "flo")):
        for hours in (-2, -1, 1, 2):
            reminder_table.put_item(Item=row(f"{name}{hours:+}", owner=owner, due=ahead(hours=hours)))


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ({}, ["jo-2", "jo-1", "jo+1", "jo+2"]),
        ({"when": "upcoming"}, ["jo+1", "jo+2"]),
        ({"when": "past"}, ["jo-1", "jo-2"]),
    ],
)
@pytest.mark.parametrize("limit", ["1", "100"])
def test_upcoming_reminders_start_with_the_first_due_and_past_ones_with_the_last_due(asked, found, limit, around_now):
    ids, following = listed(JO, limit=limit, **asked)
    while following:
        more, following = listed(JO, limit=limit, next=following, **asked)
        ids += more

    assert ids == found


def test_a_page_of_upcoming_reminders_continues_after_one_that_became_due(around_now):
    passed = token(json.dumps([utc_text(ahead(seconds=-1)), "jo-0"]))

    assert listed(JO, when="upcoming", next=passed) == (["jo+1", "jo+2"], None)


def test_operators_see_all_reminders_with_a_status_starting_with_the_last_due(around_now, reminder_table):
    for name in ("jo-2", "flo-1", "flo+1"):
        reminder_table.update_item(
            Key={"ReminderId": name},
            UpdateExpression="SET #status = :failed",
            ExpressionAttributeNames={"#status": "Status"},
            ExpressionAttributeValues={":failed": "FAILED"},
        )

    ids, following = listed(OLGA, status="FAILED", limit="2")

    assert ids == ["flo+1", "flo-1"]
    assert listed(OLGA, status="FAILED", limit="2", next=following) == (["jo-2"], None)


def test_people_cannot_list_by_status(around_now):
    status, body = status_and_body(handler(by(JO, {"queryStringParameters": {"status": "SCHEDULED"}}), None))

    assert (status, body["error"]["code"]) == (403, "Forbidden")


@pytest.mark.parametrize(
    ("field", "text"), [("when", "soon"), ("when", ""), ("status", "failed"), ("status", ""), ("status", "x" * 5000)]
)
def test_an_invalid_query_is_refused_with_its_field(field, text, reminder_table):
    assert refused_field(handler(by(OLGA, {"queryStringParameters": {field: text}}), None)) == field


@pytest.mark.parametrize("event", [{}, {"requestContext": {"authorizer": {"claims": {"sub": ""}}}}])
def test_an_anonymous_caller_sees_no_list(event, five):
    status, body = status_and_body(handler({"queryStringParameters": None} | event, None))

    assert (status, body["error"]["code"]) == (401, "NotSignedIn")


def test_a_failing_table_gives_503_with_retry_after():
    reply = handler(by(JO, {"queryStringParameters": None}), None)

    assert (status_and_body(reply)[0], reply["headers"]["Retry-After"]) == (503, "1")
