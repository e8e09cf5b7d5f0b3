"""Measures lookups of an order on a new laptop cloud: a hit, a miss, and with a cache that is frozen or stopped."""

import importlib
import os
import signal
import statistics
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import redis

from benchmarks.report import Ratio, Section
from common.caller import OPERATORS
from local import users
from local.cloud import Cloud, Places
from local.engine import CREDENTIALS, send
from local.processes import free_port
from local.settings import REGION, Settings
from orders.order import FULFILLMENT_QUEUED

ROUNDS = 10
CHECK_ROUNDS = 5
SECONDS = 150
LOOKUPS = 20
"""Lookups of each kind in a round."""

BUDGET_MS = 250

TEXT = """\
On a laptop cloud, with one lookup at a time. A hit is read from the cache. All other lookups are read from the
table. Hits and misses are measured in turn. A cache that does not answer may cost {budget} ms, but only once in ten
seconds. Over HTTP, the laptop's engine takes most of the time.

### In the function

{function}

### Over HTTP

{http}"""


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
    kind: str, lookup: Callable[[], str], *, before: Callable[[], object] = lambda: None, lookups: int = LOOKUPS
) -> Measured:
    """Measures `lookups` lookups. Calls `before` before each lookup, without measuring it."""
    seconds, states = [], []
    for _ in range(lookups):
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


def all_kinds(cloud: Cloud, places: Places, order_id: str, lookup: Callable[[], str], *, rounds: int) -> list[Measured]:
    """Measures hits and misses in turn. Then measures the first lookup and the next ones with a frozen cache, and the
    same with a stopped cache."""
    measured("warm-up", lookup)
    hits, misses = [], []
    with redis.Redis.from_url(places.redis_url) as operator:
        for _ in range(rounds):
            lookup()
            hits.append(measured("hit", lookup))
            # The lock too, because the last lookup may keep it for another millisecond.
            forget = partial(operator.delete, f"order:{order_id}", f"lock:{order_id}")
            misses.append(measured("miss", lookup, before=forget))
    server = cloud.cache.daemon.process()
    if not server:
        raise SystemExit("the cache does not run")
    results = [joined(hits), joined(misses)]
    server.send_signal(signal.SIGSTOP)
    try:
        results += [
            measured("frozen, first", lookup, lookups=1),
            measured("frozen, then", lookup, lookups=rounds * LOOKUPS),
        ]
    finally:
        server.send_signal(signal.SIGCONT)
    wait_for_a_hit(lookup)
    cloud.cache.daemon.stop()
    results += [
        measured("stopped, first", lookup, lookups=1),
        measured("stopped, then", lookup, lookups=rounds * LOOKUPS),
    ]
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


def ratios_of(where: str, results: list[Measured]) -> list[Ratio]:
    """The ratios of the medians. Only the ratios inside the function are gates: over HTTP the engine takes the time."""
    median = {one.kind: one.median for one in results}
    gate = where == "in the function"
    return [
        Ratio(
            name=f"lookups: {above} / {below}, {where}", value=median[above] / median[below], better="lower", gate=gate
        )
        for above, below in (("miss", "hit"), ("frozen, then", "miss"), ("stopped, then", "miss"))
    ]


def measure(rounds: int) -> Section:
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
        inside = all_kinds(cloud, places, order_id, partial(in_the_function, handler, order_id), rounds=rounds)
        over = all_kinds(cloud, places, order_id, partial(over_http, places, token, order_id), rounds=rounds)
    return Section(
        title="Lookups of an order",
        text=TEXT.format(budget=BUDGET_MS, function=table_of(inside), http=table_of(over)),
        ratios=[*ratios_of("in the function", inside), *ratios_of("over HTTP", over)],
    )
