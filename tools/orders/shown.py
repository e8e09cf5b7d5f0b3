"""Prints the results of each command."""

import sys
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from itertools import islice
from typing import Any

from orders.order import ESCALATED
from tools.orders import table
from tools.orders.calls import Sent
from tools.show import Column, Columns, Output

ORDER = Column("order", "id")
ONE: Columns = {
    "OrderId": ORDER,
    "Status": Column("status", "status"),
    "Why": "why",
    "Queue": "in queue",
    "State": "state",
    "Note": "note",
    "ItemName": "item",
    "Price": "price",
    "Name": "customer",
    "Card": "card",
    "ReceivedAt": Column("received", "time"),
    "CorrectedAt": Column("corrected", "time"),
    "UpdatedAt": Column("changed", "time"),
    "X-Cache": "cache",
}
OWN: Columns = {
    "OrderId": ORDER,
    "Status": Column("status", "status"),
    "ReceivedAt": Column("received", "time"),
    "ItemName": "item",
    "Price": "price",
}
WAITING: Columns = {
    "OrderId": ORDER,
    "UpdatedAt": Column("since", "time"),
    "ItemName": "item",
    "Price": "price",
    "Name": "customer",
    "Why": "why",
}
CORRECTED: Columns = {
    "OrderId": ORDER,
    "Status": Column("status now", "status"),
    "CorrectedAt": Column("corrected", "time"),
    "ItemName": "item",
    "Price": "price",
    "Name": "customer",
}
PARKED: Columns = {
    "Id": ORDER,
    "Status": Column("status now", "status"),
    "State": "state that failed",
    "Error": "error",
    "Queue": "in queue",
    "Copies": "copies",
}

HIDDEN = "another program may be reading more messages: run the command again after two minutes"


def sent(sending: Iterable[Sent], output: Output) -> int:
    """Sends the orders and prints the answers. Returns the exit status: 1 if an order was refused."""
    done: list[Sent] = []
    try:
        for one in sending:
            done.append(one)
    finally:
        # Also after an error or Ctrl-C, so that the user knows which orders were sent.
        columns: Columns = {
            "position": "#",
            "order_id": ORDER,
            "status": "answer",
            "outcome": Column("outcome", "status"),
        }
        output.rows([asdict(one) for one in done], columns, nothing="no order was sent")
    return 0 if all(one.taken for one in done) else 1


def order(found: dict[str, Any], output: Output) -> int:
    output.fields(_for_people(found, output), ONE)
    return 0


def own(found: Iterable[dict[str, Any]], *, limit: int, hint: str, output: Output) -> int:
    _listed(found, OWN, limit=limit, nothing="no orders of your own", output=output)
    if hint:
        output.say(hint)
    return 0


def corrected(found: Iterable[dict[str, Any]], *, limit: int, output: Output) -> int:
    _listed(found, CORRECTED, limit=limit, nothing="you have corrected no orders", output=output)
    return 0


def waiting(found: Iterable[table.Row], *, status: str, limit: int, output: Output) -> int:
    columns = {name: column for name, column in WAITING.items() if name != "Why" or status == ESCALATED}
    _listed(found, columns, limit=limit, nothing=f"no order is {status}", output=output)
    return 0


def _listed(found: Iterable[dict[str, Any]], columns: Columns, *, limit: int, nothing: str, output: Output) -> None:
    # One row more than is shown, to know whether there are more.
    rows = list(islice(found, limit + 1))
    output.rows([_for_people(row, output) for row in rows[:limit]], columns, nothing=nothing)
    if len(rows) > limit:
        output.say(f"there are more than {limit}: list more with --limit")


def redriven(moving: Iterable[dict[str, Any]], output: Output) -> int:
    """Moves messages, continues executions, and prints how many. Returns the exit status: 1 if one of them failed."""
    rows: list[dict[str, Any]] = []
    try:
        for row in moving:
            rows.append(row)
    finally:
        # Also after an error or Ctrl-C, so that the user knows how many were moved.
        if rows:
            columns = {"what": "what", "moved": "moved", "failed": "failed", "note": "note"}
            output.rows(rows, columns, nothing="")
    return 0 if all(row["complete"] for row in rows) else 1


def parked(found: Sequence[dict[str, Any]], is_everything: bool, output: Output) -> int:
    # Only a message without an order shows its execution, whose id is long. JSON always has both.
    rows = found if output.as_json else [{**row, "Id": row["OrderId"] or row["ExecutionId"]} for row in found]
    output.rows(rows, PARKED, nothing="no order is parked" if is_everything else "no parked message is visible now")
    if not is_everything:
        _say_hidden(output)
    return 0


def removed(number: int, is_everything: bool, output: Output) -> int:
    output.fields({"removed": number})
    if not is_everything:
        _say_hidden(output)
    return 0


def _say_hidden(output: Output) -> None:
    """Says that more messages may be hidden. With --json, standard output has only JSON."""
    if output.as_json:
        print(HIDDEN, file=sys.stderr)
    else:
        output.say(HIDDEN)


def _for_people(order: dict[str, Any], output: Output) -> dict[str, Any]:
    """`order` with its reasons as sentences."""
    shown = {**order, "Why": table.in_words(order.get("Reasons", []))}
    if not output.as_json and "Card" in order:
        # An escalated order may have a card number without digits.
        last = order["Card"]["Last4"]
        shown["Card"] = f"ends with {last}" if last else None
    return shown
