"""A sample of the hostile and odd input of `make proof PART=requests`. A failure prints the seed, which replays it."""

import os
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from unittest.mock import Mock

import pytest

from reminders.due import utc_text
from stacks.config import PROD
from tests.proof.requests import judging, starts, stores, storing
from tests.proof.requests.barrage import Barrage
from tests.proof.requests.client import Reply
from tests.proof.requests.hostile import Hostile
from tests.proof.requests.request import Request, Targets
from tests.proof.requests.stores import Accepted, Seen
from tests.support.cloud import balance
from tests.support.cloud.apps import Apps
from tests.support.documents import operation, operations

SEED = os.environ.get("PROOF_SEED") or f"{datetime.now(UTC):%Y-%m-%d}"
TARGETS = Targets(["A-1"], ["r-1"], ["B-1"], ["r-2"], ["person#reminders#x"])


def test_hostile_requests_get_documented_answers_and_leave_no_trace(apps: Apps) -> None:
    result = Barrage(apps, targets=3, shared=True).run(SEED, 50)

    assert not result.failures, (SEED, result.failures)
    assert result.forms == 50


def test_hostile_starts_of_the_workflows_end_as_documented(apps: Apps) -> None:
    started = starts.run(apps, SEED, orders=12, reminders=8, shared=True)

    assert not started.failures, (SEED, started.failures)
    assert started.ends.total() == 20


def test_odd_but_valid_input_is_stored_byte_by_byte(apps: Apps) -> None:
    stored = storing.Storing(apps).run(SEED, orders=12, reminders=8)

    assert not stored.failures, (SEED, stored.failures)
    assert (stored.orders, stored.queued, stored.reminders, stored.listed) == (12, 12, 8, 20)


def test_no_person_sets_more_reminders_than_prod_allows() -> None:
    assert storing.A_PERSONS_SHARE == min(PROD.limits.reminders_a_day, PROD.limits.reminders_waiting)


def test_the_requests_of_a_seed_are_the_same_and_differ_from_each_other() -> None:
    first, again, other = (list(Hostile(seed, TARGETS, ["x"]).requests(300)) for seed in ("a", "a", "b"))

    assert first == again
    assert len({one.form() for one in first}) == 300
    assert len({one.form() for one in first} & {one.form() for one in other}) < 30


def test_the_requests_reach_every_operation_and_other_methods() -> None:
    made = list(Hostile("a", TARGETS, ["x"]).requests(1200))

    assert {one.operation.id for one in made if one.operation} == {one.id for one in operations()}
    assert {"HEAD", "OPTIONS", "TRACE", "PURGE"} <= {one.method for one in made}


HEADERS = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Expose-Headers": "X-Request-Id",
    "Content-Type": "application/json",
    "Cache-Control": "no-store",
    "X-Request-Id": "7d1c2b8e-aaaa-4bbb-8ccc-0123456789ab",
}
REFUSED = '{"error": {"code": "InvalidRequest", "message": "The request body is invalid.", "details": []}}'
ACCEPTED = '{"OrderId": "A-1", "Status": "RECEIVED"}'
PLACED = {**HEADERS, "Location": "orders/A-1"}


def placing(body: bytes, **changes: object) -> Request:
    place = operation("PlaceOrder")
    given = {"headers": {"Content-Type": "application/json"}, "body": body, "operation": place, **changes}
    return Request("x", "qzaaaaa", "orders.json", "POST", "/orders", "person", **given)  # type: ignore[arg-type]


GOOD = b'{"OrderId": "A-1", "Name": "Ada", "ItemName": "Lamp", "Price": "1", "CC": "1"}'


@pytest.mark.parametrize(
    ("request_made", "reply", "fault"),
    [
        (placing(GOOD), Reply(202, PLACED, ACCEPTED), ""),
        (placing(GOOD), Reply(400, HEADERS, REFUSED), ""),
        (placing(GOOD), Reply(500, HEADERS, REFUSED), "the status is 500"),
        (placing(GOOD), Reply(418, HEADERS, REFUSED), "418 is not in orders.json"),
        (placing(GOOD), Reply(400, {**HEADERS, "Access-Control-Allow-Origin": ""}, REFUSED), "the form is wrong"),
        (placing(GOOD), Reply(400, HEADERS, "{}"), "the form is wrong"),
        (placing(GOOD), Reply(400, HEADERS, REFUSED.replace("body", "qzaaaaa")), "repeats a value"),
        (placing(GOOD, statuses=frozenset({401})), Reply(400, HEADERS, REFUSED), "the status is 400, not 401"),
        (placing(GOOD[:-1]), Reply(202, PLACED, ACCEPTED), "a body that is not JSON was accepted"),
        (placing(b"[NaN]"), Reply(202, PLACED, ACCEPTED), "a body that is not JSON was accepted"),
        (placing(GOOD[:-1] + b', "Price": "1"}'), Reply(202, PLACED, ACCEPTED), "a body that is not JSON was accepted"),
        (placing(GOOD.replace(b"CC", b"CD")), Reply(202, PLACED, ACCEPTED), "a body that does not fit the document"),
        (
            placing(GOOD, headers={"Content-Type": "text/plain"}),
            Reply(202, PLACED, ACCEPTED),
            "a body that is not declared as JSON was accepted",
        ),
    ],
)
def test_the_judge_finds_each_kind_of_wrong_answer(request_made: Request, reply: Reply, fault: str) -> None:
    found = judging.faults(request_made, reply)

    assert any(fault in one for one in found) if fault else not found, found


ROW = {"OrderId": "A-1", "Status": "ESCALATED"}
TEA = {"ReminderId": "r-1", "Message": "Tea", "Status": "SCHEDULED", "DueAt": "9999-12-31T09:00:00.000Z"}
NOTHING = Seen(orders={}, reminders={}, other_rows=frozenset(), messages={}, deliveries=frozenset(), people=frozenset())
BEFORE = replace(NOTHING, orders={"A-1": ROW}, reminders={"r-1": TEA}, messages={"m": ("Parked", "{}")})
MESSAGE = ("EscalationQueue", '{"OrderId": "A-2"}')
TRACES: dict[str, tuple[Seen, str]] = {
    "nothing": (BEFORE, ""),
    "an order": (replace(BEFORE, orders={"A-1": ROW, "A-2": ROW}), "the order 'A-2' has a row"),
    "a changed order": (replace(BEFORE, orders={"A-1": ROW | {"Name": "x"}}), "the row of the order 'A-1' changed"),
    "a lost order": (replace(BEFORE, orders={}), "the row of the order 'A-1' changed"),
    "a reminder": (replace(BEFORE, reminders={**BEFORE.reminders, "r-2": TEA}), "r-2 has a row"),
    "a changed reminder": (
        replace(BEFORE, reminders={"r-1": TEA | {"Message": "x"}}),
        "the row of the reminder r-1 changed",
    ),
    "a count of a person": (replace(BEFORE, other_rows=frozenset({"person#texts#x"})), ""),
    "another row": (replace(BEFORE, other_rows=frozenset({"$.x"})), "a row of the reminder table has the key '$.x'"),
    "a message": (replace(BEFORE, messages={**BEFORE.messages, "n": MESSAGE}), "has message 1 of 'A-2': 0 accepted"),
    "a lost message": (replace(BEFORE, messages={}), "the message m is gone"),
    "a mail": (replace(BEFORE, deliveries=frozenset({'{"BodyText": "x"}'})), "this was sent"),
    "a user": (replace(BEFORE, people=frozenset({"mallory"})), "the user mallory is new or gone"),
}


@pytest.mark.parametrize("trace", TRACES)
def test_each_kind_of_trace_is_found(trace: str) -> None:
    after, sentence = TRACES[trace]

    found = stores.traces(BEFORE, after, Accepted())

    assert [sentence in one for one in found] == ([True] if sentence else []), found


def test_what_accepted_requests_explain_is_no_trace() -> None:
    after = replace(
        BEFORE,
        orders={"A-1": ROW | {"Status": "CLOSED"}, "A-2": ROW},
        reminders={"r-1": TEA | {"Message": "Coffee"}, "r-2": TEA | {"Message": "x"}},
        messages={**BEFORE.messages, "n": MESSAGE},
        deliveries=frozenset({'{"BodyText": "Coffee. This is reminder r-1."}', '{"Message": "x"}'}),
    )

    accepted = Accepted(placed=Counter({"A-2": 1}), closed={"A-1"}, changed={"r-1", "r-2"})

    assert stores.traces(BEFORE, after, accepted) == []
    assert stores.traces(BEFORE, after, replace(accepted, placed=Counter({"A-2": 2}))) == [
        "the order 'A-2' has 1 messages, not 2"
    ]


@pytest.mark.parametrize(
    ("row", "lines"),
    [
        (TEA | {"DueAt": "2020-01-01T09:00:00.000Z"}, 0),
        (TEA | {"DueAt": "2020-01-01T09:00:00.000Z", "Status": "SENDING"}, 0),
        (TEA | {"DueAt": "2020-01-01T09:00:00.000Z", "Status": "CANCELLED"}, 2),
        (TEA, 2),
    ],
)
def test_only_a_waiting_reminder_of_earlier_that_is_due_may_go_out(row: dict[str, str], lines: int) -> None:
    before = replace(BEFORE, reminders={"r-1": row})
    sent = frozenset({'{"BodyText": "Tea. This is reminder r-1."}'})
    after = replace(before, reminders={"r-1": row | {"Status": "SENT"}}, deliveries=sent)

    assert len(stores.traces(before, after, Accepted())) == lines


def test_a_reminder_that_is_due_at_the_next_full_second_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    due = TEA | {"ReminderId": "r-1", "DueAt": utc_text(datetime.now(UTC) + timedelta(seconds=1))}
    looks = iter([{"r-1": due}, {"r-1": due | {"Status": "SENT"}}])
    monkeypatch.setattr(balance, "reminder_rows", lambda *_: next(looks))

    stores.at_rest(Mock(), Accepted(changed={"r-1"}))

    assert not [*looks]


def test_on_a_shared_cloud_the_things_of_other_tests_may_go_on() -> None:
    after = replace(
        BEFORE,
        orders={"A-1": ROW | {"Status": "CLOSED"}},
        reminders={"r-1": TEA | {"Status": "SENT"}},
        messages={"n": ("EscalationQueue", '{"OrderId": "A-1"}')},
        deliveries=frozenset({'{"BodyText": "Tea. This is reminder r-1."}'}),
    )
    before = replace(BEFORE, messages={"m": ("EscalationQueue", '{"OrderId": "A-1"}')})

    assert stores.traces(before, after, Accepted(), ours={"A-2"}) == []
    assert len(stores.traces(before, after, Accepted(), ours={"A-1"})) == 3
    assert len(stores.traces(before, after, Accepted(), ours={"r-1"})) == 2
    assert len(stores.traces(before, after, Accepted())) == 5


def test_a_text_that_is_stored_differently_is_found() -> None:
    order = {"OrderId": "A-1", "Name": "e\u0301", "ItemName": " x", "Price": "1"}
    stored = storing.Stored()

    assert storing.same(order, order, "its row", stored)
    assert storing.same({**order, "Price": 12.5}, {**order, "Price": "12.5"}, "its row", stored)
    assert not storing.same(order, {**order, "Name": "é"}, "its row", stored)
    assert not storing.same(order, {**order, "ItemName": "x"}, "its row", stored)
    assert not storing.same(order, {}, "its row", stored)
    assert len(stored.failures) == 3
