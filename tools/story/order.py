"""The life of an order."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from orders.order import CLOSED, ESCALATED, FULFILLMENT_QUEUED, PARKED, request_id_of
from stacks.names import ORDERS
from tools.deployment import Deployment
from tools.story import logs, moments, states
from tools.story.logs import Line
from tools.story.moments import Moment, time_in
from tools.story.states import State
from tools.story.story import Story

TABLE, WORKFLOW = "OrderTableName", "OrderFulfillmentStateMachineArn"
CHECK, RECORD = "Are details Proper", "Record the outcome"
QUEUES = {FULFILLMENT_QUEUED: "OrderFulfillmentQueue", ESCALATED: "EscalationQueue"}
TIMES = ("ReceivedAt", "CorrectedAt", "StartedAt", "UpdatedAt")
TOLD = {
    "order received": "the API received it",
    "order corrected": "it was corrected",
    "order settled": "settled",
    "order parked": "parked",
    "order closed": "an operator closed it",
    "order cached": "the cache has it",
}
"""The words for the events in the log."""

BEGINS = ("order received", "order corrected")
NEAR = timedelta(minutes=10)
"""WatchOrders logs that an order was started by hand up to six minutes later."""

LOW_LEVEL = (
    "The log of the workflow has only failures in this stage. So the times of the states are from the row: the stage's "
    "field `workflow_log_level` with the value ALL shows each state."
)


def find(deployment: Deployment, order_id: str) -> Mapping[str, Any] | None:
    """The row of an order; None if there is none."""
    return deployment.row(ORDERS, TABLE, {"OrderId": order_id})


def of(deployment: Deployment, row: Mapping[str, Any], *, whole: bool) -> Story:
    """The story of the order with this row. Reads the logs around its times, or from its first time if `whole`."""
    now = datetime.now(UTC)
    order_id, request_id = str(row["OrderId"]), request_id_of(row)
    times = [at for name in TIMES if (at := time_in(row, name))]
    ids = [id for id in (order_id, request_id) if id]
    found = logs.read(deployment, ORDERS, ids, logs.spans(times, now=now, whole=whole or deployment.is_laptop))
    entered = states.of_history(_history(deployment, row)) or states.of_log(found.lines)
    return Story(
        id=order_id,
        status=str(row["Status"]),
        moments=list(_moments(row, found.lines, entered)),
        notes=[] if entered or not row.get("StartedAt") else [LOW_LEVEL],
        found=found,
    )


def _history(deployment: Deployment, row: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The events of the row's execution. The row of a closed order has only its name."""
    if execution := row.get("ExecutionId"):
        return deployment.history(str(execution))
    name = row.get("ExecutionName")
    return deployment.history_of(deployment.output(ORDERS, WORKFLOW), str(name)) if name else []


def _moments(row: Mapping[str, Any], lines: Sequence[Line], entered: Sequence[State]) -> Iterator[Moment]:
    yield from _begin(row, lines, entered)
    yield from moments.of_states(entered) if entered else _states_in(row)
    # The last state wrote the row. Its entry in the history may be a millisecond later than the time in the row.
    last = max((state.entered for state in entered), default=None)
    for moment in _end(row):
        yield replace(moment, at=max(moment.at, last)) if last else moment
    for line in lines:
        if not _is_in_row(line, row) and (said := moments.of_line(line, request_id=row.get("RequestId"))):
            what = TOLD.get(said.what, said.what)
            yield Moment(at=_when(line, row, lines), what=what, seconds=said.seconds, details=said.details)


def _when(line: Line, row: Mapping[str, Any], lines: Sequence[Line]) -> datetime:
    """When it happened. `WatchOrders` writes an outcome minutes later, with the seconds since the order began."""
    seconds = line.fields.get("Seconds")
    if line.fields.get("message") not in ("order settled", "order parked") or not isinstance(seconds, int | float):
        return line.at
    id = line.fields.get("RequestId")
    began = [one.at for one in lines if one.fields.get("message") in BEGINS and one.fields.get("RequestId") == id]
    known = time_in(row, "CorrectedAt") if id == row.get("RequestId") else None
    first = known or (began[0] if began else time_in(row, "ReceivedAt"))
    return first + timedelta(seconds=seconds) if first else line.at


def _begin(row: Mapping[str, Any], lines: Sequence[Line], entered: Sequence[State]) -> Iterator[Moment]:
    received, corrected, started, _ = (time_in(row, name) for name in TIMES)
    started = started or (entered[0].entered if entered else None)
    request = {"RequestId": row["RequestId"]} if row.get("RequestId") else {}
    by_hand = "Digest" not in row
    if received:
        what = "somebody started it by hand" if by_hand else "the API received it"
        # A correction has replaced the first request's id in the row.
        first = next((line.text("RequestId") for line in lines if _is_receipt(line, row)), None)
        earlier = {"RequestId": first} if first else {}
        # Without the API, the execution itself receives the order.
        at = min(received, started) if by_hand and started and not corrected else received
        yield Moment(at=at, what=what, details=earlier if corrected else request)
    if corrected:
        by = "its owner" if row.get("CorrectedBy") == row.get("Owner") else "an operator"
        yield Moment(at=corrected, what=f"{by} corrected it", details=request)
    began = corrected or received
    if started and began and (corrected or not by_hand):
        yield Moment(at=started, what="its execution began", seconds=(started - began).total_seconds())


def _states_in(row: Mapping[str, Any]) -> Iterator[Moment]:
    """The states whose times the workflow wrote into the row."""
    checked, queued, recorded = (time_in(row, name) for name in ("CheckedAt", "QueuedAt", "UpdatedAt"))
    if checked:
        seconds = (queued - checked).total_seconds() if queued else None
        yield Moment(at=checked, what=f"state: {CHECK}", seconds=seconds)
    if queued and row["Status"] in QUEUES:
        seconds = (recorded - queued).total_seconds() if recorded else None
        yield Moment(at=queued, what=f"a message to {QUEUES[row['Status']]}", seconds=seconds)


def _end(row: Mapping[str, Any]) -> Iterator[Moment]:
    status, at = row["Status"], time_in(row, "UpdatedAt")
    if at is None:
        return
    began = time_in(row, "CorrectedAt") or time_in(row, "ReceivedAt")
    seconds = (at - began).total_seconds() if began else None
    details = {"Reasons": list(row["Reasons"])} if row.get("Reasons") else {}
    if status in QUEUES:
        yield Moment(at=at, what=f"settled: {status}", seconds=seconds, details=details)
    elif status == PARKED:
        queue = {"Queue": row["Queue"]} if row.get("Queue") else {}
        yield Moment(at=at, what="parked: it waits for an operator", seconds=seconds, details=queue)
    elif status == CLOSED:
        yield Moment(at=at, what="an operator closed it")


def _is_receipt(line: Line, row: Mapping[str, Any]) -> bool:
    """Whether a line says when the order in the row was received. An earlier order may have had the same id."""
    received = time_in(row, "ReceivedAt")
    return line.fields.get("message") == "order received" and bool(received and abs(line.at - received) < NEAR)


def _is_in_row(line: Line, row: Mapping[str, Any]) -> bool:
    """Whether a line says what the row says already."""
    is_current = line.fields.get("RequestId") == row.get("RequestId")
    match line.fields.get("message"):
        case "order received":
            return _is_receipt(line, row)
        case "order corrected":
            return is_current
        case "order settled":
            return is_current and line.fields.get("Outcome") == row["Status"]
        case "order parked":
            return is_current and row["Status"] == PARKED
        case "order closed":
            return bool(row["Status"] == CLOSED)
        case _:
            return False
