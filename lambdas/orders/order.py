"""An order as it is stored, and as it is shown. Pure."""

from collections.abc import Mapping
from typing import Any

from common.caller import Caller
from common.cards import is_identifier

RECEIVED, FULFILLMENT_QUEUED, ESCALATED, PARKED = "RECEIVED", "FULFILLMENT_QUEUED", "ESCALATED", "PARKED"
CLOSED = "CLOSED"
STATUSES = (RECEIVED, FULFILLMENT_QUEUED, ESCALATED, PARKED, CLOSED)
FINAL = frozenset({FULFILLMENT_QUEUED, ESCALATED, PARKED, CLOSED})
LISTED = (ESCALATED, PARKED)
"""The statuses of orders that wait for an operator. Operators can list the orders with these statuses."""
CORRECTABLE = frozenset(LISTED)
"""The statuses in which the owner or an operator can correct an order, and an operator can close it."""

FIELDS = ("OrderId", "Name", "ItemName", "Price")
"""The fields of an order that are stored, shown and queued: all of order.schema.json except the card number."""

REQUEST_ID = "RequestId"
"""The id of the request that placed the order or corrected it last. An order that was started by hand has none.
See decision D195."""

BY_TODO, OWN_ORDERS, CORRECTED = "ByTodo", "OwnOrders", "Corrected"
"""Indexes of the table, sorted by UpdatedAt, by ReceivedAt and by CorrectedAt. stacks/order_table.py has the keys."""

SHARDS = 10
"""The parts of a status in the index ByTodo. The workflow, too, writes the number of a part."""
OWN_SHARDS = 4
"""The parts of an owner in the index OwnOrders."""

FULFILLMENT_QUEUE, ESCALATION_QUEUE = "OrderFulfillmentQueue", "EscalationQueue"
"""Values of a PARKED row's `Queue`: the order is in that queue already, and only its status is out of date."""

BY_OWNER, BY_OPERATOR = "owner", "operator"
"""The API shows one of these as the `CorrectedBy` of an order."""

UPDATE_THE_TABLE, ARE_DETAILS_PROPER = "Update the order table", "Are details Proper"
"""States of the workflow. In the first, an execution takes the row by writing its ExecutionId. The next write is the
outcome, so the row does not show which state after the first is running."""


def todo(status: str, shard: int) -> str:
    """The `Todo` of a row with a status of LISTED, such as `ESCALATED#3`. Rows with another status have no `Todo`.

    See decision D138.
    """
    return f"{status}#{shard}"


def own_part(owner: str, shard: int) -> str:
    """The `OwnPart` of a row with an owner, such as `6f1c2d3e-…#2`.

    See decision D014.
    """
    return f"{owner}#{shard}"


def fields_of(order: Mapping[str, Any]) -> dict[str, Any]:
    """The FIELDS of an order or of its row. Raises KeyError if one is missing."""
    return {name: order[name] for name in FIELDS}


def request_id_of(row: Mapping[str, Any]) -> str | None:
    """The id of the request in a row. None if it is missing, or if somebody wrote something other than a UUID."""
    id = row.get(REQUEST_ID)
    return id if isinstance(id, str) and is_identifier(id) else None


def may_see(caller: Caller, row: Mapping[str, Any]) -> bool:
    """Operators may see every order, other callers only their own.

    An order without an Owner was not placed through the API.

    See decision D017.
    """
    return caller.is_operator or row.get("Owner") == caller.id


def is_waiting(row: Mapping[str, Any]) -> bool:
    """Whether an order is claimed, but no execution has taken the claim. Perhaps its execution was never started."""
    return row["Status"] == RECEIVED and "ExecutionId" not in row


def is_escalated(row: Mapping[str, Any]) -> bool:
    """Whether an order was escalated, even if it was then parked because that outcome could not be recorded."""
    return row["Status"] == ESCALATED or (row["Status"] == PARKED and row.get("Queue") == ESCALATION_QUEUE)


def corrected_by(row: Mapping[str, Any]) -> str | None:
    """Whether the owner or an operator corrected an order: BY_OWNER, BY_OPERATOR, or None if nobody did."""
    if "CorrectedBy" not in row:
        return None
    return BY_OWNER if row["CorrectedBy"] == row.get("Owner") else BY_OPERATOR


def shown(row: Mapping[str, Any]) -> dict[str, Any]:
    """An order as the API shows it.

    - `State` is there while the order is in progress: UPDATE_THE_TABLE until an execution has taken the row, and
      ARE_DETAILS_PROPER after that.
    - `Queue` is there if the order is parked and in that queue already.
    - `CorrectedAt` and `CorrectedBy` are there if somebody has corrected the order. `CorrectedBy` says whether its
      owner or an operator did. It does not name the operator.

    Raises KeyError if `row` is not the row of an order.
    """
    note = {"Note": row["Note"]} if "Note" in row else {}
    return {
        **fields_of(row),
        "Card": {"Last4": row["CardLast4"]},
        "Status": row["Status"],
        "Reasons": row["Reasons"],
        "ReceivedAt": row["ReceivedAt"],
        "UpdatedAt": row["UpdatedAt"],
        **note,
        **_state(row),
        **_queue(row),
        **_correction(row),
    }


# See decision D019.
def _state(row: Mapping[str, Any]) -> dict[str, str]:
    if row["Status"] != RECEIVED:
        return {}
    return {"State": ARE_DETAILS_PROPER if "ExecutionId" in row else UPDATE_THE_TABLE}


def _queue(row: Mapping[str, Any]) -> dict[str, str]:
    # The workflow writes an empty text if the order is not in a queue.
    return {"Queue": row["Queue"]} if row["Status"] == PARKED and row.get("Queue") else {}


def _correction(row: Mapping[str, Any]) -> dict[str, str]:
    by = corrected_by(row)
    return {"CorrectedAt": row["CorrectedAt"], "CorrectedBy": by} if by else {}
