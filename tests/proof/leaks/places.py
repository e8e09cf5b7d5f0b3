"""The places of a request that can carry a text: each field, header, URL and form of a body."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from tests.proof.leaks.forms import HIDDEN
from tests.support.cloud.contract import MAX_BODY_BYTES

NOWHERE = "kept nowhere"
"""A text in this place is neither stored nor logged nor repeated, in any form."""
SEARCHED = "searched"
"""A text in this place is stored, unless the API finds a card number in it."""
GIVEN = "given"
"""The card number of an order. Only the encrypted input of the execution has it."""


@dataclass(frozen=True)
class Request:
    method: str
    path: str
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)
    api: str = "orders"
    token: str | None = None
    """Another value of `Authorization`."""


@dataclass(frozen=True)
class Place:
    make: Callable[[str, str], Request]
    """Makes a request from the text and a new id."""
    kind: str = NOWHERE


def order(id: str, **fields: Any) -> dict[str, Any]:
    given = {"OrderId": id, "Name": "Zoë", "ItemName": "Lamp", "Price": "12.50", "CC": "4242424242424242"}
    return given | fields


def reminder(**fields: Any) -> dict[str, Any]:
    return {"message": "Feed the cat", "preference": "topic", "waitSeconds": 86400} | fields


def in_url(text: str) -> str:
    return quote(text, safe="")


def in_header(text: str) -> str:
    """`text` as bytes of UTF-8 in a header. HTTP libraries write these letters as single bytes."""
    return text.encode().decode("latin-1")


def of_order(name: str, convert: Callable[[str], Any] = str) -> Callable[[str, str], Request]:
    return lambda text, id: Request("POST", "/orders", order(id, **{name: convert(text)}))


def of_reminder(name: str, convert: Callable[[str], Any] = str, **more: Any) -> Callable[[str, str], Request]:
    return lambda text, id: Request("POST", "/reminders", reminder(**more, **{name: convert(text)}), api="reminders")


def of_repeat(name: str) -> Callable[[str, str], Request]:
    return of_reminder("repeat", lambda text: {"every": "1d", name: text})


def of_change(name: str, convert: Callable[[str], Any] = str) -> Callable[[str, str], Request]:
    return lambda text, id: Request("PATCH", f"/reminders/{id}", {name: convert(text)}, api="reminders")


def at(method: str, path: str, *, api: str = "orders", body: Any = None) -> Callable[[str, str], Request]:
    """A request whose path or query has the text in place of `{}`, and the id in place of `ID`."""
    return lambda text, id: Request(
        method, path.replace("ID", id).replace("{}", in_url(text)), body(id) if callable(body) else body, api=api
    )


def raw(make: Callable[[str, str], str], method: str = "POST", **headers: str) -> Callable[[str, str], Request]:
    """A request with a body that is no JSON, or odd JSON."""
    return lambda text, id: Request(method, "/orders", make(text, id), headers={**JSON, **headers})


def escaped(text: str, id: str) -> str:
    """An order whose name is escaped letter by letter, as in JSON."""
    letters = text.encode("utf-16-be").hex()
    return json.dumps(order(id, Name="@")).replace(
        "@", "".join(f"\\u{letters[at : at + 4]}" for at in range(0, len(letters), 4))
    )


JSON = {"Content-Type": "application/json"}
NOTE = {"note": "It was a mistake"}

TEXTS: Mapping[str, Place] = {
    **{name: Place(of_order(name), SEARCHED) for name in ("OrderId", "Name", "ItemName", "Price")},
    "JSON-escaped Name": Place(raw(escaped), SEARCHED),
    "corrected Name": Place(lambda text, id: Request("PUT", f"/orders/{id}", order(id, Name=text)), SEARCHED),
    "note": Place(lambda text, id: Request("POST", f"/orders/{id}/close", {"note": text}), SEARCHED),
    "message": Place(of_reminder("message"), SEARCHED),
    "subject": Place(of_reminder("subject"), SEARCHED),
    "changed message": Place(of_change("message"), SEARCHED),
    "changed subject": Place(of_change("subject"), SEARCHED),
}
"""The texts that the APIs store."""

FIELDS: Mapping[str, Place] = {
    **{
        f"{name} as {kind}": Place(of_order(name, convert))
        for name in ("OrderId", "Name", "ItemName", "Price", "CC")
        for kind, convert in (
            ("a list", lambda text: [text]),
            ("an object", lambda text: {text: text}),
        )
    },
    "an unknown field": Place(of_order("CVV")),
    "the name of a field": Place(lambda text, id: Request("POST", "/orders", {**order(id), text: "1"})),
    "an overlong CC": Place(of_order("CC", lambda text: text * 3 + "x" * 33)),
    "an overlong Name": Place(of_order("Name", lambda text: text + "x" * 201)),
    **{
        f"reminder's {name}": Place(of_reminder(name, preference="both"))
        for name in ("email", "phone", "waitSeconds", "timestamp", "timeZone", "fold", "CVV")
    },
    "reminder's preference": Place(of_reminder("preference")),
    "reminder's channels": Place(
        lambda text, id: Request("POST", "/reminders", {"message": "x", "channels": [text]}, api="reminders")
    ),
    "reminder's address": Place(of_reminder("email", lambda text: f"{text}@example.com", preference="email")),
    "reminder's number": Place(of_reminder("phone", lambda text: f"+{text}", preference="sms")),
    **{f"reminder's repeat.{name}": Place(of_repeat(name)) for name in ("every", "until", "times", "CVV")},
    "the name of a reminder's field": Place(
        lambda text, id: Request("POST", "/reminders", {**reminder(), text: 1}, api="reminders")
    ),
    **{f"change's {name}": Place(of_change(name)) for name in ("email", "phone", "timestamp", "sendNow", "CVV")},
    "an unknown field beside a note": Place(
        lambda text, id: Request("POST", f"/orders/{id}/close", {**NOTE, "CVV": text})
    ),
}
"""Fields that the APIs refuse, or whose value they do not store."""

BODIES: Mapping[str, Place] = {
    "broken JSON": Place(raw(lambda text, id: f'{{"CC": "{text}"')),
    "a text as the body": Place(raw(lambda text, id: json.dumps(text))),
    "the whole body": Place(raw(lambda text, id: text)),
    "a list as the body": Place(raw(lambda text, id: json.dumps([text, {"CC": text}]))),
    "a field twice": Place(raw(lambda text, id: f'{{"CC": {json.dumps(text)}, "CC": {json.dumps(text)}}}')),
    "a deep body": Place(raw(lambda text, id: '{"CC":' * 40 + json.dumps(text) + "}" * 40)),
    "an oversized body": Place(raw(lambda text, id: json.dumps({"CC": text}).ljust(MAX_BODY_BYTES + 1))),
    "not declared as JSON": Place(
        raw(lambda text, id: json.dumps(order(id, CC=text)), **{"Content-Type": "text/plain"})
    ),
    "a form": Place(
        raw(lambda text, id: f"CC={in_url(text)}", **{"Content-Type": "application/x-www-form-urlencoded"})
    ),
    "compressed by name": Place(
        raw(lambda text, id: json.dumps(order(id, CC=text)), **{"Content-Encoding": "br"}), GIVEN
    ),
    "the body of a lookup": Place(lambda text, id: Request("GET", f"/orders/{id}", json.dumps({"CC": text}))),
    "the body of a deletion": Place(
        lambda text, id: Request("DELETE", f"/reminders/{id}", {"CC": text}, api="reminders")
    ),
}
"""Bodies that are not what the API expects."""

PATHS: Mapping[str, Place] = {
    "path of a lookup": Place(at("GET", "/orders/{}")),
    "path of a correction": Place(at("PUT", "/orders/{}", body=order)),
    "path and OrderId of a correction": Place(
        lambda text, id: Request("PUT", f"/orders/{in_url(text)}", order(id, OrderId=text))
    ),
    "path of a closing": Place(at("POST", "/orders/{}/close", body=NOTE)),
    "path of a contact": Place(at("GET", "/orders/{}/contact")),
    "path below an order": Place(at("GET", "/orders/ID/{}")),
    "path without this method": Place(at("DELETE", "/orders/{}")),
    "unknown path": Place(at("GET", "/{}")),
    "path of a parked message": Place(at("DELETE", "/parked/{}")),
    "path of a queue": Place(at("POST", "/dead-letters/{}/redrive")),
    "path of a reminder": Place(at("GET", "/reminders/{}", api="reminders")),
    "path of a change": Place(at("PATCH", "/reminders/{}", api="reminders", body={"message": "x"})),
    "path of a cancellation": Place(at("DELETE", "/reminders/{}", api="reminders")),
    "path of a stop link": Place(at("GET", "/stop/{}", api="reminders")),
    "path of a stop button": Place(at("POST", "/stop/{}", api="reminders")),
    "path of the account": Place(at("GET", "/account/{}", api="account")),
    "path of the page": Place(at("GET", "/{}", api="site")),
    **{
        f"query {name} of orders": Place(at("GET", f"/orders?{name}={{}}"))
        for name in ("owner", "status", "from", "to", "next", "limit", "corrected")
    },
    "query text of orders": Place(at("GET", "/orders?owner=me&text={}")),
    "query name of orders": Place(at("GET", "/orders?{}=1")),
    **{
        f"query {name} of reminders": Place(at("GET", f"/reminders?{name}={{}}", api="reminders"))
        for name in ("when", "status", "next", "limit")
    },
    **{
        f"query {name} of the account": Place(at("GET", f"/account?{name}={{}}", api="account"))
        for name in ("email", "id", "next")
    },
    "query of a deletion": Place(at("DELETE", "/account?email={}", api="account")),
    "query of a lookup": Place(at("GET", "/orders/ID?card={}")),
    "query name of a lookup": Place(at("GET", "/orders/ID?{}")),
    "query of the page": Place(at("GET", "/index.html?card={}", api="site")),
}
"""Paths and queries."""

HEADERS = (
    "User-Agent X-Card Cookie Referer Origin Accept Accept-Language Forwarded X-Forwarded-For X-Request-Id From Via"
    " X-Amzn-Trace-Id X-Api-Key X-Amz-Security-Token If-None-Match Range Content-Language X-Http-Method-Override"
    " Idempotency-Key traceparent baggage Authorization-Info"
).split()

CREDENTIALS: Mapping[str, Place] = {
    "a bearer": Place(lambda text, id: Request("GET", "/orders", token=in_header(f"Bearer {text}"))),
    "an unreadable credential": Place(
        lambda text, id: Request(
            "GET",
            "/orders",
            token=in_header(f"AWS4-HMAC-SHA256 Credential={text}/x, SignedHeaders=host, Signature=0"),
        )
    ),
    "a basic credential": Place(lambda text, id: Request("GET", "/orders", token=in_header(f"Basic {text}"))),
    "a content type": Place(
        lambda text, id: Request("POST", "/orders", "{}", headers={"Content-Type": in_header(f"text/{text}")})
    ),
    "a charset": Place(
        lambda text, id: Request(
            "POST", "/orders", "{}", headers={"Content-Type": in_header(f"application/json; charset={text}")}
        )
    ),
    "an Idempotency-Key": Place(
        lambda text, id: Request(
            "POST", "/reminders", reminder(), headers={"Idempotency-Key": in_header(text)}, api="reminders"
        )
    ),
}
"""Headers that the APIs read."""

CC: Mapping[str, Place] = {
    "CC": Place(of_order("CC"), GIVEN),
    "CC with a price that is wrong": Place(
        lambda text, id: Request("POST", "/orders", order(id, CC=text, Price="-1")), GIVEN
    ),
    "corrected CC": Place(lambda text, id: Request("PUT", f"/orders/{id}", order(id, CC=text)), GIVEN),
}
"""The field that the card number belongs into."""

PLACES: Mapping[str, Place] = {**TEXTS, **FIELDS, **BODIES, **PATHS, **CREDENTIALS, **CC}

PASSES: Mapping[str, frozenset[str]] = {
    **dict.fromkeys(TEXTS, frozenset(HIDDEN)),
    "OrderId": frozenset({*HIDDEN, "pairs of digits", "in halves"}),
}
"""The forms that do not count in each text that is stored. See decisions D028 and D252."""
