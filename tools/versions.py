"""`python -m tools.versions`: prints what the tests run on."""

import argparse
import platform
import subprocess


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tools.versions", description="Prints what the tests run on.")
    parser.add_argument("others", nargs="*", help="further programs with their versions")
    others = parser.parse_args().others
    node = subprocess.run(["node", "--version"], capture_output=True, text=True, check=True).stdout.strip()
    programs = [f"Python {platform.python_version()}", f"Node {node.removeprefix('v')}", *others]
    print(f"On {platform.system()} {platform.machine()}: {', '.join(programs)}", flush=True)


if __name__ == "__main__":
    main()
