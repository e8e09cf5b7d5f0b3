"""What a restored table has that the table of the stage has not, or has in another form. Pure. See decision D213."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from orders.order import RECEIVED
from reminders.reminder import SENDING

Row: TypeAlias = Mapping[str, Any]
"""A row as DynamoDB writes it: each value with its type."""

Kind: TypeAlias = Literal["missing", "changed", "newer", "unsettled", "expired"]
KINDS: Mapping[Kind, str] = {
    "missing": "the table no longer has the row",
    "changed": "the row has another content, and its UpdatedAt is not later",
    "newer": "an app has changed the row since: its UpdatedAt is later",
    "unsettled": "the row was still in work when the copy was made, and its outcome is unknown",
    "expired": "the row would expire at once",
}
IN_WORK = frozenset({RECEIVED, SENDING})
"""An execution or a message was about to change this row. It has done so since, or it was too late."""

PUT_BACK: tuple[Kind, ...] = ("missing", "changed")
"""Other kinds are put back only if somebody names them."""


@dataclass(frozen=True)
class Difference:
    """One row that differs. `now` is None if the table no longer has it."""

    id: str
    kind: Kind
    restored: Row
    now: Row | None


def differences(restored: Iterable[Row], now: Mapping[str, Row], *, key: str, time: float) -> list[Difference]:
    """The rows of a restored table that differ from the rows of the table, sorted by id.

    `now` has the rows of the table by id, and `time` is in seconds since 1970. Rows that are only in the table are
    newer than the restored table, so they are not differences.
    """
    found = []
    for row in restored:
        id = row[key]["S"]
        if row != (current := now.get(id)):
            found.append(Difference(id, _kind(row, current, time=time), row, current))
    return sorted(found, key=lambda one: one.id)


def _kind(restored: Row, now: Row | None, *, time: float) -> Kind:
    expires = restored.get("ExpiresAt", {}).get("N")
    if expires is not None and float(expires) <= time:
        return "expired"
    if now is not None and _updated_at(now) > _updated_at(restored):
        return "newer"
    if restored.get("Status", {}).get("S") in IN_WORK:
        return "unsettled"
    return "missing" if now is None else "changed"


def _updated_at(row: Row) -> str:
    """The time of the last change. The texts of all times of a table have the same form, so they can be compared."""
    return str(row.get("UpdatedAt", {}).get("S", ""))
