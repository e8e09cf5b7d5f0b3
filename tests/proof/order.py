"""Runs the tests of `make test` again and again, each time in another random order.

`PROOF_RUNS` is the number of runs (default: 10). They take more than an hour, so `make proof` without PART leaves this
out.
"""

import os
import random

from tests.proof import runs
from tests.proof.runs import LOGS, Result
from tests.proof.section import Figure, Section

TITLE = "Random order"
CLAIM = (
    "The tests of `make test` pass in any order. Each run gives it a seed, so that it shuffles all of them, also those"
    " that share a laptop cloud or a browser. Only the steps of a story keep their order."
)
SAMPLE = "tests/conftest.py"

RUNS = 10


def run(seed: str) -> Section:
    chance, number = random.Random(seed), int(os.environ.get("PROOF_RUNS") or RUNS)
    return section(
        [runs.run("test", seed=chance.getrandbits(32), log=LOGS / f"order-{at + 1}.log") for at in range(number)]
    )


def section(results: list[Result]) -> Section:
    lines = [
        runs.repeat("test"),
        "",
        "| seed | tests passed | failed | seconds |",
        "| ---: | ---: | ---: | ---: |",
        *(f"| {one.seed} | {one.passed:,} | {len(one.failed)} | {one.seconds} |" for one in results),
    ]
    good = sum(not one.status for one in results)
    failures = [line for one in results for line in one.failures]
    return Section([Figure("runs in random order that passed", good, len(results))], "\n".join(lines), failures)
