import json
import socket
import socketserver
import threading

import pytest

from orders import cache
from orders.get_order import handler
from tests.lambdas.api import status_and_body

SHOWN = {
    "OrderId": "A-1",
    "Name": "Jo",
    "ItemName": "Keyboard",
    "Price": "12.50",
    "Card": {"Last4": "1111"},
    "Status": "FULFILLMENT_QUEUED",
    "Reasons": [],
    "UpdatedAt": "2026-11-21T04:00:01.000Z",
}


def get(order_id: str):
    """Status, body and X-Cache of a look-up."""
    reply = handler({"pathParameters": {"OrderId": order_id}}, None)
    return *status_and_body(reply), reply["headers"].get("X-Cache")


def test_without_a_cache_the_table_answers(stored):
    assert get("A-1") == (200, SHOWN, "BYPASS")


@pytest.mark.parametrize(
    "order_id",
    ["A-2", "", "a-1", "A-1 ", "é", "4111111111111111", "x" * 2049, "😀" * 600],
    ids=lambda one: ascii(one[:20]),
)
def test_an_unknown_order_is_not_found_and_not_repeated(order_id, stored, caplog):
    status, body, _ = get(order_id)

    assert (status, body["error"]["code"], body["error"]["details"]) == (404, "NotFound", [])
    assert "4111111111111111" not in json.dumps(body) + caplog.text


def test_a_failing_table_asks_to_try_again():
    status, body, _ = get("A-1")

    assert (status, body["error"]["code"]) == (503, "Unavailable")


def test_a_finished_order_is_cached_when_it_is_first_asked_for(stored, redis_cache):
    first, second = get("A-1"), get("A-1")

    assert first == (200, SHOWN, "MISS")
    assert second == (200, SHOWN, "HIT")
    assert 0 < redis_cache.ttl("order:A-1") <= cache.TTL_SECONDS


def test_a_cached_order_needs_no_table(redis_cache):
    redis_cache.set("order:A-1", json.dumps(SHOWN))

    assert get("A-1") == (200, SHOWN, "HIT")


@pytest.mark.parametrize("status", ["FULFILLMENT_QUEUED", "ESCALATED", "PARKED"])
def test_final_states_are_cached(status, stored, order_table, redis_cache):
    order_table.put_item(Item=stored | {"Status": status})

    get("A-1")

    assert json.loads(redis_cache.get("order:A-1")) == SHOWN | {"Status": status}


def test_an_order_on_its_way_is_not_cached(stored, order_table, redis_cache):
    order_table.put_item(Item=stored | {"Status": "RECEIVED"})

    status, body, state = get("A-1")

    assert (status, body["Status"], state) == (200, "RECEIVED", "MISS")
    assert redis_cache.keys() == []


def test_an_unknown_order_is_not_cached(stored, redis_cache):
    assert get("A-2")[0] == 404
    assert redis_cache.keys() == []


def test_only_what_is_shown_is_cached(stored, redis_cache):
    get("A-1")

    assert set(json.loads(redis_cache.get("order:A-1"))) == set(SHOWN)


@pytest.mark.parametrize(
    "poison",
    [
        b"",
        b"{",
        b"\xff\xfe",
        b"null",
        b"true",
        b"7",
        b"[]",
        b"{}",
        b'"A-1"',
        b'[{"OrderId": "A-1"}]',
        b'{"OrderId": "A-2"}',
        b"[" * 100_000,
    ],
    ids=lambda poison: str(poison[:10]),
)
def test_poison_in_the_cache_is_not_served(poison, stored, redis_cache):
    redis_cache.set("order:A-1", poison)

    assert get("A-1") == (200, SHOWN, "BYPASS")


def test_a_value_of_another_kind_in_the_cache_is_not_served(stored, redis_cache):
    redis_cache.lpush("order:A-1", "x")

    assert get("A-1") == (200, SHOWN, "BYPASS")


def test_a_cache_that_takes_no_writes_costs_nothing_but_a_later_miss(stored, redis_cache):
    redis_cache.config_set("min-replicas-to-write", 1)

    assert [get("A-1")[2], get("A-1")] == ["MISS", (200, SHOWN, "MISS")]


class AnswersAlike(socketserver.BaseRequestHandler):
    """Answers whatever it is asked with the server's one answer; with none it keeps the caller waiting."""

    def handle(self):
        while self.request.recv(4096):
            self.request.sendall(self.server.answer)
            if self.server.answer.endswith(b"half"):
                return


@pytest.fixture(
    params=[
        b"",
        b"$100\r\nhalf",
        b"not the protocol\r\n",
        b"-LOADING Redis is loading the dataset in memory\r\n",
        b"-READONLY You can't write against a read only replica.\r\n",
        b"-OOM command not allowed when used memory > 'maxmemory'.\r\n",
        b"-NOAUTH Authentication required.\r\n",
    ],
    ids=lambda answer: answer.decode()[:8].strip() or "hangs",
)
def ailing_redis(request, monkeypatch):
    """A cache server that gives a wrong answer or none."""
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), AnswersAlike) as server:
        server.answer = request.param
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}).start()
        url = f"redis://127.0.0.1:{server.server_address[1]}"
        monkeypatch.setenv("REDIS_URL", url)
        yield
        cache.client(url).close()
        server.shutdown()


def test_the_table_answers_for_an_ailing_cache(stored, ailing_redis, caplog):
    assert get("A-1") == (200, SHOWN, "BYPASS")
    assert "the cache did not answer" in caplog.text


def test_the_table_answers_for_a_dead_cache(stored, monkeypatch):
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        port = closed.getsockname()[1]
    monkeypatch.setenv("REDIS_URL", f"redis://127.0.0.1:{port}")

    assert get("A-1") == (200, SHOWN, "BYPASS")


@pytest.mark.parametrize("url", ["", "nonsense", "redis://127.0.0.1:port"])
def test_the_table_answers_for_a_cache_with_a_wrong_address(url, stored, monkeypatch):
    monkeypatch.setenv("REDIS_URL", url)

    assert get("A-1") == (200, SHOWN, "BYPASS")
