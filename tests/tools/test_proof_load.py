"""The part `load` of the proof notices what it looks for. Needs no cloud."""

from collections import Counter
from dataclasses import replace

import pytest

from costs.units import Counts
from tests.proof.load import requests
from tests.proof.load.burst import Burst
from tests.proof.load.costs import SCANS, Costs
from tests.proof.load.memory import CacheUse
from tests.proof.load.soak import FLAT, WARM, Soak
from tests.support.cloud.apps import Apps

WARM_CACHE = CacheUse(entries=100, bytes=100_000, clients=8, endless=0, longest_seconds=300)


def a_soak(*, grown: int = 0, **cache: int) -> Soak:
    before = {"GetOrder": {1: 30_000_000, 2: 31_000_000}}
    after = {"GetOrder": {1: 30_000_000 + grown, 3: 90_000_000}}
    return Soak(
        functions=[before] * WARM + [after],
        cache=[WARM_CACHE] * WARM + [replace(WARM_CACHE, **cache)],
        orders=Counter(accepted=3, fulfilled=3),
    )


def test_a_function_that_grows_fails_the_soak() -> None:
    assert a_soak(grown=FLAT).failures == []
    assert a_soak(grown=FLAT + 1).failures == ["GetOrder has grown by 1,000,001 bytes"]


def test_a_function_whose_processes_all_ended_fails_the_soak() -> None:
    found = a_soak()
    found.functions[-1] = {"GetOrder": {3: 90_000_000}}

    assert found.grown == {}
    assert found.failures == ["GetOrder has no process that was there all the time"]


@pytest.mark.parametrize(
    ("cache", "failure"),
    [
        ({"entries": 200, "bytes": 200_000}, None),
        ({"bytes": 130_000}, "100 entries take 130,000 bytes"),
        ({"endless": 1}, "1 entries never end"),
        ({"longest_seconds": 301}, "an entry stays for 301 seconds"),
        ({"clients": 15}, "15 connections instead of 8"),
    ],
)
def test_a_cache_that_grows_fails_the_soak(cache: dict[str, int], failure: str | None) -> None:
    assert a_soak(**cache).failures == ([f"the cache is not flat: {failure}"] if failure else [])


def counts(reads: float) -> Counts:
    return {"dynamodb.read": {"OrderTable": reads}}


def test_a_request_that_costs_more_in_a_large_table_fails() -> None:
    kinds = {"list": (counts(3), counts(300)), "look up": (counts(1), counts(1))}

    found = Costs(1_000, 100_000, kinds, scanning=[*SCANS])

    assert found.same == ["look up"]
    [failure] = found.failures
    assert failure.startswith("list costs more with 100,000 rows: ") and "OrderTable" in failure


def test_a_function_that_may_scan_and_a_route_without_a_request_fail() -> None:
    found = Costs(1_000, 100_000, {}, scanning=[*SCANS, "ListOrders"], missing=["GET /all"])

    assert found.failures == ["no kind of request calls GET /all", "ListOrders may scan a table"]
    assert len(Costs(1_000, 100_000, {}, scanning=[]).failures) == len(SCANS)


def test_each_route_has_a_kind_of_request() -> None:
    kinds = requests.kinds(*[object.__new__(Apps)] * 2)

    assert {one.route for one in kinds} == requests.routes()
    assert len({one.name for one in kinds}) == len(kinds)


def test_a_burst_that_is_too_small_or_loses_something_fails() -> None:
    assert Burst("orders", 3, 1, 5, refusals=2, good_refusals=2, stored=3).failures == []
    assert [len(Burst("orders", number, 1, 5, stored=3).failures) for number in (3, 4)] == [1, 2]
