"""Sends hostile requests to the apps, judges each answer, and looks for traces of what was refused."""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from tests.proof.requests import judging, stores
from tests.proof.requests.client import Client, Reply, at_once
from tests.proof.requests.hostile import Hostile
from tests.proof.requests.request import OPERATOR, OTHER, PERSON, Request, Targets
from tests.proof.requests.stores import Accepted
from tests.proof.requests.values import EXPRESSIONS
from tests.support.cloud.apps import Apps, new_order
from tests.support.cloud.forged import FORGERIES

YEAR = 31_000_000
MOST_KNOWN_EXECUTIONS = 1000
"""After this number of accepted requests the executions are listed. The engine knows the last 2,000."""


@dataclass
class Result:
    """What a barrage found. `forms` counts requests that differ in more than their marks."""

    forms: int = 0
    statuses: Counter[int] = field(default_factory=Counter)
    kinds: Counter[str] = field(default_factory=Counter)
    routes: Counter[str] = field(default_factory=Counter)
    accepted: Accepted = field(default_factory=Accepted)
    failures: list[str] = field(default_factory=list)


class Barrage:
    """Both apps, with targets, and with every kind of token."""

    def __init__(self, apps: Apps, *, targets: int, shared: bool = False) -> None:
        """`shared`: what existed before may change, because other tests have used the cloud."""
        self._apps, self._shared = apps, shared
        owner, other, victim = (apps.as_new_person() for _ in range(3))
        orders, reminders = _filled(owner, targets)
        foreign_orders, foreign_reminders = _filled(victim, max(3, targets // 4))
        for id in (*orders, *foreign_orders):
            apps.settled(id)
        seen = stores.seen(apps)
        ids = [*foreign_orders, *foreign_reminders]
        rows = [row for id, row in {**seen.orders, **seen.reminders}.items() if id in ids]
        internal = [
            *sorted(seen.other_rows),
            *(row["ExecutionId"].split(":")[7] for row in rows),
            *(row["Owner"] for row in rows),
        ]
        self._targets = Targets(orders, reminders, foreign_orders, foreign_reminders, internal)
        self._tokens = {PERSON: owner.token, OTHER: other.token, OPERATOR: apps.token, "": ""}
        self.invalid = {**{name: make(apps) for name, make in FORGERIES.items()}, **_broken(owner.token)}

    def run(self, seed: str, count: int) -> Result:
        """Sends `count` requests of different forms. Nothing else may use the apps meanwhile."""
        apps, result = self._apps, Result()
        before, known, cached = stores.seen(apps), stores.executions(apps), stores.cached(apps)
        ran: set[str] = set()
        hostile = Hostile(seed, self._targets, sorted(self.invalid))
        since = 0
        with Client(apps.places.endpoint) as client:
            for request, reply in at_once(lambda one: self._sent(client, one), hostile.requests(count)):
                since += self._take(request, reply, result)
                if since >= MOST_KNOWN_EXECUTIONS:
                    ran, since = ran | stores.executions(apps), 0
        stores.at_rest(apps, result.accepted)
        after = stores.seen(apps)
        result.failures += stores.traces(before, after, result.accepted, ours=self._ids if self._shared else None)
        if self._shared:
            # Executions of earlier tests may start others.
            known |= {name for name in ran | stores.executions(apps) if self._is_of_others(name, before)}
        result.failures += self._executions_without_a_cause(ran | stores.executions(apps), known, result.accepted)
        entries = sorted(stores.cached_without_an_order(apps, cached))
        result.failures += [f"the cache has the key {key!r}" for key in entries]
        return result

    @property
    def _ids(self) -> set[str]:
        targets = self._targets
        return {*targets.orders, *targets.reminders, *targets.foreign_orders, *targets.foreign_reminders}

    def _is_of_others(self, name: str, before: stores.Seen) -> bool:
        """Whether an execution belongs to an order or a reminder that existed before and is not a target."""
        return bool({name[:-13], name[:36]} & (before.orders.keys() | before.reminders.keys()) - self._ids)

    def _sent(self, client: Client, request: Request) -> tuple[Request, Reply | str]:
        places = self._apps.places
        api = {
            "account.json": places.account_api,
            "orders.json": places.orders_api,
            "reminders.json": places.reminders_api,
        }[request.document]
        token = self._tokens[request.caller] if request.caller in self._tokens else self.invalid[request.caller]
        headers = {**request.headers, **({"Authorization": token} if token else {})}
        try:
            return request, client.send(request.method, urlsplit(api).path + request.path, headers, request.body)
        except Exception as error:
            return request, f"{type(error).__name__}: {error}"

    def _take(self, request: Request, reply: Reply | str, result: Result) -> bool:
        """Notes an answer. Returns whether it accepted something that starts an execution."""
        result.forms += 1
        result.kinds[request.kind] += 1
        result.routes[f"{request.method} {request.operation.path}" if request.operation else "other routes"] += 1
        if isinstance(reply, str):
            result.failures.append(f"{request.method} {request.path[:200]} ({request.kind}): no answer, {reply}")
            return False
        result.statuses[reply.status] += 1
        result.failures += judging.faults(request, reply)
        if not judging.is_accepted(request, reply):
            return False
        assert request.operation
        answer, accepted = json.loads(reply.text), result.accepted
        match request.operation.id:
            case "PlaceOrder" | "CorrectOrder":
                accepted.placed[answer["OrderId"]] += reply.status == 202
            case "CloseOrder":
                accepted.closed.add(answer["OrderId"])
            case "CreateReminder" | "UpdateReminder" | "CancelReminder":
                accepted.changed.add(answer["reminderId"])
            case other:
                result.failures.append(f"{other} was accepted: {request.method} {request.path}")
        return True

    def _executions_without_a_cause(self, ran: set[str], known: set[str], accepted: Accepted) -> list[str]:
        """A line for each execution that no accepted request has started."""
        # The name of an order's execution is the OrderId, a dash and twelve digits. A reminder's begins with its id.
        return [
            f"an execution has the name {name!r}"
            for name in sorted(ran - known)
            if name[:-13] not in accepted.placed and name[:36] not in accepted.changed
        ]


def _filled(apps: Apps, count: int) -> tuple[list[str], list[str]]:
    """The ids of new escalated orders and of new waiting reminders of a person."""
    orders, reminders = [], []
    for _ in range(count):
        order = new_order() | {"Price": "0"}
        assert apps.post_order(order)[0] == 202
        orders.append(order["OrderId"])
        status, reminder = apps.post_reminder({"message": "Tea", "preference": "email", "waitSeconds": YEAR})
        assert status == 202, reminder
        reminders.append(reminder["reminderId"])
    return orders, reminders


def _broken(token: str) -> Mapping[str, str]:
    """Tokens that are almost valid, or nothing like one."""
    head, claims, signature = token.split(".")
    wrong = "A" if signature[0] != "A" else "B"
    made: Sequence[str] = [
        token[:-1] + ("A" if token[-1] not in "ABCD" else "Q"),
        f"{head}.{claims}.{wrong}{signature[1:]}",
        f"{head}.{claims}",
        f"{head}.{claims}.",
        f"{head}..{signature}",
        f".{claims}.{signature}",
        f"{claims}.{head}.{signature}",
        f"{token}.{signature}",
        f"{token}, {token}",
        f"Basic {token}",
        f"Bearer Bearer {token}",
        token.upper(),
        token[::-1],
        token[: len(token) // 2],
        "x" * 8000,
        "....",
        "null",
        "undefined",
        "Bearer null",
        "e30.e30.e30",
        "Basic dXNlcjpwYXNzd29yZA==",
        *(one for one in EXPRESSIONS if one.isascii() and one.strip()),
    ]
    return {f"broken token {number}": one.strip() for number, one in enumerate(made)}
