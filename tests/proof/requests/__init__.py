"""The part `requests`: hostile requests, hostile starts of the workflows, and odd input that must be kept unchanged."""

import subprocess
import sys
import time
import zlib
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

from tests.contract import cases
from tests.proof.cloud import proof_cloud
from tests.proof.requests import starts
from tests.proof.requests.barrage import Barrage, Result
from tests.proof.requests.starts import Started
from tests.proof.requests.storing import Stored, Storing
from tests.proof.section import Figure, Section
from tests.support.cloud.apps import Apps

Done = TypeVar("Done")

TITLE = "Hostile requests"
CLAIM = (
    "None of the hostile requests makes an API fail. Every answer has the form that docs/openapi describes, and its"
    " CORS header. What the APIs refuse leaves no row, execution, message, mail or cached entry. Odd but valid input is"
    " stored byte by byte."
)
SAMPLE = "tests/e2e/test_hostile_requests.py"

REQUESTS = 25_000
TARGETS = 60
ORDERS, REMINDERS = 6_000, 4_000
"""Odd but valid ones."""
ORDER_STARTS, REMINDER_STARTS = 1_600, 800

TEXT = """\
#### How

- **Requests** go over HTTP to every route and method of the three APIs. No two of them are equal, even without the mark
  that each carries. They have odd values of every field, files of
  [JSONTestSuite](https://github.com/nst/JSONTestSuite), texts of the
  [Big List of Naughty Strings](https://github.com/minimaxir/big-list-of-naughty-strings), broken bytes, odd headers,
  ids and queries. The callers are a person, another person, an operator, and {tokens} kinds of invalid tokens.
- **An accepted body** must be JSON, be declared as JSON and fit its schema. An error must not repeat the mark.
- **Traces** are looked for in the two tables, the queues, the executions, the mails and texts, the user pool and the
  cache. They hold what the accepted requests explain, and nothing else. The rows of other orders are unchanged.
- **schemathesis** reads the documents of orders and reminders and makes its own requests, as a person and as an
  operator. `make contract` runs it with one fixed seed, this part with its own.
- **Starts** by hand: each order is in exactly one queue. Each refused reminder has a failed execution and no row.
- **Odd but valid** orders and reminders must be accepted. Then the row, the message in the queue, the list of the API
  and the mail are compared with what was sent. {people} people set the reminders, none of them more than stage `prod`
  allows.
"""


def run(seed: str) -> Section:
    with ThreadPoolExecutor(1) as pool, proof_cloud() as apps:
        installed = pool.submit(_install)
        barrage = Barrage(apps, targets=TARGETS)
        hostile = _timed("requests", lambda: barrage.run(seed, REQUESTS))
        installed.result()
        # Before the starts, because they park many messages, and each list of parked messages reads them all.
        generated = _timed("schemathesis", lambda: list(_generated(apps, seed)))
        started = _timed("starts", lambda: starts.run(apps, seed, orders=ORDER_STARTS, reminders=REMINDER_STARTS))
        stored = _timed("odd input", lambda: Storing(apps).run(seed, orders=ORDERS, reminders=REMINDERS))
    failures = [*hostile.failures, *started.failures, *stored.failures]
    failures += [f"schemathesis, {one.what}: {one.result}" for one in generated if not one.is_good]
    for one in generated:
        if not one.is_good:
            print(one.output)
    return Section(
        _figures(hostile, started, stored, generated),
        TEXT.format(tokens=len(barrage.invalid), people=stored.people) + "\n" + _tables(hostile, started, generated),
        failures,
    )


def _timed(what: str, work: Callable[[], Done]) -> Done:
    """Does the work. The log of the part gets its seconds."""
    began = time.monotonic()
    done = work()
    print(f"{what}: {time.monotonic() - began:.0f} s", flush=True)
    return done


def _install() -> None:
    """Installs schemathesis, if no run has yet, into its own folder, as `make contract` does."""
    if not (cases.TOOLS / "installed").exists():
        subprocess.run([sys.executable, "-m", "tests.contract.install"], check=True)


def _generated(apps: Apps, seed: str) -> Iterator[cases.Result]:
    yield from cases.cases(cases.Apis(apps.cloud), seed=zlib.crc32(seed.encode()))


def _figures(hostile: Result, started: Started, stored: Stored, generated: list[cases.Result]) -> list[Figure]:
    return [
        Figure("different requests", hostile.forms, REQUESTS),
        Figure("answers 5xx", sum(count for status, count in hostile.statuses.items() if status >= 500)),
        Figure("routes with their methods", len(hostile.routes)),
        Figure(
            "requests of schemathesis",
            sum(int(one.result.split()[0].replace(",", "")) for one in generated if one.is_good),
        ),
        Figure("starts of workflows by hand", started.starts, ORDER_STARTS + REMINDER_STARTS),
        Figure("odd orders with an equal row", stored.orders, ORDERS),
        Figure("odd orders with an equal message", stored.queued, ORDERS),
        Figure("odd reminders with an equal row", stored.reminders, REMINDERS),
        Figure("equal in the API's lists", stored.listed, ORDERS + REMINDERS),
        Figure("equal mails", stored.sent),
    ]


def _tables(hostile: Result, started: Started, generated: list[cases.Result]) -> str:
    counts: Mapping[str, Counter[Any]] = {
        "kind of request": hostile.kinds,
        "status": hostile.statuses,
        "route": hostile.routes,
        "end of a start": started.ends,
    }
    tables = [
        "\n".join(
            [
                f"| {name} | count |",
                "| --- | --- |",
                *(f"| {one} | {count:,} |" for one, count in sorted(found.items())),
            ]
        )
        for name, found in counts.items()
    ]
    lines = [f"| {one.what} | {one.tool} | {one.result} |" for one in generated]
    return "\n\n".join([*tables, "\n".join(["| API | tool | result |", "| --- | --- | --- |", *lines])])
