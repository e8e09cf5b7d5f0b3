"""Plants card numbers in every field, header and URL, then searches everything that was written for them."""

import io
import json
import zipfile
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import partial
from typing import Any, TypeAlias

import pytest
import redis
from botocore.awsrequest import AWSRequest
from botocore.httpsession import URLLib3Session

from local.engine import send
from tests.support.cloud.aliases import calling_the_latest
from tests.support.cloud.apps import Apps
from tests.support.cloud.contract import MAX_BODY_BYTES, REMINDER
from tests.support.cloud.faults import denied
from tests.support.cloud.traces import Plants, full_width, grouped, json_escaped
from tests.support.cloud.written import Piece, everything, inputs
from tests.support.names import unique
from tests.support.waiting import eventually

Order: TypeAlias = dict[str, Any]
Refused: TypeAlias = tuple[Callable[[str, Order], dict[str, Any]], int]

VERIFIER = """
import json, time

def handler(event, context):
    match event["Price"]:
        case "returns its input":
            return event
        case "returns its input as a reason":
            return {"Status": 0, "Reasons": [json.dumps(event)]}
        case "returns its input as the status":
            return {"Status": event, "Reasons": []}
        case "raises its input":
            raise ValueError(json.dumps(event))
    time.sleep(30)
"""
"""Replaces VerifyCCAndPrice. The price of an order says how it fails."""


class Client:
    """Calls both APIs and collects the answers: the place of the card in the request, and the answer's text."""

    def __init__(self, apps: Apps, *, reminders: Apps) -> None:
        self._places = apps.places
        self._tokens = {False: apps.token, True: reminders.token}
        self.answers: list[Piece] = []

    def call(
        self,
        place: str,
        expected: int,
        method: str = "POST",
        path: str = "/orders",
        *,
        body: Any = None,
        headers: dict[str, str] | None = None,
        authorization: str | None = None,
        reminders: bool = False,
    ) -> None:
        """Sends a request. Raises AssertionError for an unexpected status, without any text of the request."""
        __tracebackhide__ = True
        url = (self._places.reminders_api if reminders else self._places.orders_api) + path
        response = send(method, url, body=body, token=authorization or self._tokens[reminders], headers=headers)
        self.answers.append((f"answer to {place!r}", f"{json.dumps(dict(response.headers))} {response.text}"))
        if response.status_code != expected:
            raise AssertionError(f"{place}: {response.status_code} instead of {expected}")


def with_(field: str, form: Callable[[str], Any] = str) -> Callable[[str, Order], dict[str, Any]]:
    """A request with a card in a field of an order."""
    return lambda card, order: {"body": {**order, field: form(card)}}


def header(name: str, value: str = "{}") -> Callable[[str, Order], dict[str, Any]]:
    return lambda card, order: {"body": "", "headers": {name.format(card): value.format(card)}}


def at(method: str, path: str, form: Callable[[str], str] = str) -> Callable[[str, Order], dict[str, Any]]:
    """A request with a card in its URL."""
    return lambda card, order: {
        "method": method,
        "path": path.format(card=form(card), id=order["OrderId"]),
        "body": None if method == "GET" else order,
    }


def reminder(**fields: str) -> Callable[[str, Order], dict[str, Any]]:
    return lambda card, order: {
        "reminders": True,
        "path": "/reminders",
        "body": {**REMINDER, **{name.format(card): value.format(card) for name, value in fields.items()}},
    }


def dashed(card: str) -> str:
    return grouped(card, "-")


def in_halves(card: str) -> str:
    return f"{card[:8]} - {card[8:]}"


def in_url(card: str) -> str:
    return grouped(card, "%20")


REFUSED: dict[str, Refused] = {
    **{f"{field}, plain": (with_(field), 400) for field in ("OrderId", "Name", "ItemName", "Price")},
    **{f"{field}, dashed": (with_(field, dashed), 400) for field in ("OrderId", "Name", "ItemName", "Price")},
    **{f"{field}, spaced": (with_(field, grouped), 400) for field in ("Name", "ItemName", "Price")},
    **{f"{field}, full-width": (with_(field, full_width), 400) for field in ("Name", "ItemName", "Price")},
    **{f"{field}, digit by digit": (with_(field, " ".join), 400) for field in ("Name", "ItemName")},
    **{f"{field}, in halves": (with_(field, in_halves), 400) for field in ("Name", "ItemName")},
    **{f"{field}, among letters": (with_(field, "x{}aaaaaaaaaaaaaaaa".format), 400) for field in ("Name", "ItemName")},
    "Price, a number": (with_("Price", int), 400),
    "CC, a number": (with_("CC", int), 400),
    "CC, a list": (with_("CC", lambda card: [card]), 400),
    "CC, too long": (with_("CC", lambda card: card * 3), 400),
    "an unknown field": (with_("CVV"), 400),
    "the name of a field": (lambda card, order: {"body": {**order, card: "1"}}, 400),
    "the name of a field, full-width": (lambda card, order: {"body": {**order, full_width(card): "1"}}, 400),
    "a field twice": (lambda card, order: {"body": f'{{"CC": "{card}", "CC": "{card}"}}'}, 400),
    "JSON-escaped": (
        lambda card, order: {"body": json.dumps({**order, "Name": "@"}).replace("@", json_escaped(card))},
        400,
    ),
    "broken JSON": (lambda card, order: {"body": f'{{"CC": "{card}"'}, 400),
    "a text as the body": (lambda card, order: {"body": f'"{card}"'}, 400),
    "a number as the body": (lambda card, order: {"body": card}, 400),
    "an oversized body": (lambda card, order: {"body": json.dumps({"CC": card}).ljust(MAX_BODY_BYTES + 1)}, 413),
    "not declared as JSON": (
        lambda card, order: {"body": {**order, "CC": card}, "headers": {"Content-Type": "text/plain"}},
        415,
    ),
    "a content type": (header("Content-Type", "text/{}"), 415),
    "a charset": (header("Content-Type", "application/json; charset={}"), 415),
    **{
        f"header {name}": (header(name), 400)
        for name in ("User-Agent", "X-Card", "Cookie", "Referer", "Origin", "Accept", "X-Forwarded-For", "X-Request-Id")
    },
    "header X-Amzn-Trace-Id": (header("X-Amzn-Trace-Id", "Root={}"), 400),
    "the name of a header": (header("X-{}", "1"), 400),
    "an unreadable credential": (
        lambda card, order: {"authorization": f"AWS4-HMAC-SHA256 Credential={card}, SignedHeaders=host, Signature=0"},
        401,
    ),
    "a bearer": (lambda card, order: {"authorization": f"Bearer {card}"}, 401),
    "a path": (at("GET", "/orders/{card}"), 404),
    "a path, dashed": (at("GET", "/orders/{card}", dashed), 404),
    "a path, spaced": (at("GET", "/orders/{card}", in_url), 404),
    "a path without this method": (at("DELETE", "/orders/{card}"), 404),
    "an unknown path": (at("GET", "/{card}"), 404),
    "a path below an order": (at("GET", "/orders/{id}/{card}"), 404),
    "a query": (at("GET", "/orders/{id}?card={card}"), 404),
    "a query, spaced": (at("GET", "/orders/{id}?card={card}", in_url), 404),
    "the name in a query": (at("GET", "/orders/{id}?{card}"), 404),
    "a path of another order": (at("PUT", "/orders/{card}"), 400),
    "a path of the same order": (
        lambda card, order: {"method": "PUT", "path": f"/orders/{card}", "body": {**order, "OrderId": card}},
        400,
    ),
    "the correction of an unknown order": (
        lambda card, order: {"method": "PUT", "path": f"/orders/{order['OrderId']}", "body": {**order, "CC": card}},
        404,
    ),
    "a reminder's message": (reminder(message="pay with {}"), 400),
    "a reminder's subject": (reminder(subject="{}"), 400),
    "a reminder's preference": (reminder(preference="{}"), 400),
    "a reminder's channels": (reminder(channels="{}"), 400),
    "a reminder's seconds": (reminder(waitSeconds="{}"), 400),
    "a reminder's time": (reminder(timestamp="{}"), 400),
    "a reminder's phone": (reminder(preference="sms", phone="{}"), 400),
    "a reminder's address": (reminder(preference="email", email="{}"), 400),
    "a reminder's unknown field": (reminder(CC="{}"), 400),
    "the name of a reminder's field": (reminder(**{"{}": "1"}), 400),
    "a message to a stranger": (reminder(message="{}", preference="sms", phone="+15555550177"), 400),
}
"""How to make each request from a card and a new good order, and the status of its answer."""


def with_card(field: str, card: str, order: Order) -> Order:
    return {**order, field: card}


def with_dashes(field: str, card: str, order: Order) -> Order:
    return {**order, field: dashed(card)}


BY_HAND: dict[str, Callable[[str, Order], Any]] = {
    **{f"{field} by hand": partial(with_card, field) for field in ("OrderId", "Name", "ItemName")},
    **{f"{field} by hand, dashed": partial(with_dashes, field) for field in ("OrderId", "Name", "ItemName", "Price")},
    "Price by hand": lambda card, order: {**order, "Price": card},
    "Price by hand, a number": lambda card, order: {**order, "Price": int(card)},
    "OrderId by hand, without other fields": lambda card, order: {"OrderId": dashed(card)},
    "CC by hand, a number": lambda card, order: {**order, "CC": int(card)},
    "a text by hand": lambda card, order: card,
    "a number by hand": lambda card, order: int(card),
    "a list by hand": lambda card, order: [card, {"CC": card}],
}
"""The inputs that a workflow parks: invalid ones, and orders with a card in a field that would be stored."""


def a_good_order() -> Order:
    """A good order with a new OrderId, without a card."""
    return {"OrderId": unique("N-"), "Name": "Zoë", "ItemName": "Lamp", "Price": "12.50"}


def refuse(client: Client, plants: Plants) -> None:
    for place, (make, expected) in REFUSED.items():
        order = {**a_good_order(), "CC": "4242424242424242"}
        client.call(place, expected, **make(plants.card(place), order))


def fulfill(apps: Apps, client: Client, plants: Plants) -> None:
    """Sends a good order, repeats it, sends other orders with its id, and looks it up from the table and the cache."""
    order = {**a_good_order(), "CC": plants.card("a good order", digits=16)}
    other = {**order, "CC": plants.card("another order with its id", digits=16)}

    client.call("a good order", 202, body=order)
    assert apps.settled(order["OrderId"])["Status"]["S"] == "FULFILLMENT_QUEUED"
    client.call("a good order again", 200, body=order)
    client.call("another order with its id", 409, body=other)
    client.call("another order with its id", 409, "PUT", f"/orders/{order['OrderId']}", body=other)
    for _ in range(2):
        headers = {"X-Card": plants.card("a header of a lookup"), "User-Agent": plants.card("the agent of a lookup")}
        path = f"/orders/{order['OrderId']}?{plants.card('the query of a lookup')}"
        client.call("a lookup", 200, "GET", path, headers=headers)


def escalate(apps: Apps, client: Client, plants: Plants) -> None:
    """Sends orders with invalid cards, which are escalated, then corrects the last one."""
    forms: dict[str, Callable[[str], str]] = {
        "twelve digits": lambda card: card[:12],
        "spaced": grouped,
        "dashed": dashed,
        "full-width": full_width,
        "with a blank": lambda card: card + " ",
    }
    for name, form in forms.items():
        order = {**a_good_order(), "CC": form(plants.card(f"CC, {name}")), "Price": "-1"}
        client.call(f"CC, {name}", 202, body=order)
        assert apps.settled(order["OrderId"])["Status"]["S"] == "ESCALATED"
        client.call(f"CC, {name}", 200, "GET", f"/orders/{order['OrderId']}")

    corrected = {**order, "CC": plants.card("a correction", digits=16), "Price": "1"}
    client.call("a correction", 202, "PUT", f"/orders/{order['OrderId']}", body=corrected)
    assert apps.settled(order["OrderId"])["Status"]["S"] == "FULFILLMENT_QUEUED"


def start_by_hand(apps: Apps, plants: Plants) -> None:
    parked = {}
    for place, make in BY_HAND.items():
        order = {**a_good_order(), "CC": "4242424242424242"}
        parked[place] = apps.start(apps.places.order_workflow, make(plants.card(place), order))
    more = {**a_good_order(), "CC": plants.card("CC by hand", digits=16), plants.card("a name by hand"): "1"}
    good = apps.start(apps.places.order_workflow, {**more, "CVV": plants.card("a value by hand")})

    outcomes = {place: json.loads(apps.finished(one)["output"])["Outcome"] for place, one in parked.items()}
    assert outcomes == dict.fromkeys(BY_HAND, "PARKED")
    assert json.loads(apps.finished(good)["output"])["Outcome"] == "FULFILLMENT_QUEUED"


def fail(apps: Apps, client: Client, plants: Plants) -> None:
    """Sends an order, or looks one up, while the table, the workflow or the cache fails."""
    for action in ("dynamodb:PutItem", "states:StartExecution"):
        order = {**a_good_order(), "CC": plants.card(f"without {action}", digits=16)}
        with denied(apps, "PlaceOrder", action):
            client.call(f"without {action}", 503, body=order)
    place, order_id = "a lookup without the table", a_good_order()["OrderId"]
    with denied(apps, "GetOrder", "dynamodb:GetItem"):
        url = f"/orders/{order_id}?{plants.card(place)}"
        client.call(place, 503, "GET", url, headers={"X-Card": plants.card(place)})
    place = "a lookup without the cache"
    with changed(apps, "GetOrder", REDIS_URL="redis://127.0.0.1:1"):
        url = f"/orders/{order_id}?{plants.card(place)}"
        client.call(place, 404, "GET", url, headers={"X-Card": plants.card(place)})
        client.call(place, 404, "GET", f"/orders/{plants.card(place)}")


VERDICT = "history: TaskSucceeded in 'Are details Proper'"
VERIFIERS: dict[str, set[str]] = {
    "returns its input": {VERDICT},
    "returns its input as a reason": {VERDICT},
    "returns its input as the status": {VERDICT},
    "raises its input": {"history: TaskFailed in 'Are details Proper'", "its own log"},
    "does not return": set(),
}
"""The ways in which a verifier fails, and the places where it leaves the card itself. The apps cannot prevent that.

The Lambda runtime logs an exception's text. The real verifier raises no exception with a card number.
"""


def fail_to_verify(apps: Apps, plants: Plants) -> None:
    def outcomes(*ways: str) -> list[Any]:
        executions = []
        for way in ways:
            order = {**a_good_order(), "Price": way, "CC": plants.card(f"a verifier that {way}", digits=16)}
            executions.append(apps.start(apps.places.order_workflow, order))
        return [json.loads(apps.finished(one)["output"]) for one in executions]

    *ways, endless = VERIFIERS
    with replaced(apps, "VerifyCCAndPrice", VERIFIER) as verifier:
        ends = outcomes(*ways)
        # The other ways would also fail to end in one second on a busy machine.
        apps.cloud.engine.client("lambda").update_function_configuration(FunctionName=verifier, Timeout=1)
        ends += outcomes(endless)
    assert ends == [{"Outcome": "PARKED"}] * len(VERIFIERS)


def lose(apps: Apps, plants: Plants) -> None:
    """Stops an execution during the check, so that ParkLostOrders parks the order. Only for a Standard workflow."""
    order = {**a_good_order(), "CC": plants.card("an aborted execution", digits=16)}
    states = apps.cloud.engine.client("stepfunctions")
    with replaced(apps, "VerifyCCAndPrice", VERIFIER):
        execution = apps.start(apps.places.order_workflow, order)
        eventually(lambda: apps.row(order["OrderId"]))
        states.stop_execution(executionArn=execution)
        eventually(lambda: apps.parked(execution))


def function_named(apps: Apps, id: str) -> dict[str, Any]:
    """The configuration of a function of the orders app."""
    stack = apps.places.order_table.partition("-OrderTable")[0]
    pages = apps.cloud.engine.client("lambda").get_paginator("list_functions").paginate()
    (found,) = (one for one in pages.search("Functions[]") if one["FunctionName"].startswith(f"{stack}-{id}"))
    return dict(found)


@contextmanager
def changed(apps: Apps, id: str, **variables: str) -> Iterator[None]:
    """Changes environment variables of a function inside the block."""
    functions, function = apps.cloud.engine.client("lambda"), function_named(apps, id)
    name, usual = function["FunctionName"], function["Environment"]["Variables"]
    functions.update_function_configuration(FunctionName=name, Environment={"Variables": {**usual, **variables}})
    try:
        yield
    finally:
        functions.update_function_configuration(FunctionName=name, Environment={"Variables": usual})


@contextmanager
def replaced(apps: Apps, id: str, source: str) -> Iterator[str]:
    """Replaces the code of a function inside the block. Yields the function's name."""
    functions, function = apps.cloud.engine.client("lambda"), function_named(apps, id)
    name, module = function["FunctionName"], function["Handler"].rpartition(".")[0]
    usual = URLLib3Session().send(
        AWSRequest("GET", functions.get_function(FunctionName=name)["Code"]["Location"]).prepare()
    )
    assert usual.status_code == 200
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as code:
        code.writestr(f"{module.replace('.', '/')}.py", source)
    functions.update_function_code(FunctionName=name, ZipFile=archive.getvalue())
    try:
        with calling_the_latest(functions, [name]):
            yield name
    finally:
        functions.update_function_code(FunctionName=name, ZipFile=usual.content)
        functions.update_function_configuration(FunctionName=name, Timeout=function["Timeout"])


@contextmanager
def every_command_logged(apps: Apps) -> Iterator[None]:
    """Makes the cache's slow log record every command inside the block."""
    every = {"slowlog-log-slower-than": 0, "slowlog-max-len": 100_000}
    with redis.Redis.from_url(apps.places.redis_url) as operator:
        usual = {name: operator.config_get(name)[name] for name in every}
        for name, value in every.items():
            operator.config_set(name, value)
        try:
            yield
        finally:
            for name, value in usual.items():
                operator.config_set(name, value)


@pytest.mark.usefixtures("skipped_waits")
def test_no_card_is_kept_or_echoed(
    apps: Apps, either: Apps, request: pytest.FixtureRequest, record_property: Callable[[str, object], None]
) -> None:
    standard = "STANDARD" in request.node.name
    plants, client, since = Plants(request.node.name), Client(either, reminders=apps), datetime.now(UTC)
    with every_command_logged(either):
        refuse(client, plants)
        fulfill(either, client, plants)
        escalate(either, client, plants)
        start_by_hand(either, plants)
        fail(either, client, plants)
        fail_to_verify(either, plants)
        if standard:
            lose(either, plants)

        searched: Counter[str] = Counter()
        found: dict[tuple[str, str], str] = {}
        own_log = f"log group {function_named(either, 'VerifyCCAndPrice')['LoggingConfig']['LogGroup']}"
        for place, written in [*everything(either.cloud, since=since), *client.answers]:
            searched["bytes"] += len(written)
            searched[place.split()[0].strip(":")] += 1
            for trace in plants.traces(written):
                where = "its own log" if place == own_log else place
                found[trace.plant, where] = trace.form

    left = {(f"a verifier that {way}", place) for way, places in VERIFIERS.items() for place in places}
    leaks = [
        f"the card of {plant} is in {place}, {form}"
        for (plant, place), form in found.items()
        if (plant, place) not in left
    ]
    assert not leaks, "\n".join(leaks)
    assert found.keys() == left
    given = {trace.plant for _, text in inputs(either.cloud, since=since) for trace in plants.traces(text)}
    assert given >= {"a good order", "a correction", *(f"a verifier that {way}" for way in VERIFIERS), *BY_HAND}
    assert searched.keys() >= {"table", "stream", "queue", "log", "execution", "history", "slow", "file", "answer"}
    assert standard or searched["cache"]
    for name, count in {"plants": len(plants.cards), **searched}.items():
        record_property(name, count)
        print(f"{count} {name}", end=", ")
