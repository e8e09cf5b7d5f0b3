"""`POST /orders/{OrderId}/close`: ends an escalated or parked order without a correction."""

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from common import codes, http
from common.caller import operator_of
from common.cards import looks_like_card
from common.logs import event as log_event
from common.shape import Shape
from orders import rules, table
from orders.order import CLOSED, CORRECTABLE, shown

SHAPE = Shape.of(Path(__file__).with_name("closing.schema.json"), forms={"note": codes.NOT_ONE_LINE()}, texts={"note"})


@http.api
def handler(event: http.Event) -> http.Reply:
    """Closes an order with a note. The owner sees the note.

    - 200: the closed order, also if it was closed with the same note before
    - 404: the order is unknown
    - 409: the order is neither ESCALATED nor PARKED, or somebody else has just changed it
    """
    operator = operator_of(event)
    note, order_id = _note(event), event["pathParameters"]["OrderId"]
    found = table.find(order_id) if rules.is_order_id(order_id) else None
    if found is None:
        raise http.RequestError(404, "NotFound", "There is no such order.")
    if _is_closed(found, note):
        return http.reply(200, shown(found))
    if found["Status"] not in CORRECTABLE:
        raise http.RequestError(409, "Conflict", "Only an escalated or a parked order can be closed.")
    closed = table.close(found, note=note, by=operator.id, now=datetime.now(UTC))
    if closed is None:
        # Another request was faster. Or the reply to this request's own write was lost, and boto3 repeated the write.
        closed = table.find(order_id)
        if closed is None or not _is_closed(closed, note):
            raise http.RequestError(
                409, "Conflict", "Somebody else has just changed this order. Look it up before you change it again."
            )
    else:
        log_event("order closed", OrderId=order_id, RequestId=http.request_id(event))
    return http.reply(200, shown(closed))


def _is_closed(row: Mapping[str, Any], note: str) -> bool:
    return row["Status"] == CLOSED and row.get("Note") == note


def _note(event: http.Event) -> str:
    note: str = http.json_body(event, shape=SHAPE)["note"]
    if looks_like_card(note):
        raise http.invalid(codes.LOOKS_LIKE_CARD().of("note"))
    return note
