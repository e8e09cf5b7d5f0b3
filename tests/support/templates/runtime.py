"""A function's environment on AWS: the packages of its layer, and a Python interpreter without other packages."""

import ast
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path

from stacks.layer import LAYER, ROOT

LAMBDAS = ROOT / "lambdas"
LAYER_PACKAGES = LAYER / "python"

NEEDS_DATA = {"zoneinfo": "tzdata"}
"""Modules of the standard library that need a package of the layer. Lambda's Python has no time zone data."""


def interpreter() -> tuple[str, str]:
    """The path of a Python and its version: 3.13, as on Lambda, or this process's Python if there is no 3.13."""
    installed = sorted(Path.home().glob(".pyenv/versions/3.13.*/bin/python"), reverse=True)
    for candidate in (shutil.which("python3.13"), *map(str, installed), sys.executable):
        version = _version(candidate) if candidate else None
        if version and (version.startswith("3.13.") or candidate == sys.executable):
            return str(candidate), version
    raise RuntimeError(f"{sys.executable} does not start")


def layer_packages() -> frozenset[str]:
    """The import names of the layer's packages."""
    return frozenset(path.stem for path in LAYER_PACKAGES.iterdir() if path.suffix in ("", ".py")) - {"bin"}


@cache
def reached_by(module: str) -> frozenset[str]:
    """Every package outside `lambdas/` that importing `module` may import, directly or indirectly."""
    seen: set[str] = set()
    outside: set[str] = set()
    waiting = [module]
    while waiting:
        name = waiting.pop()
        if name in seen:
            continue
        seen.add(name)
        if source := _source(name):
            waiting += _imported(source)
            waiting += [name.rpartition(".")[0]] if "." in name else []
        else:
            outside.add(name.partition(".")[0])
    return frozenset(outside | {NEEDS_DATA[name] for name in outside & NEEDS_DATA.keys()})


def _imported(source: Path) -> list[str]:
    names = []
    for node in ast.walk(ast.parse(source.read_text())):
        match node:
            case ast.Import():
                names += [alias.name for alias in node.names]
            case ast.ImportFrom(level=0, module=str(module)):
                inner = [f"{module}.{alias.name}" for alias in node.names]
                names += [module, *(name for name in inner if _source(name))]
            case ast.ImportFrom():
                raise ValueError(f"{source}: replace the relative import by an absolute one")
    return names


def _source(module: str) -> Path | None:
    """The file of a module in `lambdas/`, or None if it is not there."""
    path = LAMBDAS.joinpath(*module.split("."))
    return next((file for file in (path.with_suffix(".py"), path / "__init__.py") if file.is_file()), None)


def _version(python: str) -> str | None:
    command = [python, "-I", "-S", "-c", "import platform; print(platform.python_version())"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return done.stdout.strip() or None
