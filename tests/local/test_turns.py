"""The number of calls of a function that run at once, and the order in which the others follow."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pytest

from local.engine_patches.workers import Turns
from tests.support.waiting import eventually

LONG = 3600


@pytest.fixture
def pool() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(8) as pool:
        yield pool


def expect(number: int, *, of: Callable[[], int]) -> None:
    eventually(of, until=lambda seen: seen == number)


def test_each_ready_process_allows_one_more_call_up_to_the_limit(
    pool: ThreadPoolExecutor,
) -> None:
    turns, running = Turns(limit=2, overflow_seconds=LONG), list[int]()

    def call(number: int) -> None:
        turns.take()
        running.append(number)

    calls = []
    for number in range(4):
        calls.append(pool.submit(call, number))
        expect(number + 1, of=lambda: len(running) + turns.waiting())
    assert running == [0]

    turns.allow_one_more()
    expect(2, of=lambda: len(running))
    turns.allow_one_more()
    assert (running, turns.waiting()) == ([0, 1], 2)

    for ended in range(3, 5):
        turns.give_back()
        expect(ended, of=lambda: len(running))
    assert running == [0, 1, 2, 3], "in the order in which they came"
    turns.give_back()
    turns.give_back()


def test_a_function_that_calls_itself_gets_another_process_in_the_end() -> None:
    """Otherwise a function that calls itself would wait for itself."""
    turns = Turns(limit=1, overflow_seconds=0.01)

    with running(turns), running(turns):
        assert turns.waiting() == 0

    assert turns.running() == 0


@contextmanager
def running(turns: Turns) -> Iterator[None]:
    turns.take()
    yield
    turns.give_back()


def test_no_turn_is_lost_however_calls_end(pool: ThreadPoolExecutor) -> None:
    turns = Turns(limit=3, overflow_seconds=0.0001)

    def call(_: int) -> None:
        with running(turns):
            turns.allow_one_more()

    list(pool.map(call, range(2000)))

    assert (turns.running(), turns.waiting()) == (0, 0)
