"""A second checkout of the project, to run the laptop cloud's command line in."""

import os
import shutil
import subprocess
import sys
import tomllib
import venv
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from subprocess import CompletedProcess

import psutil

from local import assemblies, homes
from local.processes import free_port
from local.settings import PROJECT, Settings
from tools import install

COPIED = (
    *("app.py", "cdk.json", "Makefile", "package.json", "package-lock.json", ".npmrc"),
    *(name for name in install.REQUIREMENTS if "/" not in name),
    install.FOR_TESTS,
)
COPIED_FOLDERS = ("stacks", "lambdas", "statemachines", "website", "local", "terminal", "costs")


@dataclass(frozen=True)
class Checkout:
    """A checkout of the project. Its laptop cloud is in `.local`."""

    root: Path

    @property
    def home(self) -> Path:
        return self.root / ".local"

    def local(self, *arguments: str) -> "CompletedProcess[str]":
        """Runs `python -m local`."""
        return subprocess.run(self.command(*arguments), cwd=self.root, capture_output=True, text=True)

    def command(self, *arguments: str) -> list[str]:
        return [sys.executable, "-m", "local", *arguments]

    def processes(self) -> list[psutil.Process]:
        """The processes of this checkout's laptop cloud."""
        found = []
        for process in psutil.process_iter(["cmdline", "environ"]):
            words = [*(process.info["cmdline"] or []), *(process.info["environ"] or {}).values()]
            if process.pid != os.getpid() and str(self.home) in " ".join(words):
                found.append(process)
        return found

    def replace(self, file: str, old: str, new: str) -> None:
        path = self.root / file
        text = path.read_text()
        assert old in text
        path.write_text(text.replace(old, new))


def copy_of_the_project(root: Path) -> Checkout:
    """Makes a copy like a second clone after set-up. It links to the installed packages, which are only read."""
    for name in COPIED:
        shutil.copy2(PROJECT / name, root)
    for name in COPIED_FOLDERS:
        shutil.copytree(PROJECT / name, root / name, ignore=_not_copied)
    for name in ("node_modules", "build"):
        (root / name).symlink_to(PROJECT / name)
    return Checkout(root)


def _not_copied(folder: str, names: list[str]) -> list[str]:
    """Compiled modules are copied: Python uses them, because a copy keeps the times of its files.

    A file without their ending is one that another process is writing now.
    """
    if Path(folder).name == "__pycache__":
        return [name for name in names if not name.endswith(".pyc")]
    return [name for name in names if name == "node_modules"]


def installed_copy_of_the_project(root: Path) -> Checkout:
    """Makes a copy in which `make` finds everything installed, and whose laptop cloud has free ports.

    Each package is linked separately, so that make can replace it in this copy only.
    """
    checkout = copy_of_the_project(root)
    shutil.copytree(PROJECT / "tools", root / "tools", ignore=_not_copied)
    for name in ("node_modules", "build"):
        (root / name).unlink()
        (root / name).mkdir()
    shutil.copytree(PROJECT / "build" / "layer", root / "build" / "layer")
    (PROJECT / assemblies.FOLDER).mkdir(parents=True, exist_ok=True)
    (root / assemblies.FOLDER).symlink_to(PROJECT / assemblies.FOLDER)
    _link_entries(PROJECT / "node_modules", root / "node_modules", but=("installed",))
    venv.create(root / ".venv", symlinks=True)
    [packages] = (root / ".venv").glob("lib/python3*/site-packages")
    [installed] = (PROJECT / ".venv").glob("lib/python3*/site-packages")
    # These two files name the folder of the project.
    _link_entries(installed, packages, but=("the_project.pth", "terminal.pth"))
    for name in ("node", "npm", "cdk"):
        shutil.copy2(PROJECT / ".venv" / "bin" / name, root / ".venv" / "bin" / name, follow_symlinks=False)
    for name in tomllib.loads((PROJECT / "pyproject.toml").read_text())["project"]["scripts"]:
        command = (PROJECT / ".venv" / "bin" / name).read_text()
        (root / ".venv" / "bin" / name).write_text(command.replace(str(PROJECT), str(root)))
        (root / ".venv" / "bin" / name).chmod(0o755)
    # make compares the times of these files to decide whether to install. `copy2` keeps the times.
    for file in (".venv/installed", "node_modules/installed"):
        shutil.copy2(PROJECT / file, root / file)
    settings = Settings(home=checkout.home, port=free_port(), redis_port=free_port())
    homes.make(settings.home)
    homes.mark(settings.home)
    settings.remember("port", "redis_port")
    return checkout


def _link_entries(source: Path, target: Path, *, but: Collection[str]) -> None:
    for entry in source.iterdir():
        if entry.name not in but:
            (target / entry.name).symlink_to(entry)


def free_ports() -> list[str]:
    return ["--port", str(free_port()), "--redis-port", str(free_port())]
