import json
import os
import signal
from datetime import UTC, datetime

import pytest
from boto3.dynamodb.types import TypeSerializer

from orders.erased import erased
from orders.update_cache import CacheUpdateError, handler
from tests.support.handlers.lookups import get
from tests.support.handlers.order_rows import CACHED, ROW, SHOWN

serialize = TypeSerializer().serialize


def record(event: str, row: dict) -> dict:
    """A record of the table's stream, as Lambda receives it."""
    image = {name: serialize(value) for name, value in row.items()}
    change = {"Keys": {"OrderId": image["OrderId"]}, "SequenceNumber": "1", "StreamViewType": "NEW_AND_OLD_IMAGES"}
    images = {"INSERT": ["NewImage"], "MODIFY": ["OldImage", "NewImage"], "REMOVE": ["OldImage"]}[event]
    return {
        "eventID": "1",
        "eventName": event,
        "eventSource": "aws:dynamodb",
        "dynamodb": change | dict.fromkeys(images, image),
    }


def update(*records: dict) -> None:
    handler({"Records": list(records)}, None)


@pytest.mark.parametrize("event", ["INSERT", "MODIFY"])
@pytest.mark.parametrize(
    ("shown", "milliseconds"),
    [
        ({"Status": "RECEIVED", "State": "Are details Proper"}, 1_000),
        ({"Status": "FULFILLMENT_QUEUED"}, 300_000),
        ({"Status": "PARKED"}, 300_000),
    ],
)
def test_a_row_is_cached_as_the_api_shows_it_with_the_lifetime_of_its_status(event, shown, milliseconds, redis_cache):
    update(record(event, ROW | {"Status": shown["Status"], "Reasons": ["PRICE_NOT_POSITIVE"]}))

    assert json.loads(redis_cache.get("order:A-1")) == CACHED | shown | {"Reasons": ["PRICE_NOT_POSITIVE"]}
    assert milliseconds * 0.5 < redis_cache.pttl("order:A-1") <= milliseconds


def test_a_lookup_finds_the_entry_that_was_written_through(redis_cache):
    """There is no table here, so reading it would fail."""
    update(record("INSERT", ROW))

    assert get("A-1") == (200, SHOWN, "HIT")


def test_entries_are_replaced_in_the_order_of_the_stream(stored, redis_cache):
    get("A-1")

    update(record("MODIFY", ROW | {"Status": "RECEIVED"}), record("MODIFY", ROW | {"Status": "PARKED"}))

    assert get("A-1") == (200, SHOWN | {"Status": "PARKED"}, "HIT")


def test_the_cached_state_changes_when_an_execution_takes_the_row(redis_cache):
    """There is no table here, so reading it would fail."""
    taken = ROW | {"Status": "RECEIVED"}
    claimed = {name: value for name, value in taken.items() if name != "ExecutionId"}

    update(record("INSERT", claimed))
    assert get("A-1") == (200, SHOWN | {"Status": "RECEIVED", "State": "Update the order table"}, "HIT")

    update(record("MODIFY", taken))
    assert get("A-1") == (200, SHOWN | {"Status": "RECEIVED", "State": "Are details Proper"}, "HIT")


def test_a_withdrawn_order_is_no_longer_found(order_table, redis_cache):
    update(record("INSERT", ROW))

    update(record("REMOVE", ROW))

    assert get("A-1")[0] == 404
    assert redis_cache.pttl("order:A-1") <= 100


def test_an_erased_order_replaces_its_entry_even_if_an_older_change_comes_late(redis_cache):
    left = erased(ROW, now=datetime.now(UTC), no_execution="")

    update(record("MODIFY", ROW), record("MODIFY", left))

    entry = json.loads(redis_cache.get("order:A-1"))
    assert (entry["Owner"], entry["Name"], entry["Card"]) == (None, "", {"Last4": ""})
    assert get("A-1")[0] == 404, "it belongs to nobody"


@pytest.mark.parametrize("order_id", ["4242424242424242", "a b", "é", "x" * 65])
def test_an_invalid_order_id_is_not_cached(order_id, redis_cache):
    update(record("INSERT", ROW | {"OrderId": order_id}))

    assert redis_cache.keys() == []


def without(name: str) -> dict:
    return {key: value for key, value in ROW.items() if key != name}


BAD = {
    "half a row": record("MODIFY", without("Name")),
    "a row with a number for a name": record("MODIFY", ROW | {"Name": 7}),
    "no image": {"eventName": "MODIFY", "dynamodb": {"Keys": {"OrderId": {"S": "A-1"}}}},
    "no key": {"eventName": "REMOVE", "dynamodb": {"Keys": {}}},
    "a key of another type": {"eventName": "REMOVE", "dynamodb": {"Keys": {"OrderId": {"N": "1"}}}},
    "an unknown type": {"eventName": "REMOVE", "dynamodb": {"Keys": {"OrderId": {"X": "A-1"}}}},
    "nothing": {},
}


@pytest.mark.parametrize("bad", BAD.values(), ids=BAD.keys())
def test_a_bad_record_is_logged_and_the_others_are_cached(bad, redis_cache, caplog):
    others = [record("INSERT", ROW | {"OrderId": order_id}) for order_id in ("B-1", "B-2")]

    update(others[0], bad, others[1])

    assert "a row is not an order" in caplog.text
    assert sorted(redis_cache.keys()) == [b"order:B-1", b"order:B-2"]
    assert not [text for text in ("A-1", ROW["ItemName"]) if text in caplog.text]


def test_the_error_counts_the_records_that_redis_refuses(redis_cache):
    redis_cache.config_set("maxmemory", 1)

    with pytest.raises(CacheUpdateError, match="^2 of 2 "):
        update(record("INSERT", ROW), record("MODIFY", ROW))


def test_a_cache_that_does_not_answer_fails_the_batch_at_its_first_record(redis_cache):
    process = redis_cache.info("server")["process_id"]
    os.kill(process, signal.SIGSTOP)
    try:
        with pytest.raises(CacheUpdateError, match="^the cache did not answer: TimeoutError$"):
            update(*[record("INSERT", ROW)] * 100)
    finally:
        os.kill(process, signal.SIGCONT)


def test_a_cache_with_a_wrong_address_fails_the_batch(monkeypatch):
    monkeypatch.setenv("REDIS_URL", "redis://127.0.0.1:1")

    with pytest.raises(CacheUpdateError, match="ConnectionRefusedError"):
        update(record("INSERT", ROW))
