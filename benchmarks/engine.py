"""Compares the speed of the laptop's engine without and with its patches, on two new laptop clouds."""

import statistics
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from benchmarks.lookups import cloud_of_its_own
from benchmarks.report import Ratio, Section, in_turn, ratio_of
from local import engine, users
from local.cloud import Cloud, Places
from local.engine import send

UNPATCHED = Path(__file__).with_name("unpatched_engine.py")
CLIENTS = 32
COLD_SECONDS = 20
ROUNDS = 7
CHECK_ROUNDS = 3
SECONDS = 240
ORDERS = 8
"""Orders of the one client in a round."""

LOOKUPS = 3
"""Lookups of the one client for each order, after it has arrived in its queue."""

GIVE_UP_SECONDS = 60

TEXT = """\
"Without patches" is an engine that has only the patches without which the apps do not deploy or lose orders. Both
engines count what AWS would bill, and keep metrics. [docs/local.md][patches] lists the patches.

"From cold" measures {clients} clients on a cloud that was just deployed, for {seconds} seconds, first on one cloud
and then on the other. Each client places an order, looks it up three times, 0.1 seconds apart, and begins again
with the next order. "One client" places {orders} orders on each cloud in each of {rounds} rounds, one after the
other. It looks up each order until it is in its queue, and then {lookups} times more. Only these last lookups count as
`GET`, because the others share the processor with the order's workflow.

[patches]: ../docs/local.md#what-is-changed-inside-the-engine

{table}"""


@dataclass(frozen=True)
class Measured:
    """The seconds of each request or order, and the number and memory of the functions' processes after the load."""

    cold_posts: list[float]
    cold_gets: list[float]
    processes: int
    megabytes: int
    posts: list[float]
    gets: list[float]
    settled: list[float]


class Client:
    def __init__(self, places: Places, token: str) -> None:
        self._places = places
        self._token = token

    def place(self) -> str:
        """Places a valid order, and returns its id."""
        order_id = f"benchmark-{uuid.uuid4().hex[:12]}"
        order = {"OrderId": order_id, "Name": "Ada", "ItemName": "Lamp", "Price": "12.50", "CC": "4242424242424242"}
        response = send("POST", f"{self._places.orders_api}/orders", body=order, token=self._token)
        if response.status_code != 202:
            raise SystemExit(f"an order was answered {response.status_code}: {response.text}")
        return order_id

    def look_up(self, order_id: str) -> bool:
        """Whether the order is in its queue."""
        response = send("GET", f"{self._places.orders_api}/orders/{order_id}", token=self._token)
        if response.status_code != 200:
            raise SystemExit(f"a lookup was answered {response.status_code}: {response.text}")
        return '"FULFILLMENT_QUEUED"' in response.text


def timed(work: Callable[[], object], seconds: list[float]) -> object:
    """Calls `work`, appends the seconds that it took to `seconds`, and returns its result."""
    began = time.perf_counter()
    done = work()
    seconds.append(time.perf_counter() - began)
    return done


def from_cold(client: Client) -> tuple[list[float], list[float]]:
    """The seconds of each POST and of each GET, sent by CLIENTS clients at once."""
    posts: list[float] = []
    gets: list[float] = []
    end = time.monotonic() + COLD_SECONDS
    together = threading.Barrier(CLIENTS)

    def orders(_: int) -> None:
        together.wait()
        while time.monotonic() < end:
            order_id = str(timed(client.place, posts))
            for _ in range(3):
                time.sleep(0.1)
                timed(partial(client.look_up, order_id), gets)

    with ThreadPoolExecutor(CLIENTS) as pool:
        list(pool.map(orders, range(CLIENTS)))
    return posts, gets


def one_after_the_other(client: Client) -> tuple[list[float], list[float], list[float]]:
    """The seconds of each POST, of each GET of an order that has arrived in its queue, and of each order from its POST
    until then."""
    posts: list[float] = []
    gets: list[float] = []
    settled: list[float] = []
    for _ in range(ORDERS):
        began = time.perf_counter()
        order_id = str(timed(client.place, posts))
        while not client.look_up(order_id):
            if time.perf_counter() - began > GIVE_UP_SECONDS:
                raise SystemExit(f"order {order_id} was not in its queue within {GIVE_UP_SECONDS} seconds")
        settled.append(time.perf_counter() - began)
        for _ in range(LOOKUPS):
            timed(partial(client.look_up, order_id), gets)
    return posts, gets, settled


def functions(cloud: Cloud) -> tuple[int, int]:
    """The number of processes that the engine has started, and their memory in MB."""
    process = cloud.engine.daemon.process()
    if not process:
        raise SystemExit("the engine does not run")
    memory = [one.memory_info().rss for one in process.children(recursive=True)]
    return len(memory), sum(memory) // 2**20


@contextmanager
def cloud_with(start: Path) -> Iterator[tuple[Client, Measured]]:
    """A new cloud whose engine the script `start` starts, and what was measured on it from cold."""
    before, engine.START = engine.START, start
    with cloud_of_its_own() as (cloud, places):
        engine.START = before
        client = Client(places, cloud.sign_in(users.PERSON))
        cold_posts, cold_gets = from_cold(client)
        yield client, Measured(cold_posts, cold_gets, *functions(cloud), [], [], [])


def one_client(client: Client, found: Measured) -> None:
    """Adds a round of one client to what was found."""
    for all_rounds, this_round in zip(
        (found.posts, found.gets, found.settled), one_after_the_other(client), strict=True
    ):
        all_rounds += this_round


def table_of(before: Measured, after: Measured) -> str:
    """Both measurements and their ratio as a table in Markdown."""
    rows = []
    for what, show in (
        ("One client: placed until settled, median ms", lambda one: 1000 * statistics.median(one.settled)),
        ("One client: `POST`, median ms", lambda one: 1000 * statistics.median(one.posts)),
        ("One client: `GET`, median ms", lambda one: 1000 * statistics.median(one.gets)),
        ("From cold: requests", lambda one: len(one.cold_posts) + len(one.cold_gets)),
        ("From cold: `POST` p50, ms", lambda one: 1000 * statistics.median(one.cold_posts)),
        ("From cold: all requests p99, ms", lambda one: 1000 * p99(one.cold_posts + one.cold_gets)),
        ("From cold: slowest request, ms", lambda one: 1000 * max(one.cold_posts + one.cold_gets)),
        ("From cold: processes of functions", lambda one: one.processes),
        ("From cold: their memory, MB", lambda one: one.megabytes),
    ):
        without, patched = show(before), show(after)
        rows.append(f"| {what} | {without:,.0f} | {patched:,.0f} | {patched / without:.2f} |")
    return "\n".join(["| | without patches | patched | ratio |", "|---|---:|---:|---:|", *rows])


def p99(seconds: list[float]) -> float:
    return statistics.quantiles(seconds, n=100)[-1]


def ratios_of(before: Measured, after: Measured) -> list[Ratio]:
    """The ratios of one client. Those from cold differ too much between runs to be gates.

    Without patches, an order mostly waits for the engine to look for work, and on a slow machine it waits no longer. So
    the gate for settled orders compares them with POST.
    """
    kinds: tuple[tuple[str, Callable[[Measured], list[float]], bool], ...] = (
        ("settled", lambda one: one.settled, False),
        ("POST", lambda one: one.posts, True),
        ("GET", lambda one: one.gets, True),
        ("POST from cold", lambda one: one.cold_posts, False),
    )
    return [
        Ratio(
            name=f"engine: {kind}, patched / without patches",
            value=ratio_of(seconds(after), seconds(before)),
            better="lower",
            gate=gate,
        )
        for kind, seconds, gate in kinds
    ] + [Ratio(name="engine: settled / POST, patched", value=ratio_of(after.settled, after.posts), better="lower")]


def measure(rounds: int) -> Section:
    with cloud_with(UNPATCHED) as (first, before), cloud_with(engine.START) as (second, after):
        in_turn(rounds, {"without": partial(one_client, first, before), "with": partial(one_client, second, after)})
    text = TEXT.format(
        clients=CLIENTS,
        seconds=COLD_SECONDS,
        orders=ORDERS,
        lookups=LOOKUPS,
        rounds=rounds,
        table=table_of(before, after),
    )
    return Section(title="The laptop's engine", text=text, ratios=ratios_of(before, after))
