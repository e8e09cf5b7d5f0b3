"""Counts what a person uses up: the reminders that wait or were set today, and the text messages of today.

Each count is a row of the reminder table. The row has no owner and no status, so it is in no index, and each change
takes one write unit. A count may be too high after a failure, and is never too low.

See decisions D235 and D236.
"""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

from boto3.dynamodb.conditions import Attr, ConditionBase
from botocore.exceptions import BotoCoreError, ClientError

from common.aws import error_name
from common.events import RequestError
from common.logs import logger_of
from common.times import timestamp_in_full
from reminders import limits, settings, table
from reminders.due import from_utc_text
from reminders.limits import REMINDERS, TEXTS
from reminders.reminder import NOBODY, Row

KEPT = timedelta(days=2)
"""How long a count stays after its last change. A missing count of waiting reminders is counted again."""

ATTEMPTS = 10
"""Other requests of the same person may change the count meanwhile. Each lost attempt means that one of them won."""


logger = logger_of(__name__)


class TextsUsedUpError(Exception):
    """The owner of a reminder has reached the limit of text messages for today."""


def take_reminder(owner: str, mark: str, *, waits: bool, now: datetime) -> None:
    """Counts one more reminder that `owner` sets or changes. Raises RequestError if they have reached a limit.

    `waits` says whether one more reminder waits from now on. `mark` names the attempt, because boto3 repeats a write
    whose answer was lost. The last mark is not counted again.
    """
    most = settings.limits()

    def restarted(row: Row | None) -> dict[str, int]:
        number = _number(row, now=now)
        if number >= most.set_a_day:
            raise limits.too_many_today(most.set_a_day, now=now)
        return {"Number": number + 1, "Waiting": _waiting(row, owner, most.waiting, waits=waits, now=now) + waits}

    below = {"Number": most.set_a_day, **({"Waiting": most.waiting} if waits else {})}
    adds = {"Number": 1, "Waiting": int(waits)}
    _take(REMINDERS.format(owner), mark, adds=adds, below=below, restarted=restarted, now=now)


def take_text(row: Row, *, now: datetime) -> None:
    """Counts one more text message of the reminder's owner. Raises TextsUsedUpError if they have reached the limit.

    Safe to repeat for the same occurrence, unless another text message of this person came between.
    """
    if row["Owner"] == NOBODY:
        return
    most = settings.texts_a_day()

    def restarted(found: Row | None) -> dict[str, int]:
        number = _number(found, now=now)
        if number >= most:
            raise TextsUsedUpError
        return {"Number": number + 1}

    key = TEXTS.format(row["Owner"])
    _take(key, _mark_of(row), adds={"Number": 1}, below={"Number": most}, restarted=restarted, now=now)


def give_text_back(row: Row, *, now: datetime) -> None:
    """Takes back what `take_text` has counted, because nothing was sent. Safe to repeat. Never raises an error of AWS.

    If AWS fails, or another text message of this person came between, the count stays too high until the day ends.
    """
    is_last = Attr("Mark").eq(_mark_of(row)) & Attr("Number").gt(0)
    changes = {"Mark": "", "UpdatedAt": timestamp_in_full(now)}
    try:
        _update(TEXTS.format(row["Owner"]), changes, {"Number": -1}, only_if=is_last)
    except (ClientError, BotoCoreError) as error:
        logger.info("a text message that was not sent stays counted: %s", error_name(error))


def forget(owner: str) -> None:
    """Deletes the counts of a person. Safe to repeat."""
    for key in (REMINDERS, TEXTS):
        table.resource().delete_item(Key={"ReminderId": key.format(owner)})


def _take(
    key: str,
    mark: str,
    *,
    adds: Mapping[str, int],
    below: Mapping[str, int],
    restarted: Callable[[Row | None], dict[str, int]],
    now: datetime,
) -> None:
    """Adds `adds` to a count of today whose numbers are `below`. Usually this is one write.

    If it is not, `restarted` returns the new numbers, or raises an error if the limit is reached.
    """
    day, at = limits.day_of(now), timestamp_in_full(now)
    changes = {"Mark": mark, "UpdatedAt": at, "ExpiresAt": int((now + KEPT).timestamp())}
    has_room: ConditionBase = Attr("Day").eq(day) & Attr("Mark").ne(mark)
    for name, most in below.items():
        has_room &= Attr(name).lt(most)
    for _ in range(ATTEMPTS):
        if _update(key, changes, adds, only_if=has_room):
            return
        row = _find(key)
        if row and row["Mark"] == mark:
            return
        if _update(key, {"Day": day, **changes, **restarted(row)}, only_if=_is_still(row)):
            return
    raise RequestError(503, "Unavailable", "Too many of your requests came at once. Try again.")


def _number(row: Row | None, *, now: datetime) -> int:
    """Returns what was counted today."""
    return int(row["Number"]) if row and row["Day"] == limits.day_of(now) else 0


def _waiting(row: Row | None, owner: str, most: int, *, waits: bool, now: datetime) -> int:
    """Returns how many reminders wait, at most. Raises RequestError if one more `waits` and there is no room for it.

    A reminder that waits no longer does not change the count. So the reminders themselves are counted if the count is
    missing or full.
    """
    if row and (not waits or row["Waiting"] < most):
        return int(row["Waiting"])
    if row and now - from_utc_text(row["UpdatedAt"]) < limits.UNSEEN:
        raise limits.too_many_waiting(most)
    waiting = table.waiting_of(owner)
    if waits and waiting >= most:
        raise limits.too_many_waiting(most)
    return waiting


def _mark_of(row: Row) -> str:
    """Names the occurrence that a text message is for."""
    return f"{row['ReminderId']}/{row['Occurrence']}"


def _find(key: str) -> Row | None:
    row: Row | None = table.resource().get_item(Key={"ReminderId": key}, ConsistentRead=True).get("Item")
    return row


def _is_still(row: Row | None) -> ConditionBase:
    """The condition that nobody has changed the count since it was read."""
    if row is None:
        return Attr("ReminderId").not_exists()
    return Attr("Mark").eq(row["Mark"]) & Attr("UpdatedAt").eq(row["UpdatedAt"])


def _update(
    key: str, changes: Mapping[str, Any], adds: Mapping[str, int] | None = None, *, only_if: ConditionBase
) -> bool:
    """Writes `changes`, and adds `adds`. Returns False, and writes nothing, if the condition does not hold."""
    values = {**changes, **(adds or {})}
    added = " ADD " + ", ".join(f"#{name} :{name}" for name in adds) if adds else ""
    try:
        table.resource().update_item(
            Key={"ReminderId": key},
            UpdateExpression="SET " + ", ".join(f"#{name} = :{name}" for name in changes) + added,
            ConditionExpression=only_if,
            ExpressionAttributeNames={f"#{name}": name for name in values},
            ExpressionAttributeValues={f":{name}": value for name, value in values.items()},
        )
    except ClientError as error:
        table.raise_unless_condition(error)
        return False
    return True
