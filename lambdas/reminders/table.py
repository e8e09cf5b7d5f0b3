"""The reads and writes of the reminder table. The workflow itself writes only that it could not deliver a reminder."""

import functools
import operator
import os
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any

import boto3
from boto3.dynamodb.conditions import Attr, ConditionBase, Key
from botocore.exceptions import ClientError

from common.aws import BRIEFLY
from common.paging import Place
from common.times import timestamp, timestamp_in_full
from reminders.channels import CHANNELS
from reminders.reminder import (
    BY_OWNER,
    BY_STATUS,
    BY_TEXT,
    CANCELLED,
    CLAIMED,
    LEASE,
    OF_A_PERSON,
    RESULT,
    SCHEDULED,
    SENDING,
    TEXT_ID,
    Row,
    channels_on,
)

LONGEST_ID = 128
"""In characters. An execution's name is shorter (80), and DynamoDB's limit for a key is higher (2048 bytes)."""

_table = boto3.resource("dynamodb", config=BRIEFLY).Table(os.environ["REMINDER_TABLE"])


def resource() -> Any:
    """Returns boto3's table, for the counts of people that share it with the reminders."""
    return _table


def create(row: Mapping[str, Any]) -> bool:
    """Writes the row of a new reminder. Returns False, and writes nothing, if its ReminderId exists."""
    try:
        _table.put_item(Item=dict(row), ConditionExpression=Attr("ReminderId").not_exists())
    except ClientError as error:
        raise_unless_condition(error)
        return False
    return True


def withdraw(row: Row) -> None:
    """Deletes the row, unless another call has claimed it since, or it is sent."""
    condition = Attr("Claim").eq(row["Claim"]) & Attr("Status").eq(SCHEDULED)
    try:
        _table.delete_item(Key={"ReminderId": row["ReminderId"]}, ConditionExpression=condition)
    except ClientError as error:
        raise_unless_condition(error)


def claim_again(row: Row, *, claim: str) -> Row | None:
    """Replaces the claim of the call that wrote the row, and returns the row.

    None if the row is not SCHEDULED or has another execution.
    """
    return _update(row["ReminderId"], {"Claim": claim}, only_if=_is(row, SCHEDULED))


def start_with(row: Row, changes: Mapping[str, Any], *, execution: str) -> Row | None:
    """Gives a SCHEDULED reminder another execution, and returns the row.

    None if it is not SCHEDULED or has another execution already.
    """
    return _update(row["ReminderId"], _followed(row, changes, execution), only_if=_is(row, SCHEDULED))


def claim(
    reminder_id: str, *, execution: str, channel: str, waited_until: str, now: datetime, lease: timedelta
) -> Row | None:
    """Claims a reminder for sending it by `channel`, until the lease ends, and returns the row. None if it is refused.

    Only the message of the row's own execution can claim the reminder. It must be due and SCHEDULED. If it is SENDING,
    the channel must have no result yet, and no lease or a lease that is over. boto3 repeats a claim whose answer was
    lost, so the claim's own lease is accepted too.

    CLAIMED on the row has the time `now` of the occurrence's first claim.

    See decisions D039 and D144.
    """
    held, result = LEASE.format(channel.capitalize()), RESULT.format(channel.capitalize())
    # The microseconds tell this lease from the lease of a copy that claims at the same time.
    own = timestamp_in_full(now + lease)
    is_free = Attr(held).not_exists() | Attr(held).lt(timestamp(now)) | Attr(held).eq(own)
    condition = (
        Attr("ExecutionId").eq(execution)
        & Attr("DueAt").lte(waited_until)
        & (Attr("Status").eq(SCHEDULED) | (Attr("Status").eq(SENDING) & is_free & Attr(result).not_exists()))
    )
    changes = {"Status": SENDING, "UpdatedAt": timestamp(now), held: own}
    return _update(reminder_id, changes, only_if=condition, at_first={CLAIMED: timestamp_in_full(now)})


def release(row: Row, channel: str, *, now: datetime, is_unsent: bool) -> Row | None:
    """Ends the lease of `channel`, so that the next attempt can claim the reminder again.

    `is_unsent` says that nothing was sent. Then a reminder with this one channel can be cancelled again. `row` is the
    claimed row. None if another attempt has claimed the reminder since, because boto3 may repeat this write late.
    """
    status = SCHEDULED if is_unsent and len(channels_on(row)) == 1 else SENDING
    changes = {"Status": status, "UpdatedAt": timestamp(now)}
    held = LEASE.format(channel.capitalize())
    is_own = _is(row, SENDING) & Attr(held).eq(row[held])
    return _update(row["ReminderId"], changes, only_if=is_own, without=[held])


def record(row: Row, channel: str, reason: str, *, now: datetime, sent: Mapping[str, Any]) -> Row | None:
    """Records the result of one of several channels, and returns the row. An empty `reason` means that it has sent.

    `sent` are fields that the row gets from the service's answer.
    """
    name = channel.capitalize()
    changes = {RESULT.format(name): reason, "UpdatedAt": timestamp(now), **sent}
    return _update(row["ReminderId"], changes, only_if=_is(row, SENDING), without=[LEASE.format(name)])


def change(row: Row, changes: Mapping[str, Any], *, execution: str, after: str, without: Sequence[str]) -> Row | None:
    """Changes a reminder and gives it another execution. Returns the row, or None if it has changed since it was read.

    `after` is the execution whose input holds the addresses until the other one has started.
    """
    changes = {**changes, "ExecutionId": execution, "After": after}
    return _update(row["ReminderId"], changes, only_if=_is(row, row["Status"]), without=without)


def refuse(row: Row, changes: Mapping[str, Any]) -> Row | None:
    """Writes that the recipient has stopped the reminder, and returns the row. None if it has changed since."""
    return _update(row["ReminderId"], changes, only_if=_is(row, row["Status"]))


def finish(row: Row, changes: Mapping[str, Any]) -> Row | None:
    """Writes how an occurrence has ended, and returns the row. None if it is not SENDING any more."""
    return _update(row["ReminderId"], changes, only_if=_is(row, SENDING), without=_OF_CHANNELS)


def finish_and_repeat(row: Row, changes: Mapping[str, Any], *, execution: str) -> Row | None:
    """Schedules the next occurrence of a reminder that is SENDING, and returns the row.

    None if it was stopped, or if it is not SENDING any more.
    """
    changes = {**_followed(row, changes, execution), "Status": SCHEDULED}
    condition = _is(row, SENDING) & Attr("Stopped").not_exists()
    return _update(row["ReminderId"], changes, only_if=condition, without=_OF_CHANNELS)


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


def erase(row: Row) -> bool:
    """Deletes the row. Returns False, and deletes nothing, if the reminder has another execution since, or is gone.

    An attempt to send the reminder then finds no row, and sends nothing.
    """
    own = Attr("ExecutionId")
    condition = own.eq(row["ExecutionId"]) if "ExecutionId" in row else own.not_exists()
    try:
        _table.delete_item(
            Key={"ReminderId": row["ReminderId"]}, ConditionExpression=Attr("Owner").eq(row["Owner"]) & condition
        )
    except ClientError as error:
        raise_unless_condition(error)
        return False
    return True


def settle(row: Row, changes: Mapping[str, Any]) -> Row | None:
    """Writes `changes` and returns the row. None, and nothing is written, if the row has changed since it was read."""
    conditions = [
        Attr(name).eq(row[name]) if name in row else Attr(name).not_exists()
        for name in ("Status", "Occurrence", "ExecutionId")
    ]
    return _update(
        row["ReminderId"], changes, only_if=functools.reduce(operator.and_, conditions), without=_OF_CHANNELS
    )


def find(reminder_id: str) -> Row | None:
    """Returns the row of a reminder, or None. Never returns the count of a person, which is in the same table."""
    if reminder_id.startswith(OF_A_PERSON):
        return None
    row: Row | None = _table.get_item(Key={"ReminderId": reminder_id}, ConsistentRead=True).get("Item")
    return row


def with_text(text_id: str) -> str | None:
    """Returns the id of the reminder whose last text message SNS gave this id. None if no row has it."""
    found = _table.query(IndexName=BY_TEXT, KeyConditionExpression=Key(TEXT_ID).eq(text_id), Limit=1)["Items"]
    return str(found[0]["ReminderId"]) if found else None


def of_owner(owner: str, **page: Any) -> tuple[list[Row], Place | None]:
    """Returns a page of an owner's reminders, and where the next page begins. `page` has the arguments of _page."""
    return _page(BY_OWNER, "Owner", owner, **page)


def with_status(status: str, **page: Any) -> tuple[list[Row], Place | None]:
    """Returns a page of all users' reminders with one status, and where the next page begins, like of_owner."""
    return _page(BY_STATUS, "Status", status, **page)


def waiting_of(owner: str) -> int:
    """Returns how many reminders of the owner wait or are being sent. The index may lack a new one."""
    count = 0
    start: dict[str, Any] = {}
    while True:
        page = _table.query(
            IndexName=BY_OWNER,
            KeyConditionExpression=Key("Owner").eq(owner),
            FilterExpression=Attr("Status").is_in([SCHEDULED, SENDING]),
            Select="COUNT",
            **start,
        )
        count += int(page["Count"])
        if "LastEvaluatedKey" not in page:
            return count
        start = {"ExclusiveStartKey": page["LastEvaluatedKey"]}


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


def _is(row: Row, status: str) -> ConditionBase:
    """The condition that the reminder has this status, and still the execution that it had when `row` was read."""
    return Attr("ExecutionId").eq(row["ExecutionId"]) & Attr("Status").eq(status)


def _followed(row: Row, changes: Mapping[str, Any], execution: str) -> dict[str, Any]:
    """Returns `changes` with the next execution, and with the one whose input holds the addresses until it starts."""
    return {**changes, "ExecutionId": execution, "After": row["ExecutionId"]}


_OF_CHANNELS = [CLAIMED, *(field.format(channel.capitalize()) for channel in CHANNELS for field in (LEASE, RESULT))]
"""The fields of an occurrence that is being sent: its first claim, and the leases and results of the channels."""


def _update(
    reminder_id: str,
    changes: Mapping[str, Any],
    *,
    only_if: ConditionBase,
    without: Sequence[str] = (),
    at_first: Mapping[str, Any] = MappingProxyType({}),
) -> Row | None:
    """Writes `changes`, removes the fields in `without`, and returns the row. None if the condition does not hold.

    The fields in `at_first` are only written if the row lacks them.

    boto3 repeats a write whose answer was lost, and the first one may have changed what the condition is about. So the
    row is also returned if it already has the new execution of `changes`.
    """
    values = {**changes, **at_first}
    sets = "SET " + ", ".join(
        f"#{name} = if_not_exists(#{name}, :{name})" if name in at_first else f"#{name} = :{name}" for name in values
    )
    removes = " REMOVE " + ", ".join(f"#{name}" for name in without) if without else ""
    try:
        answer = _table.update_item(
            Key={"ReminderId": reminder_id},
            UpdateExpression=sets + removes,
            ConditionExpression=only_if,
            ExpressionAttributeNames={f"#{name}": name for name in (*values, *without)},
            ExpressionAttributeValues={f":{name}": value for name, value in values.items()},
            ReturnValues="ALL_NEW",
        )
    except ClientError as error:
        raise_unless_condition(error)
        found = find(reminder_id) if "ExecutionId" in changes else None
        return found if found and found["ExecutionId"] == changes["ExecutionId"] else None
    row: Row = answer["Attributes"]
    return row


def raise_unless_condition(error: ClientError) -> None:
    """Raises the error, unless it says that the condition of a write does not hold."""
    if error.response["Error"]["Code"] != "ConditionalCheckFailedException":
        raise error
