"""`python -m tools.verify`: compares the estimates of `make cost` with what AWS measured. `make verify` runs it."""

import sys
from typing import Annotated

import typer

from terminal import app
from terminal.errors import CommandError
from tools import command
from tools.command import Json, Stage, whole_number
from tools.show import Output

NAME = "python -m tools.verify"

DESCRIPTION = """\
Compares the estimates in costs/estimates.json, which `make cost` uses, with what CloudWatch measured on a deployed
stage. It changes nothing. Put a number that AWS knows better into the file, then run `make cost-docs`.

CloudWatch cannot measure some of them: the calls of KMS are in CloudTrail, and the bill has the others."""

MOST_DAYS = 60
COLUMNS = {"what": "estimate of", "estimate": "estimate", "measured": "measured", "times": "times", "of": "calls"}


def main(arguments: list[str] | None = None) -> int:
    return command.exit_status(lambda: app.invoke(APP, NAME, arguments))


def run(
    stage: Stage = command.DEFAULT_STAGE,
    days: Annotated[
        int, typer.Option(metavar="N", callback=whole_number(1, MOST_DAYS), help="how many days to look at")
    ] = 7,
    json: Json = False,
) -> int:
    command.find_node()
    # Import CDK only here, because its import starts Node, and `--help` needs neither.
    from stacks.config import STAGES
    from tools.aws import reach
    from tools.doctor.target import Target
    from tools.verify.readings import STACKS, readings

    target = Target(STAGES[stage], reach(stage))
    target.read_settings()
    if not any(target.has(stack) for stack in STACKS):
        raise CommandError(f"the stage {stage} is not deployed in {target.region}, so AWS has measured nothing")
    found = [one.row() for one in readings(target, days=days)]
    Output(as_json=json).rows(found, COLUMNS, nothing="nothing to compare")
    return 0


APP = app.of_one_command(run, help=DESCRIPTION)


if __name__ == "__main__":
    sys.exit(main())
