"""The checks of the orders app."""

import gzip
import json
from typing import Any

from botocore.exceptions import ClientError

from stacks.names import CACHE, ORDERS
from tools.verify.findings import brief, require
from tools.verify.run import ESCALATION_QUEUE, FULFILLMENT_QUEUE, PATIENCE_SECONDS, Caller, Run

NOT_A_CARD = "4242"


def fulfilled(run: Run) -> str:
    order = _placed(run)
    shown = _settled(run, order)
    _require_status(shown, "FULFILLMENT_QUEUED")
    require(shown.get("Card") == {"Last4": order["CC"][-4:]}, f"the order shows the card as {brief(shown.get('Card'))}")
    if run.has_consumer:
        return "FULFILLMENT_QUEUED; the example consumer takes the message"
    return _in_queue(run, FULFILLMENT_QUEUE, order, shown)


def bad_card(run: Run) -> str:
    return _escalated(run, "CARD_NOT_16_DIGITS", CC=NOT_A_CARD)


def bad_price(run: Run) -> str:
    return _escalated(run, "PRICE_NOT_POSITIVE", Price="0")


def odd_price(run: Run) -> str:
    return _escalated(run, "PRICE_NOT_A_DECIMAL", Price="ten")


def repeated(run: Run) -> str:
    order = _placed(run)
    again = run.person.orders("POST", "/orders", order).require(200).body
    require(again.get("OrderId") == order["OrderId"], "the repeated order has another id")
    run.person.orders("POST", "/orders", order | {"ItemName": "Another"}).require(409, "Conflict")
    return "the same order again: 200; another order with its id: 409"


def corrected(run: Run) -> str:
    order = _placed(run, Price="0")
    _require_status(_settled(run, order), "ESCALATED")
    run.operator.orders("PUT", f"/orders/{order['OrderId']}", order | {"Price": "12.50"}).require(202)
    shown = _shown(run, run.operator, order, lambda one: one["Status"] not in ("ESCALATED", "RECEIVED"))
    _require_status(shown, "FULFILLMENT_QUEUED")
    return "ESCALATED, then corrected and FULFILLMENT_QUEUED"


def closed(run: Run) -> str:
    order = _placed(run, Price="0")
    _require_status(_settled(run, order), "ESCALATED")
    path = f"/orders/{order['OrderId']}"
    run.person.orders("POST", f"{path}/close", {"note": "not allowed"}).require(403, "Forbidden")
    run.operator.orders("POST", f"{path}/close", {"note": "closed by make verify"}).require(200)
    shown = _shown(run, run.person, order, lambda one: one["Status"] != "ESCALATED")
    _require_status(shown, "CLOSED")
    return "ESCALATED, then CLOSED by an operator; its owner may not close it"


def parked(run: Run) -> str:
    """Starts the workflow by hand, because the APIs refuse every input that it would park."""
    order = run.order(Name="")
    started = start_by_hand(run, order)
    found = unpark(run, order["OrderId"])
    require(found["ExecutionId"] == started, "the message names another execution")
    require(found["State"] == "Is it an order", f"the message names the state {brief(found['State'])}")
    return f"invalid input by hand: parked with {found['Error']}, and removed"


def start_by_hand(run: Run, order: dict[str, Any]) -> str:
    """Starts the workflow with an order. Returns the ARN of the execution."""
    states = run.deployment.client("stepfunctions")
    arn = run.deployment.output(ORDERS, "OrderFulfillmentStateMachineArn")
    # Noted first, so that an interrupt in the next call leaves no message behind.
    run.parking = order["OrderId"]
    try:
        return str(states.start_execution(stateMachineArn=arn, input=json.dumps(order))["executionArn"])
    except ClientError:
        run.parking = None
        raise


def unpark(run: Run, order_id: str, *, patience: float = PATIENCE_SECONDS) -> dict[str, Any]:
    """Waits for the message about an order in the parked queue, removes it, and returns it."""
    found = run.until(
        lambda: [one for one in _parked_messages(run) if one["OrderId"] == order_id],
        bool,
        what=f"the message about {order_id} in the parked queue",
        patience=patience,
    )[0]
    run.operator.orders("DELETE", f"/parked/{found['MessageId']}").require(200)
    run.parking = None
    return found


def own_orders(run: Run) -> str:
    order = _placed(run)
    listed = run.until(lambda: _listed(run.person), lambda ids: order["OrderId"] in ids, what="the list of own orders")
    run.operator.orders("GET", f"/orders/{order['OrderId']}").require(200)
    stranger = run.as_user(run.stranger)
    stranger.orders("GET", f"/orders/{order['OrderId']}").require(404, "NotFound")
    require(order["OrderId"] not in _listed(stranger), "another person's list has the order")
    return f"its owner lists it among {len(listed)}; operators see it; another person gets 404"


def cached(run: Run) -> str:
    """Waits by the list, which does not use the cache. So the first lookup has to miss."""
    order = _placed(run)
    run.until(
        lambda: _listed(run.person).get(order["OrderId"]),
        lambda status: status != "RECEIVED",
        what="the order's status",
    )
    states: list[str] = []

    def look() -> str:
        reply = run.person.orders("GET", f"/orders/{order['OrderId']}").require(200)
        states.append(reply.headers.get("X-Cache", "missing"))
        return states[-1]

    if not run.deployment.has(CACHE):
        require(look() == "BYPASS", f"without a cache, X-Cache is {states[-1]}, not BYPASS")
        return "BYPASS, because the stage has no cache"
    run.until(look, lambda state: state in ("HIT", "missing"), what="X-Cache")
    # A function that has just started may bypass the cache.
    require(states[-1] == "HIT" and "MISS" in states, f"X-Cache is {', '.join(states)}, not MISS and then HIT")
    return "MISS, then HIT"


def compressed_body(run: Run) -> str:
    """API Gateway decompresses what a client has compressed."""
    order = run.order()
    body = gzip.compress(json.dumps(order).encode())
    run.person.orders("POST", "/orders", body, Content_Encoding="gzip").require(202)
    return "an order in gzip is accepted"


def _placed(run: Run, **changes: str) -> dict[str, Any]:
    order = run.order(**changes)
    answer = run.person.orders("POST", "/orders", order).require(202).body
    expected = {"OrderId": order["OrderId"], "Status": "RECEIVED"}
    require(answer == expected, f"POST /orders answered {brief(answer)}")
    return order


def _shown(run: Run, caller: Caller, order: dict[str, Any], accepted: Any) -> dict[str, Any]:
    path = f"/orders/{order['OrderId']}"
    return run.until(lambda: caller.orders("GET", path).require(200).body, accepted, what="the order")


def _settled(run: Run, order: dict[str, Any]) -> dict[str, Any]:
    return _shown(run, run.person, order, lambda one: one["Status"] != "RECEIVED")


def _require_status(shown: dict[str, Any], status: str) -> None:
    reasons = ", ".join(shown.get("Reasons") or [])
    found = f"{shown['Status']} {reasons}".strip()
    require(shown["Status"] == status, f"the order is {brief(found)}, not {status}")


def _escalated(run: Run, reason: str, **changes: str) -> str:
    order = _placed(run, **changes)
    shown = _settled(run, order)
    _require_status(shown, "ESCALATED")
    require(shown["Reasons"] == [reason], f"its reasons are {brief(shown['Reasons'])}, not {reason}")
    return _in_queue(run, ESCALATION_QUEUE, order, shown)


def _in_queue(run: Run, queue: str, order: dict[str, Any], shown: dict[str, Any]) -> str:
    """Compares the order's message in the queue with the order."""
    said = f"{shown['Status']} {', '.join(shown['Reasons'])}".strip()
    message, why = run.reader.take(run.queues[queue], order["OrderId"])
    if message is None:
        return f"{said}; the queue was not read: {why}"
    fields = ("OrderId", "Name", "ItemName", "Price")
    for name in fields:
        require(message.get(name) == order[name], f"the message in the queue has {brief(message.get(name))} as {name}")
    require(message.get("Reasons", []) == shown["Reasons"], "the message in the queue has other reasons than the order")
    require("CC" not in message and order["CC"] not in json.dumps(message), "the message in the queue has the card")
    return f"{said}, and its message is in the queue"


def _parked_messages(run: Run) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = run.operator.orders("GET", "/parked").require(200).body["items"]
    return found


def _listed(caller: Caller) -> dict[str, str]:
    """The statuses of the caller's newest orders, by their ids."""
    found = caller.orders("GET", "/orders?owner=me&limit=100").require(200).body["orders"]
    return {one["OrderId"]: one["Status"] for one in found}
