"""Prints the results of each command."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict
from itertools import islice
from typing import Any

from orders.order import ESCALATED
from tools.orders import table
from tools.orders.calls import Sent
from tools.show import Output

PARKED = {"OrderId": "order", "Status": "status now", "State": "state that failed", "Error": "error"}
PARKED |= {"Queue": "in queue", "ExecutionId": "execution", "Copies": "copies"}


def sent(sending: Iterable[Sent], output: Output) -> int:
    """Sends the orders and prints the answers. Returns the exit status: 1 if an order was refused."""
    done: list[Sent] = []
    try:
        for one in sending:
            done.append(one)
    finally:
        # Also after an error or Ctrl-C, so that the user knows which orders were sent.
        columns = {"position": "#", "order_id": "order", "status": "answer", "outcome": "outcome"}
        output.rows([asdict(one) for one in done], columns, nothing="no order was sent")
    return 0 if all(one.taken for one in done) else 1


def order(found: dict[str, Any], output: Output) -> int:
    output.fields(_with_reasons(found))
    return 0


def orders(found: Iterable[table.Row], *, status: str, limit: int, output: Output) -> int:
    # One row more than is shown, to know whether there are more.
    rows = list(islice(found, limit + 1))
    columns = {"OrderId": "order", "UpdatedAt": "since", "Why": "why"}
    if status != ESCALATED:
        # Nobody needs the execution to correct an order, and without it the table fits a terminal of 80 columns.
        columns["ExecutionName"] = "execution"
    output.rows([_with_reasons(row) for row in rows[:limit]], columns, nothing=f"no order is {status}")
    if len(rows) > limit:
        output.say(f"there are more than {limit}: list more with --limit")
    return 0


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


def parked(found: Sequence[dict[str, Any]], output: Output) -> int:
    output.rows(found, PARKED, nothing="no order is parked")
    return 0


def removed(number: int, output: Output) -> int:
    output.fields({"removed": number})
    return 0


def _with_reasons(order: dict[str, Any]) -> dict[str, Any]:
    return {**order, "Why": table.in_words(order.get("Reasons", []))}
