"""If the cache fails in any way, lookups read the table in time, and only one of them pays for the timeout."""

import json
import logging
import os
import signal
import socket
import socketserver
import threading
import time

import pytest

from local.processes import free_port
from orders import cache
from orders.breaker import RETRY_AFTER_SECONDS
from tests.support import caches
from tests.support.handlers.lookups import get
from tests.support.handlers.order_rows import CACHED, ROW, SHOWN
from tests.support.waiting import PATIENCE_SECONDS, eventually


@pytest.fixture(autouse=True)
def everything_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)


@pytest.mark.parametrize(
    "value", [b"", b"null", json.dumps(CACHED | {"Name": 7}), json.dumps(CACHED | {"OrderId": "A-2"})]
)
def test_an_unusable_entry_is_not_served_and_is_replaced(value, stored, redis_cache):
    redis_cache.set("order:A-1", value)

    assert get("A-1") == (200, SHOWN, "MISS")
    assert get("A-1") == (200, SHOWN, "HIT")


@pytest.mark.parametrize(
    "change",
    [{"Status": "HELD"}, {"Reasons": ["PRICE_TOO_HIGH"]}, {"State": "Beyond"}, {"Note": "later"}],
    ids=json.dumps,
)
def test_an_entry_of_a_newer_version_is_served(change, redis_cache):
    """There is no table here, so reading it would fail."""
    redis_cache.set("order:A-1", json.dumps(CACHED | change))

    assert get("A-1") == (200, SHOWN | change, "HIT")


def test_a_value_of_another_type_is_not_served_and_is_replaced(stored, redis_cache):
    redis_cache.lpush("order:A-1", "x")

    assert get("A-1") == (200, SHOWN, "MISS")
    assert get("A-1") == (200, SHOWN, "HIT")


def refuses_writes_without_replicas(operator):
    operator.config_set("min-replicas-to-write", 1)


def is_out_of_memory(operator):
    operator.config_set("maxmemory", 1)


def is_a_replica(operator):
    operator.replicaof("127.0.0.1", "1")


@pytest.mark.parametrize("problem", [refuses_writes_without_replicas, is_out_of_memory, is_a_replica])
def test_a_cache_that_refuses_writes_is_still_read(problem, stored, redis_cache):
    redis_cache.set("order:A-2", json.dumps(CACHED | {"OrderId": "A-2"}))
    problem(redis_cache)

    assert [get("A-1"), get("A-1")] == [(200, SHOWN, "BYPASS")] * 2
    assert get("A-2") == (200, SHOWN | {"OrderId": "A-2"}, "HIT")


def test_a_client_that_met_a_replica_connects_again_to_find_the_primary(stored, redis_cache):
    get("A-2")
    is_a_replica(redis_cache)
    connections = redis_cache.info("stats")["total_connections_received"]

    get("A-1")
    assert redis_cache.info("stats")["total_connections_received"] == connections
    get("A-1")
    assert redis_cache.info("stats")["total_connections_received"] == connections + 1


@pytest.fixture
def frozen(redis_cache):
    """Stops the cache's process. Call the fixture's value to let the process continue."""
    process = redis_cache.info("server")["process_id"]
    os.kill(process, signal.SIGSTOP)
    yield lambda: os.kill(process, signal.SIGCONT)
    os.kill(process, signal.SIGCONT)


def test_only_one_lookup_waits_for_a_frozen_cache_and_a_later_one_tries_again(
    stored, redis_cache, short_budget, frozen, monkeypatch
):
    now = [1000.0]
    monkeypatch.setattr(cache.breaker, "clock", lambda: now[0])

    began = time.monotonic()
    assert get("A-1") == (200, SHOWN, "BYPASS")
    assert 0.1 <= time.monotonic() - began

    frozen()
    asked = redis_cache.info("commandstats").get("cmdstat_get", {}).get("calls", 0)
    now[0] += RETRY_AFTER_SECONDS - 0.1
    assert get("A-1") == (200, SHOWN, "BYPASS")
    assert redis_cache.info("commandstats").get("cmdstat_get", {}).get("calls", 0) <= asked + 1, (
        "only the command that was sent while the cache was frozen"
    )
    now[0] += 0.2
    monkeypatch.setenv("CACHE_BUDGET_MS", "10000")
    assert [get("A-1")[2], get("A-1")] == ["MISS", (200, SHOWN, "HIT")]


def test_a_lookup_waits_at_most_its_budget_if_the_cache_freezes_while_the_lookup_waits_for_another(
    stored, redis_cache, monkeypatch, caplog
):
    """Another lookup holds the lock. The cache freezes as soon as this lookup has started to wait."""
    # The budget is also for what the lookup asks before the cache freezes.
    monkeypatch.setenv("CACHE_BUDGET_MS", "2000")
    monkeypatch.setattr("orders.cache.WAIT_SECONDS", PATIENCE_SECONDS)
    redis_cache.set("lock:A-1", "", px=60_000)
    redis_cache.config_resetstat()
    process = redis_cache.info("server")["process_id"]
    answers = []
    lookup = threading.Thread(target=lambda: answers.append(get("A-1")))

    lookup.start()
    try:
        while redis_cache.info("commandstats").get("cmdstat_get", {}).get("calls", 0) < 3:
            assert lookup.is_alive()
    finally:
        os.kill(process, signal.SIGSTOP)
        lookup.join(timeout=PATIENCE_SECONDS)
        os.kill(process, signal.SIGCONT)

    assert answers == [(200, SHOWN, "BYPASS")]
    assert "the cache did not answer: TimeoutError" in caplog.text


def test_a_cache_that_stops_between_two_lookups_is_bypassed(stored, monkeypatch):
    with caches.running() as server:
        monkeypatch.setenv("REDIS_URL", caches.url_of(server))
        assert [get("A-1")[2], get("A-1")[2]] == ["MISS", "HIT"]
    assert get("A-1") == (200, SHOWN, "BYPASS")


def test_a_cache_that_refuses_connections_is_bypassed(stored, monkeypatch):
    monkeypatch.setenv("REDIS_URL", f"redis://127.0.0.1:{free_port()}")

    assert get("A-1") == (200, SHOWN, "BYPASS")


@pytest.mark.parametrize("url", ["", "nonsense", "redis://127.0.0.1:port", "redis://[", "redis://127.0.0.1:99999"])
def test_a_cache_with_a_wrong_address_is_bypassed(url, stored, monkeypatch):
    monkeypatch.setenv("REDIS_URL", url)

    assert get("A-1") == (200, SHOWN, "BYPASS")


def test_only_one_lookup_waits_for_a_name_server_that_hangs(stored, short_budget, monkeypatch):
    answered = threading.Event()
    asked = []

    def hangs(*_):
        asked.append(1)
        answered.wait(PATIENCE_SECONDS)
        raise socket.gaierror("no such host")

    monkeypatch.setattr(socket, "getaddrinfo", hangs)
    monkeypatch.setenv("REDIS_URL", "redis://primary.example.com:6379")
    began = time.monotonic()
    try:
        assert [get("A-1") for _ in range(3)] == [(200, SHOWN, "BYPASS")] * 3
        assert time.monotonic() - began < PATIENCE_SECONDS
        assert len(asked) == 1
    finally:
        answered.set()


class AnswersAlike(socketserver.BaseRequestHandler):
    """Gives the server's one answer to every command. If the answer is empty, the caller waits."""

    def handle(self):
        self.server.connections += 1
        while asked := self.request.recv(4096):
            threading.Event().wait(self.server.seconds)
            self.request.sendall(self.server.answer * (asked.count(b"\r\nGET\r\n") + asked.count(b"\r\nSET\r\n")))
            if self.server.answer.endswith(b"half"):
                return


@pytest.fixture
def broken_redis(request, monkeypatch):
    """A cache server that gives one wrong or empty answer, after a delay."""
    with caches.fake_server(AnswersAlike) as server:
        server.answer, server.seconds = request.param
        server.connections = 0
        monkeypatch.setenv("REDIS_URL", caches.url_of(server))
        yield server


NO_ANSWERS = {
    "hangs": b"",
    "half an answer, then a closed connection": b"$100\r\nhalf",
    "half an answer, then silence": b"$100\r\nhalf an answer",
    "not the protocol": b"HTTP/1.1 400 Bad Request\r\n\r\n",
    "garbage": b"\x00\xff" * 50 + b"\r\n",
    "an invalid number": b":x\r\n",
    "lists without end": b"*1\r\n" * 20_000,
    "loading": b"-LOADING Redis is loading the dataset in memory\r\n",
    "no sign-in": b"-NOAUTH Authentication required.\r\n",
    "too many clients": b"-ERR max number of clients reached\r\n",
}
REFUSALS = {
    "a replica": b"-READONLY You can't write against a read only replica.\r\n",
    "out of memory": b"-OOM command not allowed when used memory > 'maxmemory'.\r\n",
    "not permitted": b"-NOPERM this user has no permissions\r\n",
}


@pytest.mark.parametrize(
    "broken_redis", [(answer, 0) for answer in NO_ANSWERS.values()], ids=NO_ANSWERS.keys(), indirect=True
)
def test_a_cache_that_gives_no_valid_answer_is_asked_once(stored, broken_redis, short_budget, caplog):
    assert [get("A-1") for _ in range(3)] == [(200, SHOWN, "BYPASS")] * 3

    assert eventually(lambda: broken_redis.connections) == 1
    assert caplog.text.count("the cache did not answer") == 1


@pytest.mark.parametrize(
    "broken_redis", [(answer, 0) for answer in REFUSALS.values()], ids=REFUSALS.keys(), indirect=True
)
def test_a_cache_that_refuses_commands_at_once_is_asked_each_time(stored, broken_redis, caplog):
    assert [get("A-1") for _ in range(3)] == [(200, SHOWN, "BYPASS")] * 3

    assert caplog.text.count("the cache did not answer") == 3


@pytest.mark.parametrize("broken_redis", [(b"$-1\r\n", 0.07)], ids=["slow"], indirect=True)
def test_all_answers_to_a_lookup_share_one_budget(stored, broken_redis, short_budget):
    """Each answer is faster than the socket's timeout, but together the first two take longer than the budget."""
    assert get("A-1") == (200, SHOWN, "BYPASS")


@pytest.mark.parametrize("broken_redis", [(b"$-1\r\n", 0.03)], ids=["slow"], indirect=True)
def test_waiting_for_another_lookup_does_not_use_up_the_budget(stored, broken_redis, monkeypatch):
    """The lock is never free. The answers during two seconds of waiting together take longer than the budget."""
    monkeypatch.setattr("orders.cache.WAIT_SECONDS", 2)
    monkeypatch.setenv("CACHE_BUDGET_MS", "900")

    assert get("A-1") == (200, SHOWN, "MISS")


class Scripted(socketserver.BaseRequestHandler):
    """Gives the server's answers one after the other, and records the commands."""

    def handle(self):
        for answer in self.server.answers:
            self.server.asked.append(self.request.recv(4096))
            self.request.sendall(answer)


def test_a_lookup_releases_its_lock_if_the_entry_was_published_just_before(monkeypatch):
    """There is no table here, so reading it would fail."""
    text = json.dumps(CACHED).encode()
    with caches.fake_server(Scripted) as server:
        server.answers = [b"$-1\r\n", b"+OK\r\n$%d\r\n%s\r\n" % (len(text), text), b"+OK\r\n"]
        server.asked = []
        monkeypatch.setenv("REDIS_URL", caches.url_of(server))
        found = get("A-1")

    assert found == (200, SHOWN, "HIT")
    assert server.asked[2].split(b"\r\n")[2::2] == [b"SET", b"lock:A-1", b"", b"PX", b"1"]


def test_the_log_contains_nothing_of_an_order(stored, redis_cache, caplog):
    is_out_of_memory(redis_cache)

    get("A-1")

    assert "the cache did not answer: OOM" in caplog.text
    assert not [text for text in ("A-1", ROW["Name"], ROW["ItemName"], "order:") if text in caplog.text]
