"""`python -m tests.proof.mutants --all`: judges all mutants, which takes hours. `--only` judges the
mutants of some files.

Exit status 0: tests notice enough of them. 1: too few.
"""

import argparse
import os
import sys
from datetime import UTC, datetime

from tests.proof.mutants.program import KINDS, SAMPLES, section


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.proof.mutants", description=__doc__)
    parser.add_argument("kind", nargs="*", help="functions, workflows or templates (default: all)")
    parser.add_argument("--all", action="store_true", help="all mutants instead of a sample")
    parser.add_argument("--only", default="", metavar="TEXT", help="only of files, workflows or stacks with this text")
    parser.add_argument("--many", type=int, help="this many of each kind")
    parser.add_argument("--seed", default=f"{datetime.now(UTC):%Y-%m-%d}", help="any text (default: today's date)")
    parser.add_argument("--tests", nargs="*", default=[], help="only these tests of functions")
    given = parser.parse_args()
    # The tests of a mutant have their own order and options. Those of the run around this one would stop them.
    os.environ.pop("PYTEST_ADDOPTS", None)
    many = {kind: None if given.all else given.many or SAMPLES[kind] for kind in given.kind or KINDS}
    found = section(given.seed, many, given.only, given.tests)
    print("\n".join(f"{figure.name}: {figure}" for figure in found.figures))
    print(f"\n{found.text}")
    print("\n".join(f"error: {one}" for one in found.failures))
    return 0 if found.passed else 1


if __name__ == "__main__":
    sys.exit(main())
