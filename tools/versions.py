"""`python -m tools.versions`: prints the system and the versions that the tests run with."""

import argparse
import os
import platform
import subprocess

from local import pythons
from stacks.layer import PYTHON


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m tools.versions", description="Prints the versions that the tests run with."
    )
    parser.add_argument("others", nargs="*", help="more programs and their versions, to print too")
    others = parser.parse_args().others
    node = subprocess.run(["node", "--version"], capture_output=True, text=True, check=True).stdout.strip()
    programs = [f"Python {platform.python_version()}", f"Node {node.removeprefix('v')}", *others]
    functions = pythons.of(f"python{PYTHON}", os.pathsep.join(pythons.folders(os.environ)))
    system = f"{platform.system()} {platform.machine()}"
    print(f"On {system}: {', '.join(programs)}. Functions run on Python {functions.version}.", flush=True)


if __name__ == "__main__":
    main()
