"""What happened to an order, read from a record of the table's stream. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from orders import rules
from orders.order import ESCALATED, FULFILLMENT_QUEUED, PARKED, RECEIVED, REQUEST_ID, request_id_of

OUTCOMES = frozenset({FULFILLMENT_QUEUED, ESCALATED, PARKED})


@dataclass(frozen=True, kw_only=True)
class Received:
    """An order was placed, corrected or started by hand."""

    order_id: str | None
    at: datetime | None
    by_hand: bool


@dataclass(frozen=True, kw_only=True)
class Settled:
    """An order got an outcome: one of OUTCOMES."""

    order_id: str | None
    request_id: str | None
    at: datetime | None
    outcome: str
    reasons: tuple[str, ...]
    queue: str | None
    seconds: float | None
    """From when it was received or corrected. None if the row has no such times."""


def of_record(record: Mapping[str, Any]) -> Received | Settled | None:
    """What a record says. None if it says neither, for example because an execution has taken the order.

    Somebody may write a row by hand, so each value may be missing or of another type. An OrderId that is not valid is
    left out, because it may hold anything.
    """
    change = record["dynamodb"]
    old, new = (change.get(image) or {} for image in ("OldImage", "NewImage"))
    before, now = _text(old, "Status"), _text(new, "Status")
    order_id = _text(change["Keys"], "OrderId")
    known = order_id if order_id and rules.is_order_id(order_id) else None
    at = _time(new, "UpdatedAt")
    if now == RECEIVED and before != RECEIVED:
        return Received(order_id=known, at=at, by_hand="Digest" not in new)
    # A correction that is withdrawn restores the outcome of the execution before it.
    if before != RECEIVED or now not in OUTCOMES or _text(old, "ExecutionName") != _text(new, "ExecutionName"):
        return None
    began = _time(new, "CorrectedAt") or _time(new, "ReceivedAt")
    return Settled(
        order_id=known,
        request_id=request_id_of({REQUEST_ID: _text(new, REQUEST_ID)}),
        at=at,
        outcome=now,
        reasons=tuple(_reasons(new)) if now == ESCALATED else (),
        queue=_text(new, "Queue") or None,
        # The clocks of the function and of Step Functions may differ.
        seconds=max(round((at - began).total_seconds(), 3), 0.0) if at and began else None,
    )


def _reasons(image: Mapping[str, Any]) -> list[str]:
    """The reasons in a row, without those that this version does not know."""
    found = (image.get("Reasons") or {}).get("L") or []
    return [one["S"] for one in found if one.get("S") in rules.REASONS]


def _text(image: Mapping[str, Any], name: str) -> str | None:
    text: str | None = (image.get(name) or {}).get("S")
    return text


def _time(image: Mapping[str, Any], name: str) -> datetime | None:
    try:
        found = datetime.fromisoformat(_text(image, name) or "")
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)
