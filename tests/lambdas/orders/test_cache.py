import json
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from local.processes import free_port
from orders import cache, cache_entry, redis_client
from orders.cache_entry import Entry
from tests.support.handlers.order_rows import CACHED
from tests.support.waiting import PATIENCE_SECONDS, eventually


def test_a_client_sends_nothing_but_the_commands(redis_cache):
    redis_cache.config_resetstat()

    lookup("A-1")

    said = redis_cache.info("commandstats").keys() - {"cmdstat_config|resetstat", "cmdstat_info"}
    assert said == {"cmdstat_get", "cmdstat_set"}


def lookup(order_id, order=None, milliseconds=60_000):
    """Looks up an order. The table answers `order`."""
    return cache.lookup(order_id, lambda: Entry(order, milliseconds))


def never_read():
    raise AssertionError("the table was read")


def test_the_order_that_was_read_is_cached(redis_cache):
    order = CACHED | {"Name": "李雷 \U0001f408", "Reasons": ["CARD_NOT_16_DIGITS"]}

    assert lookup("A-1", order) == (order, "MISS")

    assert cache.lookup("A-1", never_read) == (order, "HIT")
    assert json.loads(redis_cache.get("order:A-1")) == order
    assert 0 < redis_cache.pttl("order:A-1") <= 60_000


def test_a_lookup_ignores_the_entry_of_another_order(redis_cache):
    redis_cache.set("order:A-1", json.dumps(CACHED))

    assert lookup("A-2") == (None, "MISS")


def test_an_unknown_order_id_is_cached_too(redis_cache):
    lookup("A-2")

    assert cache.lookup("A-2", never_read) == (None, "HIT")


@pytest.mark.parametrize("order", [CACHED, None], ids=["known", "unknown"])
def test_a_lookup_releases_its_lock(order, redis_cache):
    lookup("A-1", order)

    eventually(redis_cache.keys, until=lambda keys: keys == [b"order:A-1"])


def test_an_entry_that_the_stream_wrote_meanwhile_is_not_replaced(redis_cache):
    newer = CACHED | {"Status": "PARKED"}

    def read():
        cache.put("A-1", Entry(newer, 60_000))
        return Entry(CACHED, 60_000)

    assert cache.lookup("A-1", read) == (CACHED, "MISS")
    assert json.loads(redis_cache.get("order:A-1")) == newer


def test_put_replaces_the_entry(redis_cache):
    lookup("A-1")

    cache.put("A-1", Entry(CACHED, 60_000))

    assert cache.lookup("A-1", never_read) == (CACHED, "HIT")


@pytest.mark.parametrize("lock", ["set", "rpush"])
def test_a_lookup_reads_the_table_if_the_lock_is_never_released(lock, redis_cache):
    getattr(redis_cache, lock)("lock:A-1", "")

    assert lookup("A-1", CACHED) == (CACHED, "MISS")
    assert cache.lookup("A-1", never_read) == (CACHED, "HIT")
    eventually(redis_cache.keys, until=lambda keys: keys == [b"order:A-1"])


def test_a_waiting_lookup_takes_the_lock_as_soon_as_it_is_free(redis_cache, monkeypatch):
    """This happens if an entry expires right after it was published, while its lock has not expired yet."""
    for name in ("LOCK_SECONDS", "WAIT_SECONDS"):
        monkeypatch.setattr(cache, name, 60)
    redis_cache.set("lock:A-1", "", px=30)
    milliseconds_left = []

    def read():
        milliseconds_left.append(redis_cache.pttl("lock:A-1"))
        return Entry(CACHED, 60_000)

    assert cache.lookup("A-1", read) == (CACHED, "MISS")
    assert [30 < left <= 60_000 for left in milliseconds_left] == [True]


def test_a_lookup_does_not_pause_if_another_one_publishes_the_entry_meanwhile(redis_cache, monkeypatch):
    redis_cache.set("lock:A-1", "", px=60_000)
    talk, asked = redis_client.talk, []

    def publish_before_the_second_question(*commands, seconds):
        asked.append(commands)
        if len(asked) == 2:
            redis_cache.set("order:A-1", json.dumps(CACHED))
        return talk(*commands, seconds=seconds)

    monkeypatch.setattr(redis_client, "talk", publish_before_the_second_question)
    monkeypatch.setattr(cache, "POLL_SECONDS", None)

    assert cache.lookup("A-1", never_read) == (CACHED, "HIT")


def test_a_connection_is_made_before_the_first_lookup(redis_cache):
    before = redis_cache.info("stats")["total_connections_received"]

    cache.connect()
    assert redis_cache.info("stats")["total_connections_received"] == before + 1
    lookup("A-1", CACHED)

    assert redis_cache.info("stats")["total_connections_received"] == before + 1


def test_without_a_cache_nothing_is_connected():
    cache.connect()

    assert cache.breaker.lets_pass()


def test_a_function_starts_even_if_the_cache_does_not_answer(monkeypatch):
    monkeypatch.setenv("REDIS_URL", f"redis://127.0.0.1:{free_port()}")

    cache.connect()

    assert not cache.breaker.lets_pass()


def test_a_lookup_waits_for_two_readers_and_at_most_a_second():
    assert 2 * cache.LOCK_SECONDS <= cache.WAIT_SECONDS <= 1
    assert 0 < cache.POLL_SECONDS < cache.LOCK_SECONDS


def test_all_answers_to_a_lookup_share_one_budget(redis_cache, monkeypatch):
    """Each answer alone is faster than the budget. The second one is not, after the first."""
    monkeypatch.setenv("CACHE_BUDGET_MS", "200")
    talk = redis_client.talk

    def slowly(*commands, seconds):
        threading.Event().wait(0.15)
        return talk(*commands, seconds=seconds)

    monkeypatch.setattr(redis_client, "talk", slowly)

    assert lookup("A-1", CACHED) == (CACHED, "BYPASS")


def test_an_error_of_the_table_is_raised(redis_cache):
    def read():
        raise LookupError("throttled")

    with pytest.raises(LookupError, match="throttled"):
        cache.lookup("A-1", read)
    assert lookup("A-1", CACHED)[0] == CACHED


@pytest.mark.parametrize(
    "order", [CACHED, CACHED | {"Status": "RECEIVED"}, None], ids=["settled", "in progress", "unknown"]
)
def test_a_hundred_lookups_at_once_read_the_table_at_most_twice(order, redis_cache, monkeypatch):
    # A busy machine may spend the default budget.
    monkeypatch.setenv("CACHE_BUDGET_MS", "10000")
    reads = []
    all_ready = threading.Barrier(100)
    milliseconds = {None: cache_entry.UNKNOWN_MS, "RECEIVED": cache_entry.IN_PROGRESS_MS}.get(
        order and order["Status"], 60_000
    )

    def read():
        reads.append(1)
        return Entry(order, milliseconds)

    def one_of_many(_):
        all_ready.wait()
        return cache.lookup("A-1", read)

    began = time.monotonic()
    with ThreadPoolExecutor(100) as many:
        answers = list(many.map(one_of_many, range(100)))
    # On a busy machine the lock or the entry may expire before the last lookup has the entry.
    expired = (time.monotonic() - began) * 1000 // min(milliseconds, cache.LOCK_SECONDS * 1000)

    assert {"BYPASS"}.isdisjoint(state for _, state in answers)
    assert [found for found, _ in answers] == [order] * 100
    assert 1 <= len(reads) <= 2 + expired


def test_lookups_that_wait_for_a_dead_lookup_get_the_entry_of_the_next_one(redis_cache, monkeypatch):
    """A dead lookup holds the lock and never publishes an entry. A read takes 0.1 seconds."""
    redis_cache.set("lock:A-1", "", px=int(cache.LOCK_SECONDS * 1000))
    for name in ("LOCK_SECONDS", "WAIT_SECONDS"):
        monkeypatch.setattr(cache, name, PATIENCE_SECONDS)
    reads = []

    def read():
        reads.append(1)
        threading.Event().wait(0.1)
        return Entry(CACHED, 60_000)

    with ThreadPoolExecutor(20) as many:
        answers = list(many.map(lambda _: cache.lookup("A-1", read), range(20)))

    assert [found for found, _ in answers] == [CACHED] * 20
    assert len(reads) == 1
