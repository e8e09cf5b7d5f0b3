"""Runs all tests again and again, each time in another random order. `PROOF_RUNS` is the number of runs (default: 10).

`make test` takes about nine minutes, so `make proof` without PART leaves this out.
"""

import os
import random
import re
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

from local.settings import PROJECT
from tests.proof.section import Figure, Section

TITLE = "Random order"
CLAIM = (
    "The tests pass in any order. Each run gives `make test` a seed, so that it shuffles all tests, also those that"
    " share a laptop cloud or a browser. Only the steps of three stories keep their order."
)
SAMPLE = "tests/conftest.py"

RUNS = 10
LOGS = PROJECT / "build" / "proof"
OF_MAKE = ("MAKEFLAGS", "MAKELEVEL", "MAKEOVERRIDES", "MFLAGS", "PART", "SEED")
"""Variables of the make that runs the proof. Its settings are not for the make that runs the tests."""


@dataclass(frozen=True)
class Result:
    """One run of all tests."""

    seed: int
    status: int
    passed: int
    failed: list[str]
    """The ids of the tests that failed."""
    seconds: int

    @property
    def failures(self) -> list[str]:
        if self.failed:
            return [f"seed {self.seed}: {one}" for one in self.failed]
        return [f"seed {self.seed}: make test ended with {self.status}"] if self.status else []


def run(seed: str) -> Section:
    chance, runs = random.Random(seed), int(os.environ.get("PROOF_RUNS") or RUNS)
    results = [_run(chance.getrandbits(32), LOGS / f"order-{number + 1}.log") for number in range(runs)]
    return section(results)


def section(results: list[Result]) -> Section:
    lines = [
        "Repeat a run with `PYTEST_ADDOPTS=--randomly-seed=SEED make test`.",
        "",
        "| seed | tests passed | failed | seconds |",
        "| ---: | ---: | ---: | ---: |",
        *(f"| {one.seed} | {one.passed:,} | {len(one.failed)} | {one.seconds} |" for one in results),
    ]
    good = sum(not one.status for one in results)
    failures = [line for one in results for line in one.failures]
    return Section([Figure("runs in random order that passed", good, len(results))], "\n".join(lines), failures)


def _run(seed: int, log: Path) -> Result:
    print(f"seed {seed}, log in {log}", flush=True)
    kept = {name: value for name, value in os.environ.items() if name not in OF_MAKE}
    began = time.monotonic()
    with log.open("wb") as output:
        done = subprocess.run(
            ["make", "test"],
            cwd=PROJECT,
            env={**kept, "PYTEST_ADDOPTS": f"--randomly-seed={seed}"},
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    return result(seed, done.returncode, log.read_text(errors="replace"), round(time.monotonic() - began))


def result(seed: int, status: int, output: str, seconds: int) -> Result:
    """The result of a run. `output` is what make printed."""
    # The last line of each part, such as `==== 1 failed, 310 passed, 2 skipped in 61.20s (0:01:01) ====`.
    passed = re.findall(r"^=+ (?:.*, )?([0-9]+) passed\b.* in [0-9.]+s", output, re.M)
    failed = re.findall(r"^(?:FAILED|ERROR) (tests/\S+(?: .*?\])?)(?: - .*)?$", output, re.M)
    return Result(seed, status, sum(map(int, passed)), failed, seconds)
