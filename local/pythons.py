"""Finds the Python that runs functions: Lambda's version if this machine has it, otherwise the engine's own.

See decision D115.
"""

import functools
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

INSTALLED = (
    "{PYENV_ROOT:-~/.pyenv}/versions/*/bin",
    "{UV_PYTHON_INSTALL_DIR:-~/.local/share/uv/python}/*/bin",
    "{ASDF_DATA_DIR:-~/.asdf}/installs/python/*/bin",
    "{MISE_DATA_DIR:-~/.local/share/mise}/installs/python/*/bin",
    "/opt/homebrew/bin",
    "/usr/local/bin",
    "/Library/Frameworks/Python.framework/Versions/*/bin",
)
"""The folders in which version managers and installers put Pythons. They need not be on the PATH."""

OLDEST = (3, 11)
"""The oldest version that runs the patches of the engine."""

CHECK = "import ctypes, hashlib, sqlite3, ssl, sys, zlib; print(sys.implementation.name, *sys.version_info[:3])"
CHECK_SECONDS = 20


class Python(NamedTuple):
    executable: str
    version: str
    """Such as `3.13.0`."""


OWN = Python(sys.executable, ".".join(map(str, sys.version_info[:3])))


def folders(environment: Mapping[str, str]) -> list[str]:
    """Returns the folders to look for Pythons in: the PATH and INSTALLED. This starts no program."""
    installed = [folder for pattern in INSTALLED for folder in _found(pattern, environment)]
    # Shims are scripts that start a version manager, so they are left out.
    path = [folder for folder in environment.get("PATH", "").split(os.pathsep) if Path(folder).name != "shims"]
    return list(dict.fromkeys(filter(os.path.isabs, [*path, *installed])))


@functools.cache
def of(runtime: str, path: str) -> Python:
    """Returns the Python for a function with this runtime, such as `python3.13`, from the folders in `path`."""
    for folder in path.split(os.pathsep):
        executable = Path(folder, runtime)
        if os.access(executable, os.X_OK) and (version := _version(executable)):
            if runtime == f"python{version[0]}.{version[1]}" and version >= OLDEST:
                return Python(str(executable), ".".join(map(str, version)))
    return OWN


def _found(pattern: str, environment: Mapping[str, str]) -> Iterator[str]:
    """The folders that match the pattern, the newest version first."""
    if pattern.startswith("{"):
        setting, _, default = pattern[1:].partition(":-")
        default, _, rest = default.partition("}")
        pattern = (environment.get(setting) or os.path.expanduser(default)) + rest
    start, _, rest = pattern.partition("/*")
    try:
        return iter(sorted(map(str, Path(start).glob(f"*{rest}")), key=_numbers, reverse=True) if rest else [pattern])
    except OSError:
        return iter(())


def _numbers(path: str) -> list[int]:
    return [int(number) for number in "".join(c if c in "0123456789" else " " for c in path).split()]


def _version(executable: Path) -> tuple[int, ...] | None:
    """The version of a Python, or None if it does not work or lacks modules that functions may import."""
    try:
        # -I and -S leave out the user's settings and packages.
        answer = subprocess.run(
            [executable, "-I", "-S", "-c", CHECK],
            capture_output=True,
            text=True,
            timeout=CHECK_SECONDS,
            stdin=subprocess.DEVNULL,
        )
        name, *version = answer.stdout.split()
        return tuple(map(int, version)) if name == "cpython" and len(version) == 3 else None
    except (OSError, ValueError, subprocess.SubprocessError):
        return None
