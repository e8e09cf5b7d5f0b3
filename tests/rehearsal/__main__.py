"""`make rehearse FROM=v0.1.0`: rehearses the upgrade from an earlier version to these files, on a laptop cloud.

Exit status 0: nothing broke. 1: something broke, and the output names it. 2: the rehearsal could not begin.
"""

import argparse
import sys
from pathlib import Path


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.rehearsal", description=__doc__)
    parser.add_argument("--from", dest="name", help="the earlier version: a tag or a commit (default: the last tag)")
    parser.add_argument("--report", type=Path, help="file for the report (default: docs/rehearsal.md)")
    given = parser.parse_args()
    # Only here, because CDK starts Node when it is imported, and the help needs neither.
    from tests.rehearsal import command

    return command.main(given.name, report=given.report)


if __name__ == "__main__":
    sys.exit(main())
