"""The order table, as the functions read and write it. The workflow writes the outcome."""

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
"""Most rows that DynamoDB reads by their keys in one call."""

OF_NO_EXECUTION = ""
"""The ExecutionId of a closed order. Not left out: an execution may take up a row of its name that has none."""

_dynamodb = boto3.resource("dynamodb", config=BRIEFLY)
_table = _dynamodb.Table(os.environ["ORDER_TABLE"])
_untaken = Attr("ExecutionId").not_exists()


def claim(row: Mapping[str, Any]) -> bool:
    """Writes the first row of an order; False, and nothing written, where there is one with its OrderId."""
    return _put(row, only_if=Attr("OrderId").not_exists())


def claim_again(row: Mapping[str, Any], *, instead_of: Mapping[str, Any]) -> bool:
    """Writes `row` in place of the one it corrects; False, and nothing written, where that has changed since."""
    return _put(row, only_if=_unchanged(instead_of))


def keep(row: Mapping[str, Any], *, now: datetime) -> bool:
    """Keeps a claim even if the request that made it fails; False, and nothing written, if the row has changed.

    A request that starts the execution again calls this first. Otherwise the first request, whose own start failed,
    could still release the claim, and the execution would not find it. The claim counts as made `now`, so that the
    sweep gives the execution its full time.
    """
    kept = {**row, "UpdatedAt": timestamp(now), "KeptAt": timestamp(now)}
    return _put(kept, only_if=_unchanged(row))


def release(row: Mapping[str, Any], *, instead_of: Mapping[str, Any] | None = None) -> None:
    """Withdraws the claim `row`, unless an execution has taken it up or another request keeps it. The row that it
    corrected is then restored."""
    claimed = Attr("ExecutionName").eq(row["ExecutionName"]) & _untaken & Attr("KeptAt").not_exists()
    if instead_of:
        _put(instead_of, only_if=claimed)
        return
    try:
        _table.delete_item(Key={"OrderId": row["OrderId"]}, ConditionExpression=claimed)
    except ClientError as error:
        _raise_unless_condition(error)


def park(row: Mapping[str, Any], *, now: datetime) -> bool:
    """Marks an order as parked; False, and nothing written, where its row has changed since."""
    return _put({**row, "Status": PARKED, "UpdatedAt": timestamp(now)}, only_if=_unchanged(row))


def close(row: Mapping[str, Any], *, note: str, by: str, now: datetime) -> dict[str, Any] | None:
    """The row, now CLOSED by the operator `by`; None, and nothing written, where it has changed since it was read.

    It belongs to no execution any more: one that repeats its last write fails, and messages are out of date.
    """
    changes = {"Status": CLOSED, "Note": note, "ClosedBy": by, "UpdatedAt": timestamp(now)}
    closed = {**row, **changes, "ExecutionId": OF_NO_EXECUTION}
    return closed if _put(closed, only_if=_unchanged(row)) else None


def find(order_id: str) -> dict[str, Any] | None:
    """The row of an order, read consistently, or None."""
    row: dict[str, Any] | None = _table.get_item(Key={"OrderId": order_id}, ConsistentRead=True).get("Item")
    return row


def find_all(order_ids: Iterable[str]) -> dict[str, dict[str, Any]]:
    """The rows of at most BATCH orders by their ids, read consistently; none for an unknown one."""
    if not (keys := [{"OrderId": order_id} for order_id in dict.fromkeys(order_ids)]):
        return {}
    answer = _dynamodb.batch_get_item(RequestItems={_table.name: {"Keys": keys, "ConsistentRead": True}})
    # What a throttled DynamoDB has left out: asked for one by one, and each with its retry.
    left = answer.get("UnprocessedKeys", {}).get(_table.name, {}).get("Keys", [])
    rows = answer["Responses"].get(_table.name, []) + [find(key["OrderId"]) for key in left]
    return {row["OrderId"]: row for row in rows if row}


def of_owner(owner: str, *, limit: int, after: Place | None) -> tuple[list[dict[str, Any]], Place | None]:
    """A page of an owner's orders, last received first, and where it ended; no more of a row than is shown."""
    return _page(BY_OWNER, "Owner", owner, sorted_by="ReceivedAt", limit=limit, after=after)


def of_status(status: str, *, limit: int, after: Place | None) -> tuple[list[dict[str, Any]], Place | None]:
    """A page of the orders of a status, last changed first, and where it ended.

    The index has their keys, and lags: what has another status in the table is left out.
    """
    keys, last = _page(BY_STATUS, "Status", status, sorted_by="UpdatedAt", limit=limit, after=after)
    rows = find_all(key["OrderId"] for key in keys)
    found = [rows[key["OrderId"]] for key in keys if key["OrderId"] in rows]
    return [row for row in found if row["Status"] == status], last


def received(*, before: datetime) -> Iterator[str]:
    """The ids of the orders that are RECEIVED and have not changed since `before`, oldest first."""
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
