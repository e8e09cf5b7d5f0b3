"""What a lookup takes with a cache that has the order, has it not, is stopped and is frozen.

`make benchmark` runs it on a laptop cloud of its own and writes lookups.md. Milliseconds are those of one machine at one
moment; the ratios to a hit, measured in turn in the same run, are what can be compared.
"""

import platform
import signal
import statistics
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory

import redis

from local.cloud import Cloud, Places
from local.processes import free_port
from local.settings import Settings

REPORT = Path(__file__).with_suffix(".md")
ROUNDS = 200


@dataclass(frozen=True)
class Measured:
    """Seconds that each lookup of one kind took, and the `X-Cache` that each was answered with."""

    kind: str
    seconds: list[float]
    states: list[str]

    @property
    def median(self) -> float:
        return statistics.median(self.seconds)

    @property
    def p99(self) -> float:
        return statistics.quantiles(self.seconds, n=100)[-1]


class Lookups:
    """Looks one order up, again and again."""

    def __init__(self, cloud: Cloud, places: Places, order_id: str) -> None:
        self._cloud = cloud
        self._url = f"{places.orders_api}/orders/{order_id}"

    def once(self) -> tuple[float, str]:
        began = time.perf_counter()
        response = self._cloud.engine.call_api("GET", self._url)
        seconds = time.perf_counter() - began
        if response.status_code != 200:
            raise SystemExit(f"a lookup was answered {response.status_code}: {response.text}")
        return seconds, response.headers["X-Cache"]

    def measured(self, kind: str, *, before: Callable[[], object] = lambda: None, rounds: int = ROUNDS) -> Measured:
        """`rounds` lookups, each after `before`."""
        results = []
        for _ in range(rounds):
            before()
            results.append(self.once())
        seconds, states = zip(*results, strict=True)
        return Measured(kind, list(seconds), list(states))


@contextmanager
def cloud_of_its_own() -> Iterator[tuple[Cloud, Places]]:
    with TemporaryDirectory() as home:
        cloud = Cloud(Settings(home=Path(home), port=free_port(), redis_port=free_port()))
        cloud.up(print)
        try:
            yield cloud, cloud.places()
        finally:
            cloud.down()


def settled_order(cloud: Cloud, places: Places) -> str:
    """The id of an order that has come to its end."""
    order_id = f"benchmark-{uuid.uuid4().hex[:8]}"
    order = {"OrderId": order_id, "Name": "Ada", "ItemName": "Lamp", "Price": "12.50", "CC": "4242424242424242"}
    cloud.engine.call_api("POST", f"{places.orders_api}/orders", body=order)
    table, key = cloud.engine.client("dynamodb"), {"OrderId": {"S": order_id}}
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        row = table.get_item(TableName=places.order_table, Key=key).get("Item", {})
        if row.get("Status", {}).get("S") == "FULFILLMENT_QUEUED":
            return order_id
        time.sleep(0.05)
    raise SystemExit("the order did not come to its end within a minute")


def measure(cloud: Cloud, places: Places) -> list[Measured]:
    """Hits and misses in turn, then what a stopped and a frozen cache cost: the first lookup, and those after it."""
    order_id = settled_order(cloud, places)
    lookups = Lookups(cloud, places, order_id)
    lookups.measured("warm-up", rounds=20)
    hits: list[Measured] = []
    misses: list[Measured] = []
    with redis.Redis.from_url(places.redis_url) as operator:
        for _ in range(ROUNDS // 20):
            lookups.once()
            hits.append(lookups.measured("hit", rounds=20))
            misses.append(lookups.measured("miss", before=lambda: operator.delete(f"order:{order_id}"), rounds=20))
    server = cloud.cache.daemon.process()
    if not server:
        raise SystemExit("the cache does not run")
    results = [joined(hits), joined(misses)]
    server.send_signal(signal.SIGSTOP)
    try:
        results += [lookups.measured("frozen, first", rounds=2), lookups.measured("frozen")]
    finally:
        server.send_signal(signal.SIGCONT)
    wait_until_closed(lookups)
    cloud.cache.daemon.stop()
    results += [lookups.measured("stopped, first", rounds=2), lookups.measured("stopped")]
    return results


def joined(parts: list[Measured]) -> Measured:
    return Measured(
        parts[0].kind,
        [second for part in parts for second in part.seconds],
        [state for part in parts for state in part.states],
    )


def wait_until_closed(lookups: Lookups) -> None:
    """Until lookups use the cache again, which they let rest for some seconds after it did not answer."""
    deadline = time.monotonic() + 60
    while lookups.once()[1] != "HIT":
        if time.monotonic() > deadline:
            raise SystemExit("lookups did not come back to the cache within a minute")
        time.sleep(0.5)


def report(results: list[Measured]) -> str:
    """The measurements as a table in Markdown."""
    hit = results[0].median
    lines = [
        "# Lookups",
        "",
        f"{date.today()}, Python {platform.python_version()}, {platform.machine()}; written by `make benchmark`. "
        "Through HTTP on a laptop cloud, one lookup at a time.",
        "",
        "| | lookups | median ms | p99 ms | median, as a multiple of a hit | `X-Cache` |",
        "|---|---:|---:|---:|---:|---|",
    ]
    for one in results:
        states = ", ".join(f"{one.states.count(state)} {state}" for state in sorted(set(one.states)))
        if one.kind.endswith("first"):
            first = one.seconds[0]
            lines.append(f"| {one.kind} | 1 | {first * 1000:.1f} | | {first / hit:.2f} | {one.states[0]} |")
        else:
            lines.append(
                f"| {one.kind} | {len(one.seconds)} | {one.median * 1000:.1f} | {one.p99 * 1000:.1f} "
                f"| {one.median / hit:.2f} | {states} |"
            )
    return "\n".join(lines) + "\n"


def main() -> None:
    with cloud_of_its_own() as (cloud, places):
        text = report(measure(cloud, places))
    REPORT.write_text(text)
    print(text)


if __name__ == "__main__":
    main()
