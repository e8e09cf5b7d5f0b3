"""Rounds of the same requests. After each round, the functions and the cache need as much memory as before it."""

import random
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from orders.cache_entry import TTL_SECONDS
from tests.proof.load import memory
from tests.proof.load.memory import CacheUse
from tests.support.cloud import balance
from tests.support.cloud.apps import Apps, new_order
from tests.support.cloud.records import Terms
from tests.support.names import unique

CLIENTS = 6
ORDERS, REMINDERS, LOOKUPS, LISTS = 60, 12, 600, 40
"""The requests of each kind in a round."""
WARM = 6
"""The rounds until each process has imported its modules and opened its connections."""
FLAT = 1_000_000
"""The bytes that a process may grow by in all later rounds: Python's allocator takes memory in pieces of a megabyte."""


@dataclass
class Soak:
    """What the functions and the cache needed after each round."""

    requests: int = 0
    refused: list[str] = field(default_factory=list)
    functions: list[dict[str, dict[int, int]]] = field(default_factory=list)
    cache: list[CacheUse] = field(default_factory=list)
    orders: Terms = field(default_factory=Terms)
    reminders: Terms = field(default_factory=Terms)
    unbalanced: list[str] = field(default_factory=list)

    @property
    def grown(self) -> dict[str, int]:
        """By how many bytes a process of each function has grown since the warm rounds.

        Functions none of whose processes was there all the time are left out.
        """
        warm, last = self.functions[WARM - 1], self.functions[-1]
        return {
            name: memory.growth(processes, last[name])
            for name, processes in warm.items()
            if processes.keys() & last.get(name, {}).keys()
        }

    @property
    def warm(self) -> set[str]:
        """The functions that had a process after the warm rounds."""
        return {*self.functions[WARM - 1]}

    @property
    def settled(self) -> tuple[int, int]:
        accepted = self.orders["accepted"] + self.reminders["accepted"]
        return (0 if self.unbalanced else accepted), accepted

    @property
    def cache_faults(self) -> list[str]:
        """What is wrong with the memory of the cache."""
        warm, last = self.cache[WARM - 1], self.cache[-1]
        # Each round leaves as many entries as it has orders, until they end.
        allowed = 1.2 * warm.bytes / max(1, warm.entries) * max(1, last.entries)
        found = [
            (last.bytes > allowed, f"{last.entries} entries take {last.bytes:,} bytes"),
            (last.endless > 0, f"{last.endless} entries never end"),
            (last.longest_seconds > TTL_SECONDS, f"an entry stays for {last.longest_seconds} seconds"),
            (last.clients > warm.clients + CLIENTS, f"{last.clients} connections instead of {warm.clients}"),
        ]
        return [f"the cache is not flat: {line}" for is_wrong, line in found if is_wrong]

    @property
    def failures(self) -> list[str]:
        grown = [f"{name} has grown by {size:,} bytes" for name, size in self.grown.items() if size > FLAT]
        lost = [f"{name} has no process that was there all the time" for name in sorted(self.warm - self.grown.keys())]
        return [*self.refused, *self.unbalanced, *grown, *lost, *self.cache_faults]

    def text(self) -> str:
        warm, last = self.cache[WARM - 1], self.cache[-1]
        rounds = len(self.functions)
        lines = [
            f"- A soak of {self.requests:,} requests in {rounds} equal rounds: {_sum('orders', self.orders)};"
            f" {_sum('reminders', self.reminders)}.",
            f"- The cache had {warm.entries} entries with {warm.bytes / max(1, warm.entries):,.0f} bytes each after"
            f" {WARM} rounds, and {last.entries} with {last.bytes / max(1, last.entries):,.0f} bytes each at the end,"
            f" {warm.clients} connections and then {last.clients}. Each entry ends within {TTL_SECONDS} seconds.",
            "",
            f"| function | processes | KB after {WARM} rounds | KB after {rounds} rounds | grown by |",
            "| --- | ---: | ---: | ---: | ---: |",
        ]
        for name, size in sorted(self.grown.items()):
            sizes = [max(one[name].values()) // 1000 for one in (self.functions[WARM - 1], self.functions[-1])]
            lines.append(f"| {name} | {len(self.functions[-1][name])} | {sizes[0]:,} | {sizes[1]:,} | {size // 1000} |")
        return "\n".join(lines)


def _sum(what: str, terms: Terms) -> str:
    ends = [f"{end} {number}" for end, number in sorted(terms.items()) if end != "accepted"]
    return f"{what} accepted {terms['accepted']} = {' + '.join(ends)}"


def soak(apps: Apps, *, rounds: int, chance: random.Random) -> Soak:
    """Runs the rounds one after the other. The orders and the reminders of a round end before the next begins."""
    found, person = Soak(), apps.as_person()
    for number in range(rounds):
        mark = balance.mark(apps.cloud, apps.places)
        _round(found, apps, person, chance)
        try:
            found.orders += balance.orders(apps.cloud, apps.places, since=mark)
            found.reminders += balance.reminders(apps.cloud, apps.places, since=mark)
        except AssertionError as error:
            found.unbalanced.append(f"round {number + 1} is out of balance: {error}")
        found.functions.append(memory.of_functions(apps.cloud))
        found.cache.append(memory.of_cache(apps.cloud))
        print(f"round {number + 1} of {rounds}: {found.cache[-1]}", flush=True)
    return found


def _round(found: Soak, apps: Apps, person: Apps, chance: random.Random) -> None:
    orders = [new_order() | {"Price": chance.choice(("12.50", "80", "-1"))} for _ in range(ORDERS)]
    with ThreadPoolExecutor(CLIENTS) as pool:
        first: Sequence[Callable[[], int]] = [
            *(lambda order=order: person.post_order(order)[0] for order in orders),
            *(_set_reminder(person) for _ in range(REMINDERS)),
        ]
        later: list[Callable[[], int]] = [
            *(_look_up(person, chance.choice(orders)["OrderId"]) for _ in range(LOOKUPS)),
            *(_list(apps if at % 4 == 0 else person) for at in range(LISTS)),
        ]
        chance.shuffle(later)
        for expected, requests in ((202, first), (200, later)):
            statuses = list(pool.map(lambda request: request(), requests))
            found.requests += len(statuses)
            found.refused += [f"a request was answered {status}" for status in statuses if status != expected]


def _set_reminder(person: Apps) -> Callable[[], int]:
    return lambda: person.post_reminder({"message": unique("Soak "), "preference": "email", "waitSeconds": 0})[0]


def _look_up(person: Apps, order_id: str) -> Callable[[], int]:
    return lambda: person.get_order(order_id)[0]


def _list(caller: Apps) -> Callable[[], int]:
    return lambda: caller.call("GET", "/orders")[0]
