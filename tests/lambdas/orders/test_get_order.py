import json

import pytest

from orders.get_order import handler
from tests.lambdas.api import status_and_body
from tests.lambdas.orders.conftest import ROW, SHOWN, eventually


def get(order_id: str):
    """Status, body and X-Cache of a look-up."""
    reply = handler({"pathParameters": {"OrderId": order_id}}, None)
    return *status_and_body(reply), reply["headers"].get("X-Cache")


def test_without_a_cache_the_table_answers(stored):
    assert get("A-1") == (200, SHOWN, "BYPASS")


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
def test_what_no_order_can_be_called_is_not_found_asked_for_or_repeated(order_id, redis_cache, caplog):
    """There is no table here: asking would fail."""
    status, body, _ = get(order_id)

    assert (status, body["error"]["code"], body["error"]["details"]) == (404, "NotFound", [])
    assert redis_cache.keys() == []
    assert "4242" not in json.dumps(body) + caplog.text


def test_a_failing_table_asks_to_try_again():
    status, body, _ = get("A-1")

    assert (status, body["error"]["code"]) == (503, "Unavailable")


@pytest.mark.parametrize(
    ("status", "milliseconds"),
    [("FULFILLMENT_QUEUED", 300_000), ("ESCALATED", 300_000), ("PARKED", 300_000), ("RECEIVED", 1_000)],
)
def test_an_order_is_cached_for_as_long_as_its_state_lasts(status, milliseconds, stored, order_table, redis_cache):
    order_table.put_item(Item=stored | {"Status": status})

    first = get("A-1")

    assert first == (200, SHOWN | {"Status": status}, "MISS")
    assert milliseconds * 0.5 < redis_cache.pttl("order:A-1") <= milliseconds
    assert json.loads(redis_cache.get("order:A-1")) == SHOWN | {"Status": status}
    assert get("A-1") == (*first[:2], "HIT")


def test_an_order_placed_after_it_was_asked_for_in_vain_is_soon_found(order_table, redis_cache):
    assert get("A-1")[0] == 404
    assert redis_cache.pttl("order:A-1") <= 100

    order_table.put_item(Item=ROW)

    eventually(lambda: get("A-1")[:2] == (200, SHOWN))


def test_a_cached_order_needs_no_table(redis_cache):
    redis_cache.set("order:A-1", json.dumps(SHOWN))

    assert get("A-1") == (200, SHOWN, "HIT")
