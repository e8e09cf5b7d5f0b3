"""What a copy and a receipt say about the places that they do not reach."""

import json
from itertools import product
from pathlib import Path
from typing import Any

import pytest

from account import elsewhere, stores

ROOT = Path(__file__).parents[3]
OPTIONAL = {"has_cache": "Redis", "has_histories": "executions of orders", "has_traces": "X-Ray"}
EVERYTHING = elsewhere.Settings(log_days=7, order_days=None, has_cache=True, has_histories=True, has_traces=True)
DOCUMENTED = elsewhere.Settings(log_days=90, order_days=3653, has_cache=True, has_histories=False, has_traces=True)
"""The settings of the stage in the examples of docs/openapi/account.json."""


def documented(method: str, field: str) -> list[Any]:
    """A field of each example in the documentation of the API."""
    operation = json.loads((ROOT / "docs/openapi/account.json").read_text())["paths"]["/account"][method]
    examples = operation["responses"]["200"]["content"]["application/json"]["examples"]
    return [one["value"][field] for one in examples.values()]


@pytest.mark.parametrize("has", [dict(zip(OPTIONAL, one, strict=True)) for one in product([True, False], repeat=3)])
def test_a_stage_names_only_the_stores_that_it_has(has):
    settings = elsewhere.Settings(log_days=7, order_days=None, **has)

    for places in (elsewhere.of_copy(settings), elsewhere.of_receipt(settings)):
        named = {one["store"] for one in places}
        assert {setting: store in named for setting, store in OPTIONAL.items()} == has
        assert {one["until"] for one in places if one["store"] == "logs"} == {"7 days"}


def test_a_copy_and_a_receipt_name_the_same_places():
    in_copy = {one["store"] for one in elsewhere.of_copy(EVERYTHING)} | set(stores.SEARCHED)
    assert {one["store"] for one in elsewhere.of_receipt(EVERYTHING)} <= in_copy | {"signed-in devices"}
    assert in_copy <= {one["store"] for one in elsewhere.of_receipt(EVERYTHING)} | set(stores.REMOVED)


def test_a_copy_says_what_the_documentation_of_the_api_says():
    assert documented("get", "elsewhere") == [elsewhere.of_copy(DOCUMENTED)] * 2
    assert set(documented("get", "format")) == {stores.FORMAT}


def test_a_receipt_says_what_the_documentation_of_the_api_says():
    examples = documented("delete", "stays")

    assert examples == [elsewhere.of_receipt(DOCUMENTED)] * len(examples)
    for field, words in (("removed", stores.REMOVED), ("waits", stores.WAITS)):
        for said in documented("delete", field):
            assert said == stores.counted(words, {one["store"]: one["count"] for one in said})


def test_a_receipt_says_whether_the_stage_keeps_orders_for_ever():
    kept = [one["until"] for one in elsewhere.of_receipt(EVERYTHING) if one["store"] == stores.ORDERS]

    assert kept == ["for ever", "as long as these orders"]


def test_both_documents_say_how_long_a_standard_workflow_keeps_the_histories_of_orders():
    for places in (elsewhere.of_copy(EVERYTHING), elsewhere.of_receipt(EVERYTHING)):
        (said,) = (one for one in places if one["store"] == "executions of orders")
        assert (said["until"], "card number" in said["what"]) == ("90 days after each order", True)


def test_the_copy_says_that_reminders_are_counted_and_the_receipt_of_a_deletion_does_not():
    """A deletion removes the counts."""
    (said,) = (one for one in elsewhere.of_copy(EVERYTHING) if one["store"] == stores.REMINDERS)

    assert said["what"].startswith("how many reminders you set today")
    assert stores.REMINDERS not in {one["store"] for one in elsewhere.of_receipt(EVERYTHING)}


def test_only_stores_with_something_in_them_are_counted():
    assert [one["count"] for one in stores.counted(stores.WAITS, {stores.ORDERS: 0, stores.REMINDERS: 2})] == [2]
    assert stores.counted(stores.REMOVED, {}) == []
