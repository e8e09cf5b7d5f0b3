"""Measures lookups of an order: a hit, a miss, and with a cache that is frozen or stopped.

`make benchmark` runs it on a new laptop cloud and writes lookups.md. Times depend on the machine and the moment, so
compare only the ratios to a hit. Hits and misses are measured in turn, in the same run.
"""

import argparse
import importlib
import os
import platform
import signal
import statistics
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import redis

from common.caller import OPERATORS
from local import users
from local.cloud import Cloud, Places
from local.engine import CREDENTIALS, send
from local.processes import free_port
from local.settings import REGION, Settings
from orders.order import FULFILLMENT_QUEUED

REPORT = Path(__file__).with_suffix(".md")
ROUNDS = 200
BUDGET_MS = 250

HEAD = """\
# How fast lookups are

Written by `make benchmark` on {today}, with Python {python}, on a laptop cloud with one lookup at a time. A hit is read
from the cache. All other lookups are read from the table. A cache that does not answer may cost {budget} ms, but only
once in ten seconds. Over HTTP, the laptop's engine takes most of the time.
"""


@dataclass(frozen=True)
class Measured:
    """The seconds that each lookup of one kind took, and the `X-Cache` of each answer."""

    kind: str
    seconds: list[float]
    states: list[str]

    @property
    def median(self) -> float:
        return statistics.median(self.seconds)

    @property
    def p99(self) -> float:
        return statistics.quantiles(self.seconds, n=100)[-1]


def over_http(places: Places, token: str, order_id: str) -> str:
    """Looks up the order through the API, and returns `X-Cache`."""
    response = send("GET", f"{places.orders_api}/orders/{order_id}", token=token)
    if response.status_code != 200:
        raise SystemExit(f"a lookup was answered {response.status_code}: {response.text}")
    return str(response.headers["X-Cache"])


def in_the_function(handler: Callable[[Any, object], Any], order_id: str) -> str:
    """Looks up the order by calling the function in this process, and returns `X-Cache`."""
    # The authorizer's claims for an operator, who may look up every order.
    claims = {"sub": "benchmark", "token_use": "id", "cognito:groups": OPERATORS}
    context = {"authorizer": {"claims": claims}}
    reply = handler({"pathParameters": {"OrderId": order_id}, "requestContext": context}, None)
    if reply["statusCode"] != 200:
        raise SystemExit(f"a lookup was answered {reply['statusCode']}: {reply['body']}")
    return str(reply["headers"]["X-Cache"])


def measured(
    kind: str, lookup: Callable[[], str], *, before: Callable[[], object] = lambda: None, rounds: int = ROUNDS
) -> Measured:
    """Measures `rounds` lookups. Calls `before` before each lookup, without measuring it."""
    seconds, states = [], []
    for _ in range(rounds):
        before()
        began = time.perf_counter()
        states.append(lookup())
        seconds.append(time.perf_counter() - began)
    return Measured(kind, seconds, states)


@contextmanager
def cloud_of_its_own() -> Iterator[tuple[Cloud, Places]]:
    with TemporaryDirectory() as home:
        cloud = Cloud(Settings(home=Path(home), port=free_port(), redis_port=free_port()))
        cloud.up(print)
        try:
            yield cloud, cloud.places()
        finally:
            cloud.down()


def settled_order(cloud: Cloud, places: Places, token: str) -> str:
    """Places an order, waits until it is in its queue, and returns its id."""
    order_id = f"benchmark-{uuid.uuid4().hex[:8]}"
    order = {"OrderId": order_id, "Name": "Ada", "ItemName": "Lamp", "Price": "12.50", "CC": "4242424242424242"}
    send("POST", f"{places.orders_api}/orders", body=order, token=token)
    table, key = cloud.engine.client("dynamodb"), {"OrderId": {"S": order_id}}
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        row = table.get_item(TableName=places.order_table, Key=key).get("Item", {})
        if row.get("Status", {}).get("S") == FULFILLMENT_QUEUED:
            return order_id
        time.sleep(0.05)
    raise SystemExit("the order was not in its queue within a minute")


def measure(cloud: Cloud, places: Places, order_id: str, lookup: Callable[[], str]) -> list[Measured]:
    """Measures hits and misses in turn. Then measures the first lookup and the next ones with a frozen cache, and the
    same with a stopped cache."""
    measured("warm-up", lookup, rounds=20)
    hits, misses = [], []
    with redis.Redis.from_url(places.redis_url) as operator:
        for _ in range(ROUNDS // 20):
            lookup()
            hits.append(measured("hit", lookup, rounds=20))
            # The lock too, because the last lookup may keep it for another millisecond.
            forget = partial(operator.delete, f"order:{order_id}", f"lock:{order_id}")
            misses.append(measured("miss", lookup, before=forget, rounds=20))
    server = cloud.cache.daemon.process()
    if not server:
        raise SystemExit("the cache does not run")
    results = [joined(hits), joined(misses)]
    server.send_signal(signal.SIGSTOP)
    try:
        results += [measured("frozen, first", lookup, rounds=1), measured("frozen, then", lookup)]
    finally:
        server.send_signal(signal.SIGCONT)
    wait_for_a_hit(lookup)
    cloud.cache.daemon.stop()
    results += [measured("stopped, first", lookup, rounds=1), measured("stopped, then", lookup)]
    cloud.up(lambda _: None)
    wait_for_a_hit(lookup)
    return results


def joined(parts: list[Measured]) -> Measured:
    return Measured(
        parts[0].kind,
        [second for part in parts for second in part.seconds],
        [state for part in parts for state in part.states],
    )


def wait_for_a_hit(lookup: Callable[[], str]) -> None:
    """Waits until lookups use the cache again. After a failure they do not use it for some seconds."""
    deadline = time.monotonic() + 60
    while lookup() != "HIT":
        if time.monotonic() > deadline:
            raise SystemExit("lookups did not use the cache again within a minute")
        time.sleep(0.2)


def table_of(results: list[Measured]) -> str:
    """The measurements as a table in Markdown."""
    lines = [
        "| | lookups | median ms | p99 ms | median, as a multiple of a hit | `X-Cache` |",
        "|---|---:|---:|---:|---:|---|",
    ]
    for one in results:
        states = ", ".join(f"{one.states.count(state)} {state}" for state in sorted(set(one.states)))
        p99 = f"{one.p99 * 1000:.2f}" if len(one.seconds) > 1 else ""
        lines.append(
            f"| {one.kind} | {len(one.seconds)} | {one.median * 1000:.2f} | {p99} "
            f"| {one.median / results[0].median:.2f} | {states} |"
        )
    return "\n".join(lines)


def main() -> None:
    argparse.ArgumentParser(prog="python -m benchmarks.lookups", description=__doc__).parse_args()
    with cloud_of_its_own() as (cloud, places):
        token = cloud.sign_in(users.PERSON)
        order_id = settled_order(cloud, places, token)
        os.environ |= {
            "AWS_ENDPOINT_URL": places.endpoint,
            "AWS_DEFAULT_REGION": REGION,
            "AWS_ACCESS_KEY_ID": CREDENTIALS.access_key,
            "AWS_SECRET_ACCESS_KEY": CREDENTIALS.secret_key,
            "ALLOWED_ORIGIN": "*",
            "CACHE_BUDGET_MS": str(BUDGET_MS),
            "ORDER_TABLE": places.order_table,
            "REDIS_URL": places.redis_url,
        }
        handler = importlib.import_module("orders.get_order").handler
        by_function = table_of(measure(cloud, places, order_id, partial(in_the_function, handler, order_id)))
        by_http = table_of(measure(cloud, places, order_id, partial(over_http, places, token, order_id)))
    text = HEAD.format(today=date.today(), python=platform.python_version(), budget=BUDGET_MS)
    REPORT.write_text(text + f"\n## The function alone\n\n{by_function}\n\n## Over HTTP\n\n{by_http}\n")
    print(REPORT.read_text())


if __name__ == "__main__":
    main()
