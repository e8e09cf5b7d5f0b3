"""`python -m tools.plots`: installs the packages that draw pictures and simulate. `make plots` runs it."""

import shutil
import subprocess
import sys
from pathlib import Path

from stacks import pip
from terminal import app
from terminal.errors import CommandError
from tools import command
from tools.install import ROOT, InstallError, Place, run
from tools.plots import FOLDER

REQUIREMENTS = Path(__file__).with_name("requirements.txt")


def install(place: Place) -> None:
    """Raises CommandError if the packages cannot be installed."""
    print("Installing the packages that draw pictures into build/plots", flush=True)
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir(parents=True)
    command = [str(place.python), "-m", "pip", "install", "--disable-pip-version-check", "--no-input", "--no-color"]
    # --no-deps, because the file names all of them, and packages in this project's .venv do not count.
    command += ["--progress-bar", "off", "--no-deps", "--target", str(FOLDER), "-r", str(REQUIREMENTS)]
    try:
        environment = pip.environment(python=str(place.python))
        run(command, place, what="the packages could not be installed", environment=environment)
    except (InstallError, subprocess.CalledProcessError) as error:
        raise CommandError(str(error)) from None
    (FOLDER / "installed").touch()


def main(arguments: list[str] | None = None) -> int:
    return command.exit_status(lambda: app.invoke(APP, "python -m tools.plots", arguments))


def start() -> int:
    install(Place(ROOT))
    return 0


APP = app.of_one_command(
    start, help="Installs the packages that `make cost-docs` and `make simulate` need into build/plots."
)


if __name__ == "__main__":
    sys.exit(main())
