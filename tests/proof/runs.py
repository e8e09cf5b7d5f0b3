"""Runs the tests of a make target in random order, and reads what make printed."""

import os
import re
import signal
import subprocess
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from local.settings import PROJECT

LOGS = PROJECT / "build" / "proof"
OF_MAKE = ("MAKEFLAGS", "MAKELEVEL", "MAKEOVERRIDES", "MFLAGS", "PART", "SEED")
"""Variables of the make that runs the proof. Its settings are not for the make that runs the tests."""


@dataclass(frozen=True)
class Result:
    """One run of the tests of a target."""

    seed: int
    status: int
    passed: int
    failed: list[str]
    """The ids of the tests that failed."""
    seconds: int
    target: str = "test"

    @property
    def failures(self) -> list[str]:
        if self.failed:
            return [f"seed {self.seed}: {one}" for one in self.failed]
        return [f"seed {self.seed}: make {self.target} ended with {self.status}"] if self.status else []


def repeat(target: str) -> str:
    """A line of the page: how to run `target` again in the same order."""
    return f"Repeat a run with `PYTEST_ADDOPTS=--randomly-seed=SEED make {target}`."


def run(target: str, *, seed: int, log: Path) -> Result:
    """Runs `make TARGET`, and writes what it prints to `log`. An interrupt also ends the tests and their clouds."""
    print(f"seed {seed}, log in {log}", flush=True)
    kept = {name: value for name, value in os.environ.items() if name not in OF_MAKE}
    began = time.monotonic()
    if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
        # A shell makes a background command ignore it. The tests would inherit this.
        signal.signal(signal.SIGINT, signal.default_int_handler)
    with (
        log.open("wb") as output,
        # make gets a session of its own. So one signal reaches each of its processes exactly once.
        subprocess.Popen(
            ["make", target],
            cwd=PROJECT,
            env={**kept, "PYTEST_ADDOPTS": f"--randomly-seed={seed}"},
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        ) as make,
    ):
        try:
            status = make.wait()
        except BaseException:
            with suppress(ProcessLookupError):
                os.killpg(make.pid, signal.SIGINT)
            make.wait()
            raise
    seconds = round(time.monotonic() - began)
    return result(seed, status, log.read_text(errors="replace"), seconds, target=target)


def result(seed: int, status: int, output: str, seconds: int, *, target: str = "test") -> Result:
    """The result of a run. `output` is what make printed."""
    # The last line of each part, such as `==== 1 failed, 310 passed, 2 skipped in 61.20s (0:01:01) ====`.
    passed = re.findall(r"^=+ (?:.*, )?([0-9]+) passed\b.* in [0-9.]+s", output, re.M)
    failed = re.findall(r"^(?:FAILED|ERROR) (tests/\S+(?: .*?\])?)(?: - .*)?$", output, re.M)
    return Result(seed, status, sum(map(int, passed)), failed, seconds, target)
