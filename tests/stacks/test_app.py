"""`app.py` as CDK starts it, with the first Python on the PATH."""

import ast
import os
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

from local.settings import PROJECT
from tests.support.templates.runtime import LAMBDAS, reached_by

FUNCTIONS = {path.name for path in LAMBDAS.iterdir() if path.is_dir()}
"""The packages in `lambdas/`."""

FOR_PROGRAMS = {"os", "sys", "subprocess", "socket", "ssl", "urllib", "http", "boto3", "botocore"}
"""Modules that read the environment or call services."""


def without_setup(*packages: str) -> subprocess.CompletedProcess[str]:
    """`app.py` with a Python that reads no `.pth` file, like a Python that `make setup` has not prepared."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    return subprocess.run(
        [sys.executable, "-S", "app.py"],
        cwd=PROJECT,
        env={**environment, "PYTHONPATH": os.pathsep.join(packages)},
        capture_output=True,
        text=True,
        timeout=60,
    )


@pytest.mark.parametrize(
    ("packages", "missing"), [([], "aws_cdk"), ([sysconfig.get_path("purelib")], "orders")], ids=["CDK", "lambdas"]
)
def test_without_make_setup_the_error_says_what_to_do(packages, missing):
    run = without_setup(*packages)

    assert run.returncode == 1
    assert run.stderr.startswith(f"error: {sys.executable} does not find the module {missing}")
    assert "`make setup`" in run.stderr and ".venv/bin" in run.stderr
    assert len(run.stderr.splitlines()) == 1


def imported_from_functions() -> set[str]:
    """The modules of `lambdas/` that the stacks import."""
    modules = {
        str(node.module)
        for file in [PROJECT / "app.py", *Path(PROJECT, "stacks").glob("*.py")]
        for node in ast.walk(ast.parse(file.read_text()))
        if isinstance(node, ast.ImportFrom)
    }
    return {module for module in modules if module.partition(".")[0] in FUNCTIONS}


def test_the_stacks_import_only_pure_modules_of_the_functions():
    """The others need the environment of a function, or packages that synthesis does not need."""
    modules = imported_from_functions()

    assert modules
    for module in modules:
        reached = reached_by(module)
        assert reached <= sys.stdlib_module_names | {"tzdata"}, module
        assert reached & FOR_PROGRAMS == set(), module
