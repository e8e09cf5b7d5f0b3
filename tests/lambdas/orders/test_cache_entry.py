"""What the cache holds about an order, for how long, and which values it takes for an entry."""

import json

import pytest

from orders import cache_entry
from orders.cache_entry import Entry, Found, found_in
from orders.order import FINAL
from orders.redis_connection import RefusalError
from tests.support.handlers.order_rows import CACHED, ROW, SHOWN

UNUSABLE = {
    "nothing": b"",
    "half": b"{",
    "not text": b"\xff\xfe",
    "null": b"null",
    "a number": b"7",
    "a list": b"[]",
    "not an order": b"{}",
    "text": b'"A-1"',
    "a listed order": json.dumps([CACHED]).encode(),
    "half an order": b'{"OrderId": "A-1"}',
    "an order of an old version without an owner": json.dumps(SHOWN).encode(),
    "an order whose owner is not text": json.dumps(CACHED | {"Owner": [CACHED["Owner"]]}).encode(),
    "a mistyped order": json.dumps(CACHED | {"Name": 7}).encode(),
    "an order without a price": json.dumps({name: CACHED[name] for name in CACHED.keys() - {"Price"}}).encode(),
    "an order with a field that is not shown": json.dumps(CACHED | {"CC": "4242424242424242"}).encode(),
    "an order with eight digits of its card": json.dumps(CACHED | {"Card": {"Last4": "42424242"}}).encode(),
    "an order whose status is not text": json.dumps(CACHED | {"Status": 7}).encode(),
    "an order with an empty status": json.dumps(CACHED | {"Status": ""}).encode(),
    "an order whose state is not text": json.dumps(CACHED | {"State": ["Beyond"]}).encode(),
    "an order whose reasons are not a list": json.dumps(CACHED | {"Reasons": "PRICE_NOT_POSITIVE"}).encode(),
    "an order with a reason that is not text": json.dumps(CACHED | {"Reasons": [None]}).encode(),
    "another order": json.dumps(CACHED | {"OrderId": "A-2"}).encode(),
    "an entry of another, unknown order": b'{"OrderId": "A-2", "Status": "UNKNOWN"}',
    "a lone surrogate": json.dumps(CACHED | {"Name": "\ud800"}).encode(),
    "too deep": b"[" * 100_000,
}


@pytest.mark.parametrize("value", [None, "text", 7, RefusalError("OOM"), *UNUSABLE.values()], ids=repr)
def test_a_value_that_is_not_the_entry_of_the_order_is_ignored(value):
    assert found_in(value, "A-1") is None


@pytest.mark.parametrize("status", sorted(FINAL))
def test_a_settled_order_is_cached_for_five_minutes(status):
    assert cache_entry.of_row(ROW | {"Status": status}) == Entry(CACHED | {"Status": status}, 300_000)


def test_an_order_in_progress_is_cached_for_a_second():
    order = CACHED | {"Status": "RECEIVED", "State": "Are details Proper"}

    assert cache_entry.of_row(ROW | {"Status": "RECEIVED"}) == Entry(order, 1_000)


def test_an_unknown_order_is_cached_for_a_tenth_of_a_second():
    assert cache_entry.of_row(None) == Entry(None, 100)


def test_an_order_that_was_started_by_hand_is_cached_without_an_owner():
    order, _ = cache_entry.of_row({name: ROW[name] for name in ROW if name != "Owner"})

    assert order == CACHED | {"Owner": None}
    assert found_in(cache_entry.text_of("A-1", order).encode(), "A-1") == Found(order)


@pytest.mark.parametrize(
    "order", [CACHED, CACHED | {"Name": "李雷 \U0001f408", "Reasons": ["CARD_NOT_16_DIGITS"]}, None]
)
def test_what_is_cached_is_found_again(order):
    assert found_in(cache_entry.text_of("A-1", order).encode(), "A-1") == Found(order)


def test_an_unknown_order_has_an_entry_of_its_own_kind():
    """Functions of two versions share the cache while a deployment runs."""
    assert json.loads(cache_entry.text_of("A-9", None)) == {"OrderId": "A-9", "Status": "UNKNOWN"}
    assert cache_entry.key_of("A-9") == "order:A-9"


def test_the_owner_is_not_shown():
    assert cache_entry.without_owner(CACHED) == SHOWN


@pytest.mark.parametrize(
    "change",
    [{"Status": "HELD"}, {"Reasons": ["PRICE_TOO_HIGH"]}, {"State": "Beyond"}, {"CorrectedBy": "robot"}],
    ids=str,
)
def test_an_entry_with_a_word_of_a_newer_version_is_an_entry(change):
    assert found_in(json.dumps(CACHED | change).encode(), "A-1") == Found(CACHED | change)


def test_a_closed_list_of_a_schema_becomes_any_text_and_the_rest_stays():
    schema = {"type": "object", "properties": {"a": {"type": "string", "enum": ["x"]}, "b": {"type": "integer"}}}

    open_schema = cache_entry.without_closed_lists(schema)

    text = {"type": "string", "minLength": 1}
    assert open_schema == {"type": "object", "properties": {"a": text, "b": {"type": "integer"}}}
