"""Each kind of request of both APIs, and how to count what it uses."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from costs.units import Counts
from local import counts
from tests.proof.load import filling
from tests.support.cloud import paths
from tests.support.cloud.apps import Apps, new_order
from tests.support.cloud.paths import PATHS, Steps
from tests.support.names import unique
from tests.support.waiting import eventually
from tools.openapi import DOCUMENTS


@dataclass(frozen=True)
class Kind:
    """A kind of request. `measure` makes one request and returns what it used."""

    name: str
    route: str
    """Such as `GET /orders`; empty for what no route starts."""
    measure: Callable[[Apps], Counts]


def routes() -> set[str]:
    """The routes in the OpenAPI documents of both APIs."""
    return {
        f"{method.upper()} {path}"
        for name in ("orders", "reminders")
        for path, methods in json.loads((DOCUMENTS / f"{name}.json").read_text())["paths"].items()
        for method in methods
        if method in ("get", "post", "put", "patch", "delete")
    }


def sub_of(person: Apps) -> str:
    """The user pool's id of a person."""
    user = person.cloud.engine.client("cognito-idp").admin_get_user(
        UserPoolId=person.places.user_pool, Username=person.user.email
    )
    return str(next(one["Value"] for one in user["UserAttributes"] if one["Name"] == "sub"))


def kinds(apps: Apps, person: Apps) -> list[Kind]:
    """All kinds. `person` has the orders and reminders that are listed, `apps` belongs to an operator."""
    return [*_paths(), *_changes(), *_queues(), *_lists(apps, person)]


ROUTES = {
    "order": "POST /orders",
    "lookup": "GET /orders/{OrderId}",
    "list": "GET /orders",
    "reminder": "POST /reminders",
    "reminder cancelled": "DELETE /reminders/{reminderId}",
}
"""The routes of the paths with a budget, by name or by the first word of it."""


def _paths() -> list[Kind]:
    def kind(name: str) -> Kind:
        return Kind(name, ROUTES.get(name) or ROUTES[name.split()[0]], lambda apps: paths.measured(apps, name))

    return [kind(name) for name in PATHS]


def _changes() -> list[Kind]:
    """Changes of an order or a reminder, each with all that follows it."""

    def kind(name: str, route: str, steps: Steps) -> Kind:
        return Kind(name, route, lambda apps: paths.counted(apps, steps))

    def escalated(apps: Apps) -> dict[str, str]:
        order = new_order() | {"Price": "-1"}
        assert apps.post_order(order)[0] == 202
        apps.settled(order["OrderId"])
        return order

    def correct(apps: Apps, order: dict[str, str]) -> None:
        assert apps.put_order(order | {"Price": "1"})[0] == 202
        eventually(lambda: (apps.row(order["OrderId"]) or {}).get("Status"), until=lambda one: one != {"S": "RECEIVED"})

    def close(apps: Apps, order: dict[str, str]) -> None:
        status, answer, _ = apps.call("POST", f"/orders/{order['OrderId']}/close", {"note": "Paid in cash"})
        assert status == 200, answer

    def waiting(apps: Apps) -> str:
        status, answer = apps.post_reminder({"message": unique(), "preference": "email", "waitSeconds": 86_400})
        assert status == 202, answer
        return str(answer["reminderId"])

    def change(apps: Apps, reminder: str) -> None:
        status, answer, _ = apps.call_reminders("PATCH", f"/reminders/{reminder}", {"message": unique()})
        assert status == 200, answer

    return [
        kind("correct an order", "PUT /orders/{OrderId}", Steps(correct, prepare=escalated)),
        kind("close an order", "POST /orders/{OrderId}/close", Steps(close, prepare=escalated)),
        kind("change a reminder", "PATCH /reminders/{reminderId}", Steps(change, prepare=waiting)),
    ]


def _queues() -> list[Kind]:
    """Requests about queues. They use no index."""

    def parked(apps: Apps) -> str:
        body = json.dumps({"OrderId": unique("T-")})
        apps.cloud.engine.client("sqs").send_message(QueueUrl=apps.places.parked_queue, MessageBody=body)
        found = eventually(lambda: apps.call("GET", "/parked")[1]["items"])
        return str(found[0]["MessageId"])

    def remove(apps: Apps, message: str) -> None:
        status, answer, _ = apps.call("DELETE", f"/parked/{message}")
        assert status == 200, answer

    def redrive(apps: Apps, _: Any) -> None:
        queue = apps.call("GET", "/dead-letters")[1]["queues"][0]["Queue"]
        status, answer, _headers = apps.call("POST", f"/dead-letters/{queue}/redrive")
        assert status == 200, answer

    return [
        _reading("list parked messages", "GET /parked", lambda apps: _good(apps.call("GET", "/parked"))),
        _reading("count dead letters", "GET /dead-letters", lambda apps: _good(apps.call("GET", "/dead-letters"))),
        Kind(
            "remove a parked message", "DELETE /parked/{MessageId}", lambda apps: _counted(apps, remove, parked(apps))
        ),
        Kind(
            "redrive dead letters",
            "POST /dead-letters/{Queue}/redrive",
            lambda apps: _counted(apps, redrive, None),
        ),
    ]


def _lists(apps: Apps, person: Apps) -> list[Kind]:
    """Lists and lookups in the tables that are full."""

    def orders(caller: Apps, **query: str) -> dict[str, Any]:
        status, body, _ = caller.call("GET", f"/orders?{urlencode(query)}")
        assert status == 200 and body["orders"], body
        return dict(body)

    def reminders(caller: Apps, **query: str) -> dict[str, Any]:
        status, body, _ = caller.call_reminders("GET", f"/reminders?{urlencode(query)}")
        assert status == 200 and body["reminders"], body
        return dict(body)

    def second_page(get: Callable[..., dict[str, Any]], caller: Apps, **query: str) -> Callable[[Apps], Counts]:
        def measure(apps: Apps) -> Counts:
            following = get(caller, **query)["next"]
            return _counted(apps, lambda *_: get(caller, **query, next=following), None)

        return measure

    of_orders, of_reminders = "GET /orders", "GET /reminders"
    return [
        _reading("list your orders", of_orders, lambda _: orders(person)),
        Kind("list your orders, second page", of_orders, second_page(orders, person)),
        _reading("list 100 of your orders", of_orders, lambda _: orders(person, limit="100")),
        _reading(
            "list your orders by status", of_orders, lambda _: orders(person, owner="me", status="FULFILLMENT_QUEUED")
        ),
        _reading("search your orders", of_orders, lambda _: orders(person, text="lamp")),
        _reading(
            "list your orders of some days",
            of_orders,
            lambda _: orders(person, **{"from": "2026-11-05", "to": "2026-11-15"}),
        ),
        _reading("list escalated orders", of_orders, lambda _: orders(apps, status="ESCALATED")),
        Kind("list escalated orders, second page", of_orders, second_page(orders, apps, status="ESCALATED")),
        _reading("list the orders that you corrected", of_orders, lambda _: orders(apps, corrected="true")),
        _reading("list your reminders", of_reminders, lambda _: reminders(person)),
        Kind("list your reminders, second page", of_reminders, second_page(reminders, person)),
        _reading("list your upcoming reminders", of_reminders, lambda _: reminders(person, when="upcoming")),
        _reading("list your past reminders", of_reminders, lambda _: reminders(person, when="past")),
        _reading("list sent reminders", of_reminders, lambda _: reminders(apps, status="SENT")),
        _reading(
            "look up a reminder",
            "GET /reminders/{reminderId}",
            lambda _: _good(person.call_reminders("GET", f"/reminders/{filling.reminder_id(0)}")),
        ),
        _reading(
            "look up whom to ask",
            "GET /orders/{OrderId}/contact",
            lambda _: _good(apps.call("GET", f"/orders/{filling.order_id(0)}/contact")),
        ),
    ]


def _good(answer: tuple[int, Any, Any]) -> None:
    """Raises AssertionError for a refusal, which would cost the same in every table."""
    assert answer[0] == 200, answer


def _reading(name: str, route: str, request: Callable[[Apps], object]) -> Kind:
    return Kind(name, route, lambda apps: _counted(apps, lambda *_: request(apps), None))


def _counted(apps: Apps, request: Callable[[Apps, Any], object], prepared: Any) -> Counts:
    """What one request uses that starts nothing. It need not wait until the readers of the streams have ended."""
    apps.cloud.engine.meter(forget=True)
    request(apps, prepared)
    return paths.of_the_path(counts.read(apps.cloud.engine)[1])
