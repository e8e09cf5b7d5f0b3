"""Every function finds on AWS what it imports, in Lambda's own packages or in its layer."""

import json
import os
import subprocess
from pathlib import Path

import pytest

from local.engine_patches import runtime
from stacks.config import STAGES
from tests.support.marks import long
from tests.support.templates.runtime import LAMBDAS, LAYER_PACKAGES, interpreter, layer_packages, reached_by

PYTHON, VERSION = interpreter()

IMPORT_EACH = """\
import importlib, json, os, sys, traceback

import boto3

boto3.client("dynamodb")  # Reads what all of them read, once.
ours, given = sys.argv[1], dict(os.environ)
for name, stages in json.load(sys.stdin).items():
    sys.stdout.flush()
    if os.fork() == 0:  # In a process of its own: what one function has imported is there for no other.
        for stage, variables in stages.items():
            os.environ.clear()
            os.environ.update(given | variables)
            # Only our own modules read the settings, so each other module is imported once.
            for key, module in [*sys.modules.items()]:
                if (getattr(module, "__file__", None) or "").startswith(ours):
                    del sys.modules[key]
            try:
                importlib.import_module(name)
            except BaseException as error:
                print(f"{name} in {stage}: {type(error).__name__}: {error}")
        sys.stdout.flush()
        os._exit(0)
    os.wait()
print("done on", sys.version.split()[0])
"""


@pytest.fixture(scope="session")
def lambda_packages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("lambda") / "packages"
    runtime.build(folder)
    return folder


@pytest.fixture(scope="session")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("compiled")


def module_of(function) -> str:
    return function["Handler"].removesuffix(".handler")


def test_a_function_has_the_layer_if_and_only_if_its_imports_need_it(with_everything):
    functions = with_everything.properties("AWS::Lambda::Function")

    layered = {path for path, function in functions.items() if function.get("Layers")}
    needed = {path: reached_by(module_of(function)) & layer_packages() for path, function in functions.items()}
    assert layered == {path for path, packages in needed.items() if packages}, needed


@pytest.mark.parametrize("layered", [True, *long(False)], ids=["with the layer", "without the layer"])
@pytest.mark.parametrize("version", [VERSION], ids=[f"Python {VERSION}"])
def test_every_function_starts_with_the_settings_of_its_template(
    layered, version, synthesised, lambda_packages, compiled
):
    told = {}
    for stage in STAGES:
        everything = synthesised(stage=stage, cache="on", consumer="on")
        for function in everything.properties("AWS::Lambda::Function").values():
            if ("Layers" in function) == layered:
                variables = function.get("Environment", {}).get("Variables", {})
                told.setdefault(module_of(function), {})[stage] = {
                    name: value if isinstance(value, str) else "known-when-deployed"
                    for name, value in variables.items()
                }
    assert told
    packages = [LAMBDAS, *([LAYER_PACKAGES] if layered else []), lambda_packages]

    run = subprocess.run(
        [PYTHON, "-S", "-P", "-c", IMPORT_EACH, f"{LAMBDAS}{os.sep}"],
        env={
            "PYTHONPATH": os.pathsep.join(map(str, packages)),
            "PYTHONPYCACHEPREFIX": str(compiled),
            "AWS_DEFAULT_REGION": "eu-north-1",
        },
        input=json.dumps(told),
        capture_output=True,
        text=True,
        timeout=120,
    )

    assert (run.stdout, run.stderr) == (f"done on {version}\n", "")
