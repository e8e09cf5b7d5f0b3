"""The commands of the tasks for AWS: first the checks, with the same settings as CDK."""

import os
import subprocess

import pytest

from local.settings import PROJECT
from tools.doctor.report import SETTINGS

SAID = {"sender": "cats@our-cats.org", "identity": "existing", "cache": "off", "consumer": "on"}


def commands(task: str, **settings: str) -> list[str]:
    """The commands of `make TASK`, without those that prepare the checkout."""
    given = [f"{name.upper()}={value}" for name, value in settings.items()]
    # Without the settings of the person, or of the `make`, that runs the tests.
    dropped = {"STAGE", *map(str.upper, SETTINGS), "MAKEFLAGS", "MFLAGS", "MAKELEVEL"}
    environment = {name: value for name, value in os.environ.items() if name not in dropped}
    command = ["make", "--no-print-directory", "--dry-run", "--old-file=setup", task, *given]
    run = subprocess.run(command, cwd=PROJECT, env=environment, capture_output=True, text=True, check=True)
    return [line for line in run.stdout.splitlines() if not line.startswith("#")]


def test_every_setting_of_a_deployment_has_a_variable():
    assert SAID.keys() == set(SETTINGS)


@pytest.mark.parametrize("settings", [{}, {"cache": "off"}, SAID])
def test_a_deployment_begins_with_what_could_stop_it(settings):
    asked, deployed = commands("deploy", stage="prod", **settings)

    assert asked.split() == [
        *"python -m tools.doctor --stage=prod".split(),
        *(f"--{name}={value}" for name, value in settings.items()),
        "--deploying",
    ]
    assert deployed.split()[:4] == ["cdk", "deploy", "--all", "--strict"]
    assert deployed.split()[4:] == [
        part for name, value in {"stage": "prod", **settings}.items() for part in ("-c", f"{name}={value}")
    ]


@pytest.mark.parametrize("task", ["synth", "doctor"])
def test_the_other_tasks_take_the_same_settings(task):
    (command,) = commands(task, stage="prod", **SAID)

    assert all(f"{name}={value}" in command for name, value in {"stage": "prod", **SAID}.items())


@pytest.mark.parametrize("settings", [{}, {"cache": "off"}, SAID])
def test_destroying_begins_with_what_waits_and_takes_every_stack_along(settings):
    asked, destroyed = commands("destroy", stage="prod", **settings)

    assert asked == "python -m tools.teardown --stage prod"
    assert destroyed == "cdk destroy --all -c stage=prod -c cache=on -c consumer=on"


def test_the_default_stage_is_dev():
    assert "-c stage=dev" in commands("synth")[0]
