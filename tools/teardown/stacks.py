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


def command(stage: str) -> list[str]:
    """Removes all stacks that the stage can have, for any settings of its deployment."""
    settings = (f"stage={stage}", "cache=on", "consumer=on")
    return ["cdk", "destroy", "--all", "--force", *(part for one in settings for part in ("-c", one))]


def destroy(stage: str, meanwhile: Callable[[], None]) -> int:
    """Lets CDK delete all stacks, and returns its exit status. Calls `meanwhile` every WATCH_SECONDS.

    CDK takes 20 to 45 minutes. Until CloudFormation deletes the API, people can still set reminders.
    """
    # The app of cdk.json starts with `python`, which must be this one although the environment may not be activated.
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)])
    # In CI, CDK writes what it does to the standard output, which is for the list of `--json`.
    with subprocess.Popen(command(stage), stdout=STANDARD_ERROR, env={**os.environ, "PATH": path}) as cdk:
        while True:
            try:
                return cdk.wait(WATCH_SECONDS)
            except subprocess.TimeoutExpired:
                _quietly(meanwhile)


def _quietly(action: Callable[[], None]) -> None:
    """CDK goes on if one look fails. Another one follows."""
    try:
        action()
    except (BotoCoreError, ClientError) as error:
        print(f"could not look for new reminders: {error}", file=sys.stderr)
