import json

import pytest

from orders import get_order
from tests.support.handlers.events import OPERATOR, PERSON, signed_in, status_and_body
from tests.support.handlers.lookups import get
from tests.support.handlers.order_rows import CACHED, ROW, SHOWN
from tests.support.waiting import eventually

ANOTHER = {**PERSON, "sub": "6f1c2d3e-0000-4000-8000-00000000000c"}


def test_without_a_cache_a_lookup_reads_the_table(stored):
    assert get("A-1") == (200, SHOWN, "BYPASS")


def answer(order_id: str):
    """The whole answer to ANOTHER, headers included."""
    return get_order.handler(signed_in({"pathParameters": {"OrderId": order_id}}, **ANOTHER), None)


@pytest.mark.parametrize("claims", [PERSON, OPERATOR])
def test_an_order_is_found_by_its_owner_and_by_operators(claims, stored, redis_cache):
    assert [get("A-1", **claims) for _ in range(2)] == [(200, SHOWN, "MISS"), (200, SHOWN, "HIT")]


@pytest.mark.parametrize("cached", [False, True])
def test_another_persons_order_gives_the_same_answer_as_an_unknown_order(cached, stored, redis_cache):
    if cached:
        get("A-1")

    theirs, unknown = (answer(order_id) for order_id in ("A-1", "A-2"))

    assert theirs == unknown
    assert theirs["statusCode"] == 404 and "X-Cache" not in theirs["headers"]


@pytest.mark.parametrize("cached", [False, True])
def test_only_operators_see_an_order_that_was_started_by_hand(cached, stored, order_table, redis_cache):
    by_hand = {name: value for name, value in stored.items() if name != "Owner"}
    order_table.put_item(Item=by_hand)
    if cached:
        get("A-1", **OPERATOR)

    assert [get("A-1", sub=sub)[0] for sub in (PERSON["sub"], "None", "null")] == [404] * 3
    assert get("A-1", **OPERATOR) == (200, SHOWN, "HIT")


def test_an_entry_of_an_old_version_without_an_owner_is_ignored(stored, redis_cache):
    redis_cache.set("order:A-1", json.dumps(SHOWN))

    assert get("A-1", **ANOTHER)[0] == 404
    assert get("A-1") == (200, SHOWN, "HIT")


def test_a_closed_order_is_shown_with_its_note_but_not_with_the_operator(stored, order_table, redis_cache):
    order_table.put_item(Item=stored | {"Status": "CLOSED", "Note": "called her", "ClosedBy": "olga"})

    assert get("A-1") == (200, SHOWN | {"Status": "CLOSED", "Note": "called her"}, "MISS")
    assert get("A-1")[2] == "HIT"


def test_an_anonymous_caller_finds_no_order(stored):
    reply = get_order.handler({"pathParameters": {"OrderId": "A-1"}}, None)

    status, body = status_and_body(reply)
    assert (status, body["error"]["code"]) == (401, "NotSignedIn")


@pytest.mark.parametrize("order_id", ["A-2", "a-1", "x" * 64])
def test_an_unknown_order_is_not_found(order_id, stored, redis_cache):
    first, second = get(order_id), get(order_id)

    assert first == second
    assert (first[0], first[1]["error"]["code"], first[1]["error"]["details"]) == (404, "NotFound", [])


@pytest.mark.parametrize(
    "order_id",
    [
        "",
        "A-1 ",
        "A-1\n",
        "-A",
        "é",
        "４",
        "a/b",
        "*",
        "x" * 65,
        "😀" * 600,
        "a\r\nFLUSHALL\r\n",
        "4242424242424242",
    ],
    ids=lambda one: ascii(one[:20]),
)
def test_an_invalid_order_id_is_neither_looked_up_nor_repeated(order_id, redis_cache, caplog):
    """There is no table here, so reading it would fail."""
    status, body, _ = get(order_id)

    assert (status, body["error"]["code"], body["error"]["details"]) == (404, "NotFound", [])
    assert redis_cache.keys() == []
    assert "4242" not in json.dumps(body) + caplog.text


def test_if_the_table_fails_the_caller_is_asked_to_try_again():
    status, body, _ = get("A-1")

    assert (status, body["error"]["code"]) == (503, "Unavailable")


@pytest.mark.parametrize(
    ("shown", "milliseconds"),
    [
        ({"Status": "FULFILLMENT_QUEUED"}, 300_000),
        ({"Status": "ESCALATED"}, 300_000),
        ({"Status": "PARKED"}, 300_000),
        ({"Status": "CLOSED"}, 300_000),
        ({"Status": "RECEIVED", "State": "Are details Proper"}, 1_000),
    ],
)
def test_an_order_is_cached_with_the_lifetime_of_its_status(shown, milliseconds, stored, order_table, redis_cache):
    order_table.put_item(Item=stored | {"Status": shown["Status"]})

    first = get("A-1")

    assert first == (200, SHOWN | shown, "MISS")
    assert milliseconds * 0.5 < redis_cache.pttl("order:A-1") <= milliseconds
    assert json.loads(redis_cache.get("order:A-1")) == CACHED | shown
    assert get("A-1") == (*first[:2], "HIT")


def test_an_order_that_waits_for_its_execution_is_shown_in_the_first_state(stored, order_table, redis_cache):
    claimed = {name: value for name, value in stored.items() if name != "ExecutionId"}
    order_table.put_item(Item=claimed | {"Status": "RECEIVED"})
    shown = SHOWN | {"Status": "RECEIVED", "State": "Update the order table"}

    assert [get("A-1") for _ in range(2)] == [(200, shown, "MISS"), (200, shown, "HIT")]


def test_an_entry_of_an_old_version_without_a_state_is_served(redis_cache):
    """There is no table here, so reading it would fail."""
    redis_cache.set("order:A-1", json.dumps(CACHED | {"Status": "RECEIVED"}))

    assert get("A-1") == (200, SHOWN | {"Status": "RECEIVED"}, "HIT")


def test_an_order_is_found_soon_after_a_lookup_that_missed_it(order_table, redis_cache):
    assert get("A-1")[0] == 404
    assert redis_cache.pttl("order:A-1") <= 100

    order_table.put_item(Item=ROW)

    eventually(lambda: get("A-1"), until=lambda answer: answer[:2] == (200, SHOWN))


def test_a_cached_order_is_found_without_the_table(redis_cache):
    redis_cache.set("order:A-1", json.dumps(CACHED))

    assert get("A-1") == (200, SHOWN, "HIT")
