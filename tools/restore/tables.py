"""Reads and writes the rows of tables, without converting values."""

from collections.abc import Iterator
from typing import Any

from botocore.exceptions import ClientError

from tools.restore.compare import Difference, Row


def rows(dynamodb: Any, table: str) -> Iterator[Row]:
    """All rows of a table, from consistent reads."""
    for page in dynamodb.get_paginator("scan").paginate(TableName=table, ConsistentRead=True):
        yield from page["Items"]


def key_of(dynamodb: Any, table: str) -> str:
    """The name of a table's key. Raises ValueError if the table has a sort key, too."""
    schema = dynamodb.describe_table(TableName=table)["Table"]["KeySchema"]
    [key] = [one["AttributeName"] for one in schema]
    return str(key)


def put_back(dynamodb: Any, table: str, key: str, difference: Difference) -> bool:
    """Writes a restored row, unless somebody has changed the row since it was read. Returns whether it was written."""
    try:
        dynamodb.put_item(TableName=table, Item=difference.restored, **_unchanged(key, difference.now))
    except ClientError as error:
        if error.response["Error"]["Code"] != "ConditionalCheckFailedException":
            raise
        return False
    return True


def _unchanged(key: str, now: Row | None) -> dict[str, Any]:
    if now is None:
        return {"ConditionExpression": "attribute_not_exists(#key)", "ExpressionAttributeNames": {"#key": key}}
    # A row without these attributes was written by hand.
    same = [name for name in ("Status", "UpdatedAt", "ExecutionId") if name in now]
    return {
        "ConditionExpression": " AND ".join(["attribute_exists(#key)", *(f"#{name} = :{name}" for name in same)]),
        "ExpressionAttributeNames": {"#key": key, **{f"#{name}": name for name in same}},
        **({"ExpressionAttributeValues": {f":{name}": now[name] for name in same}} if same else {}),
    }
