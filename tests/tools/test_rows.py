"""The benchmark of large tables counts by AWS's rules."""

from typing import Any

import pytest

from benchmarks.rows import Counted, rows, table_of, units
from orders.order import ESCALATED

ROW: dict[str, Any] = {"OrderId": {"S": "x" * 93}}  # 100 bytes


def test_a_query_pays_for_all_its_rows_together_and_a_batch_for_each() -> None:
    page = {"Items": [ROW] * 30, "Count": 30, "ScannedCount": 30}
    batch = {"Responses": {"orders": [ROW] * 30}}

    assert units("Query", {}, page) == 0.5
    assert units("Query", {}, page, longer=40) == 1
    assert units("BatchGetItem", {"RequestItems": {"orders": {"ConsistentRead": True}}}, batch) == 30
    assert units("GetItem", {"ConsistentRead": True}, {"Item": ROW}) == 1
    assert units("GetItem", {}, {}) == 0.5


def test_a_query_that_reads_more_than_it_returns_stops_the_benchmark() -> None:
    with pytest.raises(SystemExit, match="reads 31 rows for 30"):
        units("Query", {}, {"Items": [ROW] * 30, "Count": 30, "ScannedCount": 31})


@pytest.mark.parametrize("number", [1000, 5000])
def test_tables_of_any_size_have_as_many_orders_of_the_person(number: int) -> None:
    made = list(rows(number))

    assert sum(row["Owner"] == made[0]["Owner"] for row in made) == 200
    assert sum(row["Status"] == {"S": ESCALATED} for row in made) == sum("Todo" in row for row in made) == 100


def test_the_time_of_the_engine_is_left_out() -> None:
    few, many = Counted(calls=1, units=1, seconds=3, engine=1), Counted(calls=1, units=1, seconds=9, engine=6)

    assert table_of({"look up": {1_000: [few], 100_000: [many]}}).endswith("| look up | 1 | 1 | 1 | 0 | 1.50 |")
