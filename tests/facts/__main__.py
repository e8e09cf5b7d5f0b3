"""`python -m tests.facts`: checks whether the engine agrees with each fact of AWS, and prints a line for each fact."""

import argparse
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.facts.facts import FACTS, count, is_listed


class Lines:
    """Prints the result of each fact at the end of the run."""

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        failed = " ".join(report.nodeid for report in terminalreporter.getreports("failed"))
        terminalreporter.section("facts of AWS")
        for fact in FACTS:
            verdict = "WRONG" if f"[{fact['id']}]" in failed else "listed" if is_listed(fact) else "agrees"
            terminalreporter.write_line(f"{verdict:8}{fact['id']}: {fact['fact']}")
        terminalreporter.write_line(count())


if __name__ == "__main__":
    argparse.ArgumentParser(prog="python -m tests.facts", description=__doc__).parse_args()
    sys.exit(pytest.main(["-q", str(Path(__file__).parent)], plugins=[Lines()]))
