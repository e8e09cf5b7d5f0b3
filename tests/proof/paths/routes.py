"""The ways to start the workflows. Together they take each edge that an execution takes without a fault of a call.

No route names a state that it reaches. A run without faults shows which route reaches which state.
"""

import json
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from local.users import EMAILS, OPERATOR, PHONES
from tests.support.cloud.apps import Apps, new_order

MANY = 1_000
"""More attempts than any state makes."""


@dataclass(frozen=True, kw_only=True)
class Prior:
    """A fault that a route needs."""

    state: str
    error: str = "RuntimeError"
    answer: Any = None


@dataclass(frozen=True, kw_only=True)
class Route:
    """Starts an order or a reminder. `go` gets a marker, which the input of each of its executions has."""

    go: Callable[[Apps, str], object]
    prior: tuple[Prior, ...] = ()


def _order(marker: str, **changes: Any) -> dict[str, Any]:
    return {**new_order(), "OrderId": marker, **changes}


def _placed(**changes: Any) -> Callable[[Apps, str], object]:
    def go(apps: Apps, marker: str) -> None:
        status, answer = apps.post_order(_order(marker, **changes))
        assert status == 202, answer

    return go


def _by_hand(**changes: Any) -> Callable[[Apps, str], object]:
    """Starts the order workflow by hand. `{}` in a change is the marker."""

    def go(apps: Apps, marker: str) -> None:
        changed = {name: one.replace("{}", marker) if isinstance(one, str) else one for name, one in changes.items()}
        apps.start(apps.places.order_workflow, _order(marker, **changed))

    return go


def _twice(apps: Apps, marker: str) -> None:
    _placed()(apps, marker)
    apps.settled(marker)
    _by_hand()(apps, marker)


def _late(apps: Apps, marker: str) -> None:
    apps.cloud.engine.client("stepfunctions").start_execution(
        stateMachineArn=apps.places.order_workflow,
        name=f"{marker}-abcdefabcdef",
        input=json.dumps({**_order(marker), "Claimed": True}),
    )


def _text(marker: str) -> str:
    return f"Feed the cat, {marker}"


def _set(*channels: str, **fields: Any) -> Callable[[Apps, str], object]:
    def go(apps: Apps, marker: str) -> None:
        request = {"message": _text(marker), "channels": list(channels), "waitSeconds": 1, **fields}
        if "timestamp" in request:
            del request["waitSeconds"]
        if "sms" in channels:
            request["phone"] = PHONES[OPERATOR]
        status, answer = apps.post_reminder(request)
        assert status == 202, answer

    return go


def _reminder_by_hand(**fields: Any) -> Callable[[Apps, str], object]:
    def go(apps: Apps, marker: str) -> None:
        given = {"preference": "email", "email": EMAILS[OPERATOR], "message": _text(marker), **fields}
        apps.start(apps.places.reminder_workflow, given)

    return go


def _delivery_by_hand(*channels: str) -> Callable[[Apps, str], object]:
    def go(apps: Apps, marker: str) -> None:
        reminder = {"reminderId": str(uuid.uuid4()), "message": _text(marker), "channels": list(channels)}
        apps.start(apps.places.reminder_delivery, {"ExecutionId": "by hand", "Reminder": reminder})

    return go


IN_A_DAY = (datetime.now(UTC) + timedelta(days=1)).strftime("%Y-%m-%dT%H:%M:%SZ")
CHECK = "Are details Proper"

ROUTES: Mapping[str, Route] = {
    "a good order": Route(go=_placed()),
    "an order with a bad price": Route(go=_placed(Price="0")),
    "an order started by hand": Route(go=_by_hand()),
    "an order started by hand again": Route(go=_twice),
    "a start without its claim": Route(go=_late),
    "an unknown verdict": Route(go=_placed(), prior=(Prior(state=CHECK, answer={"Status": 2, "Reasons": []}),)),
    "a check that fails": Route(go=_placed(), prior=(Prior(state=CHECK),)),
    "an OrderId that is a number": Route(go=_by_hand(OrderId=5, Name="{}")),
    "a name that is a number": Route(go=_by_hand(Name=5)),
    "an invalid OrderId": Route(go=_by_hand(OrderId="-{}")),
    "an empty name": Route(go=_by_hand(Name="")),
    "a card number that is too long": Route(go=_by_hand(CC="4" * 33)),
    "a control character": Route(go=_by_hand(ItemName="a\u0001b")),
    "a blank name": Route(go=_by_hand(Name=" ")),
    "a blank item": Route(go=_by_hand(ItemName=" ")),
    "a price that is too exact": Route(go=_by_hand(Price=1e16)),
    "many digits and no card number": Route(go=_placed(ItemName="a1b2c3d4e5f6g7h8i9j1k2l3m4n5")),
    "many digits that stand apart": Route(go=_by_hand(ItemName=" ".join("1" * 22))),
    "a written card number": Route(go=_by_hand(ItemName="4242 4242 4242 4242")),
    "a card number of 14 digits": Route(go=_by_hand(ItemName="30569309025904")),
    "an e-mail": Route(go=_set("email")),
    "an e-mail at a time": Route(go=_set("email", timestamp=IN_A_DAY)),
    "a text": Route(go=_set("sms")),
    "a message to the topic": Route(go=_set("topic")),
    "all channels": Route(go=_set("email", "sms", "topic")),
    "a reminder started by hand": Route(go=_reminder_by_hand(waitSeconds=1)),
    "a reminder started by hand for a time": Route(go=_reminder_by_hand(timestamp=IN_A_DAY)),
    "an invalid reminder started by hand": Route(go=_reminder_by_hand(waitSeconds=1, email="nobody")),
    "an invalid reminder for a time": Route(go=_reminder_by_hand(timestamp="soon")),
    "a reminder whose id is taken": Route(
        go=_reminder_by_hand(waitSeconds=1), prior=(Prior(state="Check the reminder", error="ReminderTakenError"),)
    ),
    "a delivery that does not start": Route(go=_set("topic"), prior=(Prior(state="Deliver"),)),
    "a delivery by an unknown channel": Route(go=_delivery_by_hand("fax")),
}
"""The shorter routes come first: a fault of a state uses the first route that reaches the state."""
