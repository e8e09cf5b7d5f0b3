"""The CDK app of aws-lambda-handler-cookbook, another serverless app in Python, prepared to be synthesised here."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from local.settings import PROJECT
from stacks import pip

COMMIT = "72f62a1715dd0462a5dab94a38bd5520672adf05"
REPOSITORY = "https://github.com/ran-isenberg/aws-lambda-handler-cookbook"
REQUIREMENTS = Path(__file__).with_suffix(".txt")

FOLDER = PROJECT / "build" / "benchmark"
SOURCE = FOLDER / "cookbook"
PYTHON = FOLDER / "venv" / "bin" / "python"
PREPARED = FOLDER / "prepared"

APP = """\
import sys

sys.path.insert(0, "")

from aws_cdk import App, Environment

from cdk.service.service_stack import ServiceStack

app = App()
ServiceStack(app, "dev", env=Environment(account="123456789012", region="us-east-1"), is_production_env=False)
app.synth()
"""
"""Its `app.py` without the calls of STS and git, so that both apps only synthesise."""


def prepare() -> None:
    """Fetches the app and installs its packages into `build/benchmark`, once. Exits with a message if it cannot.

    The variable COOKBOOK may name another repository with the same commit, such as a local copy.
    """
    wanted = f"{COMMIT}\n{REQUIREMENTS.read_text()}"
    if PREPARED.exists() and PREPARED.read_text() == wanted:
        return
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir(parents=True)
    repository = os.environ.get("COOKBOOK", REPOSITORY)
    try:
        _run("git", "clone", "--quiet", "--no-checkout", repository, str(SOURCE))
        _run("git", "-C", str(SOURCE), "checkout", "--quiet", COMMIT)
        _run(sys.executable, "-m", "venv", str(FOLDER / "venv"))
        install = [str(PYTHON), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-input"]
        _run(*install, "-r", str(REQUIREMENTS), "-c", str(PROJECT / "constraints.txt"), env=pip.environment())
    except (OSError, subprocess.CalledProcessError) as error:
        raise SystemExit(
            f"error: {repository} could not be prepared: {getattr(error, 'stderr', '') or error}\n"
            "COOKBOOK=/path/to/a/copy of the repository works without GitHub"
        ) from None
    # The cookbook's own Makefile copies its functions and writes the requirements of its layer.
    shutil.copytree(SOURCE / "service", SOURCE / ".build" / "lambdas" / "service")
    (SOURCE / ".build" / "common_layer").mkdir()
    (SOURCE / ".build" / "common_layer" / "requirements.txt").write_text("pydantic\n")
    (FOLDER / "app.py").write_text(APP)
    PREPARED.write_text(wanted)


def _run(*command: str, env: dict[str, str] | None = None) -> None:
    subprocess.run(command, check=True, env=env, stdin=subprocess.DEVNULL, capture_output=True, text=True)
