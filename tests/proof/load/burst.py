"""More requests than the stage lets in. Each client repeats a refused request when `Retry-After` says so."""

import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

from tests.support.cloud import balance
from tests.support.cloud.apps import Apps, new_order
from tests.support.cloud.faults import throttled
from tests.support.cloud.records import Terms
from tests.support.names import unique

ROUNDS = 120
"""After so many refusals a client gives up, which is a failure."""

REFUSALS = {(429, "Throttled"), (503, "Unavailable")}


@dataclass
class Burst:
    """What came of a burst."""

    what: str
    requests: int
    rate: int
    burst: int
    not_throttled: int = 0
    """The requests that no limit refused."""
    refusals: int = 0
    good_refusals: int = 0
    """Answers 429 with the right code, `Retry-After` and CORS header."""
    unavailable: int = 0
    """Answers 503 with `Retry-After`. A service did not answer in time, because this machine is busy."""
    stored: int = 0
    """The orders or reminders of the burst that have a row."""
    terms: Terms = field(default_factory=Terms)
    """The ends of all orders or reminders that changed meanwhile. A test shares its cloud with others."""
    wrong: list[str] = field(default_factory=list)
    """One line for each wrong answer, and for an imbalance."""

    @property
    def failures(self) -> list[str]:
        found = list(self.wrong)
        if self.stored != self.requests:
            found.append(f"of {self.requests} {self.what} {self.stored} are in the table")
        if not self.refusals:
            found.append(f"no request to set {self.what} was refused, so the burst was too small")
        return found

    @property
    def refused(self) -> tuple[int, int]:
        return self.good_refusals, self.refusals

    @property
    def settled(self) -> tuple[int, int]:
        """The accepted ones that ended exactly once, of all."""
        return (0 if self.failures else self.requests), self.requests

    def text(self) -> str:
        ends = " + ".join(f"{end} {number}" for end, number in sorted(self.terms.items()) if end != "accepted")
        return (
            f"- A burst of {self.requests} requests to set {self.what}, with a limit of {self.rate} a second and"
            f" {self.burst} at once: the limit refused no attempt of {self.not_throttled}."
            f" {self.refusals:,} answers were 429."
            f" {self.unavailable} were 503."
            f" Each client waited as `Retry-After` said, and in the end all were accepted."
            f" accepted {self.terms['accepted']} = {ends}."
        )


def of_orders(apps: Apps, number: int, *, clients: int, rate: int, burst: int) -> Burst:
    """Places orders. Every third is escalated."""
    orders = [new_order() | {"Price": "-1" if at % 3 == 0 else "12.50"} for at in range(number)]
    found = Burst("orders", number, rate, burst)
    mark = balance.mark(apps.cloud, apps.places)
    _send(apps, apps.places.orders_api, found, [("/orders", one) for one in orders], clients)
    found = _balanced(found, lambda: balance.orders(apps.cloud, apps.places, since=mark))
    rows = balance.order_rows(apps.cloud, apps.places)
    found.stored = sum(one["OrderId"] in rows for one in orders)
    return found


def of_reminders(apps: Apps, number: int, *, clients: int, rate: int, burst: int) -> Burst:
    """Sets reminders by e-mail that are due at once."""
    bodies = [{"message": unique("Burst "), "preference": "email", "waitSeconds": 0} for _ in range(number)]
    found = Burst("reminders", number, rate, burst)
    mark = balance.mark(apps.cloud, apps.places)
    _send(apps, apps.places.reminders_api, found, [("/reminders", one) for one in bodies], clients)
    found = _balanced(found, lambda: balance.reminders(apps.cloud, apps.places, since=mark))
    words = {one["message"] for one in bodies}
    found.stored = sum(row["Message"] in words for row in balance.reminder_rows(apps.cloud, apps.places).values())
    return found


def _balanced(found: Burst, settled: Callable[[], Terms]) -> Burst:
    try:
        found.terms = settled()
    except AssertionError as error:
        found.wrong.append(f"the burst of {found.what} is out of balance: {error}")
    return found


def _send(apps: Apps, api: str, found: Burst, requests: Sequence[tuple[str, Any]], clients: int) -> None:
    call = apps.call if api == apps.places.orders_api else apps.call_reminders

    def client(request: tuple[str, Any]) -> list[int | str]:
        """Sends a request until it is accepted. Returns the status of each refusal, or what is wrong with it."""
        path, body = request
        refusals: list[int | str] = []
        for _ in range(ROUNDS):
            status, answer, headers = call("POST", path, body)
            if status == 202:
                return refusals
            code, after = answer.get("error", {}).get("code"), headers.get("Retry-After", "")
            origin = headers.get("Access-Control-Allow-Origin")
            is_right = (status, code) in REFUSALS and after.isdecimal() and int(after) >= 1 and origin
            refusals.append(status if is_right else f"{path} gives {status} {code}, {after!r}, {origin!r}")
            time.sleep(int(after) if after.isdecimal() else 1)
        return [*refusals, f"{path} was refused {ROUNDS} times"]

    with throttled(apps, api, rate=found.rate, burst=found.burst), ThreadPoolExecutor(clients) as pool:
        results = list(pool.map(client, requests))
    refusals = [one for several in results for one in several]
    found.not_throttled = sum({*of_one} <= {503} for of_one in results)
    found.wrong += [one for one in refusals if isinstance(one, str)]
    found.unavailable, found.good_refusals = refusals.count(503), refusals.count(429)
    found.refusals = len(refusals) - found.unavailable
