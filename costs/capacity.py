"""How AWS counts the write and read units of a DynamoDB table on demand.

Items have the form of DynamoDB's API: `{"OrderId": {"S": "a"}}`. A schema is an answer of DescribeTable.

- https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/read-write-operations.html
- https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/GSI.html#GSI.ThroughputConsiderations.Writes
- https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/CapacityUnitCalculations.html
"""

import base64
from collections.abc import Mapping
from typing import Any

Item = Mapping[str, Mapping[str, Any]]

WRITE_BYTES = 1024
READ_BYTES = 4096


def size(item: Item) -> int:
    """The bytes of an item, as AWS counts them."""
    return sum(len(name.encode()) + _size_of(value) for name, value in item.items())


def _size_of(value: Mapping[str, Any]) -> int:
    [(kind, content)] = value.items()
    match kind:
        case "S":
            return len(content.encode())
        case "N":
            return _size_of_number(content)
        case "B":
            return len(content) if isinstance(content, bytes) else len(base64.b64decode(content))
        case "BOOL" | "NULL":
            return 1
        case "SS" | "NS" | "BS":
            return sum(_size_of({kind[0]: one}) for one in content)
        case "L":
            return 3 + sum(1 + _size_of(one) for one in content)
        case "M":
            return 3 + sum(1 + len(name.encode()) + _size_of(one) for name, one in content.items())
    raise ValueError(f"DynamoDB has no type {kind!r}")


def _size_of_number(text: str) -> int:
    """About one byte for two significant digits and one byte more; a negative number has another byte."""
    digits, _, exponent = text.lower().lstrip("+-").partition("e")
    whole, _, fraction = digits.partition(".")
    significant = (whole + fraction).strip("0")
    return (len(significant) + 1) // 2 + 1 + text.startswith("-")


def write_units(bytes: int) -> int:
    """The write units of an item of this size: one for each started KB, at least one."""
    return max(1, -(-bytes // WRITE_BYTES))


def read_units(bytes: int, *, consistent: bool) -> float:
    """The read units of that many bytes: one for each started 4 KB, half of it if the read is eventually consistent.

    A missing item costs as much as a small one.
    """
    units = max(1, -(-bytes // READ_BYTES))
    return units if consistent else units / 2


def written(
    schema: Mapping[str, Any], before: Item | None, after: Item | None, *, transaction: bool = False
) -> dict[str | None, int]:
    """The write units of one write: of the table (None), and of each index that has to change.

    `before` is the item before the write, and `after` the item after it. None means that there is no item. A
    failed condition writes nothing, so both are the item that was there. A write in a transaction counts twice.
    """
    times = 2 if transaction else 1
    units: dict[str | None, int] = {None: times * write_units(max(size(before or {}), size(after or {})))}
    for index in _indexes(schema):
        if cost := _written_to(index, schema, before, after):
            units[index["IndexName"]] = times * cost
    return units


def _written_to(index: Mapping[str, Any], schema: Mapping[str, Any], before: Item | None, after: Item | None) -> int:
    """The write units of an index: 0 if nothing in it changes, and 2 writes, delete and put, if its key changes."""
    old, new = projected(index, schema, before), projected(index, schema, after)
    if old == new:
        return 0
    if old is None or new is None:
        return write_units(size(old or new or {}))
    keys = _names(index["KeySchema"])
    if any(old[name] != new[name] for name in keys):
        return write_units(size(old)) + write_units(size(new))
    return write_units(max(size(old), size(new)))


def projected(index: Mapping[str, Any], schema: Mapping[str, Any], item: Item | None) -> Item | None:
    """The entry of an item in an index. None if there is none, because the item lacks an attribute of the key."""
    keys = _names(index["KeySchema"])
    if item is None or any(name not in item for name in keys):
        return None
    projection = index["Projection"]
    if projection["ProjectionType"] == "ALL":
        return item
    kept = {*keys, *_names(schema["KeySchema"]), *projection.get("NonKeyAttributes", ())}
    return {name: value for name, value in item.items() if name in kept}


def _indexes(schema: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return [*(schema.get("GlobalSecondaryIndexes") or ()), *(schema.get("LocalSecondaryIndexes") or ())]


def _names(key_schema: list[Mapping[str, str]]) -> list[str]:
    return [key["AttributeName"] for key in key_schema]
