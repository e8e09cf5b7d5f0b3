"""The simulation: AWS's limits, the designs under load, and that docs/load.md shows what its pictures show.

The tests do not install SimPy. `Seconds` runs the processes, which all wait for whole seconds.
"""

from collections.abc import Iterator
from itertools import repeat
from random import Random
from typing import Any

import pytest

from stacks.config import PROD
from tools import plots
from tools.simulate import page, pictures
from tools.simulate.day import HOUR, Sale, poisson, usual
from tools.simulate.designs import EARLIER, Design, now
from tools.simulate.limits import Function, TokenBucket, Writes
from tools.simulate.orders import Minute, Orders, percentile
from tools.simulate.runs import designs

OURS = now(PROD, usd_per_million=8, prepared=True, name="ours", colour="")
NEW_TABLE = now(PROD, usd_per_million=8, prepared=False, name="ours, new table", colour="")


class Seconds:
    """An environment like SimPy's, for processes that wait for one second at a time."""

    def __init__(self) -> None:
        self.now = 0
        self._processes: list[Iterator[Any]] = []

    def process(self, process: Iterator[Any]) -> None:
        self._processes.append(process)

    def timeout(self, seconds: float) -> float:
        assert seconds == 1
        return seconds

    def run(self, *, until: int) -> None:
        while self.now < until:
            for process in self._processes:
                next(process, None)
            self.now += 1


def simulated(design: Design, *, rate: int, seconds: int = 120) -> list[Minute]:
    """The minutes of a constant load, after a minute in which it grows. At the end nobody comes for half a minute."""
    env = Seconds()
    arriving = iter([*(rate * second // 60 for second in range(60)), *repeat(rate, seconds), *repeat(0, 30)])
    orders = Orders(env, design, arriving)
    orders.run()
    env.run(until=60 + seconds + 30)
    return orders.minutes


def total(minutes: list[Minute], of: str) -> float:
    return float(sum(getattr(minute, of) for minute in minutes))


def test_a_bucket_gives_what_it_holds_and_then_its_rate() -> None:
    bucket = TokenBucket(rate=10, size=30)

    assert [bucket.take_in_a_second(100) for _ in range(3)] == [40, 10, 10]
    assert bucket.take_in_a_second(0) == 0
    assert bucket.take_in_a_second(100) == 20


def test_a_bucket_gives_only_whole_tokens_to_single_requests() -> None:
    bucket = TokenBucket(rate=2, size=2)

    assert [bucket.take_one(now=at) for at in (0, 0, 0, 0.25, 0.5, 0.6)] == [True, True, False, False, True, False]


def test_a_table_takes_twice_its_peak_after_half_an_hour() -> None:
    table = Writes.of_table()
    table.use(3000, now=0)

    assert (table.left(now=0), table.left(now=1), table.left(now=1799)) == (1000, 4000, 4000)
    assert table.left(now=1801) == 6000


def test_a_prepared_table_takes_more_at_once_and_a_key_never_does() -> None:
    key = Writes.of_key()
    key.use(1000, now=0)

    assert Writes.of_table(prepared=13_200).left(now=0) == 13_200
    assert key.left(now=5000) == 1000


def test_a_function_starts_at_most_a_thousand_environments_at_once() -> None:
    function = Function(seconds=0.05)

    assert function.run(4000, room=1000) == (0, 1000)
    assert function.run(4000, room=0) == (4000, 0)


def test_a_percentile_counts_weights() -> None:
    assert percentile([(0.3, 98), (5.0, 1), (9.0, 1)], 0.99) == 5.0
    assert percentile([], 0.99) == 0


def test_the_sale_rises_stays_and_fades() -> None:
    sale = Sale(begins=100, rises=2, lasts=10, fades=10, orders=1000)

    assert [sale.rate(at) for at in (99, 100, 101, 105, 110, 115, 120)] == [0, 500, 1000, 1000, 1000, 500, 0]
    assert usual(4 * HOUR) == pytest.approx(5) and usual(16 * HOUR) == pytest.approx(35)


@pytest.mark.parametrize("mean", [5, 4000])
def test_arrivals_have_their_mean(mean: float) -> None:
    random = Random(1)

    assert sum(poisson(random, mean) for _ in range(1000)) / 1000 == pytest.approx(mean, rel=0.03)


@pytest.mark.parametrize("design", designs(PROD, 8.0), ids=lambda design: design.name)
def test_each_order_is_settled_parked_or_given_up(design: Design) -> None:
    minutes = simulated(design, rate=3000, seconds=60)

    assert total(minutes, "accepted") + total(minutes, "lost") == pytest.approx(total(minutes, "offered"), rel=1e-3)
    assert total(minutes, "settled") + total(minutes, "parked") == pytest.approx(total(minutes, "accepted"), rel=1e-3)


def test_one_key_for_all_orders_ends_at_500_a_second() -> None:
    minutes = simulated(EARLIER, rate=2000)

    assert minutes[1].accepted / 60 == pytest.approx(500, rel=0.01)


def test_our_design_takes_4000_orders_a_second_at_default_quotas() -> None:
    minutes = simulated(OURS, rate=4000)

    assert minutes[1].accepted == minutes[1].offered == 60 * 4000
    assert total(minutes, "parked") == 0
    assert percentile(minutes[1].settling, 0.99) < 1


def test_a_new_table_parks_good_orders_under_this_load() -> None:
    assert total(simulated(NEW_TABLE, rate=4000), "parked") > 1000


def test_the_page_shows_what_its_pictures_show() -> None:
    text = page.PAGE.read_text()
    shown = plots.shown(pictures.SALE)

    assert shown == plots.shown(pictures.DUE_TOGETHER)
    assert sorted(page.names_in(text)) == sorted(page.parts(shown))
    assert page.rewritten(text, page.parts(shown)) == text, "run `make simulate`"
