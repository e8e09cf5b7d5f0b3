"""`python -m tests.drill.restore`: damages both tables of a new laptop cloud, and restores them as the runbook says.

It only ever works on a laptop cloud in a folder of its own, which it starts itself. See decision D212.
"""

import argparse
import sys


def main() -> int:
    argparse.ArgumentParser(prog="python -m tests.drill.restore", description=__doc__).parse_args()
    # Only here, because CDK starts Node when it is imported, and the help needs neither.
    from tests.drill import restoring

    restoring.run()
    return 0


if __name__ == "__main__":
    sys.exit(main())
