"""The functions' reads and writes of the reminder table. The workflow itself writes whether a reminder was sent."""

import functools
import operator
import os
from collections.abc import Iterator, Mapping
from typing import Any

import boto3
from boto3.dynamodb.conditions import Attr, ConditionBase, Key
from botocore.exceptions import ClientError

from common.aws import BRIEFLY
from common.paging import Place
from reminders.reminder import BY_OWNER, BY_STATUS, CANCELLED, OVER, SCHEDULED, SENDING, Row

LONGEST_ID = 128
"""In characters. An execution's name is shorter (80), and DynamoDB's limit for a key is higher (2048 bytes)."""

_table = boto3.resource("dynamodb", config=BRIEFLY).Table(os.environ["REMINDER_TABLE"])


def create(row: Mapping[str, Any]) -> bool:
    """Writes the row of a new reminder. Returns False, and writes nothing, if its ReminderId exists."""
    try:
        _table.put_item(Item=dict(row), ConditionExpression=Attr("ReminderId").not_exists())
    except ClientError as error:
        _raise_unless_condition(error)
        return False
    return True


def withdraw(row: Row) -> bool:
    """Deletes the row. Returns False, and deletes nothing, if an execution or another call has claimed it since."""
    condition = Attr("Claim").eq(row["Claim"]) & Attr("ExecutionId").not_exists()
    try:
        _table.delete_item(Key={"ReminderId": row["ReminderId"]}, ConditionExpression=condition)
    except ClientError as error:
        _raise_unless_condition(error)
        return False
    return True


def claim_again(reminder_id: str, *, claim: str) -> Row | None:
    """Replaces the claim and returns the row. None if an execution has claimed it, or if it is not SCHEDULED."""
    condition = Attr("Status").eq(SCHEDULED) & Attr("ExecutionId").not_exists()
    return _update(reminder_id, {"Claim": claim}, only_if=condition)


def take(reminder_id: str, *, execution: str, after: str | None) -> Row | None:
    """Claims the row for the execution and returns it. None if it is not SCHEDULED, or another execution claimed it.

    `after` is the execution that started this one. It is None for a reminder's first execution.
    """
    before = Attr("ExecutionId").eq(after) if after else Attr("ExecutionId").not_exists()
    condition = Attr("Status").eq(SCHEDULED) & (before | Attr("ExecutionId").eq(execution))
    return _update(reminder_id, {"ExecutionId": execution}, only_if=condition)


def cancel(reminder_id: str, *, owner: str, now: str) -> Row | None:
    """Cancels the reminder and returns its row. None if it is not SCHEDULED, or has another owner.

    See decision D039.
    """
    condition = Attr("Owner").eq(owner) & Attr("Status").eq(SCHEDULED)
    return _update(reminder_id, {"Status": CANCELLED, "UpdatedAt": now}, only_if=condition)


def stop_repeating(reminder_id: str, *, owner: str, now: str) -> Row | None:
    """Stops a repeated reminder that is SENDING and returns its row.

    None if it is not SENDING, does not repeat, or has another owner.
    """
    condition = Attr("Owner").eq(owner) & Attr("Status").eq(SENDING) & Attr("Repeat").exists()
    return _update(reminder_id, {"Stopped": True, "UpdatedAt": now}, only_if=condition)


def schedule_next(reminder_id: str, changes: Mapping[str, Any], *, after: int, execution: str) -> bool:
    """Schedules a repeated reminder once more. Returns False if it was stopped or belongs to another execution.

    `after` is the number of the occurrence that is over. The next number may be higher by more than one, because missed
    occurrences are skipped. Safe to repeat.
    """
    over = Attr("Occurrence").eq(after) & Attr("Status").is_in(list(OVER))
    again = Attr("Occurrence").gt(after) & Attr("Status").eq(SCHEDULED)
    condition = Attr("ExecutionId").eq(execution) & Attr("Stopped").not_exists() & (over | again)
    return _update(reminder_id, {**changes, "Status": SCHEDULED}, only_if=condition) is not None


def settle(row: Row, changes: Mapping[str, Any]) -> Row | None:
    """Writes `changes` and returns the row. None, and nothing is written, if the row has changed since it was read."""
    conditions = [
        Attr(name).eq(row[name]) if name in row else Attr(name).not_exists()
        for name in ("Status", "Occurrence", "ExecutionId")
    ]
    return _update(row["ReminderId"], changes, only_if=functools.reduce(operator.and_, conditions))


def find(reminder_id: str) -> Row | None:
    row: Row | None = _table.get_item(Key={"ReminderId": reminder_id}, ConsistentRead=True).get("Item")
    return row


def of_owner(owner: str, **page: Any) -> tuple[list[Row], Place | None]:
    """Returns a page of an owner's reminders, and where the next page begins. `page` has the arguments of _page."""
    return _page(BY_OWNER, "Owner", owner, **page)


def with_status(status: str, **page: Any) -> tuple[list[Row], Place | None]:
    """Returns a page of all users' reminders with one status, and where the next page begins, like of_owner."""
    return _page(BY_STATUS, "Status", status, **page)


def all_with_status(status: str, *, due: ConditionBase | None) -> Iterator[Row]:
    """Yields all reminders with one status, first due first. `due` may limit their DueAt."""
    condition: ConditionBase = Key("Status").eq(status)
    start: dict[str, Any] = {}
    while True:
        page = _table.query(IndexName=BY_STATUS, KeyConditionExpression=condition & due if due else condition, **start)
        yield from page["Items"]
        if "LastEvaluatedKey" not in page:
            return
        start = {"ExclusiveStartKey": page["LastEvaluatedKey"]}


def _page(
    index: str, name: str, value: str, *, limit: int, after: Place | None, last_first: bool, due: ConditionBase | None
) -> tuple[list[Row], Place | None]:
    """Returns up to `limit` reminders that follow `after`, and the value of `after` for the next page.

    `due` limits only the first page, and later pages continue from `after`. Limits like "from now on" move with the
    clock, and DynamoDB refuses to continue from a place outside the limit.
    """
    condition: ConditionBase = Key(name).eq(value)
    start = {"ExclusiveStartKey": {name: value, "DueAt": after[0], "ReminderId": after[1]}} if after else {}
    page = _table.query(
        IndexName=index,
        KeyConditionExpression=condition & due if due and not after else condition,
        ScanIndexForward=not last_first,
        Limit=limit,
        **start,
    )
    last = page.get("LastEvaluatedKey")
    return page["Items"], (last["DueAt"], last["ReminderId"]) if last else None


def _update(reminder_id: str, changes: Mapping[str, Any], *, only_if: ConditionBase) -> Row | None:
    try:
        answer = _table.update_item(
            Key={"ReminderId": reminder_id},
            UpdateExpression="SET " + ", ".join(f"#{name} = :{name}" for name in changes),
            ConditionExpression=only_if,
            ExpressionAttributeNames={f"#{name}": name for name in changes},
            ExpressionAttributeValues={f":{name}": value for name, value in changes.items()},
            ReturnValues="ALL_NEW",
        )
    except ClientError as error:
        _raise_unless_condition(error)
        return None
    row: Row = answer["Attributes"]
    return row


def _raise_unless_condition(error: ClientError) -> None:
    if error.response["Error"]["Code"] != "ConditionalCheckFailedException":
        raise error
