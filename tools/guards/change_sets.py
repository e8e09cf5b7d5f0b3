"""Change sets of CloudFormation that nobody executes. CDK's command line prepares them, with its own roles."""

import os
import secrets
import subprocess
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import IO, Any

from botocore.exceptions import BotoCoreError, ClientError

from terminal.errors import CommandError
from tools.aws import Aws
from tools.guards.changes import Change

CDK = Path(sys.executable).with_name("cdk")
LOG = Path("build", "guards", "change-sets.log")

NO_CHANGES = ("didn't contain changes", "No updates are to be performed")
"""Parts of the reason of a change set that would change nothing:
https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/using-cfn-updating-stacks-changesets-create.html"""


def new_name() -> str:
    """A name that no other change set has. CDK leaves an older one with the same name if a stack is unchanged."""
    return f"guards-{secrets.token_hex(4)}"


def settings(aws: Aws) -> dict[str, str]:
    """The environment in which CDK finds the same AWS."""
    environment = dict(os.environ)
    region = str(aws.session.region_name)
    environment |= {"AWS_REGION": region}
    if aws.endpoint:
        environment |= {"AWS_ENDPOINT_URL": aws.endpoint, "AWS_ENDPOINT_URL_S3": aws.endpoint}
    if aws.demo_users and (credentials := aws.session.get_credentials()):
        environment |= {
            "AWS_ACCESS_KEY_ID": credentials.access_key,
            "AWS_SECRET_ACCESS_KEY": credentials.secret_key,
        }
    return environment


def run_cdk(aws: Aws, *arguments: str, output: IO[bytes] | None = None) -> int:
    """Runs CDK's command line for the AWS of `aws`, and returns the exit status. It asks nothing.

    Raises CommandError if it is not installed.
    """
    # With --ci CDK prints everything to standard output, in its order.
    command = [str(CDK), *arguments, "--ci", "--no-notices"]
    try:
        return subprocess.run(
            command, env=settings(aws), stdin=subprocess.DEVNULL, stdout=output, stderr=output and subprocess.STDOUT
        ).returncode
    except FileNotFoundError:
        raise CommandError(f"{CDK} is missing: run `make setup`") from None


def prepare(aws: Aws, ids: Sequence[str], *, name: str, app: Path) -> None:
    """Lets CDK upload the assets of stacks and prepare a change set for each.

    CDK stops at the first that CloudFormation refuses, and LOG says why. The next ones may lack a change set, too.
    """
    LOG.parent.mkdir(parents=True, exist_ok=True)
    how = ("--method=prepare-change-set", f"--change-set-name={name}", "--require-approval=never")
    with LOG.open("wb") as log:
        run_cdk(aws, "deploy", f"--app={app}", *ids, "--exclusively", *how, "--progress=events", output=log)


def read(client: Any, stack: str, name: str) -> list[Change] | None:
    """The changes in a change set. None if it does not exist, or if CloudFormation could not prepare it."""
    pages = client.get_paginator("describe_change_set").paginate(StackName=stack, ChangeSetName=name)
    try:
        found = [*pages]
    except client.exceptions.ChangeSetNotFoundException:
        return None
    if found[0]["Status"] != "CREATE_COMPLETE":
        reason = found[0].get("StatusReason", "")
        return [] if any(part in reason for part in NO_CHANGES) else None
    return [change for page in found for change in page.get("Changes", [])]


def remove(client: Any, stacks: Iterable[str], name: str) -> None:
    """Removes change sets. CloudFormation removes what is left with the next change of the stack."""
    for stack in stacks:
        try:
            client.delete_change_set(StackName=stack, ChangeSetName=name)
        except (BotoCoreError, ClientError):
            continue
