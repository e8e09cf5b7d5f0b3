"""How the functions read and write the order table. The workflow writes outcomes by itself."""

import os
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any

import boto3
from boto3.dynamodb.conditions import Attr, ConditionBase, Key
from botocore.exceptions import ClientError

from common.aws import BRIEFLY
from common.paging import Place
from common.times import timestamp
from orders.order import BY_OWNER, BY_STATUS, CLOSED, PARKED, RECEIVED

BATCH = 100
"""The most rows that one call of BatchGetItem reads."""

NO_EXECUTION = ""
"""The ExecutionId of a closed order. It is empty and not missing, because an execution may take a row without one."""

_dynamodb = boto3.resource("dynamodb", config=BRIEFLY)
_table = _dynamodb.Table(os.environ["ORDER_TABLE"])
_untaken = Attr("ExecutionId").not_exists()


def claim(row: Mapping[str, Any]) -> bool:
    """Claims an OrderId by writing its first row. Returns False, and writes nothing, if the OrderId has a row."""
    return _put(row, only_if=Attr("OrderId").not_exists())


def claim_again(row: Mapping[str, Any], *, instead_of: Mapping[str, Any]) -> bool:
    """Replaces `instead_of` by its correction `row`. Returns False, and writes nothing, if the row has changed."""
    return _put(row, only_if=_unchanged(instead_of))


def keep(row: Mapping[str, Any], *, now: datetime) -> bool:
    """Protects a claim from being withdrawn. Returns False, and writes nothing, if the row has changed.

    A request that starts the execution again calls this first. Otherwise the first request, whose own start failed,
    could still withdraw the claim, and the execution would not find it. The claim counts as made `now`, so that the
    sweep gives the execution its full time.
    """
    kept = {**row, "UpdatedAt": timestamp(now), "KeptAt": timestamp(now)}
    return _put(kept, only_if=_unchanged(row))


def withdraw(row: Mapping[str, Any], *, instead_of: Mapping[str, Any] | None = None) -> None:
    """Withdraws the claim `row`: deletes it, or restores `instead_of`, the row that it corrected.

    Does nothing if an execution has taken the claim, or if another request keeps it.
    """
    claimed = Attr("ExecutionName").eq(row["ExecutionName"]) & _untaken & Attr("KeptAt").not_exists()
    if instead_of:
        _put(instead_of, only_if=claimed)
        return
    try:
        _table.delete_item(Key={"OrderId": row["OrderId"]}, ConditionExpression=claimed)
    except ClientError as error:
        _raise_unless_condition(error)


def park(row: Mapping[str, Any], *, now: datetime) -> bool:
    """Marks an order as parked. Returns False, and writes nothing, if its row has changed."""
    return _put({**row, "Status": PARKED, "UpdatedAt": timestamp(now)}, only_if=_unchanged(row))


def close(row: Mapping[str, Any], *, note: str, by: str, now: datetime) -> dict[str, Any] | None:
    """Closes an order for the operator `by`, and returns its row. Returns None, and writes nothing, if it has changed.

    The closed row belongs to no execution. So a late write of its execution fails, and its messages are out of date.

    See decision D016.
    """
    changes = {"Status": CLOSED, "Note": note, "ClosedBy": by, "UpdatedAt": timestamp(now)}
    closed = {**row, **changes, "ExecutionId": NO_EXECUTION}
    return closed if _put(closed, only_if=_unchanged(row)) else None


def find(order_id: str) -> dict[str, Any] | None:
    """The row of an order, read consistently, or None."""
    row: dict[str, Any] | None = _table.get_item(Key={"OrderId": order_id}, ConsistentRead=True).get("Item")
    return row


def find_all(order_ids: Iterable[str]) -> dict[str, dict[str, Any]]:
    """The rows of at most BATCH orders, by OrderId, read consistently. Unknown ids are left out."""
    if not (keys := [{"OrderId": order_id} for order_id in dict.fromkeys(order_ids)]):
        return {}
    answer = _dynamodb.batch_get_item(RequestItems={_table.name: {"Keys": keys, "ConsistentRead": True}})
    # A throttled DynamoDB leaves out keys. Reading them one by one retries each of them.
    left = answer.get("UnprocessedKeys", {}).get(_table.name, {}).get("Keys", [])
    rows = answer["Responses"].get(_table.name, []) + [find(key["OrderId"]) for key in left]
    return {row["OrderId"]: row for row in rows if row}


def of_owner(owner: str, *, limit: int, after: Place | None) -> tuple[list[dict[str, Any]], Place | None]:
    """A page of an owner's orders, the last received first, and the place where it ended.

    The place is None if no page follows. The index has only the attributes that a list shows.
    """
    return _page(BY_OWNER, "Owner", owner, sorted_by="ReceivedAt", limit=limit, after=after)


def of_status(status: str, *, limit: int, after: Place | None) -> tuple[list[dict[str, Any]], Place | None]:
    """A page of the orders with a status, the last changed first, and the place where it ended, as in `of_owner`.

    The index lags behind the table. An order that has another status in the table is left out.

    See decision D018.
    """
    keys, last = _page(BY_STATUS, "Status", status, sorted_by="UpdatedAt", limit=limit, after=after)
    rows = find_all(key["OrderId"] for key in keys)
    found = [rows[key["OrderId"]] for key in keys if key["OrderId"] in rows]
    return [row for row in found if row["Status"] == status], last


def received(*, before: datetime) -> Iterator[str]:
    """The ids of orders that are RECEIVED and have not changed since `before`, the oldest first."""
    condition = Key("Status").eq(RECEIVED) & Key("UpdatedAt").lt(timestamp(before))
    start: dict[str, Any] = {}
    while True:
        page = _table.query(IndexName=BY_STATUS, KeyConditionExpression=condition, **start)
        yield from (item["OrderId"] for item in page["Items"])
        if "LastEvaluatedKey" not in page:
            return
        start = {"ExclusiveStartKey": page["LastEvaluatedKey"]}


def _page(
    index: str, name: str, value: str, *, sorted_by: str, limit: int, after: Place | None
) -> tuple[list[dict[str, Any]], Place | None]:
    start = {"ExclusiveStartKey": {name: value, sorted_by: after[0], "OrderId": after[1]}} if after else {}
    page = _table.query(
        IndexName=index, KeyConditionExpression=Key(name).eq(value), ScanIndexForward=False, Limit=limit, **start
    )
    last = page.get("LastEvaluatedKey")
    return page["Items"], (last[sorted_by], last["OrderId"]) if last else None


def _unchanged(row: Mapping[str, Any]) -> ConditionBase:
    taken = Attr("ExecutionId").eq(row["ExecutionId"]) if "ExecutionId" in row else _untaken
    name = Attr("ExecutionName")
    named = name.eq(row["ExecutionName"]) if "ExecutionName" in row else name.not_exists()
    return Attr("Status").eq(row["Status"]) & named & taken


def _put(row: Mapping[str, Any], *, only_if: ConditionBase) -> bool:
    try:
        _table.put_item(Item=dict(row), ConditionExpression=only_if)
    except ClientError as error:
        _raise_unless_condition(error)
        return False
    return True


def _raise_unless_condition(error: ClientError) -> None:
    if error.response["Error"]["Code"] != "ConditionalCheckFailedException":
        raise error
