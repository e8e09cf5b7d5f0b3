"""DynamoDB's units, by the examples and sentences of AWS's documentation.

- https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/read-write-operations.html
- https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/GSI.html
- https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/CapacityUnitCalculations.html
"""

from typing import Any

import pytest

from costs import capacity

KB = 1024


def an_item(**attributes: str) -> dict[str, dict[str, str]]:
    return {"OrderId": {"S": "a"}, **{name: {"S": value} for name, value in attributes.items()}}


def a_table(*indexes: dict[str, Any]) -> dict[str, Any]:
    return {
        "KeySchema": [{"AttributeName": "OrderId", "KeyType": "HASH"}],
        "GlobalSecondaryIndexes": [
            {"IndexName": "ByStatus", "KeySchema": [{"AttributeName": "Status", "KeyType": "HASH"}], **index}
            for index in indexes
        ],
    }


ALL = a_table({"Projection": {"ProjectionType": "ALL"}})
KEYS = a_table({"Projection": {"ProjectionType": "KEYS_ONLY"}})
SOME = a_table({"Projection": {"ProjectionType": "INCLUDE", "NonKeyAttributes": ["Note"]}})


@pytest.mark.parametrize(
    ("value", "bytes"),
    [
        ({"S": "Grüße"}, 7),
        ({"N": "0"}, 1),
        # Approximately 1 byte per two significant digits + 1 byte.
        ({"N": "27"}, 2),
        ({"N": "-27"}, 3),
        ({"N": "1000"}, 2),
        ({"N": "461.1"}, 3),
        ({"B": "AAAA"}, 3),
        ({"BOOL": True}, 1),
        ({"NULL": True}, 1),
        ({"SS": ["ab", "c"]}, 3),
        # An empty list or map has 3 bytes, and each element 1 byte more.
        ({"L": []}, 3),
        ({"L": [{"S": "ab"}, {"BOOL": True}]}, 3 + 3 + 2),
        ({"M": {}}, 3),
        ({"M": {"key": {"S": "ab"}}}, 3 + 1 + 3 + 2),
    ],
)
def test_the_size_of_a_value(value: dict[str, Any], bytes: int) -> None:
    assert capacity.size({"name": value}) == len("name") + bytes


@pytest.mark.parametrize(("bytes", "units"), [(1, 1), (KB, 1), (KB + 1, 2), (int(3.5 * KB), 4), (400 * KB, 400)])
def test_one_write_unit_for_each_started_kb(bytes: int, units: int) -> None:
    assert capacity.write_units(bytes) == units


@pytest.mark.parametrize(
    ("bytes", "consistent", "eventual"),
    [
        # "If the item that you're reading is 8 KB: two units, one if eventually consistent."
        (8 * KB, 2, 1),
        (4 * KB, 1, 0.5),
        (3 * KB, 1, 0.5),
        (4 * KB + 1, 2, 1),
        # "If you perform a read of an item that doesn't exist, DynamoDB still consumes."
        (0, 1, 0.5),
    ],
)
def test_one_read_unit_for_each_started_4_kb(bytes: int, consistent: float, eventual: float) -> None:
    assert capacity.read_units(bytes, consistent=True) == consistent
    assert capacity.read_units(bytes, consistent=False) == eventual


def test_an_update_costs_the_larger_of_both_items() -> None:
    """UpdateItem: "the larger of these item sizes" before and after, although only one attribute changes."""
    small, large = an_item(), an_item(Note="x" * 2 * KB)

    assert capacity.written(a_table(), small, large) == {None: 3}
    assert capacity.written(a_table(), large, small) == {None: 3}


def test_a_failed_condition_costs_as_much_as_a_write_of_the_item() -> None:
    item = an_item(Status="RECEIVED", Note="x" * 2 * KB)

    assert capacity.written(ALL, item, item) == {None: 3}


def test_a_failed_condition_on_a_missing_item_costs_one_unit() -> None:
    assert capacity.written(ALL, None, None) == {None: 1}


def test_a_deletion_costs_the_size_of_the_item() -> None:
    assert capacity.written(ALL, an_item(Status="CLOSED"), None) == {None: 1, "ByStatus": 1}
    assert capacity.written(ALL, None, None) == {None: 1}


def test_a_write_in_a_transaction_costs_twice() -> None:
    assert capacity.written(ALL, None, an_item(Status="RECEIVED"), transaction=True) == {None: 2, "ByStatus": 2}


def test_a_new_entry_of_an_index_is_one_write() -> None:
    """ "If you write a new item ... that defines an indexed attribute, one write operation." """
    assert capacity.written(ALL, None, an_item(Status="RECEIVED")) == {None: 1, "ByStatus": 1}
    assert capacity.written(ALL, an_item(), an_item(Status="RECEIVED")) == {None: 1, "ByStatus": 1}


def test_a_changed_key_is_two_writes() -> None:
    """ "one to delete the previous item from the index and another write to put the new item into the index." """
    assert capacity.written(KEYS, an_item(Status="RECEIVED"), an_item(Status="CLOSED")) == {None: 1, "ByStatus": 2}


def test_a_removed_key_is_one_write() -> None:
    assert capacity.written(ALL, an_item(Status="RECEIVED"), an_item()) == {None: 1, "ByStatus": 1}


def test_an_item_that_is_in_no_index_writes_none() -> None:
    """ "If an item was not present in the index before or after the item was updated, no additional write cost." """
    assert capacity.written(ALL, an_item(), an_item(Note="new")) == {None: 1}


def test_an_attribute_outside_the_projection_writes_no_index() -> None:
    before, after = an_item(Status="RECEIVED"), an_item(Status="RECEIVED", Other="new")

    assert capacity.written(SOME, before, after) == {None: 1}
    assert capacity.written(KEYS, before, after) == {None: 1}


def test_a_changed_attribute_of_the_projection_is_one_write() -> None:
    before, after = an_item(Status="RECEIVED"), an_item(Status="RECEIVED", Note="new")

    assert capacity.written(SOME, before, after) == {None: 1, "ByStatus": 1}
    assert capacity.written(ALL, before, after) == {None: 1, "ByStatus": 1}


def test_an_index_counts_only_what_it_holds() -> None:
    large = an_item(Status="RECEIVED", Other="x" * 3 * KB)

    assert capacity.written(KEYS, None, large) == {None: 4, "ByStatus": 1}
    assert capacity.written(ALL, None, large) == {None: 4, "ByStatus": 4}


def test_an_index_with_two_keys_needs_both() -> None:
    keys = [{"AttributeName": name, "KeyType": kind} for name, kind in (("Status", "HASH"), ("At", "RANGE"))]
    table = a_table({"KeySchema": keys, "Projection": {"ProjectionType": "ALL"}})

    assert capacity.written(table, None, an_item(Status="RECEIVED")) == {None: 1}
    assert capacity.written(table, an_item(Status="A", At="1"), an_item(Status="A", At="2"))["ByStatus"] == 2


def test_a_local_index_counts_like_any_other() -> None:
    table = a_table()
    table["LocalSecondaryIndexes"] = ALL["GlobalSecondaryIndexes"]

    assert capacity.written(table, None, an_item(Status="RECEIVED")) == {None: 1, "ByStatus": 1}
