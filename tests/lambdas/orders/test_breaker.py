"""How long lookups skip a cache that does not answer."""

from orders.breaker import RETRY_AFTER_SECONDS, Breaker


def test_every_lookup_uses_a_cache_that_answers():
    breaker = Breaker()

    assert [breaker.lets_pass() for _ in range(3)] == [True, True, True]


def test_one_lookup_at_a_time_tries_the_cache_again():
    now = [1000.0]
    breaker = Breaker(clock=lambda: now[0])
    breaker.shut()

    assert not breaker.lets_pass()
    now[0] += RETRY_AFTER_SECONDS - 0.1
    assert not breaker.lets_pass()
    for _ in range(2):
        now[0] += RETRY_AFTER_SECONDS
        assert [breaker.lets_pass() for _ in range(3)] == [True, False, False]


def test_every_lookup_uses_the_cache_again_after_it_has_answered():
    breaker = Breaker(clock=lambda: 1000.0)
    breaker.shut()

    breaker.open()

    assert [breaker.lets_pass() for _ in range(3)] == [True, True, True]


def test_a_try_that_fails_delays_the_next_one():
    now = [1000.0]
    breaker = Breaker(clock=lambda: now[0])
    breaker.shut()
    now[0] += RETRY_AFTER_SECONDS
    assert breaker.lets_pass()
    now[0] += 1

    breaker.shut()

    now[0] += RETRY_AFTER_SECONDS - 0.5
    assert not breaker.lets_pass()
    now[0] += 1
    assert breaker.lets_pass()
