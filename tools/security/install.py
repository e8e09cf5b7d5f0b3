"""Installs the scanners of `make security` and `make sbom` into build/security. The Makefile runs it."""

import argparse
import shutil
import subprocess
import sys
from pathlib import Path

from stacks import pip
from tools.install import ROOT, InstallError, Place, run
from tools.security import CDK_NAG, CHECKOV, FOLDER, PROGRAMS

HERE = Path(__file__).parent


def install(place: Place) -> None:
    """Raises InstallError if the scanners cannot be installed."""
    print("Installing the security scanners into build/security", flush=True)
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir(parents=True)
    for programs, requirements in ((PROGRAMS, "requirements.txt"), (CHECKOV.parent, "requirements-checkov.txt")):
        made = [sys.executable, "-m", "venv", str(programs.parent)]
        run(made, place, what="the folder of the scanners could not be made")
        _pip(place, programs / "python", "-r", str(HERE / requirements))
    options = ("--no-deps", "--target", str(CDK_NAG), "-r", str(HERE / "requirements-cdk-nag.txt"))
    _pip(place, place.python, *options)
    (FOLDER / "installed").touch()


def _pip(place: Place, python: Path, *options: str) -> None:
    command = [str(python), "-m", "pip", "install", "--disable-pip-version-check", "--no-input", "--no-color"]
    environment = pip.environment(python=str(python))
    what = "the scanners could not be installed"
    run([*command, "--progress-bar", "off", *options], place, what=what, environment=environment)


def main() -> int:
    argparse.ArgumentParser(prog="python -m tools.security.install", description=__doc__).parse_args()
    try:
        install(Place(ROOT))
    except (InstallError, subprocess.CalledProcessError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
