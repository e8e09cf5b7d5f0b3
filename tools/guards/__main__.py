"""`python -m tools.guards`: shows what a deployment changes, and refuses it if something would be lost."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from terminal import app
from terminal.errors import CommandError
from tools import command
from tools.command import Home, Stage

if TYPE_CHECKING:
    from tools.aws import Aws
    from tools.deployment import Deployment

NAME = "python -m tools.guards"

DESCRIPTION = """\
Shows what a deployment changes, and what somebody has changed in AWS since the last one. It needs synthesised
templates, so `make deploy`, `make diff` and `make drift` run it."""

EPILOG = """\
exit status: 0 nothing would be lost, and nothing has drifted; 1 something would be, or has, or AWS could not be asked;
2 wrong usage"""

Folder = Annotated[Path, typer.Option("--app", metavar="FOLDER", help="folder of the templates")]
Allow = Annotated[
    str | None,
    typer.Option(metavar="NAMES", help="what may be lost, as in `make deploy ALLOW=`, with commas between the names"),
]
SYNTHESISED = Path("cdk.out")


def main(arguments: list[str] | None = None) -> int:
    return command.exit_status(lambda: app.invoke(APP, NAME, arguments))


def check(
    stage: Stage = command.DEFAULT_STAGE, allow: Allow = None, folder: Folder = SYNTHESISED, home: Home = None
) -> int:
    return _judge(stage, folder, *_find(stage, home), allow=allow, ask=True)


def diff(stage: Stage = command.DEFAULT_STAGE, folder: Folder = SYNTHESISED, home: Home = None) -> int:
    from tools.guards import assembly, change_sets

    # CDK would run a folder without templates as a command.
    assembly.stacks_in(folder, of_stage=stage)
    aws, deployment = _find(stage, home)
    # A change set would need the role that deploys. Comparing templates needs only the role that looks.
    if status := change_sets.run_cdk(aws, "diff", f"--app={folder}", "--method=template"):
        return status
    return _judge(stage, folder, aws, deployment, allow=None, ask=False)


def drift(stage: Stage = command.DEFAULT_STAGE, folder: Folder = SYNTHESISED, home: Home = None) -> int:
    from tools.guards import assembly, change_sets

    aws, deployment = _find(stage, home)
    ids = [stack.id for stack in assembly.stacks_in(folder, of_stage=stage) if deployment.has(stack.id)]
    if not ids:
        raise CommandError(f"the stage {stage} is not deployed in {deployment.region}, so nothing can have drifted")
    return change_sets.run_cdk(aws, "drift", f"--app={folder}", *ids, "--fail")


def _find(stage: str, home: str | None) -> "tuple[Aws, Deployment]":
    from tools.aws import reach
    from tools.deployment import Deployment

    command.find_node()
    aws = reach(stage, home=home)
    deployment = Deployment(stage, aws)
    deployment.read_settings()
    return aws, deployment


def _judge(stage: str, folder: Path, aws: "Aws", deployment: "Deployment", *, allow: str | None, ask: bool) -> int:
    from tools import allowed
    from tools.doctor.checks import ALLOWABLE
    from tools.guards import assembly, plan, report
    from tools.show import Output

    stacks = assembly.stacks_in(folder, of_stage=stage)
    found = [*plan.plans(deployment, aws, stacks, app=folder, ask=ask)]
    output = Output(as_json=False)
    report.show(found, output)
    findings = [one for each in found for one in each.findings]
    names = allowed.names_in(allow)
    allowed.require_known(names, {*ALLOWABLE, *(one.path for one in findings if one.blocks)})
    return int(report.refuse(findings, names, output))


APP = app.with_commands(help=DESCRIPTION, epilog=EPILOG)
app.add(
    APP, "check", check, help="let CloudFormation say what a deployment changes, and refuse it if something is lost"
)
app.add(APP, "diff", diff, help="show what a deployment changes, in full; change nothing")
app.add(APP, "drift", drift, help="show what somebody has changed in AWS since the last deployment")


if __name__ == "__main__":
    sys.exit(main())
