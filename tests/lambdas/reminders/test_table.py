"""The conditions of each write of the reminder table, and its lists."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from boto3.dynamodb.conditions import Key

from reminders import table
from tests.support.handlers.aws import client_of
from tests.support.handlers.callers import FLO, JO
from tests.support.handlers.faults import fault
from tests.support.handlers.reminder_rows import DAILY, REQUEST, row

NOW = datetime(2027, 1, 27, 8, tzinfo=UTC)
AT = "2027-01-27T08:00:00.000Z"
LEASE = timedelta(minutes=2)
NEXT = "arn:aws:states:us-east-1:123456789012:execution:reminders:r-1-next"
CLIENT = client_of(table, "dynamodb")
OF_AN_OCCURRENCE = {"ClaimedAt": AT, "EmailLease": AT, "SmsLease": AT, "EmailResult": "", "SmsResult": ""}


@pytest.fixture
def write(reminder_table):
    """Writes the row of r-1, which is due at NOW."""

    def write_(**changes: Any) -> dict[str, Any]:
        made = row(due=NOW, Claim="mine", **changes)
        reminder_table.put_item(Item=made)
        return made

    return write_


def claim(**changes: Any) -> Any:
    given = {"execution": row()["ExecutionId"], "channel": "email", "waited_until": "2027-01-27T08:00:00Z"}
    return table.claim("r-1", **{**given, "now": NOW, "lease": LEASE, **changes})


WRITES = {
    "claim_again": lambda found: table.claim_again(found, claim="other"),
    "start_with": lambda found: table.start_with(found, {}, execution=NEXT),
    "release": lambda found: table.release(found | {"EmailLease": "mine"}, "email", now=NOW, is_unsent=True),
    "record": lambda found: table.record(found, "email", "", now=NOW, sent={}),
    "change": lambda found: table.change(found, {}, execution=NEXT, after="", without=[]),
    "refuse": lambda found: table.refuse(found, {"RefusedAt": AT}),
    "finish": lambda found: table.finish(found, {"Status": "SENT"}),
    "finish_and_repeat": lambda found: table.finish_and_repeat(found, {"Occurrence": 2}, execution=NEXT),
    "cancel": lambda found: table.cancel("r-1", owner=found["Owner"], now=AT),
    "stop_repeating": lambda found: table.stop_repeating("r-1", owner=found["Owner"], now=AT),
    "settle": lambda found: table.settle(found, {"Status": "FAILED"}),
    "erase": table.erase,
    "withdraw": table.withdraw,
}
"""Each write, for a row that a function has read before."""

IN_STATUS = {
    "claim_again": {"SCHEDULED"},
    "start_with": {"SCHEDULED"},
    "release": {"SENDING"},
    "record": {"SENDING"},
    "finish": {"SENDING"},
    "finish_and_repeat": {"SENDING"},
    "cancel": {"SCHEDULED"},
    "stop_repeating": {"SENDING"},
    "withdraw": {"SCHEDULED"},
}
"""The statuses in which each write takes place. The others take place in any status, if it has not changed."""

FREE = ("cancel", "stop_repeating", "withdraw")
"""The writes that the execution of the row does not matter to."""


@pytest.mark.parametrize("status", ["SCHEDULED", "SENDING", "SENT", "CANCELLED"])
@pytest.mark.parametrize("name", IN_STATUS)
def test_a_write_takes_place_in_its_status_only(name, status, write):
    before = write(Status=status, EmailLease="mine", Repeat='{"every": "1d"}')

    WRITES[name](before)

    assert (table.find("r-1") != before) == (status in IN_STATUS[name])


@pytest.mark.parametrize("name", sorted(WRITES.keys() - IN_STATUS.keys()))
@pytest.mark.parametrize("status", ["SCHEDULED", "SENDING", "SENT"])
def test_a_write_about_a_row_that_was_read_takes_place_unless_its_status_has_changed(name, status, write):
    before = write(Status=status)
    stale = before | {"Status": "FAILED"}

    if name != "erase":
        assert not WRITES[name](stale)
        assert table.find("r-1") == before
    assert WRITES[name](before)
    assert table.find("r-1") != before


@pytest.mark.parametrize("name", sorted(WRITES.keys() - set(FREE)))
def test_a_reminder_with_another_execution_is_not_changed(name, write):
    status = "SENDING" if "SENDING" in IN_STATUS.get(name, ()) else "SCHEDULED"
    before = write(Status=status, EmailLease="mine")

    assert not WRITES[name](before | {"ExecutionId": "arn:another"})
    assert table.find("r-1") == before


@pytest.mark.parametrize("name", ["cancel", "stop_repeating", "erase"])
def test_only_the_owners_reminder_is_changed(name, write):
    before = write(Status="SENDING" if name == "stop_repeating" else "SCHEDULED", Repeat='{"every": "1d"}')

    assert not WRITES[name](before | {"Owner": FLO})
    assert table.find("r-1") == before


@pytest.mark.parametrize("name", WRITES)
def test_a_write_that_aws_refuses_raises_its_error(name, write):
    status = "SENDING" if "SENDING" in IN_STATUS.get(name, ()) else "SCHEDULED"
    before = write(Status=status, EmailLease="mine", Repeat='{"every": "1d"}')
    operation = "DeleteItem" if name in ("erase", "withdraw") else "UpdateItem"

    with fault(CLIENT, operation, "refused"), pytest.raises(CLIENT.exceptions.ClientError):
        WRITES[name](before)


def test_a_reminder_is_created_once(reminder_table):
    first, second = row(Message="first"), row(Message="second")

    assert [table.create(first), table.create(second)] == [True, False]
    assert table.find("r-1") == first


def test_a_create_that_aws_refuses_raises_its_error(reminder_table):
    with fault(CLIENT, "PutItem", "refused"), pytest.raises(CLIENT.exceptions.ClientError):
        table.create(row())


def test_a_row_that_another_call_has_claimed_is_not_withdrawn(write):
    before = write()
    claimed = table.claim_again(before, claim="other")

    table.withdraw(before)

    assert claimed and claimed["Claim"] == "other"
    assert table.find("r-1") == claimed


def test_a_row_without_an_execution_is_erased_if_it_still_has_none(write, reminder_table):
    before = write()
    without = {name: value for name, value in before.items() if name != "ExecutionId"}

    assert table.erase(without) is False
    reminder_table.put_item(Item=without)
    assert table.erase(without) is True
    assert table.find("r-1") is None


def test_the_first_claim_says_when_it_was_and_when_its_lease_ends(write):
    before = write()

    assert claim() == before | {
        "Status": "SENDING",
        "UpdatedAt": AT,
        "EmailLease": "2027-01-27T08:02:00.000000Z",
        "ClaimedAt": "2027-01-27T08:00:00.000000Z",
    }
    again = claim(channel="sms", now=NOW + timedelta(seconds=1))
    assert again["ClaimedAt"] == "2027-01-27T08:00:00.000000Z"
    assert again["SmsLease"] == "2027-01-27T08:02:01.000000Z"


@pytest.mark.parametrize(
    ("changes", "given", "is_claimed"),
    [
        ({}, {}, True),
        ({}, {"execution": NEXT}, False),
        ({}, {"waited_until": "2027-01-27T07:59:59Z"}, False),
        ({}, {"waited_until": "2027-01-27T08:00:01Z"}, True),
        ({"Status": "CANCELLED"}, {}, False),
        ({"Status": "SENT"}, {}, False),
        ({"Status": "SENDING"}, {}, True),
        ({"Status": "SENDING", "EmailLease": "2027-01-27T07:59:59.999Z"}, {}, True),
        ({"Status": "SENDING", "EmailLease": "2027-01-27T08:00:01.000Z"}, {}, False),
        ({"Status": "SENDING", "SmsLease": "2027-01-27T08:00:01.000Z"}, {}, True),
        # The lease of this very claim, which boto3 repeats.
        ({"Status": "SENDING", "EmailLease": "2027-01-27T08:02:00.000000Z"}, {}, True),
        ({"Status": "SENDING", "EmailResult": ""}, {}, False),
        ({"Status": "SENDING", "SmsResult": ""}, {}, True),
    ],
)
def test_a_reminder_is_claimed_if_it_is_due_and_no_attempt_holds_it(changes, given, is_claimed, write):
    before = write(**changes)

    assert (claim(**given) is not None) == is_claimed
    assert (table.find("r-1") != before) == is_claimed


@pytest.mark.parametrize(
    ("channels", "is_unsent", "status"),
    [
        (["email"], True, "SCHEDULED"),
        (["email"], False, "SENDING"),
        (["email", "sms"], True, "SENDING"),
        (["email", "sms"], False, "SENDING"),
    ],
)
def test_a_released_reminder_waits_again_if_nothing_was_sent_by_any_channel(channels, is_unsent, status, write):
    write(Channels=channels)
    claimed = claim()
    later = NOW + timedelta(seconds=1)

    released = table.release(claimed, "email", now=later, is_unsent=is_unsent)

    del claimed["EmailLease"]
    assert released == claimed | {"Status": status, "UpdatedAt": "2027-01-27T08:00:01.000Z"} == table.find("r-1")


def test_a_lease_that_another_attempt_has_is_not_released(write):
    write()
    first = claim()
    second = claim(now=NOW + LEASE + timedelta(seconds=1))

    assert table.release(first, "email", now=NOW, is_unsent=True) is None
    assert table.find("r-1") == second


def test_the_result_of_a_channel_ends_its_lease(write):
    write()
    claimed = claim()

    later = NOW + timedelta(seconds=1)

    recorded = table.record(claimed, "email", "no mail", now=later, sent={"TextId": "t-1"})

    del claimed["EmailLease"]
    result = {"EmailResult": "no mail", "UpdatedAt": "2027-01-27T08:00:01.000Z", "TextId": "t-1"}
    assert recorded == claimed | result == table.find("r-1")


def test_a_reminder_that_ends_has_no_fields_of_its_occurrence(write):
    before = write(Status="SENDING", **OF_AN_OCCURRENCE)

    finished = table.finish(before, {"Status": "SENT", "Reason": ""})

    kept = {name: value for name, value in before.items() if name not in OF_AN_OCCURRENCE}
    assert finished == kept | {"Status": "SENT", "Reason": ""}


@pytest.mark.parametrize("stopped", [{}, {"Stopped": True}])
def test_the_next_occurrence_is_scheduled_unless_somebody_has_stopped_it(stopped, write):
    before = write(Status="SENDING", **OF_AN_OCCURRENCE, **stopped)

    repeated = table.finish_and_repeat(before, {"Occurrence": 2}, execution=NEXT)

    kept = {name: value for name, value in before.items() if name not in OF_AN_OCCURRENCE}
    moved = {"Status": "SCHEDULED", "Occurrence": 2, "ExecutionId": NEXT, "After": before["ExecutionId"]}
    assert repeated == (None if stopped else kept | moved)
    assert table.find("r-1") == (before if stopped else kept | moved)


@pytest.mark.parametrize(
    ("name", "fields"),
    [("start_with", {}), ("change", {"After": ""}), ("finish_and_repeat", {"Occurrence": 2})],
)
def test_a_write_that_boto3_repeats_returns_the_row_again(name, fields, write):
    """The answer to the first attempt was lost, so its condition does not hold any more."""
    before = write(Status="SENDING" if name == "finish_and_repeat" else "SCHEDULED")

    first, second = (WRITES[name](before) for _ in range(2))

    assert first == second == table.find("r-1")
    after = {"After": before["ExecutionId"], "ExecutionId": NEXT, "Status": "SCHEDULED"}
    assert first == before | after | fields


@pytest.mark.parametrize("name", ["start_with", "change", "finish_and_repeat"])
def test_a_reminder_that_was_deleted_meanwhile_gets_no_execution(name, write, reminder_table):
    before = write(Status="SENDING" if name == "finish_and_repeat" else "SCHEDULED")
    reminder_table.delete_item(Key={"ReminderId": "r-1"})

    assert WRITES[name](before) is None
    assert table.find("r-1") is None


def test_a_changed_reminder_has_its_new_fields_and_none_of_the_removed_ones(write):
    before = write(Reason="because", Stopped=True)

    changed = table.change(before, {"Message": "New"}, execution=NEXT, after="arn:kept", without=["Reason", "Stopped"])

    kept = {name: value for name, value in before.items() if name not in ("Reason", "Stopped")}
    assert changed == kept | {"Message": "New", "ExecutionId": NEXT, "After": "arn:kept"} == table.find("r-1")


def test_a_cancelled_reminder_says_when(write):
    before = write()

    assert table.cancel("r-1", owner=JO, now="later") == before | {"Status": "CANCELLED", "UpdatedAt": "later"}


@pytest.mark.parametrize("repeat", [{}, {"Repeat": '{"every": "1d"}'}])
def test_only_a_repeated_reminder_can_be_stopped_while_it_is_sent(repeat, write):
    before = write(Status="SENDING", **repeat)

    stopped = table.stop_repeating("r-1", owner=JO, now="later")

    assert stopped == (before | {"Stopped": True, "UpdatedAt": "later"} if repeat else None)


@pytest.mark.parametrize("stale", [{"Status": "SENDING"}, {"Occurrence": 2}, {"ExecutionId": NEXT}])
def test_a_row_that_has_changed_is_not_settled(stale, write):
    before = write(**OF_AN_OCCURRENCE)

    assert table.settle(before | stale, {"Status": "FAILED"}) is None
    assert table.find("r-1") == before
    kept = {name: value for name, value in before.items() if name not in OF_AN_OCCURRENCE}
    assert table.settle(before, {"Status": "FAILED"}) == kept | {"Status": "FAILED"}


def test_a_damaged_row_is_settled(write, reminder_table):
    damaged = write()
    del damaged["Occurrence"]
    reminder_table.put_item(Item=damaged)

    assert table.settle(row(due=NOW), {"Status": "FAILED"}) is None
    assert table.settle(damaged, {"Status": "FAILED"}) == damaged | {"Status": "FAILED"}


def test_a_reminder_is_found_by_the_id_of_its_last_text(write):
    write(TextId="t-1")

    assert (table.with_text("t-1"), table.with_text("t-2")) == ("r-1", None)


def test_the_count_of_a_person_is_not_a_reminder(reminder_table):
    reminder_table.put_item(Item={"ReminderId": "person#reminders#jo", "Number": 1})

    assert table.find("person#reminders#jo") is None


@pytest.fixture
def one_by_one(monkeypatch):
    """DynamoDB's pages have one row."""
    query = table.resource().query
    monkeypatch.setattr(table.resource(), "query", lambda **given: query(**{**given, "Limit": 1}))


@pytest.fixture
def listed(reminder_table):
    """The rows of five reminders of Jo, in the order of their times, and of one of Flo."""
    statuses = ["SCHEDULED", "SENDING", "SCHEDULED", "SENT", "CANCELLED"]
    rows = [
        row(f"r-{number}", due=NOW + timedelta(hours=number), request=REQUEST | {"repeat": DAILY}, Status=status)
        for number, status in enumerate(statuses)
    ]
    for one in [*rows, row("r-9", owner=FLO, due=NOW)]:
        reminder_table.put_item(Item=one)
    return rows


def ids(rows: Any) -> list[str]:
    return [one["ReminderId"] for one in rows]


def test_all_reminders_that_wait_or_are_sent_are_counted(listed, one_by_one):
    assert [table.waiting_of(JO), table.waiting_of(FLO), table.waiting_of("nobody")] == [3, 1, 0]


@pytest.mark.parametrize(
    ("due", "found"),
    [(None, ["r-0", "r-9", "r-2"]), (Key("DueAt").lt("2027-01-27T08:00:01Z"), ["r-0", "r-9"])],
)
def test_all_reminders_with_a_status_are_listed_first_due_first(due, found, listed, one_by_one):
    listed_ = ids(table.all_with_status("SCHEDULED", due=due))

    assert sorted(listed_[:2]) + listed_[2:] == found


@pytest.mark.parametrize(("last_first", "order"), [(False, [0, 1, 2, 3, 4]), (True, [4, 3, 2, 1, 0])])
def test_the_pages_of_an_owner_have_each_reminder_once(last_first, order, listed):
    found, after = [], None
    for _ in range(3):
        rows, after = table.of_owner(JO, limit=2, after=after, last_first=last_first, due=None)
        found.append(ids(rows))

    assert sum(found, []) == [f"r-{number}" for number in order]
    assert ([len(page) for page in found], after) == ([2, 2, 1], None)


def test_a_limit_of_the_time_holds_for_the_first_page_and_the_next_ones_continue(listed):
    first, after = table.of_owner(
        JO, limit=1, after=None, last_first=False, due=Key("DueAt").gte("2027-01-27T10:00:00Z")
    )
    # The clock has moved past the place where this page begins.
    second, _ = table.of_owner(JO, limit=1, after=after, last_first=False, due=Key("DueAt").gte("2027-01-27T13:00:00Z"))

    assert (ids(first), ids(second)) == (["r-2"], ["r-3"])


def test_a_page_has_all_users_reminders_with_one_status(listed):
    page = {"limit": 10, "after": None, "last_first": True, "due": None}
    rows, after = table.with_status("SCHEDULED", **page)

    assert (ids(rows)[0], sorted(ids(rows)[1:]), after) == ("r-2", ["r-0", "r-9"], None)
