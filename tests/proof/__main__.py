"""`make proof PART=paths SEED=2026-11-27`: tries what can go wrong, and writes what it counted into docs/proof.md.

Exit status 0: every part passed. 1: a part failed, and the output says why. 2: the command line is wrong.
"""

import argparse
import os
import sys
from datetime import UTC, datetime

from terminal import program
from tests.proof import parts


def main() -> int:
    # A signal ends this like Ctrl-C, so that the parts stop their laptop clouds.
    return program.run(_parse_and_run, said_of=lambda error: None)


def _parse_and_run() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.proof", description=__doc__)
    parser.add_argument("part", nargs="*", help=f"only these parts: {', '.join(parts.NAMES)}")
    parser.add_argument("--seed", help="any text; the same text repeats the same choices (default: today's date)")
    given = parser.parse_args()
    seed = given.seed or os.environ.get("PROOF_SEED") or f"{datetime.now(UTC):%Y-%m-%d}"
    try:
        # make passes all names as one argument.
        entries = parts.chosen([name for text in given.part for name in text.split()])
    except KeyError as error:
        print(f"error: no such part: {error.args[0]} (choose from: {', '.join(parts.NAMES)})", file=sys.stderr)
        return 2
    # Only here, because the help needs none of the packages.
    from tests.proof.run import run

    return run(entries, seed=seed)


if __name__ == "__main__":
    sys.exit(main())
