"""How the functions read and write the order table. The workflow writes outcomes by itself."""

import os
import random
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, TypeAlias

import boto3
from boto3.dynamodb.conditions import Attr, ConditionBase, Key
from botocore.exceptions import ClientError

from common.aws import BRIEFLY
from common.paging import Place
from common.times import timestamp
from orders import retention
from orders.erased import erased
from orders.order import BY_TODO, CLOSED, CORRECTED, OWN_ORDERS, OWN_SHARDS, PARKED, RECEIVED, SHARDS, own_part, todo
from orders.retention import EXPIRES_AT
from orders.search import ALL, Search

BATCH = 100
"""The most rows that one call of BatchGetItem reads."""

MOST_SEARCHED = 500
"""The most rows that one page of a search reads."""

NO_EXECUTION = ""
"""The ExecutionId of a closed order. It is empty and not missing, because an execution may take a row without one."""

Page: TypeAlias = tuple[list[dict[str, Any]], Place | None]
"""Rows or keys, and the place where they end. None if no page follows."""

_dynamodb = boto3.resource("dynamodb", config=BRIEFLY)
_table = _dynamodb.Table(os.environ["ORDER_TABLE"])
_untaken = Attr("ExecutionId").not_exists()


def expiry(now: datetime) -> dict[str, int]:
    """When a row expires that is kept for the stage's days from `now` on. Empty if the stage keeps orders for ever."""
    return retention.expiry(now, days=os.environ["ORDER_DAYS"])


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
    watch gives the execution its full time.
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
    """Marks an order as parked. Returns False, and writes nothing, if its row has changed.

    Its execution may still go on, because an operator can redrive it. Then the cache must get the later outcome, too:
    see `EarlierOutcome` in docs/data-model.md. The row does not expire while it waits for an operator.
    """
    # Not a secret: the number spreads the rows over the index.
    waiting = {"Todo": todo(PARKED, random.randrange(SHARDS)), "EarlierOutcome": PARKED}  # noqa: S311 - no secret
    parked = {**row, **waiting, "Status": PARKED, "UpdatedAt": timestamp(now)}
    parked.pop(EXPIRES_AT, None)
    return _put(parked, only_if=_unchanged(row))


def close(row: Mapping[str, Any], *, note: str, by: str, now: datetime) -> dict[str, Any] | None:
    """Closes an order for the operator `by`, and returns its row. Returns None, and writes nothing, if it has changed.

    The closed row belongs to no execution. So a late write of its execution fails, and its messages are out of date.

    See decision D016.
    """
    changes = {"Status": CLOSED, "Note": note, "ClosedBy": by, "UpdatedAt": timestamp(now)}
    closed = {**row, **changes, **expiry(now), "ExecutionId": NO_EXECUTION}
    closed.pop("Todo", None)
    return closed if _put(closed, only_if=_unchanged(row)) else None


def erase(row: Mapping[str, Any], *, now: datetime) -> bool:
    """Removes the owner and everything that they sent from a row. Returns False, and writes nothing, if it has changed.

    The order must not be in progress.
    """
    # An order that waited for an operator has no expiry yet.
    left = {**expiry(now), **erased(row, now=now, no_execution=NO_EXECUTION)}
    return _put(left, only_if=_unchanged(row) & Attr("Owner").eq(row["Owner"]))


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


def of_owner(owner: str, *, limit: int, after: Place | None, search: Search = ALL) -> Page:
    """A page of an owner's orders that `search` finds, the last received first, and the place where it ended.

    The place is None if no page follows. If the search looks at the rows, this reads at most MOST_SEARCHED of them, so
    that a page may be short or empty although another one follows. The index lags behind the table: an order that was
    withdrawn is left out, also if somebody else has placed another order with its OrderId.

    See decisions D018 and D180.
    """
    parts = [own_part(owner, shard) for shard in range(OWN_SHARDS)]
    found: list[dict[str, Any]] = []
    left = MOST_SEARCHED if search.reads_rows else limit
    while True:
        keys, end = _merged(
            OWN_ORDERS,
            "OwnPart",
            parts,
            sorted_by="ReceivedAt",
            limit=min(left, BATCH),
            after=after,
            within=(search.first, search.last),
        )
        rows = find_all(key["OrderId"] for key in keys)
        for number, key in enumerate(keys, 1):
            row = rows.get(key["OrderId"])
            if row and row.get("Owner") == owner and search.finds(row):
                found.append(row)
                if len(found) == limit and number < len(keys):
                    return found, (key["ReceivedAt"], key["OrderId"])
        left -= len(keys)
        if end is None or left == 0 or len(found) == limit:
            return found, end
        after = end


def of_status(status: str, *, limit: int, after: Place | None) -> Page:
    """A page of the orders with a status of LISTED, the last changed first, and the place where it ended.

    Orders that changed at the same time are sorted by OrderId. The index lags behind the table: an order that has
    another status in the table is left out.

    See decision D138.
    """
    parts = [todo(status, shard) for shard in range(SHARDS)]
    keys, last = _merged(BY_TODO, "Todo", parts, sorted_by="UpdatedAt", limit=limit, after=after)
    return [row for row in _rows_of(keys) if row["Status"] == status], last


def corrected_by(corrector: str, *, limit: int, after: Place | None) -> Page:
    """A page of the orders that `corrector` has corrected, the last corrected first, and the place where it ended.

    An order that somebody else has corrected since is left out.
    """
    keys, last = _merged(CORRECTED, "CorrectedBy", [corrector], sorted_by="CorrectedAt", limit=limit, after=after)
    return [row for row in _rows_of(keys) if row.get("CorrectedBy") == corrector], last


def received(*, before: datetime, after: str | None, limit: int) -> tuple[list[dict[str, Any]], str | None]:
    """Looks at `limit` rows of the table, and returns the RECEIVED ones that have not changed since `before`.

    Also returns the OrderId to go on `after`, or None at the end of the table. The rows are in no order, and may be
    out of date.
    """
    start = {"ExclusiveStartKey": {"OrderId": after}} if after else {}
    condition = Attr("Status").eq(RECEIVED) & (Attr("UpdatedAt").not_exists() | Attr("UpdatedAt").lt(timestamp(before)))
    page = _table.scan(FilterExpression=condition, Limit=limit, **start)
    return page["Items"], page.get("LastEvaluatedKey", {}).get("OrderId")


def _merged(
    index: str,
    name: str,
    parts: Iterable[str],
    *,
    sorted_by: str,
    limit: int,
    after: Place | None,
    within: tuple[str | None, str | None] = (None, None),
) -> Page:
    """A page of the keys in all `parts` of an index, the latest first, and the place where it ended.

    `within` has the first and the last time of the list. Keys of the same time are sorted by OrderId. The place is None
    if no page follows.
    """
    first, last = within
    last = min(filter(None, (last, after and after[0])), default=None)
    if first and last and first > last:
        # DynamoDB rejects these limits.
        return [], None

    def place(key: Mapping[str, Any]) -> Place:
        return key[sorted_by], key["OrderId"]

    def of_part(part: str) -> list[dict[str, Any]]:
        """At least the first `most` keys of a part that follow `after`, or all of them."""
        condition = Key(name).eq(part)
        if first and last:
            condition &= Key(sorted_by).between(first, last)
        elif first:
            condition &= Key(sorted_by).gte(first)
        elif last:
            condition &= Key(sorted_by).lte(last)
        found: list[dict[str, Any]] = []
        start: dict[str, Any] = {}
        while True:
            # One more than needed, and one for the row at `after`.
            page = _table.query(
                IndexName=index, KeyConditionExpression=condition, ScanIndexForward=False, Limit=most + 2, **start
            )
            found += [key for key in page["Items"] if after is None or place(key) < after]
            # The index returns rows of one time in any order, so all of them must be read before they can be sorted.
            complete = len(found) > most and found[-1][sorted_by] < found[most - 1][sorted_by]
            if complete or "LastEvaluatedKey" not in page:
                return found
            start = {"ExclusiveStartKey": page["LastEvaluatedKey"]}

    most = limit + 1
    keys = sorted((key for part in parts for key in of_part(part)), key=place, reverse=True)
    return keys[:limit], place(keys[limit - 1]) if len(keys) > limit else None


def _rows_of(keys: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The rows of an index's keys, in the same order. Rows that are gone are left out."""
    order_ids = [key["OrderId"] for key in keys]
    rows = find_all(order_ids)
    return [rows[order_id] for order_id in order_ids if order_id in rows]


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
