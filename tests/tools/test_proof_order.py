"""The parts `order` and `long` of the proof read what `make test` and `make test-long` print."""

import signal
import subprocess
import sys
from pathlib import Path

import psutil

from local.settings import PROJECT
from tests.proof import long, order, runs
from tests.proof.runs import Result
from tests.support.waiting import eventually

OUTPUT = """\
Using --randomly-seed=7
=========================== short test summary info ============================
SKIPPED [1] tests/tools/test_makefile.py:386: needs BSD's make
FAILED tests/e2e/test_a.py::test_of[two words] - AssertionError: 1 passed in 3s
ERROR tests/e2e/test_b.py::test_other
============= 1 failed, 310 passed, 2 skipped, 1 error in 61.20s (0:01:01) =============
========================= 1003 passed in 9.00s =========================
make[1]: *** [Makefile:162: test-e2e] Error 1
"""


def test_the_results_of_all_parts_are_added_up() -> None:
    found = runs.result(7, 2, OUTPUT, 540)

    assert found == Result(
        7, 2, 1313, ["tests/e2e/test_a.py::test_of[two words]", "tests/e2e/test_b.py::test_other"], 540
    )


def test_a_run_that_fails_fails_the_part() -> None:
    good = Result(7, 0, 1313, [], 540)

    assert order.section([good]).passed
    found = order.section([good, runs.result(8, 2, OUTPUT, 540), Result(9, 2, 0, [], 1)])
    assert (found.figures[0].count, found.figures[0].total) == (1, 3)
    assert found.failures == [
        "seed 8: tests/e2e/test_a.py::test_of[two words]",
        "seed 8: tests/e2e/test_b.py::test_other",
        "seed 9: make test ended with 2",
    ]


def test_a_long_test_that_fails_fails_the_part() -> None:
    good, bad, silent = Result(7, 0, 311, [], 540), runs.result(8, 2, OUTPUT, 540), Result(9, 2, 0, [], 1, "test-long")

    assert long.section(good).passed
    assert (long.section(good).figures[0].count, long.section(good).figures[0].total) == (311, 311)
    assert long.section(bad).failures == [
        "seed 8: tests/e2e/test_a.py::test_of[two words]",
        "seed 8: tests/e2e/test_b.py::test_other",
    ]
    assert (long.section(bad).figures[0].count, long.section(bad).figures[0].total) == (1313, 1315)
    assert long.section(silent).failures == ["seed 9: make test-long ended with 2"]


RUNNING = """\
import pathlib, sys
from tests.proof import runs
runs.PROJECT = pathlib.Path(sys.argv[1])
runs.run("test", seed=7, log=runs.PROJECT / "log")
"""


def test_an_interrupt_ends_what_make_has_started(tmp_path: Path) -> None:
    (tmp_path / "Makefile").write_text("test:\n\t@echo $$$$ > started; mv started process; exec sleep 60\n")
    process = tmp_path / "process"
    with subprocess.Popen(
        [sys.executable, "-c", RUNNING, str(tmp_path)], cwd=PROJECT, stderr=subprocess.PIPE
    ) as running:
        eventually(process.exists)
        running.send_signal(signal.SIGINT)
        running.communicate()

    assert running.returncode
    eventually(lambda: not psutil.pid_exists(int(process.read_text())))
