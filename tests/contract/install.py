"""Installs the tools of `make contract` into build/contract. The Makefile runs it."""

import argparse
import os
import shutil
import subprocess
import sys
from pathlib import Path

from stacks import pip
from tools.install import NPM_OPTIONS, NPM_UNSET, ROOT, InstallError, Place, run

FOLDER = ROOT / "build" / "contract"
HERE = Path(__file__).parent
FOR_NODE = ("package.json", "package-lock.json", ".npmrc")


def install(place: Place) -> None:
    print("Installing the tools of make contract into build/contract", flush=True)
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir(parents=True)
    python = str(FOLDER / "venv" / "bin" / "python")
    run([sys.executable, "-m", "venv", str(FOLDER / "venv")], place, what="the folder of the tools could not be made")
    command = [python, "-m", "pip", "install", "--disable-pip-version-check", "--no-input", "--no-color"]
    command += ["--progress-bar", "off", "-r", str(HERE / "requirements.txt")]
    environment = pip.environment(python=python)
    run(command, place, what="the Python packages could not be installed", environment=environment)
    for name in FOR_NODE:
        shutil.copy(HERE / name, FOLDER / name)
    environment = {name: value for name, value in os.environ.items() if name.lower() not in NPM_UNSET}
    npm = [str(place.venv / "bin" / "npm"), "ci", *NPM_OPTIONS, "--prefix", str(FOLDER)]
    run(npm, place, what="the npm packages could not be installed", environment=environment)
    (FOLDER / "installed").touch()


def main() -> int:
    argparse.ArgumentParser(prog="python -m tests.contract.install", description=__doc__).parse_args()
    try:
        install(Place(ROOT))
    except (InstallError, subprocess.CalledProcessError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
