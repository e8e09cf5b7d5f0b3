"""The stacks of a stage: whether CloudFormation may delete them, and their deletion by CDK."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from botocore.exceptions import BotoCoreError, ClientError

from stacks.names import STACKS, stack_name
from terminal.errors import CommandError
from terminal.text import counted
from tools.deployment import Deployment
from tools.guards.change_sets import CDK
from tools.install import ROOT

WATCH_SECONDS = 15
"""How often to look for new reminders and orders while CloudFormation deletes the stacks."""

STANDARD_ERROR = 2
"""The number of the file."""


def deployed(found: Deployment, stage: str) -> list[str]:
    """The names of the stage's stacks that the account has, in the order of their deployment."""
    return [stack_name(stage, stack) for stack in STACKS if found.own(stack)]


def require_unprotected(found: Deployment, stage: str) -> None:
    """Raises CommandError if CloudFormation would refuse to delete a stack."""
    names = deployed(found, stage)
    protected = [name for name in names if (found.stack(name) or {}).get("EnableTerminationProtection")]
    if protected:
        of = f"{counted(len(protected), 'stack')} of {stage}"
        off = "aws cloudformation update-termination-protection --no-enable-termination-protection"
        raise CommandError(
            f"termination protection is on for {of}, so nothing is destroyed. To switch it off, run:\n"
            f"  for stack in {' '.join(protected)}; do {off} --stack-name $stack; done"
        )


def assembly(stage: str) -> Path:
    """The folder of the stage's templates."""
    return ROOT / "build" / "teardown" / stage


def synthesise(stage: str) -> None:
    """Writes the templates of all stacks that the stage can have, for any settings of its deployment.

    So that a mistake in the code shows before anything is cancelled. Raises CommandError.
    """
    settings = (f"stage={stage}", "cache=on", "consumer=on")
    context = [part for one in settings for part in ("-c", one)]
    command = [str(CDK), "synth", "--quiet", *context, "--output", str(assembly(stage))]
    # `make check` validates the templates.
    environment = _settings() | {"CDK_VALIDATION": "false"}
    done = subprocess.run(
        command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    if done.returncode:
        print(done.stdout, end="", file=sys.stderr)
        raise CommandError(f"CDK cannot write the templates of {stage}, so nothing is destroyed")


def command(stage: str) -> list[str]:
    """Removes all stacks of the templates that `synthesise` has written."""
    return [str(CDK), "destroy", "--all", "--force", "--app", str(assembly(stage))]


def destroy(stage: str, meanwhile: Callable[[], None]) -> int:
    """Lets CDK delete all stacks, and returns its exit status. Calls `meanwhile` every WATCH_SECONDS.

    CDK takes 20 to 45 minutes. Until CloudFormation deletes the API, people can still set reminders.
    """
    # In CI, CDK writes what it does to the standard output, which is for the list of `--json`.
    with subprocess.Popen(command(stage), stdout=STANDARD_ERROR, env=_settings()) as cdk:
        while True:
            try:
                return cdk.wait(WATCH_SECONDS)
            except subprocess.TimeoutExpired:
                _quietly(meanwhile)


def _settings() -> dict[str, str]:
    """CDK's environment. Its app starts with `python`, which must be this one without an activated environment, too."""
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)])
    return {**os.environ, "PATH": path}


def _quietly(action: Callable[[], None]) -> None:
    """CDK goes on if one look fails. Another one follows."""
    try:
        action()
    except (BotoCoreError, ClientError) as error:
        print(f"could not look for new reminders: {error}", file=sys.stderr)
