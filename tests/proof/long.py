"""Runs the tests that `make test` leaves out. They take long, so `make proof` without PART leaves them out."""

import random

from tests.proof import runs
from tests.proof.runs import LOGS, Result
from tests.proof.section import Figure, Section

TITLE = "Long tests"
CLAIM = (
    "The tests with the marker `long` pass, in random order: clouds that are killed, copied and destroyed, long turns"
    " of the clock, and the states and sizes of the page that `make test` leaves out."
)
SAMPLE = "tests/local/test_up_and_down.py tests/e2e/test_clock.py tests/website/test_every_view.py"


def run(seed: str) -> Section:
    return section(runs.run("test-long", seed=random.Random(seed).getrandbits(32), log=LOGS / "long-tests.log"))


def section(result: Result) -> Section:
    figure = Figure("long tests that passed", result.passed, result.passed + len(result.failed))
    return Section([figure], f"{runs.repeat('test-long')} The seed was {result.seed}.", result.failures)
