"""Makes each AWS call of each function fail in each way. It runs the tests that try one fault for each call."""

import os
import re
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from local.settings import PROJECT
from tests.proof.section import Figure, Section

TITLE = "Every AWS call, with every fault"
CLAIM = (
    "Each AWS call of each function fails in each way below. Each combination is one case. Then the raw tables and"
    " queues are counted. No order and no reminder is lost, and none is handled twice."
)
SAMPLE = "tests/e2e/test_each_call.py tests/e2e/test_fulfillment.py"


def run(seed: str) -> Section:
    with TemporaryDirectory() as folder:
        report = Path(folder) / "report.md"
        command = [sys.executable, "-m", "pytest", *SAMPLE.split(), "-k", "fault or reach", "-q"]
        done = subprocess.run(command, cwd=PROJECT, env=_environment(seed, report), text=True, stdout=subprocess.PIPE)
        print(done.stdout)
        failures = [line for line in done.stdout.splitlines() if re.match("(FAILED|ERROR) |E  ", line)]
        if done.returncode or not report.exists():
            return Section([], failures=failures or [f"pytest ended with {done.returncode}"])
        # The frame of the page has the heading and the claim.
        text = report.read_text()[report.read_text().index("- ") :]
    cases, calls, functions = re.findall("[0-9]+", text.splitlines()[0])
    return Section(
        [Figure("cases", int(cases)), Figure("calls", int(calls)), Figure("functions", int(functions))], text
    )


def _environment(seed: str, report: Path) -> dict[str, str]:
    return {**os.environ, "PROOF_REPORT": str(report), "PROOF_SEED": seed}
