"""The steps that PlaceOrder and CorrectOrder share: read an order, build its row, start the workflow."""

import contextlib
import functools
import hmac
import json
import os
import uuid
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from common import codes, http
from common.aws import BRIEFLY
from common.logs import event as log_event
from common.shape import Shape
from common.times import timestamp
from orders import rules, table
from orders.order import FIELDS, RECEIVED, REQUEST_ID, corrected_by, fields_of, request_id_of

SHAPE = Shape.of(
    Path(__file__).with_name("order.schema.json"),
    # See decision D058.
    forms={
        "OrderId": codes.NOT_AN_ORDER_ID(longest=64),
        "Name": codes.NOT_ONE_LINE(),
        "ItemName": codes.NOT_ONE_LINE(),
        "Price": codes.NOT_ONE_LINE(),
    },
    texts={"Name", "ItemName"},
)

_states = boto3.client("stepfunctions", config=BRIEFLY)
_secrets = boto3.client("secretsmanager", config=BRIEFLY)


def order_in(event: http.Event) -> dict[str, str]:
    """The order in the request's body, with its price as text. Raises RequestError if it is invalid."""
    body = http.json_body(event, shape=SHAPE)
    if fields := rules.fields_with_card(body):
        raise http.invalid(*(codes.CARD_OUTSIDE_CC().of(field) for field in fields))
    price = rules.price_text(body["Price"])
    # The schema limits the length of a price only if it is text.
    if len(price) > (most := SHAPE.schema["properties"]["Price"]["maxLength"]):
        raise http.invalid(codes.TOO_MANY_DIGITS(longest=most).of("Price"))
    return {**body, "Price": price}


def row_of(event: http.Event, order: Mapping[str, str], *, now: datetime) -> dict[str, Any]:
    """The row that claims an OrderId for an execution that will be started. It has no `Owner` yet."""
    return {
        **fields_of(order),
        "CardLast4": rules.last4(order["CC"]),
        "Digest": rules.digest(order, key=_digest_key()),
        "Status": RECEIVED,
        "Reasons": [],
        "ReceivedAt": timestamp(now),
        "UpdatedAt": timestamp(now),
        "ExecutionName": rules.execution_name(order["OrderId"], unique=uuid.uuid4()),
        **table.expiry(now),
        **_request(event),
    }


def is_same(row: Mapping[str, Any], found: Mapping[str, Any]) -> bool:
    """Whether a new row and the stored row `found` are the same order.

    The row of an order that was started by hand has no digest. Only its fields and the last four digits are compared.
    """
    if "Digest" in found:
        return hmac.compare_digest(found["Digest"], row["Digest"])
    return all(found.get(field) == row.get(field) for field in (*FIELDS, "CardLast4"))


def start(
    event: http.Event,
    order: Mapping[str, str],
    row: Mapping[str, Any],
    *,
    at: str,
    instead_of: Mapping[str, Any] | None = None,
) -> http.Reply:
    """Starts the execution that `row` names, and returns the answer 202.

    `at` is the order's address, relative to the address of the request. If the start fails, this withdraws the claim
    and raises the error.
    """
    try:
        _start(order, row)
    except (ClientError, BotoCoreError):
        table.withdraw(row, instead_of=instead_of)
        raise
    answer = {"OrderId": order["OrderId"], "Status": RECEIVED}
    return http.reply(202, answer, headers=http.location(event, at))


def start_again(
    event: http.Event, order: Mapping[str, str], row: Mapping[str, Any], *, now: datetime
) -> dict[str, Any]:
    """Starts the execution of a waiting claim again, under the claimed name, and returns the order's row.

    Only one execution can take the claim. If this start fails, the claim stays, because the other start may still
    arrive. Raises RequestError if another request has just withdrawn the claim.

    See decision D007.
    """
    again = {**row, **_request(event)}
    if table.keep(again, now=now):
        _start(order, again)
        return again
    found = table.find(row["OrderId"])
    if found is None or found["ExecutionName"] != row["ExecutionName"]:
        raise withdrawn()
    return found


def withdrawn() -> http.RequestError:
    return http.RequestError(
        503, "Unavailable", "An earlier request for this order has just failed. Send the order again."
    )


def _start(order: Mapping[str, str], row: Mapping[str, Any]) -> None:
    # With `Claimed`, the workflow requires a claim. A late execution may find that its claim was withdrawn.
    # See decision D006.
    marked = {**order, "Claimed": True, **{name: row[name] for name in (REQUEST_ID,) if name in row}}
    with contextlib.suppress(_states.exceptions.ExecutionAlreadyExists):
        _states.start_execution(
            stateMachineArn=os.environ["ORDER_WORKFLOW"],
            name=row["ExecutionName"],
            input=json.dumps(marked, ensure_ascii=False),
        )
    by = corrected_by(row)
    name = "order corrected" if by else "order received"
    log_event(name, OrderId=row["OrderId"], RequestId=request_id_of(row), By=by)


def _request(event: http.Event) -> dict[str, str]:
    id = http.request_id(event)
    return {REQUEST_ID: id} if id else {}


@functools.cache
def _digest_key() -> bytes:
    secret = _secrets.get_secret_value(SecretId=os.environ["DIGEST_ARN"])
    return str(secret["SecretString"]).encode()
