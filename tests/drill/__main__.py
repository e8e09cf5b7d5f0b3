"""`python -m tests.drill`: makes each alarm of a new laptop cloud go off. Prints what it saw, and writes docs/drill.md.

See decision D211.
"""

import argparse
import sys


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.drill", description=__doc__)
    parser.add_argument("alarm", nargs="*", help="only these alarms, such as Orders.Parked; writes no report")
    names = parser.parse_args().alarm
    # Only here, because CDK starts Node when it is imported, and the help needs neither.
    from tests.drill import everything

    return everything.main(names)


if __name__ == "__main__":
    sys.exit(main())
