"""Makes hostile requests for every route and method of the APIs, with valid and invalid tokens. Calls nothing."""

import base64
import json
import random
from collections.abc import Callable, Iterator, Sequence
from typing import Any
from urllib.parse import quote

from tests.proof.requests import bodies, values
from tests.proof.requests.request import FOR_OPERATORS, NOT_FOUND, OPERATOR, OTHER, PERSON, STOP_LINK, Request, Targets
from tests.support.documents import Operation, operations

ODD_HEADERS = [
    *("Accept", "Accept-Language", "Origin", "Referer", "Cookie", "User-Agent", "X-Forwarded-For", "X-Forwarded-Host"),
    *("X-HTTP-Method-Override", "X-Amzn-Trace-Id", "If-None-Match", "Range", "Idempotency-Key", "Content-Language"),
    *(
        "X-Amz-Security-Token",
        "X-Api-Key",
        "Access-Control-Request-Method",
        "Forwarded",
        "Via",
        "Pragma",
        "Content-MD5",
    ),
]
"""Headers that may have any value, or be repeated, without a change of what a request means."""

METHODS = [
    "GET",
    "POST",
    "PUT",
    "PATCH",
    "DELETE",
    "HEAD",
    "OPTIONS",
    "TRACE",
    "PURGE",
    "PROPFIND",
    "SEARCH",
    "LOCK",
    "COPY",
]


class Hostile:
    """Makes requests. The same seed, targets and tokens make the same ones."""

    def __init__(self, seed: str, targets: Targets, invalid_tokens: Sequence[str]) -> None:
        self._random = random.Random(f"requests {seed}")
        self._bodies = bodies.Bodies(self._random)
        self._values = values.Values(self._random)
        self._targets, self._invalid_tokens = targets, invalid_tokens
        self._operations = list(operations())
        self._with_body = [one for one in self._operations if "requestBody" in one.said]
        self._with_id = [one for one in self._operations if "{" in one.path]
        self._with_query = [one for one in self._operations if self._parameters(one, "query")]
        self._families: Sequence[tuple[int, Callable[[str], Request]]] = [
            (36, self._odd_body),
            (14, self._raw_body),
            (5, self._odd_headers),
            (12, self._invalid_token),
            (9, self._odd_id),
            (10, self._odd_query),
            (5, self._another_persons),
            (3, self._for_operators),
            (5, self._unknown_route),
            (2, self._stop_link),
            (4, self._odd_transport),
        ]

    def requests(self, count: int) -> Iterator[Request]:
        """Yields `count` requests. No two have the same form."""
        seen: set[bytes] = set()
        weights, families = [one for one, _ in self._families], [one for _, one in self._families]
        made = 0
        while len(seen) < count:
            made += 1
            (make,) = self._random.choices(families, weights)
            request = make(values.mark(made))
            if (form := request.form()) not in seen:
                seen.add(form)
                yield request

    def _odd_body(self, mark: str) -> Request:
        operation = self._random.choice(self._with_body)
        request, body = self._valid(operation, mark)
        kind, raw = self._bodies.odd(operation, body)
        return self._with(request, kind=kind, body=raw)

    def _raw_body(self, mark: str) -> Request:
        request, body = self._valid(self._random.choice(self._with_body), mark)
        kind, raw = self._bodies.raw(body)
        return self._with(request, kind=kind, body=raw)

    def _odd_headers(self, mark: str) -> Request:
        operation = self._random.choice(self._with_body)
        request, body = self._valid(operation, mark)
        if self._parameters(operation, "header") and self._random.random() < 0.5:
            headers = {**request.headers, "Idempotency-Key": _for_a_header(self._values.text())}
            return self._with(request, kind="an odd key", headers=headers, body=self._bodies.odd(operation, body)[1])
        headers, raw = self._bodies.headers(self._bodies.odd(operation, body)[1])
        return self._with(request, kind="odd headers about the body", headers=headers, body=raw)

    def _invalid_token(self, mark: str) -> Request:
        operation = self._random.choice(self._operations)
        request, body = self._valid(operation, mark, foreign=True)
        raw = self._bodies.odd(operation, body)[1] if body else None
        path = request.path if self._random.random() < 0.5 else self._path(operation, _quoted(self._values.text()))
        caller = self._random.choice(self._invalid_tokens)
        return self._with(
            request, kind="an invalid token", path=path, body=raw, caller=caller, statuses=_may_be_unknown(401, path)
        )

    def _odd_id(self, mark: str) -> Request:
        operation = self._random.choice(self._with_id)
        request, body = self._valid(operation, mark)
        raw = self._bodies.odd(operation, body)[1] if body and self._random.random() < 0.5 else request.body
        id = self._values.parameter("id") + self._random.choice(["", mark])
        if self._targets.internal and self._random.random() < 0.1:
            id = self._random.choice(self._targets.internal) + self._random.choice(["", " ", "\0", "#", "/", "x"])
        path = self._path(operation, _quoted(id))
        return self._with(request, kind="an odd id", path=path, body=raw)

    def _odd_query(self, mark: str) -> Request:
        operation = self._random.choice(self._with_query)
        names = self._parameters(operation, "query")
        chosen = [
            self._random.choice([*names, *names, self._values.name()]) for _ in range(self._random.randrange(1, 4))
        ]
        pairs = [f"{_quoted(name)}={_quoted(self._values.parameter(name))}" for name in chosen]
        if operation.document == "account.json":
            # An empty query is about the caller's own account.
            pairs.append(f"email={mark}%40example.com")
        caller = OPERATOR if operation.document == "account.json" else self._random.choice([PERSON, OPERATOR])
        path = f"{operation.path}?{'&'.join(pairs)}"
        return Request("an odd query", mark, operation.document, operation.method, path, caller, operation)

    def _another_persons(self, mark: str) -> Request:
        operation = self._random.choice([one for one in self._with_id if one.id not in FOR_OPERATORS])
        request, body = self._valid(operation, mark, foreign=True)
        raw = self._bodies.odd(operation, body)[1] if body and self._random.random() < 0.5 else request.body
        headers = {**request.headers, "X-Asked-By": _for_a_header(self._values.text())}
        # An invalid body may be refused first.
        statuses = NOT_FOUND if raw == request.body else frozenset[int]()
        kind = "another person's order or reminder"
        return self._with(request, kind=kind, caller=OTHER, body=raw, headers=headers, statuses=statuses)

    def _for_operators(self, mark: str) -> Request:
        operation = self._random.choice([one for one in self._operations if one.id in FOR_OPERATORS])
        request, body = self._valid(operation, mark, foreign=True)
        raw = self._bodies.odd(operation, body)[1] if body else None
        headers = {**request.headers, "X-Asked-By": _for_a_header(self._values.text())}
        caller = self._random.choice([PERSON, OTHER])
        return self._with(
            request,
            kind="a person calls for operators",
            caller=caller,
            body=raw,
            headers=headers,
            statuses=frozenset({403}),
        )

    def _unknown_route(self, mark: str) -> Request:
        operation = self._random.choice(self._operations)
        request, _ = self._valid(operation, mark, foreign=True)
        routes = {(one.document, one.method, one.path) for one in self._operations}
        unknown = [one for one in METHODS if (operation.document, one, operation.path) not in routes]
        if self._random.random() < 0.5:
            method, path = self._random.choice(unknown), request.path
        else:
            method, path = self._random.choice(METHODS), f"/{_quoted(self._values.text())}{mark}/{mark}/x"
        known = path == request.path
        caller = self._random.choice([PERSON, OPERATOR, *self._invalid_tokens])
        return Request(
            "an unknown route",
            mark,
            operation.document,
            method,
            path + (f"{'&' if '?' in path else '?'}x={_quoted(self._values.text())}" if known else ""),
            caller,
            headers={"Content-Type": "application/json"},
            statuses=frozenset({204 if method == "OPTIONS" and known else 404}),
        )

    def _stop_link(self, mark: str) -> Request:
        """A link that stops a reminder without a token, forged for one that exists or for nothing."""
        match self._random.randrange(4):
            case 0:
                token = _quoted(self._values.text())
            case 1:
                token = "".join(self._random.choices("AZaz09_-", k=self._random.choice([29, 30, 64, 255, 256, 257])))
            case _:
                ids = [*self._targets.foreign_reminders, *self._targets.internal, self._values.text()]
                id = self._random.choice(ids).encode("utf-8", "surrogatepass")
                token = base64.urlsafe_b64encode(self._random.randbytes(21) + id).decode().rstrip("=")
        kind = "an unknown route" if "%2F" in token else STOP_LINK
        method = self._random.choice(["GET", "POST"])
        body = self._values.text().encode("utf-8", "surrogatepass") if method == "POST" else None
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        return Request(kind, mark, "reminders.json", method, f"/stop/{token}", "", None, headers, body, NOT_FOUND)

    def _odd_transport(self, mark: str) -> Request:
        """A valid request with odd or repeated headers, or with a body where none belongs."""
        request, _ = self._valid(self._random.choice(self._operations), mark)
        name = self._random.choice(ODD_HEADERS)
        lines = [_for_a_header(self._values.text()) for _ in range(self._random.choice([1, 1, 2, 3]))]
        headers = {**request.headers, name: "\n".join(lines)}
        body = request.body
        if body is None and request.method != "DELETE":
            body = self._values.text().encode("utf-8", "surrogatepass")[:20_000]
        return self._with(request, kind="odd transport", headers=headers, body=body)

    def _valid(self, operation: Operation, mark: str, *, foreign: bool = False) -> tuple[Request, dict[str, Any]]:
        """A valid request of `operation`, and its body. An operator makes it if a person may not."""
        targets = self._targets
        orders, reminders = (
            (targets.foreign_orders, targets.foreign_reminders) if foreign else (targets.orders, targets.reminders)
        )
        order_id = self._random.choice(orders)
        id = mark
        if "{OrderId}" in operation.path:
            id = order_id
        elif "{reminderId}" in operation.path:
            id = self._random.choice(reminders)
        body = bodies.valid(operation.id, mark, order_id=order_id) if "requestBody" in operation.said else {}
        caller = OPERATOR if operation.id in FOR_OPERATORS or operation.document == "account.json" else PERSON
        path = self._path(operation, id)
        if operation.document == "account.json":
            path += f"?email={mark}%40example.com"
        raw = json.dumps(body).encode() if body else None
        headers = {"Content-Type": "application/json"}
        request = Request("valid", mark, operation.document, operation.method, path, caller, operation, headers, raw)
        return request, body

    @staticmethod
    def _with(request: Request, **changes: Any) -> Request:
        return Request(**{**vars(request), **changes})

    @staticmethod
    def _path(operation: Operation, id: str) -> str:
        before, brace, rest = operation.path.partition("{")
        return before + id + rest.partition("}")[2] if brace else operation.path

    @staticmethod
    def _parameters(operation: Operation, place: str) -> list[str]:
        return [one["name"] for one in operation.said.get("parameters", ()) if one["in"] == place]


def _may_be_unknown(status: int, path: str) -> frozenset[int]:
    """The status, or 404 if an id has a slash: then no route has this path."""
    return frozenset({status, 404} if "%2F" in path else {status})


def _quoted(text: str) -> str:
    return quote(text[:600].encode("utf-8", "surrogatepass"), safe="") or "%20"


def _for_a_header(text: str) -> str:
    """`text` as far as HTTP lets a header have it."""
    return "".join(one for one in text[:2000] if " " <= one <= "~" or "\xa0" <= one <= "\xff").strip() or "-"
